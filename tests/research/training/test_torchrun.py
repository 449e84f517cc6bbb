"""Two processes take the step that one takes with the joined batch, by the real torchrun."""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest
import torch
from filelock import FileLock
from safetensors.torch import load_file
from torch.distributed.run import get_args_parser

from tests.support import warm
from tests.support.paths import ROOT
from tests.support.torchrun_stage import SmallStage
from ttsf.research.training.loop import train
from ttsf.research.training.settings import RunSettings, StageOptions


def torchrun(out: Path, steps: int, python: Path | None = None) -> dict[str, torch.Tensor]:
    """Run the small stage in two processes; two torchruns at a time may find the same port free.

    python: what torchrun is to start as Python.
    """
    command = [str(python or sys.executable), "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node", "2", "-m", "tests.support.torchrun_stage", str(out), str(steps)]
    env = {**os.environ, "PYTHON_EXEC": command[0]}
    with FileLock(Path(tempfile.gettempdir(), "ttsf-torchrun.lock")):
        done = subprocess.run(
            command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120
        )
    assert done.returncode == 0, done.stderr
    return net_of(out)


def net_of(out: Path) -> dict[str, torch.Tensor]:
    tensors = load_file(out / "state.safetensors")
    return {k[4:]: v for k, v in tensors.items() if k.startswith("net.")}


def test_two_gloo_processes_give_the_gradient_of_the_joined_batch(tmp_path: Path) -> None:
    before = SmallStage()
    joined = torch.cat([before.batch(0).x, before.batch(1).x])
    losses = before.losses(before.batch(0)._replace(x=joined))
    (losses["fit"] + 0.1 * losses["size"]).backward()
    after = torchrun(tmp_path / "two", steps=1)
    for name, parameter in before.net.named_parameters():
        if parameter.grad is None:  # used by no process: no weight decay either
            torch.testing.assert_close(after[name], parameter.detach(), atol=0, rtol=0)
            continue
        gradient = (parameter.detach() - after[name]) / 0.1  # one step of SGD at rate 0.1
        torch.testing.assert_close(gradient, parameter.grad, atol=1e-6, rtol=1e-4)


def test_accumulation_is_the_same_step(tmp_path: Path) -> None:
    two = torchrun(tmp_path / "two", steps=5, python=warm.program(tmp_path / "python"))
    train(SmallStage(), tmp_path / "one", RunSettings(5, accumulate=2, log_every=1))
    one = net_of(tmp_path / "one")
    for name in two:
        torch.testing.assert_close(two[name], one[name], atol=1e-6, rtol=1e-5)
    fits = [
        [row["fit"] for row in map(json.loads, lines) if "fit" in row]
        for lines in ((tmp_path / n / "log.jsonl").read_text().splitlines() for n in ("two", "one"))
    ]
    assert len(fits[0]) == 5 and fits[0] == pytest.approx(fits[1], abs=1e-4)  # of all processes


@pytest.mark.parametrize("options", get_args(StageOptions))
def test_torchrun_passes_every_option_of_a_stage_on(options: type) -> None:
    """torchrun takes a prefix of one of its own options for itself, even behind the module."""
    names = [field.name for kind in (options, RunSettings) for field in fields(kind)]
    given = [
        f"--{name.replace('_', '-')}" for name in (*names, "out", "preset", "config", "epochs")
    ]
    line = ["--nproc-per-node", "2", "-m", "ttsf", "train", "stage", *given]
    parsed = get_args_parser().parse_args(line)
    assert parsed.training_script == "ttsf" and parsed.training_script_args[2:] == given
