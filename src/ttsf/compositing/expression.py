"""Move brows, the corners of the mouth and the gaze, which G's codes do not know [ours].

Displacements that are fixed to the face are laid over what G draws, and follow its flow. Skin
is smooth around brows and mouth, and lids hide where an eye is stretched, so that the picture's own
pixels serve; nothing is drawn.
"""

from typing import NamedTuple

import cv2
import numpy as np

from ttsf.compositing.box import Box
from ttsf.compositing.features import Features
from ttsf.compositing.lattice import places

BROW_E, CORNER_E, CHEEK_E = 0.065, 0.075, 0.025
"""Displacement of a brow, a corner of the mouth and a cheek by an amount of 1, in e."""
WIDER_E = 0.03
"""How far a smile of 1 widens the mouth at each corner, in e."""
GAZE_E = 0.0056
"""Displacement of an iris by a degree, in e, so that mediapipe reads a degree: it sees .42 of the
angle by which an eyeball of 12 mm turns."""
LID, BROW, FOREHEAD = 0.06, 0.24, 0.22
"""Heights over the eyes, e: where a raised brow's skin begins to move, where it moves in full; and
over how much more it fades, as a Gaussian."""
BROW_WIDTH = 0.19
"""Half width of that skin around the middle of an eye, e, as a Gaussian."""
CORNER_SIZE, CHEEK_SIZE = (0.13, 0.14), (0.14, 0.13)
"""Half width and height of the skin that moves with a corner and a cheek, e, as Gaussians."""
CHEEK = (0.1, 0.24)
"""How far the cheek is outside and above the corner, e."""
EYE_SIZE, EYE_UP = (0.085, 0.06), 0.025
"""Half width and height of what moves with an iris, and its middle above the closed lids, e."""
UNDER_GLASSES = 0.25
"""Share of a brow's motion that is left behind glasses, whose rims would bend."""


class Expression(NamedTuple):
    """Expression of one frame; zero is the portrait's own."""

    brows: float = 0.0
    """Height of the brows; 1 is a clear raise."""
    smile: float = 0.0
    """Height of the mouth's corners; -1 serious, 1 a smile."""
    gaze_x: float = 0.0
    """Degrees; positive looks to the right of the picture."""
    gaze_y: float = 0.0
    """Degrees; positive looks down."""
    lids: float = 0.0
    """How far the lids are shut, 0 to 1; not moved here, but by `Scene.close_eyes`."""


class Warp:
    """Displacements of one portrait; thread-safe."""

    def __init__(self, features: Features, side: int, glasses: bool) -> None:
        """side: side of G's fields, cells; glasses: whether the person wears them."""
        self._cells = places(Box(0, 0, side, side))
        x, y = (self._cells[..., axis] + 0.5 for axis in range(2))
        along, below = features.seen_from_eyes(x, y)
        eyes, corners = (
            np.stack(features.seen_from_eyes(*np.array(points).T), 1)
            for points in (features.eyes, features.corners)
        )
        fields = [
            _brows(along, below, eyes) * (UNDER_GLASSES if glasses else 1),
            _smile(along, below, corners),
            *_gaze(along, below, eyes),
        ]
        cos, sin = np.cos(features.tilt), np.sin(features.tilt)
        turned = [[a * cos - b * sin, a * sin + b * cos] for a, b in fields]
        moves = np.array(turned).transpose(0, 2, 3, 1) * features.span
        self._moves = np.ascontiguousarray(moves, np.float32)  # [amounts, side, side, 2] in cells

    def __call__(
        self, flow: np.ndarray, mask: np.ndarray, drawn: np.ndarray, amounts: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return G's fields of one frame with an expression.

        flow, mask, drawn: float32 [2 | 1 | 3, side, side], as `Scene.draw` takes them; amounts: of
        an `Expression`, [5].
        """
        amounts = amounts[: len(self._moves)]
        if not amounts.any():
            return flow, mask, drawn
        half = np.float32(len(self._cells) / 2)
        source = self._cells + half * cv2.merge(tuple(flow))
        moves = sum(np.float32(a) * m for a, m in zip(amounts, self._moves, strict=True) if a)
        moved = _sampled(moves, source)
        before = self._cells - moved
        x, y, share = cv2.split(_sampled(cv2.merge((*flow, *mask)), before))
        across, down = cv2.split(moved / half)
        colours = cv2.split(_sampled(cv2.merge(tuple(drawn)), before))
        return np.array([x - across, y - down]), share[None], np.array(colours)


def _brows(along: np.ndarray, below: np.ndarray, eyes: np.ndarray) -> np.ndarray:
    """Displacement [2, h, w] by raised brows, in e along and below the line of the eyes."""
    (left, _), (right, _) = eyes
    width = np.minimum(_bell(along - left, BROW_WIDTH) + _bell(along - right, BROW_WIDTH), 1)
    rise = ((-below - LID) / (BROW - LID)).clip(0, 1) * _bell(
        np.maximum(-below - BROW, 0), FOREHEAD
    )
    return np.stack([0 * along, -BROW_E * width * rise])


def _smile(along: np.ndarray, below: np.ndarray, corners: np.ndarray) -> np.ndarray:
    out = np.zeros((2, *along.shape))
    for way, (x, y) in zip((-1, 1), corners, strict=True):
        corner = _spot(along - x, below - y, CORNER_SIZE)
        cheek = _spot(along - x - way * CHEEK[0], below - y + CHEEK[1], CHEEK_SIZE)
        out += [way * WIDER_E * corner, -CORNER_E * corner - CHEEK_E * cheek]
    return out


def _gaze(along: np.ndarray, below: np.ndarray, eyes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Displacements by a degree to the right, and down."""
    eye = sum(
        _bell(np.abs((along - x) / EYE_SIZE[0]) ** 1.5, 1)
        * _bell(np.abs((below - y + EYE_UP) / EYE_SIZE[1]) ** 1.2, 1)
        for x, y in eyes
    )
    return GAZE_E * np.stack([eye, 0 * eye]), GAZE_E * np.stack([0 * eye, eye])


def _bell(x: np.ndarray, width: float) -> np.ndarray:
    return np.exp(-0.5 * (x / width) ** 2)


def _spot(x: np.ndarray, y: np.ndarray, size: tuple[float, float]) -> np.ndarray:
    return _bell(x, size[0]) * _bell(y, size[1])


def _sampled(field: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Sample a field [side, side, C] at (x, y) in cells, [side, side, 2]; edges are repeated."""
    return cv2.remap(field, at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
