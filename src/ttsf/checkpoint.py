"""Save and load a model: `model.safetensors` (fp16) and `config.json`.

A variant may hold only the tensors in which it differs from a base model; its metadata then names
the base's folder beside it.
"""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pydantic
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from safetensors.torch import save as to_bytes
from torch import Tensor
from torch.overrides import TorchFunctionMode

from ttsf.config import ModelConfig, model_config_from_json, model_config_to_json
from ttsf.errors import TtsfError, describe
from ttsf.media.files import write_new
from ttsf.model.face.generator import fast_layout
from ttsf.model.ttsf import TTSF

WEIGHTS, CONFIG = "model.safetensors", "config.json"
RUN = "state.safetensors"
"""File that marks a folder as a training run, not a model."""
BUNDLED = Path(__file__).parent / "weights" / "mini"
FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
FILLING = ("normal_", "uniform_", "mul", "mul_", "div")
"""Name endings of the PyTorch functions by which modules initialise their weights."""
BASE = "base"
"""Metadata key: name of the sibling folder that holds the other tensors."""
VOICE = "voice"
"""Name of a saved voice's tensor, and metadata key of the model it belongs to."""


def bundled_variants() -> dict[str, Path]:
    """Return the bundled ablations: preset -> folder."""
    found = BUNDLED.parent.glob(f"{BUNDLED.name}-*")
    return {folder.name: folder for folder in sorted(found)}


def save(model: TTSF, folder: Path, base: str | None = None) -> None:
    """Write a model into `folder`, which is created if missing; files are written atomically.

    base: name of a sibling model folder; only tensors that differ from it are written. Raises
    TtsfError for values not finite in half precision, and for an unwritable folder.
    """
    tensors = {}
    metadata = {"format": "pt"} if base is None else {"format": "pt", BASE: base}
    there = {} if base is None else _read_file(folder.parent / base / WEIGHTS)[0]
    for name, value in model.state_dict().items():
        stored = value.detach().cpu().contiguous()
        stored = stored.half() if stored.is_floating_point() else stored.clone()
        if stored.is_floating_point() and not stored.isfinite().all():
            raise TtsfError(f"cannot save {name}: not finite in half precision")
        if name not in there or not torch.equal(stored, there[name]):
            tensors[name] = stored
    write_new(folder / WEIGHTS, to_bytes(tensors, metadata=metadata))
    write_new(folder / CONFIG, model_config_to_json(model.config) + "\n")


def load(folder: Path | None = None, device: str | torch.device = "cpu") -> TTSF:
    """Load the model in `folder` (None: the bundled one) in single precision, for inference.

    Raises TtsfError if a file is missing, damaged or belongs to another model.
    """
    if folder is None:
        folder = BUNDLED
        if not folder.is_dir():
            raise TtsfError("this installation has no bundled weights; choose a model")
    elif not os.path.isdir(folder):  # Path.is_dir raises if the name is too long
        raise TtsfError(f"{folder}: no such model directory")
    target = usable_device(device)
    config = load_config(folder)
    tensors = read_weights(folder)
    model = _blank(config, folder / CONFIG)
    _check_fit(folder / WEIGHTS, tensors, model.state_dict())
    layout = fast_layout(target)
    model.load_state_dict({k: _ready(v, layout) for k, v in tensors.items()}, assign=True)
    _keep_freed_memory()
    return model.to(target).eval()


def _ready(stored: Tensor, layout: torch.memory_format) -> Tensor:
    """Convert to single precision, and 2-D convolutions to the memory format `layout`."""
    whole = stored.float() if stored.is_floating_point() else stored
    return whole.to(memory_format=layout) if whole.dim() == 4 else whole


def _keep_freed_memory() -> None:
    """Make glibc keep freed memory instead of returning it to the kernel after every batch.

    Mapping and clearing it again costs a fifth of G's time. glibc raises its thresholds to the
    largest block it has seen freed, up to 32 MB (mallopt(3)); freeing one untouched block does it.
    No effect with other C libraries.
    """
    torch.empty(31 << 20, dtype=torch.uint8)


def save_voice(model: TTSF, voice: Tensor, path: Path) -> None:
    """Write a voice [1, V] atomically; any portrait of this model can use it.

    Raises TtsfError for an unwritable path.
    """
    metadata = {"format": "pt", VOICE: _voice_space(model)}
    write_new(path, to_bytes({VOICE: voice.detach().cpu().contiguous()}, metadata=metadata))


def load_voice(model: TTSF, path: Path) -> Tensor:
    """Load a voice [1, V] that `save_voice` wrote; raises TtsfError for another file or model."""
    tensors, metadata = _read_file(path)
    if VOICE not in tensors or tensors.keys() != {VOICE}:
        raise TtsfError(f"{path}: not a saved voice")
    if metadata.get(VOICE) != _voice_space(model):
        raise TtsfError(f"{path}: this voice was saved with another model")
    voice = tensors[VOICE].float()
    if voice.shape != (1, model.config.speech.voice_channels) or not voice.isfinite().all():
        raise TtsfError(f"{path}: damaged: no finite voice of this model's size")
    return voice.to(next(model.parameters()).device)


def _voice_space(model: TTSF) -> str:
    """Fingerprint the model's voice space: models with the same one can share voices."""
    weights = model.speech.encoder.state_dict().values()
    digest = hashlib.sha256()
    for value in weights:
        digest.update(value.detach().cpu().half().contiguous().numpy().tobytes())
    return digest.hexdigest()


class _Unfilled(TorchFunctionMode):
    """Leave the values of meta tensors undrawn and unscaled.

    Meta tensors have none, yet at the first such call PyTorch imports its compiler: two seconds.
    """

    def __torch_function__(
        self,
        function: Callable[..., Any],
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        named = kwargs or {}
        changed = args[0] if args else named.get("tensor")
        if isinstance(changed, Tensor) and changed.is_meta and function.__name__.endswith(FILLING):
            return changed
        return (torch.empty if function is torch.randn else function)(*args, **named)


def _blank(config: ModelConfig, path: Path) -> TTSF:
    """Build the model on the meta device, so that absurd sizes allocate nothing."""
    try:
        with torch.device("meta"), _Unfilled():
            return TTSF(config)
    except Exception as error:  # arbitrary sizes in a damaged file
        raise TtsfError(f"{path}: cannot build this model ({error})") from error


def load_config(folder: Path) -> ModelConfig:
    """Load the configuration of the model in `folder`; raises TtsfError for an unknown key."""
    path = folder / CONFIG
    try:
        if not path.exists() and (folder / RUN).is_file():
            raise TtsfError(f"{folder} is a training run; make a model of it with ttsf assemble")
        if path.exists() and not path.is_file():
            raise TtsfError(f"{path}: not a regular file")
        return model_config_from_json(path.read_bytes())
    except OSError as error:
        raise TtsfError(f"{path}: {error.strerror}") from error
    except pydantic.ValidationError as error:
        raise TtsfError(f"{path}: {describe(error)}") from error


def usable_device(name: str | torch.device) -> torch.device:
    """Return the device; raises TtsfError if nothing can be computed on it here."""
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise TtsfError(f"device {name} is not available here") from error
    if device.type == "meta":
        raise TtsfError("device meta cannot compute")
    return device


def read_weights(folder: Path) -> dict[str, Tensor]:
    """Read the tensors of the model in `folder`, and those that it takes from its base.

    Raises TtsfError for a missing or damaged file.
    """
    path = folder / WEIGHTS
    tensors, metadata = _read_file(path)
    base = metadata.get(BASE)
    if base is None:
        return tensors
    if Path(base).name != base or base in ("", ".", "..", folder.name):
        raise TtsfError(f"{path}: '{base}' is no folder beside it")
    others, further = _read_file(folder.parent / base / WEIGHTS)
    if BASE in further:
        raise TtsfError(f"{path}: its base {base} is not a whole model")
    return others | tensors


def base_of(folder: Path) -> str | None:
    """Return the name of the base model beside `folder`; None if `folder` holds a whole model.

    Raises TtsfError for a missing or damaged file.
    """
    return _read_file(folder / WEIGHTS)[1].get(BASE)


def _read_file(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read tensors and metadata of one file."""
    try:
        if not path.is_file():
            wrong = "not a regular file" if path.exists() else "no such file"
            raise TtsfError(f"{path}: {wrong}")
        tensors = load_file(path)
        with safe_open(path, "pt") as file:
            metadata = dict(file.metadata() or {})
    except (SafetensorError, OSError, ValueError, json.JSONDecodeError) as error:
        raise TtsfError(f"{path}: damaged or not a safetensors file ({error})") from error
    return tensors, metadata


def _check_fit(path: Path, found: dict[str, Tensor], wanted: dict[str, Tensor]) -> None:
    """Check names, shapes, types and values; the message names the first mismatch."""
    missing = sorted(wanted.keys() - found.keys())
    unknown = sorted(found.keys() - wanted.keys())
    if missing or unknown:
        raise TtsfError(
            f"{path}: weights of another model: {len(missing)} tensors missing, {len(unknown)} "
            f"unknown, such as {' and '.join([*missing[:1], *unknown[:1]])}"
        )
    for name, value in found.items():
        if value.shape != wanted[name].shape:
            raise TtsfError(
                f"{path}: weights of another model: {name} has shape {tuple(value.shape)}, "
                f"not {tuple(wanted[name].shape)}"
            )
        if value.dtype not in (FLOATS if wanted[name].is_floating_point() else (torch.int64,)):
            raise TtsfError(f"{path}: {name} has type {value.dtype}")
        if value.is_floating_point() and not value.isfinite().all():
            raise TtsfError(f"{path}: {name} holds values that are not finite")
