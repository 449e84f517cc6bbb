"""Teeth: the picture's own where it shows them, else shaped from the band that G draws.

A tooth is only three of G's cells wide: G mixes the teeth of the picture with its own drawing, and
draws unseen ones as one greyish band without ends. Where G draws teeth and the picture shows some,
these stay whole. Without any, the band is whitened, parted and given the ends of a row that is
fixed to the skull: it moves like the skin below the nose.
"""

from typing import NamedTuple

import cv2
import numpy as np

from ttsf.compositing.features import Mouth
from ttsf.compositing.surroundings import smoothstep

WIDTHS = np.array([0.17, 0.13, 0.12, 0.09])
"""Widths of central and lateral incisor, canine and first premolar, relative to the mouth."""
BORDERS = np.concatenate([[0], np.cumsum(WIDTHS)])
SHORTER = np.array([0.0, 0.014, 0.006, 0.02])
"""How much shorter these teeth are than the first, relative to the mouth."""
ROUNDED = np.array([0.018, 0.024, 0.035, 0.04])
"""How much shorter a tooth is at its sides than in its middle, relative to the mouth."""
FINE = 4096
"""Steps over the width of the mouth in which the shape of a row is known."""
GAP, GAP_WIDTH = 0.09, 0.022
"""Darkening between two teeth, and its half width relative to the mouth."""
ROUND, BACK = 0.12, 0.35
"""Darkening of a tooth at its sides, and of the row per mouth width beyond the incisors."""
LIGHT, GREY, OWN = (0.35, 0.6), (0.26, 0.42), (0.5, 0.8)
"""Ranges over which a cell turns into a tooth: brightness relative to the skin (rising), saturation
(falling), and share of drawn pixels (rising)."""
NEUTRAL, LIFT = 0.7, 0.55
"""Shares of the way that a tooth goes towards the colour and the brightness of teeth."""
IVORY = np.array([1.08, 0.99, 0.93], np.float32)
"""Colour of teeth, relative to their brightness."""
WHITE, BRIGHTEST = 1.05, 225.0
"""Brightness of teeth relative to the skin, and its limit of 255."""
LEAST = 0.3
"""Minimum weight of a tooth cell."""
ABOVE = 3
"""Distance, in cells, from the teeth up to skin that moves with the skull."""
COLUMNS, HEIGHT = 6, (0.5, 2.0)
"""Fewest columns of teeth that get ends, and their height in cells (rising)."""
BELOW, CAVITY, INSIDE = 1.7, (0.65, 0.35), (0.6, 0.95)
"""Distance from the ends of teeth down to the cavity, cells; its brightness relative to the teeth
(falling), and its share of drawn pixels (rising): elsewhere the lower lip hides the ends."""
EVEN = 2.0
"""Blur along the row of what is read from single columns, cells, as a Gaussian."""
EDGE, REACH = 0.35, (3.5, 1.5)
"""Half width of the edge of a tooth, and how far it changes what is drawn (falling), cells."""
AROUND = (0.6, 0.5, 0.3)
"""Where the picture's own teeth are sought: beside, above and below the middle of the open mouth,
relative to its width."""
PALE, BRIGHT = (0.5, 0.75), (0.45, 0.65)
"""Ranges over which a pixel turns into a tooth: redness (falling) and brightness (rising), relative
to the medians around the mouth."""
COLOURED = 0.03
"""Least median redness: below it, teeth do not differ from skin by their colour."""
JOINED, ROW = 0.04, (0.25, 0.45)
"""Gaps between teeth that are bridged; least width and largest height of a row; of the mouth's."""
SQUEEZED, SMEARED = (2.0, 3.5), (0.15, 0.45)
"""Picture rows in a drawn row between which the flow's teeth disappear (falling) and appear
(rising): lips cover teeth, they do not flatten them, nor do teeth grow."""
HOLLOW = np.array([0.2, 0.11, 0.1], np.float32)
"""Colour of the open mouth, relative to the brightness of the skin."""


class OwnTeeth(NamedTuple):
    """Where a picture shows teeth, as weights from 0 to 1."""

    pixels: np.ndarray
    """Weight of each pixel in the part of the picture around the mouth, float32 [h, w]."""
    left: int
    """Left edge of that part in the picture, px."""
    top: int
    cells: np.ndarray
    """Weight of each cell of G's frame, float32 [side, side]."""

    def moved(self, source: np.ndarray) -> np.ndarray:
        """Sample at (x, y) in pixels of the picture: [h, w, 2] -> [h, w]."""
        there: np.ndarray = source - np.array([self.left, self.top], np.float32)
        return cv2.remap(self.pixels, there, None, cv2.INTER_LINEAR)


class Ends(NamedTuple):
    """Where drawn teeth end above an open mouth, in some cells of one frame."""

    line: np.ndarray
    """y of the end of a first tooth at each column, cells, [w]."""
    whole: np.ndarray
    """What G draws, with its teeth continued downwards: float32 [h, w, 3] of 255."""
    hollow: np.ndarray
    """What G draws, with the cavity below its teeth continued upwards."""
    weight: np.ndarray
    """How far a cell is above or in the cavity, 0 to 1: float32 [h, w]."""


class Row(NamedTuple):
    """Drawn teeth in some cells of one frame."""

    found: np.ndarray
    """Output of `unseen`."""
    offset: np.ndarray
    """How far to the right of each column the skull was in the picture, cells, [w]."""
    ends: Ends | None
    """None: hidden by the lower lip."""


def brightness(pixels: np.ndarray) -> np.ndarray:
    """Mean of three channels, [h, w, 3] -> [h, w]; ten times as fast as `mean`."""
    return pixels @ np.full(3, 1 / 3, np.float32)


def teeth(drawn: np.ndarray, skin: float) -> np.ndarray:
    """Return the tooth weight of each cell, 0 to 1: float32 [h, w].

    drawn: [h, w, 3] and skin: brightness of the skin, both of 255.
    """
    red, green, blue = drawn[..., 0], drawn[..., 1], drawn[..., 2]
    light = brightness(drawn) / max(skin, 1)
    most, least = np.maximum(np.maximum(red, green), blue), np.minimum(np.minimum(red, green), blue)
    grey = 1 - least / np.maximum(most, 1)
    return (smoothstep(*LIGHT, light) * (1 - smoothstep(*GREY, grey))).astype(np.float32)


def unseen(found: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Return the weight of teeth that only G draws; share: weight of drawn pixels, all [h, w]."""
    return (found * smoothstep(*OWN, share)).astype(np.float32)


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


def in_row(mouth: Mouth, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return how far positions x [w], y [h] in cells are from the middle of the mouth: int [h, w].

    FINE is the mouth's width, and the largest distance.
    """
    scale = FINE / mouth.width
    along = ((x - mouth.x) * np.cos(mouth.tilt) * scale).astype(np.float32)
    down = ((y - mouth.y) * np.sin(mouth.tilt) * scale).astype(np.float32)
    return np.minimum(np.abs(along[None] + down[:, None]).astype(np.int32), FINE)


def relief(place: np.ndarray) -> np.ndarray:
    """Return the brightness of a row of teeth; place: output of `in_row`, [h, w]."""
    return _RELIEF[place]


def shorter(mouth: Mouth, place: np.ndarray) -> np.ndarray:
    """Return by how many cells teeth are shorter than the first; place: see `relief`."""
    return np.float32(mouth.width) * _SHORTER[place]


def find_row(
    drawn: np.ndarray, found: np.ndarray, share: np.ndarray, offset: np.ndarray
) -> Row | None:
    """Find a row of drawn teeth; None if there are too few.

    drawn: [h, w, 3] of 255; found: output of `unseen`; share: weight of drawn pixels; offset:
    horizontal offset of each cell to its position in the portrait, cells; all [h, w].
    """
    moved = skull(found, offset)
    return None if moved is None else Row(found, moved, find_ends(drawn, found, share))


def find_ends(drawn: np.ndarray, found: np.ndarray, share: np.ndarray) -> Ends | None:
    """Find where drawn teeth end above the cavity; None if there are too few. See `find_row`."""
    half, heights = np.maximum(found.max(0), LEAST) / 2, found.sum(0)
    over = found > half
    columns = np.flatnonzero(over.any(0) & (heights > HEIGHT[0]))
    if len(columns) < COLUMNS:
        return None
    height, width = found.shape
    every, y = np.arange(width), np.arange(height)[:, None]
    last = height - 1 - over[::-1].argmax(0)
    upper, lower = found[last, every], found[np.minimum(last + 1, height - 1), every]
    edge = last + 0.5 + ((upper - half) / np.maximum(upper - lower, 0.001)).clip(0, 1)
    line = np.polyval(np.polyfit(columns, edge[columns], 2, w=heights[columns]), every)
    light = brightness(drawn)
    of_teeth = np.where(found > LEAST, light, 0)
    brightest = of_teeth.argmax(0)
    deep = np.round(line + BELOW).clip(0, height - 1).astype(int)
    cavity = smoothstep(*CAVITY, light[deep, every] / np.maximum(of_teeth.max(0), 1))
    cavity = cavity * smoothstep(*HEIGHT, heights) * smoothstep(*INSIDE, share[deep, every])
    cavity = cv2.erode(cavity[None].astype(np.float32), np.ones((1, 3), np.uint8))
    weight = cv2.GaussianBlur(cavity, (0, 0), EVEN) * smoothstep(*INSIDE, share)
    tooth = cv2.GaussianBlur(drawn[brightest, every][None], (0, 0), EVEN)
    whole = np.where(((y > brightest) & (y <= line + REACH[0]))[..., None], tooth, drawn)
    hollow = np.where((y < deep)[..., None], drawn[deep, every][None], drawn)
    return Ends(line, whole, hollow, weight.astype(np.float32))


def own_teeth(
    picture: np.ndarray, mouth: Mouth, at: tuple[float, float], cell: float, side: int
) -> OwnTeeth | None:
    """Find the teeth that a picture shows; None if it shows no row of them, or has no colours.

    picture: uint8 [H, W, 3 or more]; at: x and y of the corner of G's frame in it, px; cell: size
    of a cell there, px; side: of G's frame, cells.
    """
    width, (beside, above, below) = mouth.width * cell, AROUND
    x, y = at[0] + mouth.x * cell, at[1] + mouth.y * cell
    left, top = max(round(x - beside * width), 0), max(round(y - above * width), 0)
    right, bottom = round(x + beside * width), round(y + below * width)
    part = picture[top:bottom, left:right, :3].astype(np.float32)
    if not part.size:
        return None
    light, red = brightness(part), 1 - part[..., 1] / np.maximum(part[..., 0], 1)
    around = float(np.median(red))
    if around < COLOURED:
        return None
    pale = 1 - smoothstep(*PALE, red / around)
    weight = pale * smoothstep(*BRIGHT, light / max(float(np.median(light)), 1))
    reach = max(round(JOINED * width), 1)
    near = np.ones((reach, 2 * reach), np.uint8)
    joined = cv2.morphologyEx((weight > 0.5).astype(np.uint8), cv2.MORPH_CLOSE, near)
    count, which, sizes, _ = cv2.connectedComponentsWithStats(joined)
    kept = np.zeros(count, np.uint8)
    for index, (start, first, across, down, _) in enumerate(sizes[1:], 1):
        inside = start > 0 and first > 0 and start + across < part.shape[1]
        centred = abs(left + start + across / 2 - x) < ROW[0] * width
        is_row = across > ROW[0] * width and down < ROW[1] * width
        kept[index] = inside and centred and is_row
    if not kept.any():
        return None
    whole = cv2.dilate(kept[which], np.ones((3, 3), np.uint8))
    pixels = (weight * whole).astype(np.float32)
    blurred = cv2.blur(pixels, (max(round(cell), 1),) * 2)
    corner = at[0] + cell / 2 - 0.5 - left, at[1] + cell / 2 - 0.5 - top
    scaling = np.array([[cell, 0, corner[0]], [0, cell, corner[1]]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return OwnTeeth(pixels, left, top, cv2.warpAffine(blurred, scaling, (side, side), flags=flags))


def rigid(source: np.ndarray) -> np.ndarray:
    """Return where the flow moves teeth as a whole, 0 to 1: float32 [h, w].

    source: (x, y) of each cell's content in the picture, cells.
    """
    rows = np.gradient(source[..., 1], axis=0)
    return ((1 - smoothstep(*SQUEEZED, rows)) * smoothstep(*SMEARED, rows)).astype(np.float32)


def hollowed(drawn: np.ndarray, found: np.ndarray, own: np.ndarray, skin: float) -> np.ndarray:
    """Open the mouth where G draws teeth around the picture's own: [h, w, 3].

    found: output of `unseen`, own: weight of the picture's teeth, both [h, w]; skin: its
    brightness.
    """
    past = found * (1 - cv2.dilate(own, np.ones((3, 3), np.uint8)))
    return drawn + past[..., None] * (skin * HOLLOW - drawn)


def _row_of_teeth() -> tuple[np.ndarray, np.ndarray]:
    """Return brightness, and how much shorter than the first the teeth are, of the mouth's width:
    both [FINE + 1], from the middle of the mouth outwards."""
    place = np.linspace(0, 1, FINE + 1)
    tooth = np.clip(np.searchsorted(BORDERS, place, side="right") - 1, 0, len(WIDTHS) - 1)
    within = (place - BORDERS[tooth]) / WIDTHS[tooth]
    gap = np.minimum(within, 1 - within) * WIDTHS[tooth]
    shade = GAP * np.exp(-((gap / GAP_WIDTH) ** 2)) + ROUND * np.clip(2 * within - 1, -1, 1) ** 2
    back = BACK * np.clip(place - WIDTHS[0], 0, 0.3)
    short = SHORTER[tooth] + ROUNDED[tooth] * np.abs(2 * within - 1).clip(0, 1) ** 4
    return (1.03 - shade - back).astype(np.float32), short.astype(np.float32)


_RELIEF, _SHORTER = _row_of_teeth()
