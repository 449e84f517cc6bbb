"""Detect the watermark in sound, without the original and at any offset.

The loudness of each cell is compared with its neighbours in time and frequency, and periods of the
pattern are averaged.
"""

import numpy as np

from ttsf.provenance.detect.evidence import Evidence
from ttsf.provenance.embed.payload import likelihoods
from ttsf.provenance.embed.sound import (
    BANDS,
    CARRYING,
    CELL_SIGNS,
    FINDING,
    FIRST,
    HANN,
    HOP,
    SLOT,
    SLOTS,
    WIDTH,
    WINDOW,
)

STEP = 64
"""Step between the offsets tried, samples."""
OFFSETS = range(0, SLOT, STEP)
QUIET = 1e-4
"""STFT magnitude below which a cell counts as silent."""
USUAL = 1.5
"""Difference from the neighbours, in medians, at which its weight saturates."""
TRIES = len(OFFSETS) * SLOTS


class Heard:
    """Detector for one sound track."""

    def __init__(self) -> None:
        self._folded = np.zeros((len(OFFSETS), SLOTS, BANDS))

    def add(self, samples: np.ndarray) -> None:
        """Add samples, float [N] in [-1, 1] at 16 kHz; N is a multiple of `PERIOD` but at the
        end."""
        for folded, offset in zip(self._folded, OFFSETS, strict=True):
            differences = _differences(samples[offset:])
            count = -(-len(differences) // SLOTS)
            padded = np.pad(differences, ((0, count * SLOTS - len(differences)), (0, 0)))
            folded += padded.reshape(count, SLOTS, BANDS).sum(0)

    def join(self, other: "Heard") -> None:
        """Merge another detector, whose sound starts a multiple of `PERIOD` samples later."""
        self._folded = self._folded + other._folded

    def evidence(self) -> Evidence:
        """Return the evidence at the best offset."""
        signs = np.zeros(SLOTS * BANDS)
        signs[FINDING] = CELL_SIGNS[FINDING]
        used = np.abs(signs)
        agreement = _against(signs, self._folded)
        power = _against(used, self._folded**2)
        strengths = agreement / np.sqrt(power + 1e-12)
        offset, slot = np.unravel_index(strengths.argmax(), strengths.shape)
        cells = np.roll(self._folded[offset], -slot, 0).ravel() * CELL_SIGNS
        mean, square = cells[FINDING].mean(), (cells**2).mean() + 1e-12
        carried = np.array([cells[which].sum() for which in CARRYING])
        evidence = max(mean, 0.0) / square * carried
        return Evidence(float(strengths[offset, slot]), TRIES, likelihoods(evidence))


def _against(signs: np.ndarray, folded: np.ndarray) -> np.ndarray:
    """Correlate the cells with signs [SLOTS * BANDS], for each possible first slot."""
    there = np.fft.fft(folded, axis=1)
    wanted = np.conj(np.fft.fft(signs.reshape(SLOTS, BANDS), axis=0))
    return np.fft.ifft(there * wanted, axis=1).real.sum(2)


def _differences(samples: np.ndarray) -> np.ndarray:
    """Difference of each cell's loudness from its neighbours', [slots, BANDS], about -1 to 1."""
    count = (len(samples) - WINDOW) // HOP + 1
    slots = count * HOP // SLOT
    if slots < 1:
        return np.zeros((0, BANDS))
    windows = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::HOP]
    windows = windows[: slots * SLOT // HOP]
    waves = np.abs(np.fft.rfft(windows * HANN))[:, FIRST : FIRST + BANDS * WIDTH]
    loudness = np.log(waves + QUIET).reshape(slots, SLOT // HOP, BANDS, WIDTH).mean((1, 3))
    wide = np.pad(loudness, 1, mode="edge")
    beside = wide[:-2, 1:-1] + wide[2:, 1:-1] + wide[1:-1, :-2] + wide[1:-1, 2:]
    difference = loudness - beside / 4
    usual = USUAL * np.median(np.abs(difference)) + 1e-6
    return np.tanh(difference / usual)
