"""The watermark in pictures: a tile of faint noise, 135 px, repeated over every frame.

Because it is constant over time, it does not flicker, encoders store it once, one frame suffices
to detect it, and only the region that changes has to be marked again. The tile uses frequencies
that survive coding and scaling; the key sets the phase of each, the payload flips some by 180
degrees. Half of the frequencies serve detection, the others carry the payload.
"""

from typing import NamedTuple

import cv2
import numpy as np

from ttsf.provenance.embed import key
from ttsf.provenance.embed.payload import SIGNS, Payload

SIDE = 135
"""Side of the tile, px; coprime to codec block sizes, so that block edges cancel."""
BAND = (0.04, 0.25)
"""Cycles per pixel: above the band of objects, below what codecs and scaling remove."""
STRONGEST, WEAKEST = 1.9, 0.7
"""RMS (of 255) in small pictures, which have few pixels for detection, and in large ones."""
SMALL = 300
"""Geometric mean of the sides, px, up to which `STRONGEST` applies."""


class Grain(NamedTuple):
    """The tile in the frequency domain."""

    rows: np.ndarray
    """Row in the tile's real FFT, [K]."""
    columns: np.ndarray
    phases: np.ndarray
    """Phases in radians, [K]."""
    finding: np.ndarray
    """Indices of the frequencies for detection."""
    carrying: tuple[np.ndarray, ...]
    """Indices of the frequencies for each payload sign."""

    def tile(self, payload: Payload) -> np.ndarray:
        """Return the tile, float64 [135, 135] with RMS 1."""
        sign = np.ones(len(self.phases))
        for value, which in zip(payload.signs(), self.carrying, strict=True):
            sign[which] = value
        waves = np.zeros((SIDE, SIDE // 2 + 1), complex)
        waves[self.rows, self.columns] = sign * np.exp(1j * self.phases)
        tile = np.fft.irfft2(waves, (SIDE, SIDE))
        return tile / np.sqrt(np.mean(tile**2))


def _grain() -> Grain:
    down, across = np.meshgrid(np.fft.fftfreq(SIDE), np.fft.rfftfreq(SIDE), indexing="ij")
    radius = np.hypot(down, across)
    rows, columns = np.nonzero((BAND[0] <= radius) & (radius < BAND[1]) & (across > 0))
    order = key.order("picture places", len(rows))
    finding, carrying = order[: len(order) // 2], order[len(order) // 2 :]
    phases = 2 * np.pi * key.numbers("picture phases", len(rows))
    return Grain(rows, columns, phases, finding, tuple(carrying[k::SIGNS] for k in range(SIGNS)))


GRAIN = _grain()


class PictureMark:
    """The watermark of one payload for frames of one size; thread-safe."""

    def __init__(self, payload: Payload, height: int, width: int) -> None:
        tall, wide = -(-height // SIDE), -(-width // SIDE)
        tile = np.tile(GRAIN.tile(payload), (tall, wide))[:height, :width]
        grain = np.rint(strength(height, width) * tile)
        self._lighter, self._darker = (
            np.dstack([np.maximum(part, 0).astype(np.uint8)] * 3) for part in (grain, -grain)
        )

    def on(self, pixels: np.ndarray, top: int = 0, left: int = 0) -> np.ndarray:
        """Return a marked copy of pixels, uint8 [h, w, 3 or 4], at (top, left) of the frame."""
        rows, columns = slice(top, top + len(pixels)), slice(left, left + pixels.shape[1])
        lighter, darker = self._lighter[rows, columns], self._darker[rows, columns]
        if pixels.shape[-1] == 4:
            colours = cv2.subtract(cv2.add(pixels[..., :3], lighter), darker)
            return np.dstack([colours, pixels[..., 3]])
        marked = cv2.add(pixels, lighter)
        return cv2.subtract(marked, darker, dst=marked)


def strength(height: int, width: int) -> float:
    """Return the RMS (of 255) of the watermark for a frame size."""
    side = float(np.sqrt(height * width))
    return float(np.clip(STRONGEST * SMALL / side, WEAKEST, STRONGEST))
