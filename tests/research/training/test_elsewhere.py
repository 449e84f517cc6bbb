"""One step and one validation of each stage on another device than the CPU."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.support.elsewhere import Elsewhere
from tests.support.tiny_stages import STAGES, TinyStages
from ttsf.research.training.loop import train
from ttsf.research.training.settings import RunSettings
from ttsf.research.training.stages import motion


def test_the_stand_in_refuses_tensors_of_the_cpu() -> None:
    with Elsewhere(), pytest.raises(RuntimeError, match="device"):
        torch.ones(2, device="meta") + torch.ones(2)


def flat_curve(symbols: list[str], durations: np.ndarray, mel: np.ndarray) -> np.ndarray:
    """For durations that lost their values on the way back."""
    return np.zeros((mel.shape[1], 4), np.float32)


@pytest.mark.parametrize("name", STAGES)
def test_a_step_and_a_validation_elsewhere(
    stages: TinyStages, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(motion, "mouth_curve", flat_curve)
    stage = stages.build(name)
    with Elsewhere():
        train(stage, tmp_path, RunSettings(1, device="meta", validate_every=1))
    assert {p.device.type for p in stage.net.parameters()} == {"meta"}
    assert '"valid"' in (tmp_path / "log.jsonl").read_text()
