"""Lip synchronisation from landmarks and phone times, without a network trained for it.

Phone times come from pocketsphinx's alignment of the clip's own sound with its text, for every
system alike. `opening_of` expects an opening by phonetics alone; no training stage uses its table.
The target of `data.synthetic.visemes`, from which our lips learned, is scored apart: it shows how
well they learned it, and real mouths follow it less. Real clips are the yardstick of both.
"""

# ruff: noqa: RUF001 (the letters of IPA look like others)

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ttsf.config import FPS
from ttsf.research.data.speech.alignment import Phone
from ttsf.research.evaluation.metrics.face import landmarks
from ttsf.research.evaluation.metrics.metric import Metric, version

MOST_LAG = 10
"""Maximum shift between sound and lips, frames."""
BILABIALS = frozenset("mbp")
OPENNESS = {
    symbol: openness
    for symbols, openness in (
        ("ɑaæɐɒ", 1.0), ("ɔʌɛɜ", 0.75), ("əɚeo", 0.5), ("ɪᵻʊkɡŋhxʔ", 0.35), ("iujwɹrlɫ", 0.25),
        ("tdnɾθð", 0.2), ("szʃʒ", 0.1), ("fv", 0.05), ("mbp", 0.0),
    )
    for symbol in symbols
}  # fmt: skip
"""Jaw opening by phone, from vowel height and place of articulation (IPA), 0 closed to 1 open."""
STEPS = 10
"""Steps per frame in which phones are placed."""
SPREAD = 3
"""Frames over which a phone's opening is spread."""
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
    ms: float = 0.0
    """How far the mouth is behind the sound, ms, between frames by a parabola through r."""


class Closures(NamedTuple):
    """Lips at /p b m/."""

    closed: int
    all: int


def loudness(samples: np.ndarray, frames: int) -> np.ndarray:
    """RMS level of each frame's sound in dB, floored 40 dB below the loudest: [frames]."""
    parts = samples[: len(samples) // frames * frames].reshape(frames, -1)
    level = 20 * np.log10(np.sqrt((parts**2).mean(1)) + 1e-6)
    return np.maximum(level, level.max() - FLOOR_DB)


def usual_range(opening: np.ndarray) -> float:
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
    best, found = Lag(correlation(opening, curve), -2.0, 0), dict[int, float]()
    for shift in sorted(range(-most, most + 1), key=abs):
        early, late = max(-shift, 0), max(shift, 0)
        count = len(opening) - abs(shift)
        found[shift] = correlation(opening[early : early + count], curve[late : late + count])
        if found[shift] > best.best + 1e-9:
            best = Lag(best.now, found[shift], shift)
    before, after = (found.get(best.frames + k, best.best) for k in (-1, 1))
    bend = before - 2 * best.best + after
    between = (before - after) / (2 * bend) if bend < -1e-9 else 0.0
    return best._replace(ms=-1_000 / FPS * (best.frames + between))


def opening_of(phones: list[Phone], frames: int) -> np.ndarray:
    """Return the opening expected from the phones by `OPENNESS`, without loudness: [frames].

    Silence is closed; the two symbols of a diphthong have half of its time each.
    """
    curve = np.zeros(frames * STEPS)
    for phone in phones:
        ends = np.linspace(phone.start_s, phone.end_s, len(phone.symbols) + 1) * FPS * STEPS
        for symbol, (start, end) in zip(
            phone.symbols, pairwise(ends.round().astype(int)), strict=True
        ):
            curve[start:end] = OPENNESS.get(symbol, 0.0)
    padded = np.pad(curve.reshape(frames, STEPS).mean(1), SPREAD // 2, mode="edge")
    return np.convolve(padded, np.full(SPREAD, 1 / SPREAD), mode="valid")


def closures(opening: np.ndarray, phones: list[Phone]) -> Closures:
    """Count the bilabials during or within one frame of which the lips of [T] close."""
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
            "own target r", "reference",
            "Pearson's r of the mouth's opening with the target from which our lips were trained, "
            "mean over clips: how well they learned it. Real mouths follow it less, and nearer to "
            "them is better.", aligned, "offline", 2,
        ),
        "phones": Metric(
            "phone r", "reference",
            "Pearson's r of the mouth's opening with that of the phones heard in the clip, by a "
            "phonetic table that no training used, mean over clips.", aligned, "offline", 2,
        ),
        "best": Metric(
            "best phone r", "reference",
            "The largest phone r when the sound is shifted by up to 10 frames, mean over clips.",
            aligned, "offline", 2,
        ),
        "loudness": Metric(
            "loudness r", "reference",
            "Pearson's r of the mouth's opening with the sound's level in dB, mean over clips.",
            faces, "offline", 2,
        ),
        "opening": Metric(
            "mouth range", "reference",
            "5-95 % range of the gap of the inner lips in a clip, in distances of the outer eye "
            "corners, mean over clips. Below .005 a mouth counts as still.", faces, "offline",
        ),
        "lag": Metric(
            "lag, ms", "reference",
            "How many ms the mouth is behind the sound, by the best phone r within 10 frames; "
            "negative: the mouth is early; median over clips.",
            aligned, "offline", 0,
        ),
        "closed": Metric(
            "closed", "higher",
            "Share of /p b m/ at which the mouth's opening falls below a quarter of the clip's "
            "5-95 % range, mean over clips.", aligned, "offline", 2,
        ),
    }  # fmt: skip
