"""Sec. 3.1: expected mouth shapes of a spoken text, from phone times: targets of f_lip.

The shapes are a hand-set table (jaw opening, rounding, spreading, lip pressing, lip under teeth)
over IPA symbols, smoothed over time; the loudness of the sound scales the opening. They are a
training aid, not a measure of lip quality.
"""

from typing import NamedTuple

import numpy as np
import torch

from ttsf.config import MEL_PER_FRAME, SAMPLES_PER_FRAME, AudioConfig
from ttsf.errors import needing
from ttsf.model.mel import loudness, mel_spectrogram
from ttsf.research.data.speech.alignment import FRAMES_PER_S, Phone


class Shape(NamedTuple):
    """A mouth shape, in the units of `landmarks.labels`."""

    open: float = 0.0
    round: float = 0.0
    wide: float = 0.0
    press: float = 0.0
    fv: float = 0.0


# ruff: noqa: RUF001 (the letters of IPA look like others)
SHAPES: dict[str, Shape] = {
    **dict.fromkeys("ɑaɐɒ", Shape(open=0.95)),
    **dict.fromkeys("æ", Shape(open=0.9, wide=0.35)),
    **dict.fromkeys("ɔ", Shape(open=0.75, round=0.5)),
    **dict.fromkeys("ʌəɜɚɛ", Shape(open=0.6)),
    **dict.fromkeys("e", Shape(open=0.5, wide=0.6)),
    **dict.fromkeys("o", Shape(open=0.5, round=0.8)),
    **dict.fromkeys("ɪᵻ", Shape(open=0.35, wide=0.4)),
    **dict.fromkeys("i", Shape(open=0.25, wide=0.9)),
    **dict.fromkeys("uʊ", Shape(open=0.25, round=1.0)),
    **dict.fromkeys("w", Shape(open=0.15, round=1.0)),
    **dict.fromkeys("ɹr", Shape(open=0.25, round=0.55)),
    **dict.fromkeys("ʃʒ", Shape(open=0.2, round=0.6)),
    **dict.fromkeys("tdnɾʔ", Shape(open=0.2, wide=0.25)),
    **dict.fromkeys("sz", Shape(open=0.15, wide=0.4)),
    **dict.fromkeys("kɡŋhx", Shape(open=0.3)),
    **dict.fromkeys("lɫ", Shape(open=0.35)),
    **dict.fromkeys("θð", Shape(open=0.25)),
    **dict.fromkeys("j", Shape(open=0.2, wide=0.7)),
    **dict.fromkeys("mbp", Shape(press=0.75)),
    **dict.fromkeys("fv", Shape(open=0.08, fv=1.0)),
    **dict.fromkeys(".,;:!?—…", Shape()),
}
SILENCE = "…"
"""Symbol between phones: a closed mouth."""
OPENING = 1.6  # of the table's jaw opening: the smoothing below takes as much away
ROUNDING = 0.5  # of the table's rounding in running speech
SLOW, FAST = 0.045, 0.022  # s, smoothing of opening and rounding; of pressing and lip under teeth


def smooth(values: np.ndarray, sigma: float, mode: str = "reflect") -> np.ndarray:
    """Smooth along the first axis with a Gaussian; sigma in frames, mode as in `scipy.ndimage`."""
    with needing("smooth motion", "scipy", "data"):
        from scipy.ndimage import gaussian_filter1d
    return gaussian_filter1d(values, sigma, axis=0, mode=mode)


def _smooth_shapes(values: np.ndarray, present: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian mean over the frames that have a shape."""
    total = smooth(values * present, sigma, "nearest")
    weight = smooth(present, sigma, "nearest")
    return total / np.maximum(weight, 1e-3)


def mouth_curve(symbols: list[str], durations: np.ndarray, mel: np.ndarray) -> np.ndarray:
    """Return labels (open, wide, press, lip_fv) for every mel frame, [T, 4].

    symbols: one string per input symbol (those not in `SHAPES`, such as blanks and stress marks,
    take the shape of their neighbours); durations: mel frames of each; mel: [80, T], natural log.
    """
    rows = np.array([SHAPES.get(s, Shape()) for s in symbols], dtype=np.float64)
    has = np.array([s in SHAPES for s in symbols], dtype=np.float64)
    frames, present = np.repeat(rows, durations, axis=0), np.repeat(has, durations)
    gate = loudness(torch.from_numpy(mel)).numpy()
    opening = _smooth_shapes(frames[:, 0], present, SLOW * FRAMES_PER_S)
    spread = _smooth_shapes(frames[:, 2] - ROUNDING * frames[:, 1], present, SLOW * FRAMES_PER_S)
    press = smooth(frames[:, 3] * present, FAST * FRAMES_PER_S, "nearest")
    bite = smooth(frames[:, 4] * present, FAST * FRAMES_PER_S, "nearest")
    shut = 1 - np.clip(1.4 * (press / 0.75 + 0.9 * bite), 0, 1)
    voiced = np.clip(smooth(gate, 2.0) * 1.3, 0, 1)
    opening = OPENING * opening * shut * voiced
    return np.stack([opening, spread * voiced, press, bite], axis=1).astype(np.float32)


class SpokenMouth(NamedTuple):
    """Expected mouth motion over F frames."""

    curve: np.ndarray
    """Labels (open, wide, press, lip_fv): float32 [F, 4]."""
    loudness: np.ndarray
    """0 (silence) .. 1 (loud): [F]."""


def spoken_mouth(phones: list[Phone], samples: np.ndarray) -> SpokenMouth:
    """Compute the expected mouth motion at 25 fps; samples: float32 [F * 640] at 16 kHz."""
    frames = len(samples) // SAMPLES_PER_FRAME
    mel = mel_spectrogram(torch.from_numpy(samples)[None], AudioConfig())[0].numpy()
    symbols, durations = viseme_times(phones, mel.shape[1])
    curve = mouth_curve(symbols, durations, mel).reshape(frames, MEL_PER_FRAME, -1).mean(1)
    loud = loudness(torch.from_numpy(mel)).numpy()
    return SpokenMouth(curve, loud.reshape(frames, MEL_PER_FRAME).mean(1))


def viseme_times(phones: list[Phone], frames: int) -> tuple[list[str], np.ndarray]:
    """Return symbols of `visemes.SHAPES` and the mel frames of each, `frames` in total.

    Phones of two symbols give half of their time to each; gaps are silence.
    """
    symbols: list[str] = []
    ends: list[int] = []
    for phone in phones:
        begin = min(round(phone.start_s * FRAMES_PER_S), frames)
        end = min(round(phone.end_s * FRAMES_PER_S), frames)
        if begin > (ends[-1] if ends else 0):
            symbols.append(SILENCE)
            ends.append(begin)
        for i, symbol in enumerate(phone.symbols, start=1):
            symbols.append(symbol)
            ends.append(begin + (end - begin) * i // len(phone.symbols))
    symbols.append(SILENCE)
    ends.append(frames)
    return symbols, np.diff(np.array([0, *ends]))
