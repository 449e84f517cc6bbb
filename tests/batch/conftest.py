"""A batch beside its portrait, and the tiny model."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ttsf.batch import make
from ttsf.parallel import run_jobs


@pytest.fixture
def write(tmp_path: Path, photo: Path) -> Callable[..., Path]:
    """Lines, some of them raw bytes, as a file beside `faces/me.png`."""
    (tmp_path / "faces").mkdir()
    (tmp_path / "faces" / "me.png").write_bytes(photo.read_bytes())

    def written(*lines: dict | bytes) -> Path:
        rows = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
        path = tmp_path / "batch.jsonl"
        path.write_bytes(b"\n".join(rows) + b"\n")
        return path

    return written


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines are made in this process, where no worker has to start and load the model."""
    monkeypatch.setattr(make, "run_jobs", lambda *given: run_jobs(*given[:4]))
