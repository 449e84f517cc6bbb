"""The watermark in sound: cells of 16 ms by 156 Hz are made 0.9 dB louder or softer.

Silence stays silent, and the change is masked by the sound itself. The signs come from the key, and
repeat after about a second; half of the cells serve detection, the others carry the payload.
"""

import numpy as np

from ttsf.provenance.embed import key
from ttsf.provenance.embed.payload import SIGNS, Payload

RATE = 16_000
"""Sampling rate for which the figures below hold, Hz."""
LEAST_RATE = 8_000
MARKED_STEP = 125
"""Only sampling rates that are a multiple of this can be marked, Hz."""
WINDOW, HOP = 512, 128
"""Window and hop of the STFT, samples."""
SLOT = 2 * HOP
"""Length of a cell, samples."""
SLOTS, BANDS = 64, 24
"""Cells in time until the signs repeat, and cells in frequency."""
PERIOD = SLOTS * SLOT
FIRST, WIDTH = 8, 5
"""First STFT bin of the lowest band, and bins per band; a bin is 31.25 Hz."""
DEPTH = 0.1
"""Natural logarithm of the gain."""
HANN = np.hanning(WINDOW + 1)[:WINDOW]


CELL_SIGNS = key.signs("sound signs", SLOTS * BANDS)
_ORDER = key.order("sound places", SLOTS * BANDS)
FINDING = _ORDER[: len(_ORDER) // 2]
"""Cells for detection."""
CARRYING = tuple(_ORDER[len(_ORDER) // 2 :][k::SIGNS] for k in range(SIGNS))
"""Cells for each payload sign."""


class SoundMark:
    """The watermark of one payload for sound."""

    def __init__(self, payload: Payload, rate: int = RATE) -> None:
        """rate: sampling rate in Hz, a multiple of 125 and at least 8,000."""
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
        """Return marked samples, float32 [N]; start: index of samples[0] in the video's sound."""
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
    """Whether sound of this sampling rate (Hz) can be marked."""
    return rate >= LEAST_RATE and rate * HOP % RATE == 0
