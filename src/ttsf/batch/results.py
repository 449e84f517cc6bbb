"""Outcomes of a batch: `results.jsonl` for programs, `index.html` for people."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from ttsf.batch.lines import Refused, Request
from ttsf.engine.files import SOUND, SRT, THUMBNAIL, TIMINGS, VIDEO, VTT
from ttsf.media.files import page_template, write_new

RESULTS, PAGE = "results.jsonl", "index.html"
Outcome = dict[str, Any]
"""`status`: done (with `seconds`, `frames`, `size`), refused or failed (with `code`, `message`),
waiting."""
STATUSES = {"done": 200, "refused": 422, "failed": 500}
"""HTTP status by outcome."""
SHOWN_TEXT = 300
"""Maximum length of a text on the page, characters."""
LINKS = {VIDEO: "MP4", SOUND: "WAV", SRT: "SRT", VTT: "VTT", TIMINGS: "timings"}


class _Row(NamedTuple):
    """A row of the page."""

    name: str
    text: str
    home: str
    """URL of the folder of a finished video, else empty."""
    outcome: Outcome


def write_results(
    out: Path, name: str, outcomes: Sequence[tuple[Request | Refused, Outcome]]
) -> None:
    """Write `results.jsonl` and `index.html` into `out`, outcomes in line order.

    name: title of the page. Raises TtsfError if a file cannot be written."""
    lines = [json.dumps(_result(*one), ensure_ascii=False) for one in outcomes]
    write_new(out / RESULTS, "".join(f"{line}\n" for line in lines))
    counted = Counter(outcome["status"] for _, outcome in outcomes)
    content = page_template(__package__, "page.html").render(
        title=name,
        counts=", ".join(f"{number} {status}" for status, number in sorted(counted.items())),
        rows=[_row(*one) for one in outcomes],
        links=list(LINKS.items()),
        video=VIDEO,
        thumbnail=THUMBNAIL,
    )
    write_new(out / PAGE, content)


def _result(line: Request | Refused, outcome: Outcome) -> dict[str, Any]:
    told: dict[str, Any] = {
        name: outcome[name] for name in ("seconds", "frames", "size") if name in outcome
    }
    if isinstance(line, Request) and outcome["status"] == "done":
        told["folder"] = line.folder
    error = None
    if "message" in outcome:
        error = {"code": outcome["code"], "message": outcome["message"]}
    status = outcome["status"]
    if not line.openai:
        return {"id": line.id, "line": line.number, "status": status, **told, "error": error}
    body = {"object": "video", "status": status, **told, "error": error}
    response = {"status_code": STATUSES.get(status), "request_id": line.id, "body": body}
    return {"custom_id": line.id, "line": line.number, "response": response, "error": error}


def _row(line: Request | Refused, outcome: Outcome) -> _Row:
    name = f"line {line.number}" if line.id is None else line.id
    if isinstance(line, Refused):
        return _Row(name, "", "", outcome)
    text = line.wanted.prompt or ""
    text = text if len(text) <= SHOWN_TEXT else f"{text[:SHOWN_TEXT]} …"
    return _Row(name, text, quote(line.folder) if outcome["status"] == "done" else "", outcome)
