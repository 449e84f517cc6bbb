"""A batch beside its portrait, and the tiny model."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest


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
