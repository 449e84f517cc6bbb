"""G draws unseen teeth as one greyish band; this module whitens it and shades single teeth in it.

A tooth is only three of G's cells wide. Teeth that the portrait shows are its own pixels and stay
as they are. The row is fixed to the skull: it moves like the skin below the nose.
"""

import numpy as np

from ttsf.compositing.features import Mouth
from ttsf.compositing.surroundings import smoothstep

WIDTHS = np.array([0.17, 0.13, 0.12, 0.09])
"""Widths of central and lateral incisor, canine and first premolar, relative to the mouth."""
BORDERS = np.concatenate([[0], np.cumsum(WIDTHS)])
GAP, GAP_WIDTH = 0.13, 0.022
"""Darkening between two teeth, and its half width relative to the mouth."""
ROUND, BACK = 0.10, 0.25
"""Darkening of a tooth at its sides, and of the row per mouth width beyond the incisors."""
LIGHT, GREY, OWN = (0.35, 0.6), (0.26, 0.42), (0.5, 0.8)
"""Ranges over which a cell turns into a tooth: brightness relative to the skin (rising), saturation
(falling), and share of drawn pixels (rising)."""
NEUTRAL, LIFT = 0.7, 0.35
"""Shares of the way that a tooth goes towards the colour and the brightness of teeth."""
IVORY = np.array([1.03, 1.0, 0.95], np.float32)
"""Colour of teeth, relative to their brightness."""
WHITE, BRIGHTEST = 1.05, 225.0
"""Brightness of teeth relative to the skin, and its limit of 255."""
LEAST = 0.3
"""Minimum weight of a tooth cell."""
ABOVE = 3
"""Distance, in cells, from the teeth up to skin that moves with the skull."""


def brightness(pixels: np.ndarray) -> np.ndarray:
    """Mean of three channels, [h, w, 3] -> [h, w]; ten times as fast as `mean`."""
    return pixels @ np.full(3, 1 / 3, np.float32)


def teeth(drawn: np.ndarray, skin: float, share: np.ndarray) -> np.ndarray:
    """Return the tooth weight of each cell, 0 to 1: float32 [h, w].

    drawn: [h, w, 3] and skin: brightness of the skin, both of 255; share: weight of drawn pixels,
    [h, w].
    """
    red, green, blue = drawn[..., 0], drawn[..., 1], drawn[..., 2]
    light = brightness(drawn) / max(skin, 1)
    most, least = np.maximum(np.maximum(red, green), blue), np.minimum(np.minimum(red, green), blue)
    grey = 1 - least / np.maximum(most, 1)
    weight = smoothstep(*LIGHT, light) * (1 - smoothstep(*GREY, grey)) * smoothstep(*OWN, share)
    return weight.astype(np.float32)


def whitened(drawn: np.ndarray, found: np.ndarray, skin: float) -> np.ndarray:
    """Return drawn pixels [h, w, 3] with teeth that are less grey and less coloured.

    found: output of `teeth`; skin: brightness of the skin; all of 255.
    """
    weight, light = found[..., None], brightness(drawn)[..., None]
    pale = drawn + weight * NEUTRAL * (light * IVORY - drawn)
    wanted = min(WHITE * skin, BRIGHTEST) / np.maximum(light, 1)
    return np.minimum(pale * (1 + weight * LIFT * np.maximum(wanted - 1, 0)), 255)


def skull(found: np.ndarray, offset: np.ndarray) -> np.ndarray | None:
    """Fit the sideways motion of the skull as a line over the columns of some cells, in cells: [w].

    found: output of `teeth`; offset: [h, w], horizontal offset of each cell to its position in the
    portrait. None if there are too few teeth.
    """
    rows = np.flatnonzero((found > LEAST).sum(1) > 1)
    if not len(rows):
        return None
    columns = np.arange(found.shape[1])
    line = np.polyfit(columns, offset[max(rows[0] - ABOVE, 0)], 1)
    return np.polyval(line, columns)


def relief(mouth: Mouth, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the brightness of a row of teeth at positions x [w], y [h] in cells -> [h, w]."""
    along, down = (x - mouth.x) * np.cos(mouth.tilt), (y - mouth.y) * np.sin(mouth.tilt)
    place = np.abs(along[None] + down[:, None]) / mouth.width
    tooth = np.clip(np.searchsorted(BORDERS, place, side="right") - 1, 0, len(WIDTHS) - 1)
    within = (place - BORDERS[tooth]) / WIDTHS[tooth]
    gap = np.minimum(within, 1 - within) * WIDTHS[tooth]
    shade = GAP * np.exp(-((gap / GAP_WIDTH) ** 2)) + ROUND * np.clip(2 * within - 1, -1, 1) ** 2
    back = BACK * np.clip(place - WIDTHS[0], 0, 0.3)
    return (1.03 - shade - back).astype(np.float32)
