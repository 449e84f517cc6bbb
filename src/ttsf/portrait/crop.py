"""The square around a face that the face model reads (E_v) and that G draws."""

from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ttsf.portrait.detection import FaceBox

CROP_SIDE = 1.65
"""Side of the crop in sides of the face box. Matches `ttsf.landmarks.face_mesh.canonical_crop`."""
CROP_DOWN = -0.105
"""How far the centre of the crop lies below that of the face box, in sides of the box."""
SMALLEST_SHARE = 0.8
"""A crop that leaves the picture shrinks to at most this share; what is missing then is padded."""


class CropSquare(NamedTuple):
    """The square around a face in pixels of the picture; parts of it may lie outside."""

    left: float
    top: float
    side: float


def crop_square(width: int, height: int, face: FaceBox) -> CropSquare:
    """Where to cut a picture of this size.

    The square is moved and, down to `SMALLEST_SHARE`, shrunk to stay inside the picture.
    """
    wanted = CROP_SIDE * face.side
    side = max(min(wanted, width, height), SMALLEST_SHARE * wanted)
    left = _inside(face.x - side / 2, side, width)
    top = _inside(face.y + CROP_DOWN * face.side - side / 2, side, height)
    return CropSquare(left, top, side)


def cut_square(image: np.ndarray, square: CropSquare, size: int) -> np.ndarray:
    """The square of RGB uint8 [H, W, 3] as [size, size, 3]; outside, the edge is repeated."""
    height, width = image.shape[:2]
    left, top, side = square
    pad = int(np.ceil(max(0.0, -left, -top, left + side - width, top + side - height)))
    padded = np.pad(image, ((pad, pad), (pad, pad), (0, 0)), mode="edge") if pad else image
    box = (left + pad, top + pad, left + pad + side, top + pad + side)
    cut = Image.fromarray(padded).resize((size, size), Image.Resampling.LANCZOS, box=box)
    return np.asarray(cut)


def crop_portrait(image: np.ndarray, square: CropSquare, size: int) -> Tensor:
    """The square of RGB uint8 [H, W, 3] as the model reads it: float32 [3, size, size], -1 to 1."""
    pixels = torch.from_numpy(cut_square(image, square, size).astype(np.float32))
    return (pixels / 127.5 - 1).permute(2, 0, 1).contiguous()


def _inside(start: float, side: float, length: int) -> float:
    if side > length:
        return (length - side) / 2
    return min(max(start, 0.0), length - side)
