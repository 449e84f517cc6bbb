"""Where the eyes and the mouth of a portrait are, read from what G draws in it."""

from typing import NamedTuple

import cv2
import numpy as np

from ttsf.compositing.box import Box

BELOW = 0.55
"""Where the lower part of G's frame begins, which holds the mouth, in sides of the frame."""
DRAWN = 0.5
"""Share of drawn pixels from which a cell counts."""
NARROWEST = 8
"""Minimum width of a mouth, in cells, for separating teeth."""
USUAL_CORNERS = ((-0.25, 0.73), (0.28, 0.73))
"""The mouth's corners where G draws none of it: medians of 52 portraits, along and below, in e."""
MOUTH_ROOM = (0.62, 0.75, 0.95, 0.75)
"""Room above, left, below and right of the middle of the mouth for all that speech moves, in widths
of the mouth."""
LEAST_MOUTH, SHIFTED = 0.45, 6
"""Least width of a mouth, in e, and by how many cells the head moves it."""
BRIDGE, BRIDGE_HEIGHT = (-0.06, 0.06), (-0.16, 0.10)
"""Where glasses cross the nose: along and below the line of the eyes from their middle, e."""
GLASSES = 0.087
"""Contrast of that bridge from which it is one: it errs on 6 of the 295 portraits that it was
fitted to, and on 1 of 40 others."""
LOWEST_EYE = 1.5
"""Height of an open eye from which it can be shut, cells."""
LID_ABOVE, LID_BELOW = 4, 2
"""Rows above and below the line of shut lids that are searched for their motion."""


class Mouth(NamedTuple):
    """A portrait's mouth when opened, in cells of G's frame."""

    x: float
    """x of the centre."""
    y: float
    width: float
    tilt: float
    """Tilt in radians; positive if the right corner is lower."""


class Eye(NamedTuple):
    """An open eye of a portrait, by columns of cells of G's frame."""

    x: np.ndarray
    """Middles of the columns, [n]."""
    y: np.ndarray
    """Where the lids meet when shut, [n]."""
    height: np.ndarray
    """How far the upper lid comes down, [n]."""
    behind_glasses: bool


class Features(NamedTuple):
    """Eyes and corners of the mouth, (x, y) in cells of G's frame; left and right as seen."""

    eyes: tuple[tuple[float, float], tuple[float, float]]
    """Middles of the closed lids."""
    span: float
    """Distance of the outer eye corners, e."""
    tilt: float
    """Tilt of the line through both eyes, radians."""
    corners: tuple[tuple[float, float], tuple[float, float]]

    @property
    def middle(self) -> tuple[float, float]:
        """Middle between both eyes."""
        (left, top), (right, low) = self.eyes
        return (left + right) / 2, (top + low) / 2

    def seen_from_eyes(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return places in cells as seen from the middle of the eyes, along and below, in e."""
        (at_x, at_y), cos, sin = self.middle, np.cos(self.tilt), np.sin(self.tilt)
        along, below = (x - at_x) * cos + (y - at_y) * sin, (y - at_y) * cos - (x - at_x) * sin
        return along / self.span, below / self.span

    def placed(self, along: np.ndarray, below: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Inverse of `seen_from_eyes`."""
        (at_x, at_y), cos, sin = self.middle, np.cos(self.tilt), np.sin(self.tilt)
        x, y = along * cos - below * sin, along * sin + below * cos
        return at_x + x * self.span, at_y + y * self.span


def find_mouth(mask: np.ndarray) -> Mouth | None:
    """Locate the mouth by G's mask [side, side] with the mouth open; None if it draws too
    little."""
    below = round(BELOW * len(mask))
    drawn = _drawn(mask)[below:]
    columns = np.flatnonzero(drawn.any(0))
    if not len(columns) or columns[-1] - columns[0] < NARROWEST:
        return None
    y, x = np.mgrid[below : len(mask), : mask.shape[1]] + 0.5
    total = drawn.sum()
    middle_x, middle_y = (drawn * x).sum() / total, (drawn * y).sum() / total
    dx, dy = x - middle_x, y - middle_y
    spread = (drawn * (dx**2 - dy**2)).sum()
    tilt = 0.5 * np.arctan2(2 * (drawn * dx * dy).sum(), spread)
    width = float(columns[-1] + 1 - columns[0])
    return Mouth(float(middle_x), float(middle_y), width, float(tilt))


def find_features(mask: np.ndarray) -> Features | None:
    """Locate eyes and mouth by G's mask [side, side] with shut eyes and an open mouth.

    None if G draws no lids on both sides.
    """
    drawn, below = _drawn(mask), round(BELOW * len(mask))
    lids, lips = drawn[:below], drawn[below:]
    columns = np.flatnonzero(lids.any(0))
    if not len(columns):
        return None
    middle = _middle(lids)
    left, right = _centre(lids[:, :middle]), _centre(lids[:, middle:])
    if left is None or right is None:
        return None
    eyes = left, (right[0] + middle, right[1])
    tilt = float(np.arctan2(eyes[1][1] - eyes[0][1], eyes[1][0] - eyes[0][0]))
    found = Features(eyes, (columns[-1] + 1 - columns[0]) / np.cos(tilt), tilt, eyes)
    across = np.flatnonzero(lips.any(0))
    if len(across) > NARROWEST:
        rows = np.arange(below, len(mask)) + 0.5
        heights = (rows @ lips[:, across]) / lips[:, across].sum(0)
        corners = [(across[0], heights[0]), (across[-1] + 1, heights[-1])]
    else:
        at = found.placed(*np.array(USUAL_CORNERS).T)
        corners = list(zip(*at, strict=True))
    (x0, y0), (x1, y1) = corners
    return found._replace(corners=((float(x0), float(y0)), (float(x1), float(y1))))


def find_eyes(mask: np.ndarray, moved: np.ndarray, glasses: bool) -> list[Eye]:
    """Locate both open eyes; none if one of them is shut already, or not drawn.

    mask: G's mask [side, side] with shut eyes; moved: how far above each cell its content comes
    from when they shut, cells, [side, side].
    """
    drawn = _drawn(mask)[: round(BELOW * len(mask))]
    if not drawn.any():
        return []
    middle, eyes = _middle(drawn), []
    for first, half in ((0, drawn[:, :middle]), (middle, drawn[:, middle:])):
        columns = np.flatnonzero(half.any(0)) + first
        if len(columns) < NARROWEST:
            return []
        weight = drawn[:, columns]
        y = (np.arange(len(weight)) + 0.5) @ weight / weight.sum(0)
        rows = y.astype(int) + np.arange(-LID_ABOVE, LID_BELOW)[:, None]
        height = moved[rows.clip(0), columns].max(0).clip(0)
        if height.max() < LOWEST_EYE:
            return []
        eyes.append(Eye(columns + 0.5, y, height, glasses))
    return eyes


def mouth_box(features: Features, side: int) -> Box:
    """Return the part of G's frame that holds the mouth in all frames, with even edges, in
    cells."""
    (x0, y0), (x1, y1) = features.corners
    width = max(np.hypot(x1 - x0, y1 - y0), LEAST_MOUTH * features.span)
    middle, room = np.array([y0 + y1, x0 + x1]) / 2, np.array(MOUTH_ROOM) * width + SHIFTED
    edges = np.concatenate([middle - room[:2], middle + room[2:]])
    top, left, bottom, right = (2 * np.round(edges / 2)).astype(int).clip(0, side).tolist()
    return Box(top, left, bottom, right)


def wears_glasses(crop: np.ndarray, features: Features, side: int) -> bool:
    """Whether a bridge crosses the nose between the eyes.

    crop: RGB [size, size, 3] in 0 .. 255, which G's frame of `side` cells shows.
    """
    below, along = np.meshgrid(
        np.linspace(*BRIDGE_HEIGHT, 40), np.linspace(*BRIDGE, 7), indexing="ij"
    )
    x, y = (
        (place * (len(crop) / side) - 0.5).astype(np.float32)
        for place in features.placed(along, below)
    )
    light = cv2.remap(crop.mean(-1, dtype=np.float32), x, y, cv2.INTER_LINEAR)
    line = np.abs(light[2:-2] - (light[4:] + light[:-4]) / 2).max(0)
    return bool(line.mean() > GLASSES * max(light.mean(), 1))


def _drawn(mask: np.ndarray) -> np.ndarray:
    """Share of drawn pixels of the cells where they are most."""
    return np.where(mask < DRAWN, 1 - mask, 0)


def _middle(drawn: np.ndarray) -> int:
    """Column of the centre of weights [h, w], which parts the eyes."""
    return round((drawn.sum(0) * np.arange(drawn.shape[1])).sum() / drawn.sum())


def _centre(weight: np.ndarray) -> tuple[float, float] | None:
    """Centre (x, y) of weights [h, w] in cells; None if they are all 0."""
    total = weight.sum()
    if total == 0:
        return None
    y, x = np.mgrid[: weight.shape[0], : weight.shape[1]] + 0.5
    return float((weight * x).sum() / total), float((weight * y).sum() / total)
