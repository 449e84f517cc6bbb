"""Lip synchronisation from landmarks and phone times, without a trained network.

Phone times come from pocketsphinx's alignment of the clip's own sound with its text, for every
system alike. The expected opening is the table of `data.synthetic.visemes`, from which our lips
learned; the loudness of the sound, lips at bilabials and the lag are independent of that table.
"""

from typing import NamedTuple

import numpy as np

from ttsf.config import FPS
from ttsf.research.data.speech.alignment import Phone
from ttsf.research.evaluation.metrics import landmarks
from ttsf.research.evaluation.metrics.metric import Metric, version

MOST_LAG = 10
"""Maximum shift between sound and lips, frames."""
BILABIALS = frozenset("mbp")
CLOSED = 0.25
"""Fraction of the clip's 5-95 % range of opening below which lips count as closed."""
FLOOR_DB = 40.0
STILL_E = 0.005
"""5-95 % range of opening, in e, below which a mouth counts as still."""


class Lag(NamedTuple):
    """Correlation of mouth and sound over shifts."""

    now: float
    """Pearson's r without a shift; 0 for a mouth that does not move."""
    best: float
    """The largest r over all shifts."""
    frames: int
    """Shift of that r in frames; positive if the sound is late."""


class Closures(NamedTuple):
    """Lips at /p b m/."""

    closed: int
    all: int


def loudness(samples: np.ndarray, frames: int) -> np.ndarray:
    """RMS level of each frame's sound in dB, floored 40 dB below the loudest: [frames]."""
    parts = samples[: len(samples) // frames * frames].reshape(frames, -1)
    level = 20 * np.log10(np.sqrt((parts**2).mean(1)) + 1e-6)
    return np.maximum(level, level.max() - FLOOR_DB)


def opening_range(opening: np.ndarray) -> float:
    """5-95 % range of [T]."""
    low, high = np.percentile(opening, [5, 95])
    return float(high - low)


def correlation(opening: np.ndarray, curve: np.ndarray) -> float:
    """Pearson's r of two curves [T]; 0 where one of them stands still."""
    if len(opening) < 3 or min(np.std(opening), np.std(curve)) < 1e-6:
        return 0.0
    return float(np.corrcoef(opening, curve)[0, 1])


def find_lag(opening: np.ndarray, curve: np.ndarray, most: int = MOST_LAG) -> Lag:
    """Shift the sound's curve against the mouth's, both [T]; of equal r the smallest shift wins."""
    most = min(most, len(opening) // 3)
    best = Lag(correlation(opening, curve), -2.0, 0)
    for shift in sorted(range(-most, most + 1), key=abs):
        early, late = max(-shift, 0), max(shift, 0)
        count = len(opening) - abs(shift)
        r = correlation(opening[early : early + count], curve[late : late + count])
        if r > best.best + 1e-9:
            best = Lag(best.now, r, shift)
    return best


def closures(opening: np.ndarray, phones: list[Phone]) -> Closures:
    """Bilabials during which, or one frame around which, the lips of [T] close."""
    low, high = np.percentile(opening, [5, 95])
    closed = total = 0
    for phone in phones:
        if phone.symbols not in BILABIALS:
            continue
        first = max(int(phone.start_s * FPS) - 1, 0)
        last = min(int(phone.end_s * FPS) + 1, len(opening) - 1)
        if first > last:
            continue
        total += 1
        closed += bool(opening[first : last + 1].min() <= low + CLOSED * (high - low))
    return Closures(closed, total)


def metrics() -> dict[str, Metric]:
    """The mouth against the sound; raises TtsfError without the scorer's libraries."""
    faces = landmarks.scorer_name()
    aligned = f"{faces}; phone times: {version('pocketsphinx')}"
    return {
        "lips": Metric(
            "lips r", "higher",
            "Pearson's r of the mouth's opening with the opening that the phones let expect, mean "
            "over clips.", aligned, "offline", 2,
        ),
        "loudness": Metric(
            "loudness r", "higher",
            "Pearson's r of the mouth's opening with the sound's level in dB, mean over clips.",
            faces, "offline", 2,
        ),
        "opening": Metric(
            "mouth range", "reference",
            "5-95 % range of the gap of the inner lips in a clip, in distances of the outer eye "
            "corners, mean over clips. Below .005 a mouth counts as still.", faces, "offline",
        ),
        "lag": Metric(
            "lag", "reference",
            "Shift of the sound against the mouth, within 10 pictures of 40 ms, that gives the "
            "best r with the expected opening; positive: the sound is late; median over clips.",
            aligned, "offline", 1,
        ),
        "closed": Metric(
            "closed", "higher",
            "Share of /p b m/ at which the mouth's opening falls below a quarter of the clip's "
            "5-95 % range, mean over clips.", aligned, "offline", 2,
        ),
    }  # fmt: skip
