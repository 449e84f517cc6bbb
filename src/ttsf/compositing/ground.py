"""The still frame, and the source pixels that motion samples."""

import math
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image

from ttsf.compositing.box import Box
from ttsf.compositing.framing import Framing, Placement, even
from ttsf.compositing.surroundings import MARGIN
from ttsf.media.images import BACKGROUND

BLURRED_SIDE, BLUR, DIMMED = 96, 4.0, 0.6
"""Blurred canvas: working size (long side, px), sigma (px) and brightness."""

LEAST_COVER = 0.05
"""Opacity below which a pixel's own colour is lost in rounding, so the background's is kept."""


class Ground(NamedTuple):
    """A picture at the resolution of its video."""

    still: np.ndarray
    """The still frame, uint8 [H, W, 3 or 4]."""
    source: np.ndarray
    """The picture, which may extend beyond the frame: uint8 [h, w, 3 or 4]."""
    box: Box
    """Position of the source, in pixels of the frame."""


def ground(picture: np.ndarray, framing: Framing, placement: Placement) -> Ground:
    """Build the still frame from RGB or RGBA uint8 [H, W, 3 or 4]; for RGBA canvases are
    transparent.

    Where a face's square leaves the picture, the edge is repeated.
    """
    frame = Box(0, 0, placement.height, placement.width)
    if framing.kind == "picture":
        source = _cut(picture, placement, frame)
        return Ground(source, source, frame)
    if framing.kind == "face":
        margin = math.ceil(MARGIN * placement.width)
        box = Box(-margin, -margin, frame.bottom + margin, frame.right + margin)
        source = _cut(picture, placement, box)
        return Ground(np.ascontiguousarray(source[frame.seen_from(box).pixels]), source, box)
    top, left = round(placement.top), round(placement.left)
    height, width = (even(side * placement.scale) for side in picture.shape[:2])
    box = Box(top, left, top + height, left + width)
    source = _cut(picture, placement, box)
    if picture.shape[-1] == 4:
        still = np.zeros((frame.bottom, frame.right, 4), np.uint8)
    elif framing.background == "blurred":
        still = _blurred(picture, frame)
    else:
        still = _plain(source, frame)
    still[box.pixels] = source
    return Ground(still, source, box)


def uncovered(picture: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Recover RGBA uint8 [H, W, 4] from a picture over `BACKGROUND` and its alpha, uint8 [H, W]."""
    share = alpha[..., None].astype(np.float32) / 255
    colours = (picture - (1 - share) * np.array(BACKGROUND, np.float32)) / np.maximum(
        share, LEAST_COVER
    )
    colours = np.where(share < LEAST_COVER, picture, colours.clip(0, 255).round())
    return np.dstack([colours.astype(np.uint8), alpha])


def _cut(picture: np.ndarray, placement: Placement, box: Box) -> np.ndarray:
    """Resample the picture inside a box of the frame; edges are repeated outside."""
    height, width = picture.shape[:2]
    scale = placement.scale
    left, right = (box.left - placement.left) / scale, (box.right - placement.left) / scale
    top, bottom = (box.top - placement.top) / scale, (box.bottom - placement.top) / scale
    pad = math.ceil(max(0.0, -left, -top, right - width, bottom - height) - 1e-6)
    padded = np.pad(picture, ((pad, pad), (pad, pad), (0, 0)), mode="edge") if pad else picture
    right, bottom = (
        min(right, width + pad),
        min(bottom, height + pad),
    )  # rounding errors
    cut = Image.fromarray(padded).resize(
        (box.right - box.left, box.bottom - box.top),
        Image.Resampling.LANCZOS,
        box=(left + pad, top + pad, right + pad, bottom + pad),
        reducing_gap=3.0,
    )
    return np.array(cut)


def _blurred(picture: np.ndarray, frame: Box) -> np.ndarray:
    """Fill the frame with the picture, blurred and dimmed."""
    height, width = picture.shape[:2]
    scale = BLURRED_SIDE / max(frame)
    small = (max(round(frame.right * scale), 1), max(round(frame.bottom * scale), 1))
    ratio = max(small[0] / width, small[1] / height)
    w, h = small[0] / ratio, small[1] / ratio
    left, top = (width - w) / 2, (height - h) / 2
    image = Image.fromarray(picture).resize(
        small, Image.Resampling.BOX, box=(left, top, left + w, top + h), reducing_gap=2.0
    )
    soft = cv2.GaussianBlur(np.asarray(image), None, BLUR).astype(np.float32) * DIMMED
    large = cv2.resize(soft, (frame.right, frame.bottom), interpolation=cv2.INTER_CUBIC)
    return (large + 0.5).clip(0, 255).astype(np.uint8)


def _plain(source: np.ndarray, frame: Box) -> np.ndarray:
    """Fill the frame with the median colour of the picture's border."""
    border = np.concatenate([source[0], source[-1], source[:, 0], source[:, -1]])
    colour = np.median(border, axis=0).round().astype(np.uint8)
    return np.tile(colour, (frame.bottom, frame.right, 1))
