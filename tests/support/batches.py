"""Lines of a batch, and what a run leaves."""

import json
from pathlib import Path

FAST = {"steps": 1, "size": 64, "still": True}


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
