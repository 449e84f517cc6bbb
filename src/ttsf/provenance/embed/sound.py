"""The mark in sound: each cell of 16 ms by 156 Hz a little louder or softer, by 0.9 dB.

What is silent stays silent, and what is added is always masked by the sound itself. The signs are
the key's, and repeat after a second; half of the cells find the mark, the others carry a sign of
the payload.
"""

import numpy as np

from ttsf.provenance.embed import key
from ttsf.provenance.embed.payload import SIGNS, Payload

RATE = 16_000
"""Hz, of what the figures below speak of."""
LEAST_RATE = 8_000
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

    def __init__(self, payload: Payload, rate: int = RATE) -> None:
        """Rate: in Hz, a multiple of 125 from 8,000 on."""
        self._hop = rate * HOP // RATE
        self._window = WINDOW // HOP * self._hop
        self._hann = np.hanning(self._window + 1)[:-1]
        signs = CELL_SIGNS.copy()
        for value, which in zip(payload.signs(), CARRYING, strict=True):
            signs[which] *= value
        bands = np.zeros((SLOTS, self._window // 2 + 1))
        end = FIRST + BANDS * WIDTH
        bands[:, FIRST:end] = signs.reshape(SLOTS, BANDS).repeat(WIDTH, 1)
        self._added = np.expm1(DEPTH * bands)

    def on(self, samples: np.ndarray, start: int = 0) -> np.ndarray:
        """With the mark, float32 [N]; start: samples of the video before these."""
        hop, window = self._hop, self._window
        before = start % hop + window - hop
        count = -(-(before + len(samples)) // hop)
        padded = np.pad(samples, (before, count * hop + window - hop - before - len(samples)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, window)[::hop][:count]
        middles = start - before + np.arange(count) * hop + window // 2
        slots = middles * HOP // (hop * SLOT) % SLOTS
        waves = np.fft.rfft(windows * self._hann) * self._added[slots]
        pieces = np.fft.irfft(waves) * (self._hann * hop / np.sum(self._hann**2))
        added = np.zeros(len(padded))
        for part in range(window // hop):
            piece = pieces[:, part * hop : (part + 1) * hop].ravel()
            added[part * hop : part * hop + len(piece)] += piece
        return (samples + added[before : before + len(samples)]).astype(np.float32)


def can_mark(rate: int) -> bool:
    """Whether sound of this rate, in Hz, can be marked."""
    return rate >= LEAST_RATE and rate * HOP % RATE == 0
