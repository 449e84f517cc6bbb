"""Teeth that a portrait does not show: G draws them as a band, and here they are told apart.

A tooth is three of G's cells wide, and what G has seen of invented teeth is soft. Teeth that the
portrait shows are its own pixels and stay as they are. The row belongs to the skull: it moves as
the skin below the nose does.
"""

from typing import NamedTuple

import numpy as np

from ttsf.compositing.surroundings import smooth

WIDTHS = np.array([0.17, 0.13, 0.12, 0.09])
"""Of an open mouth: middle and side incisor, canine and first premolar, as seen from in front."""
BORDERS = np.concatenate([[0], np.cumsum(WIDTHS)])
GAP, GAP_WIDTH = 0.13, 0.022
"""How much darker it is between two teeth, and how far that reaches, of a mouth's width."""
ROUND, BACK = 0.10, 0.25
"""How much darker a tooth is at its sides, and a row for each mouth's width beyond the incisors."""
LIGHT, GREY, OWN = (0.35, 0.6), (0.26, 0.42), (0.5, 0.8)
"""From which brightness (of the skin's), to which saturation, and from which share of what is drawn
something is a tooth: not at all and in full."""
LEAST = 0.3
"""Weight from which a cell counts as a tooth's."""
ABOVE = 3
"""Cells from the teeth up to skin that moves with the skull."""
NARROWEST = 8
"""Cells of a mouth in which teeth can be told apart."""


class Mouth(NamedTuple):
    """Of a portrait, opened; in cells of G's frame."""

    x: float
    """Of its middle."""
    y: float
    width: float
    tilt: float
    """Radians; positive: its right corner is lower."""


def find_mouth(mask: np.ndarray) -> Mouth | None:
    """Where G draws when a mouth opens, by its mask [side, side]; None where that is hardly so."""
    below = len(mask) // 2
    drawn = np.where(mask[below:] < 0.5, 1 - mask[below:], 0)
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


def teeth(drawn: np.ndarray, skin: float, share: np.ndarray) -> np.ndarray:
    """How much each cell shows drawn teeth, 0 to 1: float32 [h, w].

    drawn: [h, w, 3], and the brightness of skin, of 255 levels; share: [h, w] of what is drawn.
    """
    light, most = drawn.mean(-1) / max(skin, 1), drawn.max(-1)
    grey = 1 - drawn.min(-1) / np.maximum(most, 1)
    weight = _rise(light, *LIGHT) * (1 - _rise(grey, *GREY)) * _rise(share, *OWN)
    return weight.astype(np.float32)


def skull(found: np.ndarray, offset: np.ndarray) -> np.ndarray | None:
    """How far the skull has moved above each column of some cells, in cells: [w], a straight line.

    found: what `teeth` gives; offset: [h, w], of each cell to its place in the portrait, sideways.
    None where there are hardly teeth.
    """
    rows = np.flatnonzero((found > LEAST).sum(1) > 1)
    if not len(rows):
        return None
    columns = np.arange(found.shape[1])
    line = np.polyfit(columns, offset[max(rows[0] - ABOVE, 0)], 1)
    return np.polyval(line, columns)


def relief(mouth: Mouth, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Brightness of a row of teeth at places of the portrait: x [w] and y [h] cells -> [h, w]."""
    along, down = (x - mouth.x) * np.cos(mouth.tilt), (y - mouth.y) * np.sin(mouth.tilt)
    place = np.abs(along[None] + down[:, None]) / mouth.width
    tooth = np.clip(np.searchsorted(BORDERS, place, side="right") - 1, 0, len(WIDTHS) - 1)
    within = (place - BORDERS[tooth]) / WIDTHS[tooth]
    gap = np.minimum(within, 1 - within) * WIDTHS[tooth]
    shade = GAP * np.exp(-((gap / GAP_WIDTH) ** 2)) + ROUND * np.clip(2 * within - 1, -1, 1) ** 2
    back = BACK * np.clip(place - WIDTHS[0], 0, 0.3)
    return (1.03 - shade - back).astype(np.float32)


def _rise(value: np.ndarray, low: float, high: float) -> np.ndarray:
    return smooth((value - low) / (high - low))
