"""kill -9 at twenty random moments of each stage, then resume: the same bits as undisturbed."""

import multiprocessing
import random
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from tests.support.tiny_stages import STAGES, TinyStages
from ttsf.research.training.journal import Validation
from ttsf.research.training.loop import train
from ttsf.research.training.settings import RunSettings

STEPS, KILLS = 24, 20
PACE_S = 0.03
"""Least time of a step, so that a kill lands where it is aimed."""
FORK = multiprocessing.get_context("fork")


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> TinyStages:
    return TinyStages(tmp_path_factory.mktemp("tiny"))


def run(stages: TinyStages, name: str, out: Path, begun: Any = None) -> None:
    """Saves after every step, so that a kill often falls into a save; counts begun batches."""
    stage = stages.build(name)
    make = stage.batch

    def batch(number: int) -> Any:
        if begun is not None:
            begun.value += 1
            time.sleep(PACE_S)
        return make(number)

    stage.batch = batch  # type: ignore[method-assign]
    stage.validate = lambda step, batches: Validation()  # type: ignore[method-assign]
    train(stage, out, RunSettings(STEPS, save_every=1, log_every=100, validate_every=10_000))


@pytest.mark.parametrize("name", STAGES)
def test_killed_runs_end_with_the_same_bits(stages: TinyStages, name: str, tmp_path: Path) -> None:
    rng = random.Random(name)
    stages.build(name)  # runs the stages before it
    run(stages, name, tmp_path / "whole")
    out, interrupted = tmp_path / "killed", 0
    for _ in range(KILLS):
        begun, wanted = FORK.Value("i", 0), rng.choice((0, 1, 2))
        child = FORK.Process(target=run, args=(stages, name, out, begun))
        child.start()
        while begun.value < wanted and child.is_alive():
            time.sleep(0.001)
        time.sleep(rng.uniform(0, 2 * PACE_S))
        interrupted += child.is_alive()
        child.kill()
        child.join()
        if (out / "state.safetensors").exists():
            load_file(out / "state.safetensors")  # readable after any kill
    run(stages, name, out)
    whole, killed = (load_file(p / "state.safetensors") for p in (tmp_path / "whole", out))
    assert interrupted >= KILLS // 2
    assert whole.keys() == killed.keys()
    assert all(torch.equal(whole[key], killed[key]) for key in whole)
