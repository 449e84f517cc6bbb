"""How far a face's motion reaches beyond its crop: not to what must keep still."""

from typing import NamedTuple

import numpy as np

from ttsf.portrait.detection import FaceBox
from ttsf.portrait.square import CropSquare

MARGIN = 0.25
"""Sides of the crop, outside of it, beyond which nothing moves."""
FADED = 0.24
"""Sides of the crop, outside of it, over which motion fades."""
EDGE = 0.1
"""Sides of the crop, inside the picture's own edge, over which nothing moves into or out of it any
more. Motion is at most a fifteenth of the crop: a shorter way would fold."""
DRAWN_EDGE = (0.01, 0.05)
"""Sides of the crop, inside its border, between which what is drawn fades in."""
HEAD = (0.62, 0.8)
"""Half axes of a head in sides of its face box."""
HEAD_UP = 0.1
"""How far the centre of a head lies above that of its face box, in sides of the box."""
SHARED = (0.5, 0.65)
"""A point's distance from another's head over the sum of both, in half axes; motion begins at the
first (half-way between the heads) and is whole at the second."""


class Surroundings(NamedTuple):
    """What is around a face. Places are (x, y) in pixels of the picture: x [w], y [h]."""

    square: CropSquare
    width: int
    """px, of the picture."""
    height: int
    face: FaceBox
    others: tuple[FaceBox, ...]
    """Faces that are to keep still."""

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
        """Weight of what is drawn: float32 [h, w] from 0 to 1."""
        left, top, side = self.square
        begin, end = DRAWN_EDGE
        across, down = (
            smooth((np.minimum(place, 1 - place) - begin) / (end - begin))
            for place in ((x - left) / side, (y - top) / side)
        )
        return (down[:, None] * across * self._free(x, y)).astype(np.float32)

    def _free(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """1 at one's own head, 0 from half-way to any other's on: [h, w]."""
        free = np.ones((len(y), len(x)))
        ours = _distance(x, y, self.face)
        for other in self.others:
            if _distance(np.array([other.x]), np.array([other.y]), self.face) < SHARED[0]:
                continue  # one head that was found twice
            theirs = _distance(x, y, other)
            share = theirs / np.maximum(theirs + ours, 1e-6)
            free *= smooth((share - SHARED[0]) / (SHARED[1] - SHARED[0]))
        return free


def smooth(x: np.ndarray) -> np.ndarray:
    """From 0 to 1 without a kink at either end."""
    x = np.clip(x, 0, 1)
    return x * x * (3 - 2 * x)


def _distance(x: np.ndarray, y: np.ndarray, face: FaceBox) -> np.ndarray:
    """From the centre of a head, 1 on its outline: [h, w]."""
    right = (x - face.x) / (HEAD[0] * face.side)
    below = (y - face.y + HEAD_UP * face.side) / (HEAD[1] * face.side)
    return np.hypot(right, below[:, None])
