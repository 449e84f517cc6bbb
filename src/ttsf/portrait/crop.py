"""The square around a face that the face model reads (E_v) and that G draws."""

from math import ceil, floor

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ttsf.portrait.detection import FaceBox
from ttsf.portrait.square import CropSquare

CROP_SIDE = 1.65
"""Side of the crop in sides of the face box. Matches `canonical_crop` of `research.landmarks`."""
CROP_DOWN = -0.105
"""How far the centre of the crop lies below that of the face box, in sides of the box."""
LANCZOS_REACH = 3
"""How far the filter that resizes looks, in pixels of the smaller picture."""


def crop_square(face: FaceBox) -> CropSquare:
    """Where to cut: the face lies at the same place of every crop, also at a picture's edge."""
    side = CROP_SIDE * face.side
    return CropSquare(face.x - side / 2, face.y + CROP_DOWN * face.side - side / 2, side)


def cut_square(image: np.ndarray, square: CropSquare, size: int) -> np.ndarray:
    """The square of RGB uint8 [H, W, 3] as [size, size, 3]; outside, the edge is repeated."""
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
    """The square of RGB uint8 [H, W, 3] as the model reads it: float32 [3, size, size], -1 to 1."""
    pixels = torch.from_numpy(cut_square(image, square, size).astype(np.float32))
    return (pixels / 127.5 - 1).permute(2, 0, 1).contiguous()
