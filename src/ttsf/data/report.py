"""A corpus at a glance: one HTML page with thumbnails of what was kept and refused, and histograms.

Single file, no scripts, nothing is loaded from elsewhere.
"""

import base64
import html
import io
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from ttsf.config import SAMPLE_RATE
from ttsf.data.clip_files import read_frames
from ttsf.data.manifest import Clip, Recorded
from ttsf.jobs import Record, Refusal
from ttsf.landmarks.face_mesh import (
    LandmarkDetector,
    fit_head,
    load_mediapipe,
    quiet_natives,
    rotation_angles,
)
from ttsf.media.files import new_file

SHOWN = 60  # thumbnails of each kind
POSED = 300  # clips whose head pose is measured
THUMBNAIL = 96  # px
BINS = 24
STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:70em;margin:2em auto;padding:0 1em}
figure{display:inline-block;width:104px;margin:4px;vertical-align:top;font-size:11px;
line-height:1.25;overflow-wrap:anywhere}figure img{height:96px;max-width:104px;object-fit:cover}
figcaption{color:#444}table{border-collapse:collapse}td,th{padding:.15em .8em .15em 0;
text-align:left}td:first-child{text-align:right}.charts svg{margin-right:2em}"""


def write_report(out: Path, title: str, records: Sequence[Record]) -> None:
    """Write `report.html` of a corpus into its folder."""
    clips = [clip for record in records for clip in record.clips]
    refused = [refusal for record in records for refusal in record.refused]
    seconds = sum(clip.samples for clip in clips) / SAMPLE_RATE
    with_text = sum(clip.text is not None for clip in clips)
    people = len({clip.speaker for clip in clips})
    body = [
        f"<h1>{html.escape(title)}</h1>",
        f"<p>{len(records)} files, {len(clips)} clips kept ({seconds / 60:.1f} minutes of sound, "
        f"{people} speakers, {with_text} clips with text), {len(refused)} refused.</p>",
        f'<div class="charts">{"".join(_charts(out, clips))}</div>',
        "<h2>Refused</h2>",
        _reasons(refused),
        "".join(_refused_figure(out, refusal) for refusal in spread(refused, SHOWN)),
        "<h2>Kept</h2>",
        "".join(_kept_figure(out, clip) for clip in spread([c for c in clips if c.video], SHOWN)),
    ]
    page = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f"<style>{STYLE}</style><body>{''.join(body)}</body></html>\n"
    )
    with new_file(out / "report.html") as temporary:
        temporary.write_text(page, encoding="utf-8")


def _charts(out: Path, clips: list[Clip]) -> list[str]:
    lengths = [clip.samples / SAMPLE_RATE for clip in clips if clip.samples]
    recorded = [clip.made for clip in clips if clip.video and isinstance(clip.made, Recorded)]
    charts = [
        histogram("length of the clips, s", lengths),
        histogram("width of the face in the recording, px", [m.face_px or 0 for m in recorded]),
        histogram("share of looks at a turned or tilted face", [m.turned or 0 for m in recorded]),
    ]
    angles = head_angles(out, spread([clip for clip in clips if clip.video], POSED))
    if angles is not None:
        for name, values in zip(("yaw", "pitch", "roll"), angles.T, strict=True):
            charts.append(histogram(f"{name}, degrees, {len(values)} clips", values.tolist()))
    return charts


def head_angles(out: Path, clips: Sequence[Clip]) -> np.ndarray | None:
    """Degrees [N, 3] in the middle of the clips that show a face; None without ttsf[data]."""
    try:
        load_mediapipe()
    except ImportError:
        return None
    found = []
    with quiet_natives():
        detector = LandmarkDetector()
        for clip in clips:
            points = detector(_middle(out, clip))
            if points is not None:
                found.append(rotation_angles(fit_head(points).rotation))
        detector.close()
    return np.array(found).reshape(-1, 3)


def histogram(title: str, values: Sequence[float]) -> str:
    """An SVG bar chart of values with its range below."""
    if not len(values):
        return ""
    counts, edges = np.histogram(values, BINS)
    heights = 80 * counts / counts.max()
    bars = "".join(
        f'<rect x="{10 * i}" y="{80 - height:.1f}" width="9" height="{height:.1f}" fill="#468"/>'
        for i, height in enumerate(heights)
    )
    label = f'<text y="118" font-size="13">{html.escape(title)}</text>'
    ends = (
        f'<text y="96" font-size="11">{edges[0]:.3g}</text>'
        f'<text x="240" y="96" font-size="11" text-anchor="end">{edges[-1]:.3g}</text>'
    )
    return f'<svg width="260" height="125" role="img">{bars}{ends}{label}</svg>'


def reason_kind(reason: str) -> str:
    """A reason without its numbers and names, to count by."""
    return re.sub(r"\d+(\.\d+)?", "…", reason.split(":")[0] if ": " in reason else reason)


def _reasons(refused: list[Refusal]) -> str:
    counts = Counter(reason_kind(refusal.reason) for refusal in refused).most_common()
    rows = "".join(f"<tr><td>{n}</td><td>{html.escape(kind)}</td></tr>" for kind, n in counts)
    return f"<table>{rows}</table><p>All of them: refused.csv</p>" if rows else "<p>None.</p>"


def _refused_figure(out: Path, refusal: Refusal) -> str:
    picture = ""
    if refusal.thumbnail is not None and (out / refusal.thumbnail).is_file():
        picture = _embed((out / refusal.thumbnail).read_bytes())
    return _figure(picture, f"{refusal.source}: {refusal.reason}")


def _kept_figure(out: Path, clip: Clip) -> str:
    buffer = io.BytesIO()
    small = Image.fromarray(_middle(out, clip)).resize((THUMBNAIL, THUMBNAIL))
    small.save(buffer, "JPEG", quality=80)
    seconds = f", {clip.samples / SAMPLE_RATE:.1f} s" if clip.samples else ""
    return _figure(_embed(buffer.getvalue()), f"{clip.name}{seconds} {clip.text or ''}")


def _middle(out: Path, clip: Clip) -> np.ndarray:
    return read_frames(out / (clip.video or ""), clip.frames // 2, 1)[0]


def _figure(picture: str, caption: str) -> str:
    return f"<figure>{picture}<figcaption>{html.escape(caption)}</figcaption></figure>\n"


def _embed(jpeg: bytes) -> str:
    return f'<img alt="" src="data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}">'


def spread(items: Sequence, count: int) -> list:
    """At most `count` items, evenly taken."""
    if len(items) <= count:
        return list(items)
    return [items[i * len(items) // count] for i in range(count)]
