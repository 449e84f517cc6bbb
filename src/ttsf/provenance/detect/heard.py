"""The mark found in sound, without the original, wherever it was cut.

Loudness is compared with that of the neighbours in time and frequency, and the seconds are laid
over each other.
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
"""Samples between the beginnings that are tried."""
OFFSETS = range(0, SLOT, STEP)
QUIET = 1e-4
"""What counts as silence, of the magnitude of a Fourier transform."""
USUAL = 1.5
"""Median differences from the neighbours from which on one counts little more."""
TRIES = len(OFFSETS) * SLOTS


class Heard:
    """Sound in which a mark is looked for."""

    def __init__(self) -> None:
        self._folded = np.zeros((len(OFFSETS), SLOTS, BANDS))

    def add(self, samples: np.ndarray) -> None:
        """float [N] in [-1, 1] at 16 kHz; all but the last with a multiple of `PERIOD` samples."""
        for folded, offset in zip(self._folded, OFFSETS, strict=True):
            differences = _differences(samples[offset:])
            count = -(-len(differences) // SLOTS)
            padded = np.pad(differences, ((0, count * SLOTS - len(differences)), (0, 0)))
            folded += padded.reshape(count, SLOTS, BANDS).sum(0)

    def join(self, other: "Heard") -> None:
        """Take another's sound, which began a multiple of `PERIOD` samples after this."""
        self._folded = self._folded + other._folded

    def evidence(self) -> Evidence:
        """At the best of all beginnings."""
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
    """Sums of cells with signs [SLOTS * BANDS], for each slot that may be the first."""
    there = np.fft.fft(folded, axis=1)
    wanted = np.conj(np.fft.fft(signs.reshape(SLOTS, BANDS), axis=0))
    return np.fft.ifft(there * wanted, axis=1).real.sum(2)


def _differences(samples: np.ndarray) -> np.ndarray:
    """Of each cell's loudness from its neighbours', [slots, BANDS] in about [-1, 1]."""
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
