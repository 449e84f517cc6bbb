"""Weight files as their authors published them, with random numbers."""

import hashlib
from pathlib import Path
from typing import TypeVar

import pytest
import torch
from torch import Tensor

from ttsf.research.experts.files import FrozenExpert

E = TypeVar("E", bound=FrozenExpert)
Weights = dict[str, Tensor]


def norm_of(name: str, channels: int, spread: float = 1.0) -> Weights:
    """Batch normalisation with gains from 0.5 to 0.5 + `spread`."""
    return {
        f"{name}.weight": torch.rand(channels) * spread + 0.5,
        f"{name}.bias": torch.randn(channels) * 0.1,
        f"{name}.running_mean": torch.randn(channels) * 0.1,
        f"{name}.running_var": torch.rand(channels) + 0.5,
    }


def conv_of(name: str, c_out: int, c_in: int, kernel: int) -> Weights:
    """A convolution without bias."""
    std = (c_in * kernel**2) ** -0.5
    return {f"{name}.weight": torch.randn(c_out, c_in, kernel, kernel) * std}


def load_as_public(expert: type[E], weights: Weights, folder: Path) -> E:
    """Save `weights` under the public name and load them as if that were the public file."""
    path = folder / expert.FILE.file
    content = {expert.FILE.inside: weights, "args": {}} if expert.FILE.inside else weights
    torch.save(content, path, _use_new_zipfile_serialization=False)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(expert, "FILE", expert.FILE._replace(sha256=digest))
        return expert.load(folder)
