"""The square crop of a face that E_v reads and G draws."""

from math import ceil, floor

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ttsf.portrait.detection import FaceBox
from ttsf.portrait.square import CropSquare

CROP_SIDE = 1.65
"""Side of the crop, in sides of the face box; matches `canonical_crop` of `research.landmarks`."""
CROP_DOWN = -0.105
"""Offset of the crop's centre below that of the face box, in sides of the box."""
LANCZOS_REACH = 3
"""Radius of the resizing filter, in pixels of the smaller picture."""


def crop_square(face: FaceBox) -> CropSquare:
    """Return the crop square; the face has a fixed position in it, also at a picture's edge."""
    side = CROP_SIDE * face.side
    return CropSquare(face.x - side / 2, face.y + CROP_DOWN * face.side - side / 2, side)


def cut_square(image: np.ndarray, square: CropSquare, size: int) -> np.ndarray:
    """Crop RGB uint8 [H, W, 3] to [size, size, 3]; edges are repeated outside the picture."""
    height, width = image.shape[:2]
    left, top, side = square
    reach = LANCZOS_REACH * max(1.0, side / size)
    x, y = floor(left - reach), floor(top - reach)
    columns = np.arange(x, ceil(left + side + reach)).clip(0, width - 1)
    rows = np.arange(y, ceil(top + side + reach)).clip(0, height - 1)
    around = Image.fromarray(image[rows[:, None], columns])
    box = (left - x, top - y, left - x + side, top - y + side)
    return np.asarray(around.resize((size, size), Image.Resampling.LANCZOS, box=box))


def crop_portrait(image: np.ndarray, square: CropSquare, size: int) -> Tensor:
    """Crop RGB uint8 [H, W, 3] to the model's input: float32 [3, size, size] in [-1, 1]."""
    pixels = torch.from_numpy(cut_square(image, square, size).astype(np.float32))
    return (pixels / 127.5 - 1).permute(2, 0, 1).contiguous()
