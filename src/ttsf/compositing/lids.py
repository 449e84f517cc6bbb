"""Shut the eyes of a portrait by lids that slide over them [ours].

G draws lids at 128 px by stretching the skin above the eye, lashes and all. Here the upper lid is
skin that is continued smoothly from around the eye, and ends in a line of lashes. Below it the open
eye of the picture is seen.
"""

from typing import NamedTuple

import cv2
import numpy as np

from ttsf.compositing.box import Box
from ttsf.compositing.features import Eye
from ttsf.compositing.surroundings import smoothstep

ACROSS, LOWER = 1.8, 0.22
"""How far an eye reaches beyond the columns that G draws at each side, cells; and how far its lower
lid is under the line where G's lids meet, relative to the eye's height."""
OVER, UNDER_RIM = 2.8, 0.2
"""How far the lid begins above the height that G's lids come down from, cells: above the lashes of
the open eye, which would stay as a ring. Less behind glasses: the lid must not hide their rim."""
TOP = (-1.8, 1.4), (-1.0, 0.8)
"""Range below its beginning over which the lid fades in, cells; and behind glasses."""
LASHES, LASHES_REACH = 0.3, 1.5
"""How far the open eye's lashes are below the height that G's lids come down from, and how far
below them their colour is sought, cells."""
BULGE = 0.07, 0.6, 0.3
"""How much lighter a lid is where it bulges most, how far down that is, and where the lid is
neither lighter nor darker, relative to the most."""
ROOM = 3
"""Cells of skin around an eye from which its lids are made."""
FINEST = 8
"""Most pixels of a lid in a cell."""
SKIN, NEAR = (0.85, 1.2), 2.5
"""Range of brightness of skin relative to what is near (darker are lashes, folds and rims, lighter
the white of the eye), and how near that is, cells, as a Gaussian."""
OUT_OF_SHADOW = 0.5
"""How far a lid, which is farther out than the corners of its eye, goes towards the brightness of
the skin around, at its lower edge."""
GRAIN, FAINT = 0.6, 0.06
"""Size of the skin's grain, cells, and its limit relative to the skin's brightness."""
APPEARS = (0.04, 0.22)
"""Range of closings over which the lid appears at the open eye."""
THICK, FRINGE = 0.25, 0.5
"""Half widths of the line of lashes above and below its middle, cells, as Gaussians."""
COVER, UNEVEN = 0.6, 0.25
"""How much of their colour the lashes show, and by how much less or more along the line."""
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

        pixels = np.ascontiguousarray(picture[..., :3])

        def seen(below: float) -> np.ndarray:
            """The picture in the patch, moved up by some cells."""
            places = at[0] + x * cell - 0.5, at[1] + (y + below) * cell - 0.5
            columns, rows = np.broadcast_arrays(*(one.astype(np.float32) for one in places))
            edge = cv2.BORDER_REPLICATE
            found = cv2.remap(pixels, columns, rows, cv2.INTER_LINEAR, borderMode=edge)
            return found.astype(np.float32)

        share = ((x - start) / (end - start)).clip(0, 1)
        bow = 4 * share * (1 - share)  # 0 at the corners, 1 in the middle
        blunt = 1 - (2 * share - 1) ** 6
        height = np.interp(x, eye.x, eye.height)
        height = cv2.GaussianBlur(height[None], (0, 0), self.fine)[0]
        self._meet = np.polyval(np.polyfit(eye.x, eye.y, 2), x)
        over = UNDER_RIM if eye.behind_glasses else OVER
        self._y, self._upper = y, self._meet - height - over * blunt
        self._lashes = self._meet - height + LASHES * blunt
        low = LOWER * eye.height.max()
        self._sag = low * bow
        self._ends = smoothstep(0, 0.3, bow)
        lower = self._meet + low * blunt
        here, hole = seen(0), (y > self._upper) & (y < lower + 0.3) & (blunt > 0)
        other = hole | _no_skin(here, hole, NEAR * self.fine)
        skin = continued(here, other)
        around = np.median(here[~other], axis=0) if not other.all() else skin
        down = ((y - self._upper) / np.maximum(lower - self._upper, 1)).clip(0, 1)[..., None]
        skin += OUT_OF_SHADOW * smoothstep(0, 0.7, down) * np.maximum(around - skin, 0)
        most, where, even = BULGE
        bulge = 1 - ((down[..., 0] - where) / where) ** 2 - (2 * share - 1) ** 2
        skin *= (1 + most * (bulge - even).clip(-1, 1))[..., None].astype(np.float32)
        cheek = seen(float((lower - self._upper).max()) + 1)
        grain = cheek - cv2.GaussianBlur(cheek, (0, 0), GRAIN * self.fine)
        limit = FAINT * skin
        self._skin = skin + grain.clip(-limit, limit)
        self._dark = np.minimum(self._colour_of_lashes(here, hole), skin)
        uneven = np.random.default_rng(0).normal(size=len(x)) * self.fine
        uneven = cv2.GaussianBlur(uneven[None], (0, 0), GRAIN * self.fine)[0]
        self._cover = COVER * self._ends * (1 + UNEVEN * uneven.clip(-1, 1))
        self._top = smoothstep(*TOP[eye.behind_glasses], y - self._upper)

    def shut(self, closing: float) -> Layer:
        """Return the lid at a closing from 0 (as in the picture) to 1."""
        edge = self._lashes + closing * (self._meet - self._lashes) + closing**2 * self._sag
        shown, under = smoothstep(*APPEARS, np.array(closing)), self._y - edge
        lid = shown * self._ends * self._top * smoothstep(0.25, -0.25, under)
        width = np.where(under < 0, THICK, FRINGE)
        line = shown * self._cover * np.exp(-((under / width) ** 2))
        lid, line = (part.astype(np.float32)[..., None] for part in (lid, line))
        return Layer(
            ((1 - lid) * (1 - line))[..., 0], self._skin * lid * (1 - line) + self._dark * line
        )

    def _colour_of_lashes(self, here: np.ndarray, hole: np.ndarray) -> np.ndarray:
        """Return the darkest colour at the upper edge of the open eye, column by column, [w, 3]."""
        near = hole & (self._y < self._lashes + LASHES_REACH)
        light = np.where(near, here.mean(-1), np.inf)
        darkest = here[light.argmin(0), np.arange(light.shape[1])]
        darkest[~near.any(0)] = here[near].mean(0) if near.any() else 0
        return cv2.GaussianBlur(darkest[None], (0, 0), self.fine)[0]


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
