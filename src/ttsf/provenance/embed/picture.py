"""The mark in pictures: a tile of faint grain of 135 px, the same in every frame and everywhere.

As it does not change, nothing flickers, an encoder writes it once, one picture is enough to find
it, and of a frame in which only a region is drawn only the region is marked anew. The
tile holds frequencies that survive coding and scaling; of each the phase is the key's, or its
opposite. Half of them are for finding the mark, the others carry the payload's signs.
"""

from typing import NamedTuple

import cv2
import numpy as np

from ttsf.provenance.embed import key
from ttsf.provenance.embed.payload import SIGNS, Payload

SIDE = 135
"""px; shares no factor with the blocks of codecs, so that their edges cancel."""
BAND = (0.04, 0.25)
"""Cycles a pixel: below are things, above is what codecs and scaling remove."""
STRONGEST, WEAKEST = 1.9, 0.7
"""Of 255, root mean square: in small pictures, that have few pixels to find the mark in, and large
ones."""
SMALL = 300
"""px, geometric mean of the sides up to which a picture is small; the strength falls beyond."""


class Grain(NamedTuple):
    """The tile in frequency."""

    rows: np.ndarray
    """Row in the tile's real Fourier transform, [K]."""
    columns: np.ndarray
    phases: np.ndarray
    """[K], in radians."""
    finding: np.ndarray
    """Which of the K find the mark."""
    carrying: tuple[np.ndarray, ...]
    """Which carry each of the payload's signs."""

    def tile(self, payload: Payload) -> np.ndarray:
        """float64 [135, 135], root mean square 1."""
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
    """A payload for frames of one size; threads may share it."""

    def __init__(self, payload: Payload, height: int, width: int) -> None:
        tall, wide = -(-height // SIDE), -(-width // SIDE)
        tile = np.tile(GRAIN.tile(payload), (tall, wide))[:height, :width]
        grain = np.rint(strength(height, width) * tile)
        self._lighter, self._darker = (
            np.dstack([np.maximum(part, 0).astype(np.uint8)] * 3) for part in (grain, -grain)
        )

    def on(self, pixels: np.ndarray, top: int = 0, left: int = 0) -> np.ndarray:
        """A copy with the mark: uint8 [h, w, 3 or 4], which lies here in the frame."""
        rows, columns = slice(top, top + len(pixels)), slice(left, left + pixels.shape[1])
        lighter, darker = self._lighter[rows, columns], self._darker[rows, columns]
        if pixels.shape[-1] == 4:
            colours = cv2.subtract(cv2.add(pixels[..., :3], lighter), darker)
            return np.dstack([colours, pixels[..., 3]])
        marked = cv2.add(pixels, lighter)
        return cv2.subtract(marked, darker, dst=marked)


def strength(height: int, width: int) -> float:
    """Root mean square of the mark in a frame of this size, of 255."""
    side = float(np.sqrt(height * width))
    return float(np.clip(STRONGEST * SMALL / side, WEAKEST, STRONGEST))
