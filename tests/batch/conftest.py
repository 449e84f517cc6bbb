"""A batch beside its portrait, and the tiny model."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

FAST = {"steps": 1, "size": 64, "still": True}


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


def line(name: str, text: str = "Hello.", **options: object) -> dict:
    return {"id": name, "portrait": "faces/me.png", "text": text, **FAST, **options}


def openai_line(name: str, **body: object) -> dict:
    fields = {"prompt": "Hello.", "input_reference": "faces/me.png", **FAST, **body}
    return {"custom_id": name, "method": "POST", "url": "/v1/videos", "body": fields}


def results(out: Path) -> list[dict]:
    return [json.loads(row) for row in (out / "results.jsonl").read_text().splitlines()]


def tree(out: Path) -> dict[str, bytes]:
    """All files but the lock."""
    files = [path for path in out.rglob("*") if path.is_file() and path.name != ".lock"]
    return {str(path.relative_to(out)): path.read_bytes() for path in files}
