"""Report of an evaluation: one HTML page with tables, refusals and frames.

For every clip of every system: frames over time, the spectrogram, the mouth's opening with the
opening expected from the text, and the head's yaw. One file without scripts or external resources.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image

from ttsf.config import AudioConfig
from ttsf.media.files import page_template, write_new
from ttsf.model.mel import mel_spectrogram
from ttsf.research.data.report import data_uri, jpeg_uri, spread
from ttsf.research.evaluation.cases import Case
from ttsf.research.evaluation.clips import read_clip
from ttsf.research.evaluation.metrics.metric import Measure
from ttsf.research.evaluation.scoring import Measured, Scored
from ttsf.research.evaluation.table import ARROWS, RATIOS, Table

SHOWN = 12  # cases with frames
FRAMES, SIDE = 8, 88  # of a contact sheet, and their side in px
CURVE = (FRAMES * SIDE, 64)  # px
CAPTION = (
    *(Measure.IDENTITY, Measure.PHONES, Measure.LOUDNESS, Measure.LAG, Measure.JERK, Measure.WER),
)


class _Clip(NamedTuple):
    """One clip on the page; pictures are data URIs."""

    system: str
    figures: str
    frames: str
    sound: str
    curves: list[tuple[str, str]]
    """Points and colour of each curve."""
    width: int = CURVE[0]
    height: int = CURVE[1]


def write(
    out: Path, cases: Sequence[Case], scored: Sequence[Scored], tables: Sequence[Table]
) -> None:
    """Write OUT/report.html."""
    figure5 = out / "figure5.png"
    page = page_template(__package__, "report.html").render(
        tables=tables,
        arrows=ARROWS,
        ratios=RATIOS,
        refusals=[
            (system.system.name, name, reason)
            for system in scored
            for name, reason in sorted(system.refused.items())
        ],
        figure5=data_uri("png", figure5.read_bytes()) if figure5.is_file() else None,
        cases=[
            (case, [_clip(s, case.name) for s in scored if case.name in s.clips])
            for case in spread(cases, SHOWN)
        ],
    )
    write_new(out / "report.html", page)


def _clip(system: Scored, name: str) -> _Clip:
    measured = system.clips[name]
    clip = read_clip(system.system.videos[name])
    shown = [clip.frames[i] for i in np.linspace(0, len(clip.frames) - 1, FRAMES).astype(int)]
    small = [np.asarray(Image.fromarray(frame).resize((SIDE, SIDE))) for frame in shown]
    mel = mel_spectrogram(torch.from_numpy(clip.samples)[None], AudioConfig())[0].numpy()[::-1]
    level = np.clip((mel - mel.max() + 9) / 9, 0, 1)
    sound = Image.fromarray((255 * (1 - level)).astype(np.uint8)).resize(CURVE).convert("RGB")
    figures = ", ".join(
        f"{key} {measured.values[key]:.2f}" for key in CAPTION if key in measured.values
    )
    frames = Image.fromarray(np.concatenate(small, axis=1))
    return _Clip(system.system.name, figures, jpeg_uri(frames), jpeg_uri(sound), _curves(measured))


def _curves(measured: Measured) -> list[tuple[str, str]]:
    lines = ((measured.expected, "#aaa"), (measured.opening, "#24c"), (measured.yaw, "#c33"))
    return [(_points(values), colour) for values, colour in lines if len(values)]


def _points(values: np.ndarray) -> str:
    """Format a curve, scaled to its own range, as SVG points."""
    width, height = CURVE
    span = max(float(np.ptp(values)), 1e-6)
    x = np.linspace(0, width, len(values))
    y = height - 2 - (height - 4) * (values - values.min()) / span
    return " ".join(f"{a:.0f},{b:.1f}" for a, b in zip(x, y, strict=True))
