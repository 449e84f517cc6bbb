"""Find public weight files of frozen experts, check their SHA-256, and load them.

Nothing is downloaded. A file is unpickled only after its hash matched, and then by PyTorch's
`weights_only` reader, which runs no code of the file.
"""

import hashlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar, NamedTuple, Self

import numpy as np
import torch
from torch import Tensor, nn

from ttsf.errors import TtsfError

FOLDER_VARIABLE = "TTSF_EXPERTS"
"""Environment variable with the default folder of the files."""
COUNTER = "num_batches_tracked"
"""Batch norm counters, which public files lack and frozen networks do not need."""
AT_ONCE = 16
"""Batch size of an expert, frames."""


class ExpertFile(NamedTuple):
    """A public weight file."""

    name: str
    """Name of the network, for messages."""
    file: str
    purpose: str
    source: str
    """Download address; shown to the user, never fetched."""
    sha256: str
    """64 hexadecimal digits."""
    unused: tuple[str, ...] = ()
    """Prefixes of tensors in the file that the network does not use."""
    inside: str = ""
    """Key of the weights in the file; empty if the file contains only weights."""


class MissingExpert(TtsfError):
    """The file is missing; `str(error)` says what to download from where."""


class FrozenExpert(nn.Module):
    """A frozen network: gradients pass through to the input; `train()` has no effect.

    Keep it outside the trained module, or its weights enter that module's `state_dict`.
    """

    FILE: ClassVar[ExpertFile]

    @classmethod
    def load(cls, folder: Path | None = None) -> Self:
        """Load the network with its public weights, frozen, on the CPU.

        Raises like `find_expert`, and TtsfError if the file does not fit exactly.
        """
        return cls.read(find_expert(cls.FILE, folder), cls.FILE.unused, cls.FILE.inside)

    @classmethod
    def read(cls, path: Path, unused: tuple[str, ...] = (), inside: str = "") -> Self:
        """Load the network from any file of its layout; see `ExpertFile` and `load`."""
        network = cls()
        weights = {
            name: value
            for name, value in _read(path, inside).items()
            if not name.endswith(COUNTER) and not name.startswith(unused)
        }
        _check_fit(path, weights, network.state_dict())
        network.load_state_dict(weights, strict=False)  # only the counters are left out
        return network.requires_grad_(False).eval()

    def train(self, mode: bool = True) -> Self:
        """Stay in evaluation mode, whatever `mode` is."""
        return super().train(False)


@torch.no_grad()
def over_frames(network: Callable[[Tensor], Tensor], frames: np.ndarray) -> np.ndarray:
    """Apply a network to every frame: RGB uint8 [T, H, W, 3] -> [T, C].

    network: [B, 3, H, W] in [-1, 1] -> [B, C].
    """
    rows = []
    for first in range(0, len(frames), AT_ONCE):
        batch = torch.from_numpy(np.ascontiguousarray(frames[first : first + AT_ONCE]))
        rows.append(network(batch.permute(0, 3, 1, 2).float() / 127.5 - 1))
    return torch.cat(rows).numpy()


def find_expert(expert: ExpertFile, folder: Path | None = None) -> Path:
    """Find the file in `folder` (None: $TTSF_EXPERTS) and check its SHA-256.

    Raises MissingExpert, which says what to download from where, or TtsfError for a wrong hash.
    """
    if folder is None:
        named = os.environ.get(FOLDER_VARIABLE)
        if not named:
            raise MissingExpert(
                f"{expert.purpose} needs {expert.name}: fetch {expert.file} from {expert.source} "
                f"and name its folder by --experts or in {FOLDER_VARIABLE}"
            )
        folder = Path(named).expanduser()
    path = folder / expert.file
    if not path.is_file():
        raise MissingExpert(
            f"{path}: no such file; {expert.purpose} needs {expert.name}: "
            f"fetch {expert.source} and save it there"
        )
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise TtsfError(f"{path}: {error.strerror}") from error
    if found != expert.sha256:
        raise TtsfError(
            f"{path}: not the public file of {expert.name} (SHA-256 {found[:12]}..., "
            f"not {expert.sha256[:12]}...); fetch {expert.source} again"
        )
    return path


def _read(path: Path, inside: str) -> Mapping[str, Tensor]:
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception:  # a damaged archive raises whatever its reader meets
        raise TtsfError(f"{path}: PyTorch cannot read this file as weights") from None
    if inside and isinstance(content, Mapping):
        content = content.get(inside)
    if not isinstance(content, Mapping) or not all(
        isinstance(name, str) and isinstance(value, Tensor) for name, value in content.items()
    ):
        raise TtsfError(f"{path}: holds something else than named weights")
    return content


def _check_fit(path: Path, weights: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> None:
    shapes = {name: value.shape for name, value in wanted.items() if not name.endswith(COUNTER)}
    if missing := shapes.keys() - weights.keys():
        raise TtsfError(f"{path}: {len(missing)} weights missing, such as {min(missing)}")
    if extra := weights.keys() - shapes.keys():
        raise TtsfError(f"{path}: {len(extra)} weights too many, such as {min(extra)}")
    for name, shape in shapes.items():
        if weights[name].shape != shape:
            found = tuple(weights[name].shape)
            raise TtsfError(f"{path}: {name} has shape {found}, not {tuple(shape)}")
