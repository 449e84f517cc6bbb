"""kill -9 at twenty random moments of each stage, then resume: the same bits as undisturbed."""

import multiprocessing
import random
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.training.tiny import STAGES, TinyStages
from ttsf.training.journal import Validation
from ttsf.training.loop import RunSettings, train

STEPS, KILLS = 12, 20


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> TinyStages:
    return TinyStages(tmp_path_factory.mktemp("tiny"))


def run(stages: TinyStages, name: str, out: Path, steps: int) -> None:
    """Saves after every step, so that a kill often falls into a save."""
    settings = RunSettings(steps, save_every=1, log_every=100, validate_every=10_000)
    stage = stages.build(name)
    stage.validate = lambda step: Validation()  # type: ignore[method-assign]
    train(stage, out, settings)


def timed(stages: TinyStages, name: str, out: Path, steps: int) -> float:
    """Seconds of a run in a child process."""
    child = multiprocessing.get_context("fork").Process(target=run, args=(stages, name, out, steps))
    began = time.monotonic()
    child.start()
    child.join()
    assert child.exitcode == 0
    return time.monotonic() - began


@pytest.mark.parametrize("name", STAGES)
def test_killed_runs_end_with_the_same_bits(stages: TinyStages, name: str, tmp_path: Path) -> None:
    fork, rng = multiprocessing.get_context("fork"), random.Random(name)
    stages.build(name)  # runs the stages before it
    start = timed(stages, name, tmp_path / "none", 0)
    step = (timed(stages, name, tmp_path / "whole", STEPS) - start) / STEPS
    out, interrupted = tmp_path / "killed", 0
    for _ in range(KILLS):
        child = fork.Process(target=run, args=(stages, name, out, STEPS))
        child.start()
        child.join(start + rng.uniform(-0.3, 1.3) * step)
        interrupted += child.is_alive()
        child.kill()
        child.join()
        if (out / "state.safetensors").exists():
            load_file(out / "state.safetensors")  # readable after any kill
    run(stages, name, out, STEPS)
    whole, killed = (load_file(p / "state.safetensors") for p in (tmp_path / "whole", out))
    assert interrupted >= KILLS // 2
    assert whole.keys() == killed.keys()
    assert all(torch.equal(whole[key], killed[key]) for key in whole)
