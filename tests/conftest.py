"""A tiny random model of the real classes, and real pictures that come with a library."""

import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data

from tests.support import warm
from tests.support.tiny_model import TINY
from ttsf import checkpoint
from ttsf.model.ttsf import TTSF


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(autouse=True, scope="session")
def _spawned_processes_have_the_libraries() -> Iterator[None]:
    """Those that this process spawns, but in a test that asks for `new_processes`."""
    with warm.spawning():
        yield


@pytest.fixture
def new_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is spawned is a new process of Python."""
    monkeypatch.setattr(warm, "HERE", False)


@pytest.fixture(autouse=True)
def _warnings() -> Iterator[None]:
    """Show the warnings that a worker of a batch, run in this process, has silenced."""
    yield
    logging.getLogger("ttsf").setLevel(logging.NOTSET)


@pytest.fixture(scope="session")
def tiny_model() -> TTSF:
    torch.manual_seed(0)
    return TTSF(TINY).eval()


@pytest.fixture(scope="session")
def model_folder(tiny_model: TTSF, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model") / "tiny"
    checkpoint.save(tiny_model, folder)
    return folder


@pytest.fixture(scope="session")
def astronaut() -> np.ndarray:
    """A photograph with one face, RGB uint8 [512, 512, 3]."""
    return data.astronaut()


@pytest.fixture(scope="session")
def photo(astronaut: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photo") / "astronaut.png"
    Image.fromarray(astronaut).save(path)
    return path
