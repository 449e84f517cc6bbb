"""The layer behind the lips of an animated portrait: teeth and mouth cavity."""

from typing import NamedTuple

import cv2
import numpy as np

from ttsf.compositing.palette import LUMA
from ttsf.research.data.synthetic.expression import Expression
from ttsf.research.landmarks.face_mesh import LOWER_INNER, MOUTH_RING, UPPER_INNER

OWN_TEETH_GAP_E = 0.06
"""Gap from which the portrait's own teeth are kept, in e."""
PATCH = (64, 128)
PATCH_HALF = (0.24, 0.48)
"""Pixels and half size (y, x) in e of a teeth patch."""
EDGE_E = 0.045
"""How far the edge of donor teeth lies below the closed lip line, in e."""

WARM = np.array([1.03, 0.99, 0.92], np.float32)
"""Tint given to donor teeth after their own colour is removed."""


class Teeth(NamedTuple):
    """Teeth of a smile in the frontal frame, around the middle of their lower edge."""

    colour: np.ndarray
    """RGB float32 [64, 128, 3]."""
    alpha: np.ndarray
    """float32 [64, 128]."""
    brightness: float
    """Luminance of their bright parts, 0 to 255."""


def skin_colour(image: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return the median RGB [3] of the cheeks.

    image: RGB [H, W, 3]; points: landmarks [468, 2 or more] in pixels.
    """
    centre = points[[50, 280, 205, 425], :2].round().astype(int)
    height, width = image.shape[:2]
    x, y = np.clip(centre[:, 0], 2, width - 3), np.clip(centre[:, 1], 2, height - 3)
    near = [image[b - 2 : b + 3, a - 2 : a + 3].reshape(-1, 3) for a, b in zip(x, y, strict=True)]
    return np.median(np.concatenate(near), axis=0)


def take_teeth(image: np.ndarray, points: np.ndarray, frontal: np.ndarray) -> Teeth | None:
    """Cut out the teeth of a frontal open smile; None if they are dark or hidden."""
    upper, lower = frontal[list(UPPER_INNER)], frontal[list(LOWER_INNER)]
    edge = np.array([(lower[5, 0] + upper[5, 0]) / 2, lower[5, 1] - 0.01])
    scale = np.array([PATCH[1] / 2 / PATCH_HALF[1], PATCH[0] / 2 / PATCH_HALF[0]])
    ring = list(MOUTH_RING)
    cells = (frontal[ring, :2] - edge) * scale + (PATCH[1] / 2, PATCH[0] / 2)
    a = np.column_stack([cells, np.ones(len(ring))])
    affine = np.linalg.lstsq(a, points[ring, :2], rcond=None)[0].T
    patch = cv2.warpAffine(
        image.astype(np.float32), affine, PATCH[::-1],
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    mask = np.zeros(PATCH, np.float32)
    cv2.fillPoly(mask, [np.round(cells * 16).astype(np.int32)], (1.0,), cv2.LINE_8, 4)
    mask = np.asarray(cv2.erode(mask, np.ones((3, 3))))
    grey = patch @ LUMA
    skin = float(skin_colour(image, points) @ LUMA)
    red = patch[..., 0] - patch[..., 1]
    white = mask * (grey > 0.75 * skin) * (red < 45)
    if mask.sum() < 300 or white.sum() < 0.62 * mask.sum():
        return None
    bright = float(np.percentile(grey[mask > 0], 85))
    colour = 0.75 * grey[..., None] * WARM + 0.25 * patch
    alpha = np.asarray(cv2.GaussianBlur(mask, (0, 0), 1.0)) * mask
    return Teeth(np.clip(colour, 0, 255).astype(np.float32), alpha, bright)


class MouthLayer:
    """Teeth and cavity of one portrait, fixed to the skull.

    Args:
        image: RGB uint8 [H, W, 3].
        points: its landmarks [468, 2] in pixels.
        expression: its rest shape.
        teeth: donor teeth, used if the mouth is closed.
    """

    def __init__(
        self, image: np.ndarray, points: np.ndarray, expression: Expression, teeth: Teeth | None
    ) -> None:
        self._image = image.astype(np.float32)
        tone = skin_colour(image, points)
        self._skin = max(float(tone @ LUMA), 20.0)
        self._tint = 0.65 + 0.35 * tone / self._skin
        self._own = None
        if expression.gap > OWN_TEETH_GAP_E:
            mask = np.zeros(image.shape[:2], np.float32)
            ring = np.round(points[list(MOUTH_RING)] * 16).astype(np.int32)
            cv2.fillPoly(mask, [ring], (1.0,), cv2.LINE_AA, 4)
            self._own = cv2.GaussianBlur(mask, (0, 0), 0.8)
        self._teeth = None if self._own is not None else teeth
        rest = expression.rest
        line = 0.4 * rest[list(UPPER_INNER)] + 0.6 * rest[list(LOWER_INNER)]
        x, y, z = line[5, 0], line[5, 1] + EDGE_E, line[5, 2] + 0.06
        dy, dx = PATCH_HALF
        self.plane = np.array([[x - dx, y - dy, z], [x + dx, y - dy, z], [x - dx, y + dy, z]])
        """Three corners of the teeth patch in the frontal frame, in e."""

    def draw(self, source: np.ndarray, plane: np.ndarray) -> np.ndarray:
        """Draw the layer, float32 [h, w, 3].

        source: portrait pixel of each pixel of the skull, [h, w, 2]; plane: corners of the teeth
        patch in pixels of the layer, [3, 2].
        """
        height, width = PATCH
        corners = np.array([[0, 0], [width, 0], [0, height]], np.float32)
        affine = cv2.getAffineTransform(corners, plane.astype(np.float32))
        level = np.linspace(-1, 1, height, dtype=np.float32)[:, None] * np.ones((1, width))
        tone = 0.20 + 0.14 * np.clip(level * 1.8, 0, 1)
        cavity = tone[..., None] * np.array([1.0, 0.52, 0.48]) * self._skin
        patch = cavity.astype(np.float32)
        if self._teeth is not None:
            gain = self._tint * (0.6 * self._skin + 55) / self._teeth.brightness
            alpha = self._teeth.alpha[..., None]
            patch += alpha * (np.minimum(self._teeth.colour * gain, 245) - patch)
        layer = cv2.warpAffine(
            patch, affine, source.shape[1::-1], flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )  # fmt: skip
        if self._own is None:
            return layer
        x, y = source[..., 0], source[..., 1]
        own = cv2.remap(self._image, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        alpha = cv2.remap(self._own, x, y, cv2.INTER_LINEAR)[..., None]
        return layer + alpha * (own - layer)
