"""kill -9 at random moments of each stage, then resume: the same bits as undisturbed."""

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

MOST_BEGUN = 2
"""Batches that a run begins before it is killed."""
PACE_S = 0.03
"""Least time of a step, so that a kill lands where it is aimed."""
FORK = multiprocessing.get_context("fork")


def run(stages: TinyStages, name: str, out: Path, steps: int, begun: Any = None) -> None:
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
    train(stage, out, RunSettings(steps, save_every=1, log_every=100, validate_every=10_000))


@pytest.mark.parametrize("kills", [4, pytest.param(20, marks=pytest.mark.long)])
@pytest.mark.parametrize("name", STAGES)
def test_killed_runs_end_with_the_same_bits(
    stages: TinyStages, name: str, kills: int, tmp_path: Path
) -> None:
    rng, steps = random.Random(name), kills + 4
    stages.build(name)  # runs the stages before it
    run(stages, name, tmp_path / "whole", steps)
    out, interrupted = tmp_path / "killed", 0
    for _ in range(kills):
        begun, wanted = FORK.Value("i", 0), rng.randint(0, MOST_BEGUN)
        child = FORK.Process(target=run, args=(stages, name, out, steps, begun))
        child.start()
        while begun.value < wanted and child.is_alive():
            time.sleep(0.001)
        time.sleep(rng.uniform(0, 2 * PACE_S))
        interrupted += child.is_alive()
        child.kill()
        child.join()
        if (out / "state.safetensors").exists():
            load_file(out / "state.safetensors")  # readable after any kill
    run(stages, name, out, steps)
    whole, killed = (load_file(p / "state.safetensors") for p in (tmp_path / "whole", out))
    assert interrupted >= kills // 2
    assert whole.keys() == killed.keys()
    assert all(torch.equal(whole[key], killed[key]) for key in whole)
