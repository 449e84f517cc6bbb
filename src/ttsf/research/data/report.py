"""Sec. 4.1: files about a whole corpus: manifest, voices, refusals, HTML report.

The report shows thumbnails of kept and refused clips, and histograms. It is a single file without
scripts or external resources.
"""

import base64
import io
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from ttsf.config import SAMPLE_RATE
from ttsf.errors import MissingPackage
from ttsf.media.files import csv_text, page_template, write_new
from ttsf.research.data.clip_files import read_frames
from ttsf.research.data.manifest import Animated, Clip, Recorded, write_manifest
from ttsf.research.data.records import THUMBNAIL, Record, Refusal
from ttsf.research.landmarks.face_mesh import LandmarkDetector, fit_head, rotation_angles

SHOWN = 60  # thumbnails of each kind
POSED = 300  # clips whose head pose is measured
BINS = 24


class Thumbnail(NamedTuple):
    """A thumbnail with its caption."""

    uri: str
    """Empty for none."""
    caption: str


class Voice(NamedTuple):
    """Statistics of one speaker of a corpus, without animated clips."""

    voice: str
    kind: str
    """recorded, or spoken (by a synthetic voice)."""
    clips: int
    train_minutes: float
    other_minutes: float
    """Minutes outside the training split."""
    median_f0_hz: str
    """Median of the clips' medians; empty if none was measured."""
    register: str
    dataset: str
    licence: str


class Chart(NamedTuple):
    """A histogram: bars of up to 80 px over the range of its values."""

    title: str
    heights: list[float]
    low: float
    high: float


def finish(out: Path, title: str, records: Sequence[Record]) -> None:
    """Write `refused.csv`, `voices.csv`, `report.html` and, last, `manifest.jsonl` of a corpus."""
    clips = [clip for record in records for clip in record.clips]
    refused = [refusal for record in records for refusal in record.refused]
    rows = [(refusal.source, refusal.reason) for refusal in refused]
    write_new(out / "refused.csv", csv_text([("source", "reason"), *rows]))
    voices = voices_of(clips)
    write_new(out / "voices.csv", csv_text([Voice._fields, *voices]))
    shown = [clip for clip in clips if clip.video]
    page = page_template(__package__, "report.html").render(
        title=title,
        files=len(records),
        clips=len(clips),
        minutes=sum(clip.samples for clip in clips) / SAMPLE_RATE / 60,
        speakers=len({clip.speaker for clip in clips}),
        columns=[name.replace("_", " ") for name in Voice._fields],
        voices=voices[:SHOWN],
        more_voices=max(0, len(voices) - SHOWN),
        with_text=sum(clip.text is not None for clip in clips),
        refused=len(refused),
        charts=_charts(out, clips),
        reasons=Counter(reason_kind(refusal.reason) for refusal in refused).most_common(),
        refused_shown=[_refused_figure(out, refusal) for refusal in spread(refused, SHOWN)],
        kept_shown=[_kept_figure(out, clip) for clip in spread(shown, SHOWN)],
    )
    write_new(out / "report.html", page)
    write_manifest(out, clips)


def voices_of(clips: Sequence[Clip]) -> list[Voice]:
    """Return the voices of a corpus, by descending minutes of training."""
    spoken: defaultdict[str, list[Clip]] = defaultdict(list)
    for clip in clips:
        if clip.samples and not isinstance(clip.made, Animated):
            spoken[clip.speaker].append(clip)
    voices = [_voice(speaker, said) for speaker, said in spoken.items()]
    return sorted(voices, key=lambda voice: (-voice.train_minutes, voice.voice))


def _voice(speaker: str, said: list[Clip]) -> Voice:
    def minutes(train: bool) -> float:
        samples = sum(clip.samples for clip in said if (clip.split == "train") == train)
        return round(samples / SAMPLE_RATE / 60, 2)

    pitches = [clip.pitch_hz for clip in said if clip.pitch_hz is not None]
    return Voice(
        voice=speaker,
        kind=_all(clip.made.kind for clip in said),
        clips=len(said),
        train_minutes=minutes(True),
        other_minutes=minutes(False),
        median_f0_hz=f"{np.median(pitches):.0f}" if pitches else "",
        register=_all(clip.voice_register or "" for clip in said),
        dataset=_all(clip.dataset for clip in said),
        licence=_all(clip.licence for clip in said),
    )


def _all(values: Iterable[str]) -> str:
    """Join the distinct values."""
    return "; ".join(dict.fromkeys(values))


def _charts(out: Path, clips: list[Clip]) -> list[Chart]:
    shown = [clip for clip in clips if clip.video]
    recorded = [clip.made for clip in shown if isinstance(clip.made, Recorded)]
    charts: dict[str, Sequence[float]] = {
        "length of the clips, s": [c.samples / SAMPLE_RATE for c in clips if c.samples],
        "width of the face in the recording, px": [m.face_px or 0 for m in recorded],
        "share of looks at a turned or tilted face": [m.turned or 0 for m in recorded],
    }
    angles = head_angles(out, spread(shown, POSED))
    for name, values in zip(("yaw", "pitch", "roll"), angles.T, strict=True):
        charts[f"{name}, degrees, {len(values)} clips"] = values.tolist()
    return [histogram(title, values) for title, values in charts.items() if values]


def head_angles(out: Path, clips: Sequence[Clip]) -> np.ndarray:
    """Measure head angles in degrees [N, 3] at the middle of clips; empty without ttsf[data]."""
    try:
        detector = LandmarkDetector()
    except MissingPackage:
        return np.empty((0, 3))
    found = [detector(_middle(out, clip)) for clip in clips]
    detector.close()
    angles = [rotation_angles(fit_head(points).rotation) for points in found if points is not None]
    return np.array(angles).reshape(-1, 3)


def histogram(title: str, values: Sequence[float]) -> Chart:
    """Compute a histogram."""
    counts, edges = np.histogram(values, BINS)
    heights = 80 * counts / counts.max()
    return Chart(title, heights.tolist(), float(edges[0]), float(edges[-1]))


def reason_kind(reason: str) -> str:
    """Strip numbers and names from a reason, for counting."""
    return re.sub(r"\d+(\.\d+)?", "…", reason.split(":")[0] if ": " in reason else reason)


def _refused_figure(out: Path, refusal: Refusal) -> Thumbnail:
    uri = ""
    if refusal.thumbnail is not None and (out / refusal.thumbnail).is_file():
        uri = data_uri("jpeg", (out / refusal.thumbnail).read_bytes())
    return Thumbnail(uri, f"{refusal.source}: {refusal.reason}")


def _kept_figure(out: Path, clip: Clip) -> Thumbnail:
    small = Image.fromarray(_middle(out, clip)).resize((THUMBNAIL, THUMBNAIL))
    seconds = f", {clip.samples / SAMPLE_RATE:.1f} s" if clip.samples else ""
    return Thumbnail(jpeg_uri(small), f"{clip.name}{seconds} {clip.text or ''}")


def _middle(out: Path, clip: Clip) -> np.ndarray:
    return read_frames(out / (clip.video or ""), clip.frames // 2, 1)[0]


def jpeg_uri(image: Image.Image) -> str:
    """Encode a picture as a data URI."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=80)
    return data_uri("jpeg", buffer.getvalue())


def data_uri(kind: str, content: bytes) -> str:
    """Encode the content of a .png or .jpeg as a data URI."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def spread(items: Sequence, count: int) -> list:
    """Pick at most `count` evenly spaced items."""
    if len(items) <= count:
        return list(items)
    return [items[i * len(items) // count] for i in range(count)]
