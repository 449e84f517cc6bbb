"""Weights that fade motion out around the crop, and keep other faces still."""

from typing import NamedTuple

import numpy as np

from ttsf.portrait.detection import FaceBox
from ttsf.portrait.square import CropSquare

MARGIN = 0.25
"""Distance outside the crop beyond which nothing moves, in sides of the crop."""
FADED = 0.24
"""Distance outside the crop over which motion fades, in sides of the crop."""
EDGE = 0.1
"""Distance inside the picture's edge over which motion across the edge fades, in sides of the crop.
Motion is at most a fifteenth of the crop; a shorter distance would fold the picture."""
DRAWN_EDGE = (0.01, 0.05)
"""Distances inside the crop's border between which drawn pixels fade in, in sides of the crop."""
HEAD = (0.62, 0.8)
"""Semi-axes of a head ellipse, in sides of the face box."""
HEAD_UP = 0.1
"""Offset of the head's centre above that of the face box, in sides of the box."""
SHARED = (0.5, 0.65)
"""Relative distance from another head, d_other / (d_other + d_own), in semi-axes: motion starts at
the first value (half-way between the heads) and is full at the second."""


class Surroundings(NamedTuple):
    """Where motion of a face has to fade: at other faces and at the picture's edges.

    Coordinates are pixels of the picture: x [w], y [h].
    """

    square: CropSquare
    width: int
    """Width of the picture, px."""
    height: int
    face: FaceBox
    others: tuple[FaceBox, ...]
    """Faces that must not move."""

    def moves(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Weight of motion along x and y: float32 [h, w, 2] from 0 to 1."""
        left, top, side = self.square
        across, down = (
            smooth(1 - np.maximum(np.maximum(-place, place - 1), 0) / FADED)
            for place in ((x - left) / side, (y - top) / side)
        )
        free = down[:, None] * across * self._free(x, y)
        inside_x, inside_y = (
            smooth(np.minimum(place, length - place) / (EDGE * side))
            for place, length in ((x, self.width), (y, self.height))
        )
        return np.stack([free * inside_x, free * inside_y[:, None]], -1).astype(np.float32)

    def drawn(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Weight of drawn pixels: float32 [h, w] from 0 to 1."""
        left, top, side = self.square
        across, down = (
            smoothstep(*DRAWN_EDGE, np.minimum(place, 1 - place))
            for place in ((x - left) / side, (y - top) / side)
        )
        return (down[:, None] * across * self._free(x, y)).astype(np.float32)

    def _free(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """1 near the own head, 0 from half-way to any other head on: [h, w]."""
        free = np.ones((len(y), len(x)))
        ours = _distance(x, y, self.face)
        for other in self.others:
            if _distance(np.array([other.x]), np.array([other.y]), self.face) < SHARED[0]:
                continue  # the same head, detected twice
            theirs = _distance(x, y, other)
            share = theirs / np.maximum(theirs + ours, 1e-6)
            free *= smoothstep(*SHARED, share)
        return free


def smooth(x: np.ndarray) -> np.ndarray:
    """Smoothstep of x clipped to [0, 1]."""
    x = np.clip(x, 0, 1)
    return x * x * (3 - 2 * x)


def smoothstep(low: float | np.ndarray, high: float | np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return 0 below `low`, 1 above `high`, and a smooth step between."""
    return smooth((x - low) / (high - low))


def _distance(x: np.ndarray, y: np.ndarray, face: FaceBox) -> np.ndarray:
    """Elliptic distance from the centre of a head, 1 on its outline: [h, w]."""
    right = (x - face.x) / (HEAD[0] * face.side)
    below = (y - face.y + HEAD_UP * face.side) / (HEAD[1] * face.side)
    return np.hypot(right, below[:, None])
