"""Training state on disk: one safetensors file with everything needed to resume.

Written atomically; the previous state is kept as `previous.safetensors`. Diverged states are not
saved.
"""

import contextlib
import os
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from ttsf.errors import CannotWrite, TtsfError

STATE, PREVIOUS, PARTIAL = "state.safetensors", "previous.safetensors", "state.partial"


def save_state(
    out: Path,
    step: int,
    net: nn.Module,
    average: dict[str, Tensor],
    optimizer: torch.optim.Optimizer,
    notes: dict[str, str] | None = None,
) -> None:
    """Save the state of a run. Raises TtsfError if a weight is not finite; keeps the old state
    then.

    notes: further metadata, such as the loss scale of half precision.
    """
    tensors = {f"net.{k}": v for k, v in net.state_dict().items()}
    tensors |= {f"average.{k}": v for k, v in average.items()}
    tensors |= _optimizer_tensors(optimizer)
    plain = {k: v.detach().cpu().contiguous().clone() for k, v in tensors.items()}
    for name, value in plain.items():
        if not torch.isfinite(value).all():
            raise TtsfError(f"{name} is not finite at step {step}; the last good state was kept")
    try:
        save_file(plain, out / PARTIAL, metadata={"step": str(step)} | (notes or {}))
    except SafetensorError as error:
        (out / PARTIAL).unlink(missing_ok=True)
        raise CannotWrite(f"cannot write {out / STATE}: {error}") from error
    if (out / STATE).exists():
        with contextlib.suppress(FileNotFoundError):
            (out / "previous.partial").unlink()
        os.link(out / STATE, out / "previous.partial")
        os.replace(out / "previous.partial", out / PREVIOUS)
    os.replace(out / PARTIAL, out / STATE)


def load_state(
    out: Path, net: nn.Module, average: dict[str, Tensor], optimizer: torch.optim.Optimizer
) -> dict[str, str]:
    """Restore a state in place; return its metadata, "step" and the notes.

    Raises TtsfError if the run belongs to another model or stage.
    """
    path = out / STATE
    with safe_open(path, "pt") as file:
        notes = dict(file.metadata() or {})
    tensors = load_file(path)
    try:
        net.load_state_dict({k[4:]: v for k, v in tensors.items() if k.startswith("net.")})
    except RuntimeError as error:
        raise TtsfError(f"{path} belongs to another model: {_short(error)}") from None
    for name in average:
        average[name].copy_(tensors[f"average.{name}"])
    _restore_optimizer(optimizer, tensors)
    return notes


def read_average(out: Path) -> dict[str, Tensor]:
    """The averaged weights of a run, under the names of its net."""
    prefix = "average."
    with safe_open(out / STATE, "pt") as file:  # skips the optimiser state, twice as large
        names = [name for name in file.keys() if name.startswith(prefix)]  # noqa: SIM118
        return {name.removeprefix(prefix): file.get_tensor(name) for name in names}


def _short(error: RuntimeError) -> str:
    lines = str(error).splitlines()
    return lines[1].strip() if len(lines) > 1 else lines[0]


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
