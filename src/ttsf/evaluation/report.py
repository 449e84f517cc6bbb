"""An evaluation at a glance: one HTML page with its tables, what was refused, and pictures.

For every clip of every system: pictures over time, the spectrogram, the mouth's opening with what
the text lets expect, and the head's yaw. One file, no scripts, nothing is loaded from elsewhere.
"""

import base64
import html
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from ttsf.config import AudioConfig
from ttsf.data.report import spread
from ttsf.evaluation.cases import Case
from ttsf.evaluation.clips import read_clip
from ttsf.evaluation.judging import Judged
from ttsf.evaluation.metrics.offline import Measured
from ttsf.evaluation.tables import ARROWS, Table
from ttsf.media.files import new_file
from ttsf.mel import mel_spectrogram

SHOWN = 12  # cases with pictures
PICTURES, PICTURE = 8, 88  # of a contact sheet, and their side in px
CURVE = (PICTURES * PICTURE, 64)  # px
STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:76em;margin:2em auto;padding:0 1em}
table{border-collapse:collapse;margin:.5em 0}td,th{padding:.2em .9em .2em 0;text-align:right}
td:first-child,th:first-child{text-align:left}dt{font-weight:600}dd{margin:0 0 .4em}
dl,small{color:#444;font-size:13px}section{border-top:1px solid #ccc;padding-top:.5em}
.clip{display:inline-block;margin:.3em 1em 1em 0;vertical-align:top;font-size:12px}
img,svg{display:block;max-width:100%}"""


def write(
    out: Path, cases: Sequence[Case], judged: Sequence[Judged], tables: Sequence[Table]
) -> None:
    """Write OUT/report.html."""
    body = ["<h1>Evaluation</h1>", *(_table(table) for table in tables), _refusals(judged)]
    if (out / "figure5.png").is_file():
        picture = base64.b64encode((out / "figure5.png").read_bytes()).decode()
        body.append("<h2>Fig. 5: voices of people under several motions (t-SNE)</h2>")
        body.append(f'<img alt="t-SNE of voices" src="data:image/png;base64,{picture}">')
    body.append("<h2>Clips</h2><p>Grey: the opening that the text lets expect; blue: the mouth's; ")
    body.append("red: yaw, over its own range.</p>")
    body += [_case(case, judged) for case in spread(cases, SHOWN)]
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Evaluation</title>'
        f"<style>{STYLE}</style><body>{''.join(body)}</body></html>\n"
    )
    with new_file(out / "report.html") as temporary:
        temporary.write_text(page, encoding="utf-8")


def _table(table: Table) -> str:
    metrics = table.metrics()
    head = "".join(f"<th>{html.escape(m.name)} {ARROWS[m.better]}</th>" for m in metrics)
    rows = []
    for row in table.rows:
        cells = "".join(f"<td>{cell}</td>" for cell in row.cells())
        counts = f"<td>{row.used}</td><td>{row.refused}</td>"
        rows.append(f"<tr><td>{html.escape(row.system)}</td>{cells}{counts}</tr>")
    meant = "".join(
        f"<dt>{html.escape(m.name)}</dt><dd>{html.escape(m.definition)} {html.escape(m.judge)}</dd>"
        for m in metrics
    )
    return (
        f"<h2>{html.escape(table.title)}</h2><table><tr><th></th>{head}<th>clips</th>"
        f"<th>refused</th></tr>{''.join(rows)}</table><details><summary>What is measured</summary>"
        f"<dl>{meant}</dl></details>"
    )


def _refusals(judged: Sequence[Judged]) -> str:
    rows = [
        f"<tr><td>{html.escape(system.system.name)}</td><td>{html.escape(name)}</td>"
        f"<td>{html.escape(reason)}</td></tr>"
        for system in judged
        for name, reason in sorted(system.refused.items())
    ]
    if not rows:
        return "<p>No clip was refused.</p>"
    return f"<h2>Refused</h2><table>{''.join(rows)}</table>"


def _case(case: Case, judged: Sequence[Judged]) -> str:
    parts = [
        _clip(system, case.name, system.clips[case.name])
        for system in judged
        if case.name in system.clips
    ]
    title = f"<h3>{html.escape(case.name)}</h3><p>{html.escape(case.text)}</p>"
    return f"<section>{title}{''.join(parts)}</section>\n"


def _clip(system: Judged, name: str, measured: Measured) -> str:
    clip = read_clip(system.system.videos[name])
    shown = [clip.frames[i] for i in np.linspace(0, len(clip.frames) - 1, PICTURES).astype(int)]
    small = [np.asarray(Image.fromarray(f).resize((PICTURE, PICTURE))) for f in shown]
    mel = mel_spectrogram(torch.from_numpy(clip.samples)[None], AudioConfig())[0].numpy()[::-1]
    level = np.clip((mel - mel.max() + 9) / 9, 0, 1)
    sound = Image.fromarray((255 * (1 - level)).astype(np.uint8)).resize(CURVE)
    figures = ", ".join(
        f"{key} {measured.values[key]:.2f}"
        for key in ("identity", "lips", "loudness", "lag", "jerk", "wer")
        if key in measured.values
    )
    return (
        f'<div class="clip"><b>{html.escape(system.system.name)}</b> {figures}'
        f"{_embed(Image.fromarray(np.concatenate(small, axis=1)))}{_embed(sound)}"
        f"{_curves(measured)}</div>"
    )


def _curves(measured: Measured) -> str:
    lines = [
        _line(values, colour)
        for values, colour in (
            (measured.expected, "#aaa"), (measured.opening, "#24c"), (measured.yaw, "#c33"),
        )
        if len(values)
    ]  # fmt: skip
    width, height = CURVE
    return f'<svg width="{width}" height="{height}" role="img">{"".join(lines)}</svg>'


def _line(values: np.ndarray, colour: str) -> str:
    """A curve over its own range."""
    width, height = CURVE
    span = max(float(np.ptp(values)), 1e-6)
    x = np.linspace(0, width, len(values))
    y = height - 2 - (height - 4) * (values - values.min()) / span
    points = " ".join(f"{a:.0f},{b:.1f}" for a, b in zip(x, y, strict=True))
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>'


def _embed(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "JPEG", quality=80)
    return (
        f'<img alt="" src="data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}">'
    )
