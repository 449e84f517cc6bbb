"""How far a face's motion reaches beyond its crop: not to what must keep still."""

from typing import NamedTuple

import numpy as np

from ttsf.portrait.crop import CropSquare
from ttsf.portrait.detection import FaceBox

MARGIN = 0.25
"""Sides of the crop over which the motion fades outside of it."""
EDGE = 0.1
"""Sides of the crop, inside the picture's own edge, over which nothing moves into or out of it any
more. Motion is at most a fifteenth of the crop: a shorter way would fold."""
DRAWN_EDGE = 0.04
"""Sides of the crop, inside its border, over which what is drawn fades."""
HEAD = (0.62, 0.8)
"""Half axes of a head in sides of its face box."""
HEAD_UP = 0.1
"""How far the centre of a head lies above that of its face box, in sides of the box."""
SHARED = (0.5, 0.65)
"""A point's distance from another's head over the sum of both, in half axes; motion begins at the
first (half-way between the heads) and is whole at the second."""


class Reach(NamedTuple):
    """Weights on a lattice of cells; `cells` a side of the crop, `pad` more around it."""

    motion: np.ndarray
    """Of motion along x and y: float32 [n, n, 2] from 0 to 1."""
    drawn: np.ndarray
    """Of what is drawn: float32 [cells, cells]."""
    pad: int


def reach(
    square: CropSquare,
    width: int,
    height: int,
    others: tuple[FaceBox, ...],
    own: FaceBox,
    cells: int,
) -> Reach:
    """For the crop of the face `own` in a picture of this size; `others` are to keep still."""
    pad = round(MARGIN * cells)
    places = (np.arange(-pad, cells + pad) + 0.5) / cells
    outside = np.maximum(np.maximum(-places, places - 1), 0)
    fade = smooth(1 - (outside + 0.5 / cells) / MARGIN) * (outside > 0) + (outside == 0)
    x, y = square.left + places * square.side, square.top + places * square.side
    everywhere = fade[:, None] * fade[None]
    for other in others:
        everywhere = everywhere * _apart(x[None], y[:, None], other, own)
    across, down = _inside(x, width, square.side), _inside(y, height, square.side)
    inner = (np.arange(cells) + 0.5) / cells
    border = smooth(np.minimum(inner, 1 - inner) / DRAWN_EDGE)
    crop = slice(pad, pad + cells)
    return Reach(
        np.stack([everywhere * across[None], everywhere * down[:, None]], -1).astype(np.float32),
        (everywhere[crop, crop] * border[:, None] * border[None]).astype(np.float32),
        pad,
    )


def smooth(x: np.ndarray) -> np.ndarray:
    """From 0 to 1 without a kink at either end."""
    x = np.clip(x, 0, 1)
    return x * x * (3 - 2 * x)


def _inside(x: np.ndarray, length: int, side: float) -> np.ndarray:
    """Weight of motion along one axis near the picture's two edges on it."""
    return smooth(np.minimum(x, length - x) / (EDGE * side))


def _apart(x: np.ndarray, y: np.ndarray, other: FaceBox, own: FaceBox) -> np.ndarray:
    """1 at one's own head, 0 from half-way to the other's on."""
    if _distance(np.array(other.x), np.array(other.y), own) < SHARED[0]:
        return np.ones(np.broadcast(x, y).shape)  # one head that was found twice
    theirs, ours = _distance(x, y, other), _distance(x, y, own)
    share = theirs / np.maximum(theirs + ours, 1e-6)
    return smooth((share - SHARED[0]) / (SHARED[1] - SHARED[0]))


def _distance(x: np.ndarray, y: np.ndarray, face: FaceBox) -> np.ndarray:
    """From the centre of a head, 1 on its outline."""
    right = (x - face.x) / (HEAD[0] * face.side)
    below = (y - face.y + HEAD_UP * face.side) / (HEAD[1] * face.side)
    return np.hypot(right, below)
