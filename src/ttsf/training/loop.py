"""Sec. 4.1: the one training loop. A stage is a net, named losses and batches; this runs it.

Every step is a pure function of (seed, step) and the state, so a killed run goes on bit for bit on
CPU: batches are drawn from the step number and the random generators are re-seeded at each step.
The state (weights, optimiser, EMA) is one safetensors file and one JSON file, replaced atomically.
"""

import json
import os
import time
from pathlib import Path
from typing import Any, Protocol

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from ttsf.errors import TtsfError


class Stage(Protocol):
    """What a stage file provides."""

    @property
    def net(self) -> nn.Module:
        """Everything that is trained and saved."""

    @property
    def weights(self) -> dict[str, float]:
        """The factor of each named loss."""

    def optimizer(self) -> torch.optim.Optimizer:
        """The optimiser over the net's trainable parameters."""

    def learning_rate(self, step: int) -> float:
        """A factor on each parameter group's own rate at this step."""

    def batch(self, step: int) -> Any:
        """The batch of this step; must depend on the step alone."""

    def losses(self, batch: Any) -> dict[str, Tensor]:
        """Named scalar losses; the names are those of `weights`."""

    def validate(self, step: int, folder: Path) -> dict[str, float]:
        """Measured figures; pictures and sound may be written into `folder`."""


def total_loss(losses: dict[str, Tensor], weights: dict[str, float]) -> Tensor:
    """Eq. 8: the weighted sum. Raises TtsfError on a missing or unknown name."""
    if losses.keys() != weights.keys():
        raise TtsfError(f"losses {sorted(losses)} do not match the weights {sorted(weights)}")
    return torch.stack([weights[name] * loss for name, loss in losses.items()]).sum()


def _optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    state = optimizer.state_dict()["state"]
    return {f"optimizer.{i}.{k}": v for i, entry in state.items() for k, v in entry.items()}


def _restore_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        if name.startswith("optimizer."):
            _, index, key = name.split(".", 2)
            state.setdefault(int(index), {})[key] = value
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})


def write_atomically(tensors: dict[str, Tensor], path: Path, metadata: dict[str, str]) -> None:
    """Write a safetensors file under a temporary name and move it into place."""
    temporary = path.with_suffix(".partial")
    plain = {k: v.detach().cpu().contiguous().clone() for k, v in tensors.items()}
    save_file(plain, temporary, metadata=metadata)
    os.replace(temporary, path)


def save_state(
    path: Path, step: int, net: nn.Module, average: dict[str, Tensor], opt: torch.optim.Optimizer
) -> None:
    """Save everything a resume needs; the step travels in the file's metadata."""
    tensors = {f"net.{k}": v for k, v in net.state_dict().items()}
    tensors |= {f"average.{k}": v for k, v in average.items()}
    write_atomically(tensors | _optimizer_tensors(opt), path, {"step": str(step)})


def load_state(
    path: Path, net: nn.Module, average: dict[str, Tensor], opt: torch.optim.Optimizer
) -> int:
    """Restore in place what `save_state` wrote; returns the step."""
    with safe_open(path, "pt") as file:
        step = int((file.metadata() or {})["step"])
    tensors = load_file(path)
    net.load_state_dict({k[4:]: v for k, v in tensors.items() if k.startswith("net.")})
    for name in average:
        average[name].copy_(tensors[f"average.{name}"])
    _restore_optimizer(opt, tensors)
    return step


def load_average(path: Path, net: nn.Module) -> None:
    """Load the averaged weights of a state file into `net`."""
    if not path.is_file():
        raise TtsfError(f"no training state at {path}; run that stage first")
    tensors = load_file(path)
    net.load_state_dict({k[8:]: v for k, v in tensors.items() if k.startswith("average.")})


def train(
    stage: Stage,
    run_dir: Path,
    steps: int,
    save_every_s: float = 120.0,
    log_every: int = 50,
    validate_every: int = 1000,
    seed: int = 0,
    clip: float = 5.0,
    average_decay: float = 0.999,
) -> None:
    """Train to `steps`, going on from the state in `run_dir` when there is one.

    Raises TtsfError when a loss stops being finite; the last good state stays as it was.
    """
    run_dir.mkdir(parents=True, exist_ok=True)
    path, net, optimizer = run_dir / "state.safetensors", stage.net, stage.optimizer()
    base_rates = [group["lr"] for group in optimizer.param_groups]
    average = {k: v.detach().clone() for k, v in net.state_dict().items()}
    first = load_state(path, net, average, optimizer) if path.exists() else 0
    saved = begun = time.monotonic()
    running: dict[str, list[float]] = {}
    for step in range(first, steps):
        torch.manual_seed(seed * 1_000_003 + step)
        net.train()
        for group, rate in zip(optimizer.param_groups, base_rates, strict=True):
            group["lr"] = rate * stage.learning_rate(step)
        losses = stage.losses(stage.batch(step))
        total = total_loss(losses, stage.weights)
        if not torch.isfinite(total):
            values = {k: float(v.detach()) for k, v in losses.items()}
            raise TtsfError(f"loss is not finite at step {step}: {values}; last state kept")
        optimizer.zero_grad(set_to_none=True)
        total.backward()
        nn.utils.clip_grad_norm_(net.parameters(), clip)
        optimizer.step()
        decay = min(average_decay, (1 + step) / (10 + step))
        with torch.no_grad():
            for name, value in net.state_dict().items():
                if value.is_floating_point():
                    average[name].lerp_(value, 1 - decay)
                else:
                    average[name].copy_(value)
        for name, loss in losses.items():
            running.setdefault(name, []).append(float(loss.detach()))
        done = step + 1
        if done % log_every == 0:
            pace = (time.monotonic() - begun) / (done - first)
            means = {k: round(sum(v) / len(v), 5) for k, v in running.items()}
            _log(run_dir, {"step": done, "s_per_step": round(pace, 3)} | means)
            running = {}
        if time.monotonic() - saved > save_every_s or done == steps:
            save_state(path, done, net, average, optimizer)
            saved = time.monotonic()
        if done % validate_every == 0 or done == steps:
            net.eval()
            figures = stage.validate(done, run_dir)
            _log(run_dir, {"step": done, "valid": figures})


def _log(run_dir: Path, record: dict[str, Any]) -> None:
    line = json.dumps(record)
    print(line, flush=True)
    with (run_dir / "log.jsonl").open("a") as file:
        file.write(line + "\n")
