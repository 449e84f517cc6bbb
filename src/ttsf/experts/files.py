"""Public weight files of frozen judges: found in a folder, checked by SHA-256, loaded by name.

Nothing is downloaded. A file is unpickled only after its hash matched, and then by PyTorch's
`weights_only` reader, which runs no code of the file.
"""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, Self

import torch
from torch import Tensor, nn

from ttsf.errors import TtsfError

FOLDER_VARIABLE = "TTSF_JUDGES"
"""Environment variable that names the folder of the files where the caller names none."""
COUNTER = "num_batches_tracked"
"""Of batch normalisation in training; the public files have none and frozen networks need none."""


class JudgeFile(NamedTuple):
    """A public weight file."""

    name: str
    """Of the network, for messages."""
    file: str
    purpose: str
    source: str
    """Where a user downloads it; shown, never fetched."""
    sha256: str
    """64 hexadecimal digits."""
    unused: tuple[str, ...] = ()
    """How the names of those weights in the file begin that the judge does without."""


class MissingJudge(TtsfError):
    """The file is not there; `str(error)` says what to fetch from where. A run may do without."""


class FrozenJudge(nn.Module):
    """A network that never learns: gradients pass through to the picture; `train()` has no effect.

    Keep it outside the trained module, or its weights enter that module's `state_dict`.
    """

    def train(self, mode: bool = True) -> Self:
        """Stays in evaluation mode, whatever `mode` says."""
        return super().train(False)


def find_judge(judge: JudgeFile, folder: Path | None = None) -> Path:
    """The file in `folder` (None: the folder that TTSF_JUDGES names), its SHA-256 checked.

    Raises MissingJudge that says what to fetch from where, or TtsfError for another file.
    """
    if folder is None:
        named = os.environ.get(FOLDER_VARIABLE)
        if not named:
            raise MissingJudge(
                f"{judge.purpose} needs {judge.name}: fetch {judge.file} from {judge.source} "
                f"and name its folder in {FOLDER_VARIABLE}"
            )
        folder = Path(named).expanduser()
    path = folder / judge.file
    if not path.is_file():
        raise MissingJudge(
            f"{path}: no such file; {judge.purpose} needs {judge.name}: "
            f"fetch {judge.source} and save it there"
        )
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise TtsfError(f"{path}: {error.strerror}") from error
    if found != judge.sha256:
        raise TtsfError(
            f"{path}: not the public file of {judge.name} (SHA-256 {found[:12]}..., "
            f"not {judge.sha256[:12]}...); fetch {judge.source} again"
        )
    return path


def load_judge(network: FrozenJudge, judge: JudgeFile, folder: Path | None = None) -> None:
    """Fill `network` from its public file and freeze it.

    Raises what `find_judge` raises, or TtsfError where the file does not fit the network exactly.
    """
    path = find_judge(judge, folder)
    weights = {
        name: value
        for name, value in _read(path).items()
        if not name.endswith(COUNTER) and not name.startswith(judge.unused)
    }
    _check_fit(path, weights, network.state_dict())
    network.load_state_dict(weights, strict=False)  # only the counters are left out
    network.requires_grad_(False).eval()


def _read(path: Path) -> Mapping[str, Tensor]:
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception:  # a damaged archive raises whatever its reader meets
        raise TtsfError(f"{path}: PyTorch cannot read this file as weights") from None
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
