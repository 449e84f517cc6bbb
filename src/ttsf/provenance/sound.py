"""The mark in sound: each cell of 16 ms by 156 Hz a little louder or softer, by 0.9 dB.

What is silent stays silent, and what is added is always masked by the sound itself. The signs are
the key's, and repeat after a second; half of the cells find the mark, the others carry a sign of
the payload.
"""

import numpy as np

from ttsf.provenance import key
from ttsf.provenance.payload import SIGNS, Payload

RATE = 16_000
"""Hz."""
WINDOW, HOP = 512, 128
"""Samples of a short-time Fourier transform."""
SLOT = 2 * HOP
"""Samples of a cell."""
SLOTS, BANDS = 64, 24
"""After which the signs repeat, and how many there are at a time."""
PERIOD = SLOTS * SLOT
FIRST, WIDTH = 8, 5
"""Frequencies, in 31.25 Hz, of the lowest band, and in each."""
DEPTH = 0.1
"""Natural logarithm of the change."""
HANN = np.hanning(WINDOW + 1)[:WINDOW]


CELL_SIGNS = key.signs("sound signs", SLOTS * BANDS)
_ORDER = key.order("sound places", SLOTS * BANDS)
FINDING = _ORDER[: len(_ORDER) // 2]
"""Cells that find the mark."""
CARRYING = tuple(_ORDER[len(_ORDER) // 2 :][k::SIGNS] for k in range(SIGNS))
"""Cells that carry each of the payload's signs."""


class SoundMark:
    """A payload for sound."""

    def __init__(self, payload: Payload) -> None:
        signs = CELL_SIGNS.copy()
        for value, which in zip(payload.signs(), CARRYING, strict=True):
            signs[which] *= value
        bands = np.zeros((SLOTS, WINDOW // 2 + 1))
        end = FIRST + BANDS * WIDTH
        bands[:, FIRST:end] = signs.reshape(SLOTS, BANDS).repeat(WIDTH, 1)
        self._added = np.expm1(DEPTH * bands)

    def on(self, samples: np.ndarray, start: int = 0) -> np.ndarray:
        """Samples at 16 kHz with the mark, float32 [N]; start: samples of the video before them."""
        before = start % HOP + WINDOW - HOP
        count = -(-(before + len(samples)) // HOP)
        padded = np.pad(samples, (before, count * HOP + WINDOW - HOP - before - len(samples)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP][:count]
        middles = start - before + np.arange(count) * HOP + WINDOW // 2
        waves = np.fft.rfft(windows * HANN) * self._added[middles // SLOT % SLOTS]
        pieces = np.fft.irfft(waves) * (HANN * HOP / np.sum(HANN**2))
        added = np.zeros(len(padded))
        for part in range(WINDOW // HOP):
            piece = pieces[:, part * HOP : (part + 1) * HOP].ravel()
            added[part * HOP : part * HOP + len(piece)] += piece
        return (samples + added[before : before + len(samples)]).astype(np.float32)
