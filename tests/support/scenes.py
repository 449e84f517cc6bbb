"""Pictures of noise, and portraits whose face is said to be somewhere."""

import numpy as np

from ttsf.portrait.detection import FaceBox
from ttsf.portrait.portrait import Portrait
from ttsf.portrait.square import CropSquare

RNG = np.random.default_rng(0)


def noise(width: int, height: int) -> np.ndarray:
    return RNG.integers(0, 256, (height, width, 3), dtype=np.uint8)


def portrait(
    picture: np.ndarray, x: float, y: float, side: float, others: tuple[FaceBox, ...] = ()
) -> Portrait:
    """A face whose crop has its centre at (x, y)."""
    face = FaceBox(x, y, side / 1.65)
    square = CropSquare(x - side / 2, y - side / 2, side)
    return Portrait(picture, (face, *others), face, square, ())
