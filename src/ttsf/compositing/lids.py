"""Shut the eyes of a portrait by lids that slide over them [ours].

G draws lids at 128 px by stretching the skin above the eye, lashes and all. Here the upper lid is
skin that is continued smoothly from around the eye, and ends in a line of lashes; what it does not
cover yet stays the picture's own.
"""

from typing import NamedTuple

import cv2
import numpy as np

from ttsf.compositing.box import Box
from ttsf.compositing.features import Eye
from ttsf.compositing.surroundings import smoothstep

ACROSS, LOWER = 1.3, 1.2
"""How far an eye reaches beyond the columns that G draws at each side, and how far its lower lid is
under the line where G's lids meet, cells."""
OVER, UNDER_RIM, LASHES = 0.8, 0.2, 1.1
"""How far the lid begins above the height that G's lids come down from, the same behind glasses,
whose rim it must not hide, and how far the lashes are below that, cells."""
ROOM = 3
"""Cells of skin around an eye from which its lids are made."""
FINEST = 8
"""Most pixels of a lid in a cell."""
SKIN, NEAR = (0.85, 1.2), 2.5
"""Range of brightness of skin relative to what is near (darker are lashes, folds and rims, lighter
the white of the eye), and how near that is, cells, as a Gaussian."""
OUT_OF_SHADOW = 0.5
"""How far a lid, which is farther out than the corners of its eye, goes towards the brightness of
the skin around."""
APPEARS = (0.04, 0.22)
"""Range of closings over which the lid appears at the open eye."""
THICK, FRINGE = 0.3, 0.55
"""Half widths of the line of lashes above and below its middle, cells, as Gaussians."""
DARK, COVER = 15, 0.75
"""Percentile of brightness that counts as the lashes' colour, and how much of it they show."""
ROUNDS = 24
"""Rounds of averaging at each scale by which skin is continued."""


class Layer(NamedTuple):
    """One eye's lid for one closing, laid over the picture as `picture * left + added`."""

    left: np.ndarray
    """float32 [h, w]."""
    added: np.ndarray
    """float32 [h, w, 3], of 255."""


class Lid:
    """The upper lid of one eye of a portrait; thread-safe.

    cells: the part of G's frame around it; fine: pixels of its layers in a cell.
    """

    def __init__(self, eye: Eye, picture: np.ndarray, at: tuple[float, float], cell: float) -> None:
        """picture: uint8 [H, W, 3 or more]; at: x and y of the corner of G's frame in it, px;
        cell: size of a cell there, px.
        """
        start, end = eye.x[0] - 0.5 - ACROSS, eye.x[-1] + 0.5 + ACROSS
        edges = (eye.y - eye.height).min(), start, eye.y.max(), end
        top, left, bottom, right = np.floor(edges).astype(int) + ROOM * np.array([-1, -1, 1, 1])
        self.cells, self.fine = Box(top, left, bottom, right), int(np.clip(cell, 2, FINEST))
        x = left + (np.arange((right - left) * self.fine) + 0.5) / self.fine
        y = (top + (np.arange((bottom - top) * self.fine) + 0.5) / self.fine)[:, None]
        at_x, at_y = np.broadcast_arrays(at[0] + x * cell - 0.5, at[1] + y * cell - 0.5)
        here = cv2.remap(
            np.ascontiguousarray(picture[..., :3]),
            at_x.astype(np.float32),
            at_y.astype(np.float32),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        ).astype(np.float32)

        share = ((x - start) / (end - start)).clip(0, 1)
        bow = 4 * share * (1 - share)  # 0 at the corners, 1 in the middle
        ends = np.minimum(2 * bow, 1)
        height = np.interp(x, [start, *eye.x, end], [0, *eye.height, 0])
        height = cv2.GaussianBlur(height[None], (0, 0), self.fine)[0]
        meet = np.polyval(np.polyfit(eye.x, eye.y, 2), x)
        over = UNDER_RIM if eye.behind_glasses else OVER
        self._y, self._upper = y, meet - height - over * ends
        self._lashes = self._upper + (over + LASHES - OVER) * ends
        self._lower = meet + LOWER * bow
        self._ends = smoothstep(0, 0.5, ends)
        hole = (y > self._upper) & (y < self._lower + 0.5 * ends) & (ends > 0)
        other = hole | _no_skin(here, hole, NEAR * self.fine)
        skin = continued(here, other)
        around = np.median(here[~other], axis=0) if not other.all() else skin
        self._skin = skin + OUT_OF_SHADOW * np.maximum(around - skin, 0)
        band = here[hole & (y < self._upper + OVER + LASHES)]
        light = band.mean(-1)
        dark = band[light <= np.percentile(light, DARK)].mean(0) if len(band) else 0
        self._dark = np.minimum(dark, self._skin)
        self._top = smoothstep(-0.6, 0.4, y - self._upper)

    def shut(self, closing: float) -> Layer:
        """Return the lid at a closing from 0 (as in the picture) to 1."""
        edge = self._lashes + closing * (self._lower - self._lashes)
        shown, under = smoothstep(*APPEARS, np.array(closing)), self._y - edge
        lid = shown * self._ends * self._top * smoothstep(0.25, -0.25, under)
        width = np.where(under < 0, THICK, FRINGE)
        line = COVER * shown * self._ends * np.exp(-((under / width) ** 2))
        lid, line = (part.astype(np.float32)[..., None] for part in (lid, line))
        return Layer(
            ((1 - lid) * (1 - line))[..., 0], self._skin * lid * (1 - line) + self._dark * line
        )


def continued(picture: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """Fill a hole smoothly from its edge, coarse to fine: float32 [h, w, 3], bool [h, w]."""
    height, width = hole.shape
    if min(height, width) > 4:
        known = (~hole).astype(np.float32)
        size = width // 2, height // 2
        part = cv2.resize(known, size, interpolation=cv2.INTER_AREA)
        small = cv2.resize(picture * known[..., None], size, interpolation=cv2.INTER_AREA)
        small /= np.maximum(part, 0.01)[..., None]
        coarse = cv2.resize(continued(small, part < 0.05), (width, height))
    else:
        coarse = picture[~hole].mean(0) if not hole.all() else picture
    filled = np.where(hole[..., None], coarse, picture)
    for _ in range(ROUNDS):
        filled = np.where(hole[..., None], cv2.blur(filled, (3, 3)), filled)
    return filled


def _no_skin(picture: np.ndarray, hole: np.ndarray, near: float) -> np.ndarray:
    """Where a picture is darker or lighter than skin near a hole: bool [h, w]; near: px."""
    light, known = picture.mean(-1), (~hole).astype(np.float32)
    mean, share = (cv2.GaussianBlur(part, (0, 0), near) for part in (light * known, known))
    other = (light * share < SKIN[0] * mean) | (light * share > SKIN[1] * mean)
    return cv2.dilate(other.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
