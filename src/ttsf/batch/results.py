"""What became of each line: `results.jsonl` for programs, `index.html` for people."""

import json
from collections import Counter
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ttsf.batch.lines import Refused, Request
from ttsf.media.files import write_new
from ttsf.serve.process.tasks import SOUND, SRT, THUMBNAIL, TIMINGS, VIDEO, VTT

RESULTS, PAGE = "results.jsonl", "index.html"
Outcome = dict[str, Any]
"""`status`: done (with `seconds`, `frames`, `size`), refused or failed (with `code`, `message`),
waiting."""
STATUSES = {"done": 200, "refused": 422, "failed": 500}
"""As HTTP tells them."""
SHOWN_TEXT = 300
"""Characters on the page."""
LINKS = {VIDEO: "MP4", SOUND: "WAV", SRT: "SRT", VTT: "VTT", TIMINGS: "timings"}
STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; margin: 1rem auto; max-width: 72rem; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
th, td { border-bottom: 1px solid #8a8a84; padding: .4rem; text-align: left; vertical-align: top }
td { overflow-wrap: anywhere }
img { display: block; max-height: 8rem; max-width: 8rem }
:root { color-scheme: light dark }
"""
PAGE_OF = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<h1>{title}</h1>
<p>{counts}. All videos are synthetic.</p>
<table>
<thead><tr><th>Video</th><th>Id</th><th>Text</th><th>Status</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
</body>
</html>
"""


def write_results(
    out: Path, name: str, outcomes: Sequence[tuple[Request | Refused, Outcome]]
) -> None:
    """Both files, in the order of the lines; `name` is that of the batch. Raises TtsfError."""
    lines = [json.dumps(_result(*one), ensure_ascii=False) for one in outcomes]
    write_new(out / RESULTS, "".join(f"{line}\n" for line in lines))
    counted = Counter(outcome["status"] for _, outcome in outcomes)
    content = PAGE_OF.format(
        title=escape(name),
        style=STYLE,
        counts=", ".join(f"{number} {status}" for status, number in sorted(counted.items())),
        rows="\n".join(_row(*one) for one in outcomes),
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


def _row(line: Request | Refused, outcome: Outcome) -> str:
    picture = links = text = ""
    if isinstance(line, Request):
        text = line.wanted.prompt
        text = text if len(text) <= SHOWN_TEXT else f"{text[:SHOWN_TEXT]} …"
        if outcome["status"] == "done":
            home = quote(line.folder)
            picture = (
                f'<a href="{home}/{VIDEO}"><img loading="lazy" alt="First frame of the video" '
                f'src="{home}/{THUMBNAIL}"></a>'
            )
            links = " ".join(f'<a href="{home}/{file}">{name}</a>' for file, name in LINKS.items())
            links = f"<br>{outcome['seconds']:.1f} s, {outcome['size']}<br>{links}"
    name = f"line {line.number}" if line.id is None else line.id
    reason = f"<br>{escape(outcome['message'])}" if "message" in outcome else ""
    cells = (picture, escape(name), escape(text), escape(outcome["status"]) + reason + links)
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
