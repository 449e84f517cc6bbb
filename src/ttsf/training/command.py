"""The command line that all stages share: one file, one command, the same words.

python -m ttsf.training.stages.tts --data DIR --out RUN --preset mini --steps 5000
torchrun --nproc-per-node 8 -m ttsf.training.stages.joint ... --device cuda --precision bfloat16
"""

import argparse
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import torch

from ttsf.errors import TtsfError
from ttsf.presets import PRESETS
from ttsf.training.loop import Precision, RunSettings, Stage, train


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1, not '{text}'")
    return int(text)


def stage_parser(description: str | None, steps: int) -> argparse.ArgumentParser:
    """The shared options; a stage adds its own folders to them."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="run folder, resumed if it exists")
    parser.add_argument("--preset", choices=sorted(PRESETS), default="mini")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--steps", type=int, default=steps, help=f"optimiser steps ({steps})")
    length.add_argument("--epochs", type=float, help="the length in passes through the data")
    parser.add_argument("--seed", type=int, default=0)
    run = parser.add_argument_group("run")
    run.add_argument("--accumulate", type=_count, default=1, help="micro-batches of a step (1)")
    run.add_argument("--precision", choices=get_args(Precision), default="float32")
    run.add_argument("--device", default="cpu", help="cpu or cuda (cpu)")
    run.add_argument("--loaders", type=_count, default=1, help="threads that make batches (1)")
    run.add_argument("--save-every-s", type=float, default=120, metavar="S", help="(120)")
    run.add_argument("--save-every", type=int, default=1000, metavar="STEPS", help="(1000)")
    run.add_argument("--log-every", type=int, default=50, metavar="STEPS", help="(50)")
    run.add_argument("--validate-every", type=int, default=1000, metavar="STEPS", help="(1000)")
    return parser


def run_stage(
    parser: argparse.ArgumentParser, build: Callable[[argparse.Namespace], Stage]
) -> None:
    """Parse, seed, build the stage and train it; a bad input is one line and exit code 2."""
    chosen = parser.parse_args()
    try:
        torch.manual_seed(chosen.seed)
        stage = build(chosen)
        train(stage, chosen.out, run_settings(chosen, stage.batches_per_epoch))
    except (TtsfError, ImportError) as error:
        parser.exit(2, f"error: {' '.join(str(error).split())}\n")


def run_settings(chosen: argparse.Namespace, batches_per_epoch: int) -> RunSettings:
    """The settings of a command line; epochs become steps of all processes together."""
    steps = chosen.steps
    if chosen.epochs is not None:
        together = chosen.accumulate * int(os.environ.get("WORLD_SIZE", "1"))
        steps = math.ceil(chosen.epochs * batches_per_epoch / together)
    return RunSettings(
        steps=steps,
        seed=chosen.seed,
        accumulate=chosen.accumulate,
        precision=chosen.precision,
        device=chosen.device,
        loaders=chosen.loaders,
        save_every_s=chosen.save_every_s,
        save_every=chosen.save_every,
        log_every=chosen.log_every,
        validate_every=chosen.validate_every,
    )
