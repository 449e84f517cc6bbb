"""A frame in which one face moves: G's fields, at 128 px, applied to the picture's own pixels.

G says where each point of the crop comes from and draws what the picture does not show (the inside
of a mouth, lids). Both are smooth at G's size, so they are enlarged; the picture is not.
"""

import math

import cv2
import numpy as np

from ttsf.picture.box import Box
from ttsf.picture.framing import Framing, place
from ttsf.picture.ground import ground, uncovered
from ttsf.picture.palette import palette
from ttsf.picture.surroundings import MARGIN, Surroundings, smooth
from ttsf.portrait.crop import CropSquare, cut_square
from ttsf.portrait.portrait import Portrait

CELLS = 128
"""Side of the crop in cells, at which fields are weighted: that of G's last scale."""
SHARP = (0.3, 0.7)
"""Weight of the moved picture in G's frame below which what is finer than G sees is not shown (old
lips across an open mouth), and from which on it is shown in full."""
LEAST_SHARE = 0.005
"""What is drawn with less weight is left out, but within a rectangle around all that is drawn."""

_CROP = Box(0, 0, CELLS, CELLS)


def scene(
    portrait: Portrait,
    framing: Framing,
    size: int | None = None,
    alpha: np.ndarray | None = None,
) -> "Scene":
    """A portrait in a frame; size: its long side (None: the picture's own, at most 1080).

    alpha: how opaque the picture is, uint8 [H, W], where frames are to be RGBA. Raises TtsfError
    for a size that cannot be.
    """
    return Scene(portrait, framing, size, alpha)


class Scene:
    """One portrait in one frame; threads may share it.

    width, height: of the frame, even. still: the frame with the face as it is in the picture, RGB
    or RGBA uint8 [H, W, 3 or 4]. region: the part of it that can change, its sides even.
    """

    def __init__(
        self, portrait: Portrait, framing: Framing, size: int | None, alpha: np.ndarray | None
    ) -> None:
        picture, square = portrait.picture, portrait.square
        height, width = picture.shape[:2]
        placement = place(framing, width, height, square, size)
        self.width, self.height, scale = placement.width, placement.height, placement.scale
        shown = picture if alpha is None else uncovered(picture, alpha)
        self.still, self._source, source = ground(shown, framing, placement)
        left, top = placement.left + scale * square.left, placement.top + scale * square.top
        side = scale * square.side
        self._crop, self._cell = CropSquare(left, top, side), side / CELLS
        margin = MARGIN * side
        around = _even_box(top - margin, left - margin, top + side + margin, left + side + margin)
        self.region = around.within(source).within(Box(0, 0, self.height, self.width))
        self._places = _places(self.region.seen_from(source))

        others = tuple(face for face in portrait.faces if face != portrait.face)
        surroundings = Surroundings(square, width, height, portrait.face, others)
        top, left, bottom, right = self.region
        x = _middles(left - placement.left, right - left, round((right - left) / self._cell))
        y = _middles(top - placement.top, bottom - top, round((bottom - top) / self._cell))
        self._moves = surroundings.moves(x / scale, y / scale) * np.float32(side / 2)
        x, y = (_middles(start, square.side, CELLS) for start in (square.left, square.top))
        self._cells = _places(_CROP)
        self._moves_cells = surroundings.moves(x, y) * np.float32(CELLS / 2)
        self._drawn = surroundings.drawn(x, y)
        self._small = cut_square(picture, square, CELLS)
        self._palette = palette(self._small)

    def draw(self, flow: np.ndarray, mask: np.ndarray, drawn: np.ndarray) -> np.ndarray:
        """The region of one frame, RGB or RGBA uint8 [h, w, 3 or 4].

        flow, mask, drawn: of `ttsf.face.generator.Fields`, float32 [2 | 1 | 3, s, s].
        """
        flow, mask, drawn = (_on_cells(field) for field in (flow, mask, drawn))
        rows, columns = self._moves.shape[:2]
        offset = self._sampled(flow, self.region, columns, rows) * self._moves
        height, width = self._places.shape[:2]
        places = cv2.resize(offset, (width, height), interpolation=cv2.INTER_LINEAR)
        places += self._places
        pixels = _moved(self._source, places)
        self._add_drawn(pixels, flow, mask, drawn)
        return pixels

    def _add_drawn(
        self, pixels: np.ndarray, flow: np.ndarray, mask: np.ndarray, drawn: np.ndarray
    ) -> None:
        """Put what G draws into the moved picture.

        G's frame is seen * mask + drawn * (1 - mask), where `seen` is the picture moved at G's
        size; what of the moved picture is finer is added.
        """
        share = (1 - mask) * self._drawn
        cells = _around(share > LEAST_SHARE)
        if cells is None:
            return
        share, drawn = share[cells.pixels][..., None], drawn[cells.pixels]
        offset = flow[cells.pixels] * self._moves_cells[cells.pixels]
        seen = _moved(self._small, self._cells[cells.pixels] + offset)
        drawn = self._palette.match((drawn.clip(-1, 1) + 1) * np.float32(127.5))
        kept = smooth((1 - share - SHARP[0]) / (SHARP[1] - SHARP[0]))
        blunt = drawn * share + seen * (1 - share - kept)
        if pixels.shape[-1] == 4:
            blunt = np.dstack([blunt, 255 * (1 - kept)])  # what is drawn is opaque
        box = self._inside(cells)
        part = pixels[box.seen_from(self.region).pixels]
        height, width = part.shape[:2]
        blunt = self._sampled(blunt, box, width, height, cells)
        kept = self._sampled(kept.repeat(pixels.shape[-1], -1), box, width, height, cells)
        part[:] = cv2.add(part * kept, blunt, dtype=cv2.CV_8U)  # rounds, and stays within 0 to 255

    def _sampled(
        self, field: np.ndarray, box: Box, columns: int, rows: int, cells: Box = _CROP
    ) -> np.ndarray:
        """A field on `cells` at the middles of `columns` by `rows` parts of a box of the frame."""
        right = (box.right - box.left) / columns / self._cell
        down = (box.bottom - box.top) / rows / self._cell
        from_left = (box.left - self._crop.left) / self._cell - cells.left + right / 2 - 0.5
        from_top = (box.top - self._crop.top) / self._cell - cells.top + down / 2 - 0.5
        return cv2.warpAffine(
            field,
            np.array([[right, 0, from_left], [0, down, from_top]]),
            (columns, rows),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )

    def _inside(self, cells: Box) -> Box:
        """What of the frame lies in some cells."""
        left, top, _ = self._crop
        return _even_box(
            top + cells.top * self._cell,
            left + cells.left * self._cell,
            top + cells.bottom * self._cell,
            left + cells.right * self._cell,
        ).within(self.region)


def _even_box(top: float, left: float, bottom: float, right: float) -> Box:
    """The least box with even sides around a rectangle."""
    top, left, bottom, right = (2 * math.floor(low / 2) for low in (top, left, -bottom, -right))
    return Box(top, left, -bottom, -right)


def _around(matters: np.ndarray) -> Box | None:
    """What is true of [h, w], and one more on every side."""
    rows, columns = np.flatnonzero(matters.any(1)), np.flatnonzero(matters.any(0))
    if not len(rows):
        return None
    height, width = matters.shape
    around = Box(rows[0] - 1, columns[0] - 1, rows[-1] + 2, columns[-1] + 2)
    return around.within(Box(0, 0, height, width))


def _middles(start: float, length: float, parts: int) -> np.ndarray:
    """Of equal parts of a line."""
    return start + (np.arange(parts) + 0.5) * (length / parts)


def _moved(picture: np.ndarray, places: np.ndarray) -> np.ndarray:
    """A picture read at (x, y) of its pixels: [h, w, 2] -> [h, w, C]; its edge is repeated."""
    return cv2.remap(picture, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _on_cells(field: np.ndarray) -> np.ndarray:
    """[C, s, s] to [CELLS, CELLS, C], or [CELLS, CELLS] of one channel."""
    turned = np.ascontiguousarray(field.transpose(1, 2, 0), np.float32)
    if len(turned) != CELLS:
        turned = cv2.resize(turned, (CELLS, CELLS), interpolation=cv2.INTER_LINEAR)
    return turned.reshape(CELLS, CELLS, -1).squeeze(-1) if field.shape[0] == 1 else turned


def _places(box: Box) -> np.ndarray:
    """(x, y) of each pixel of a box, float32 [h, w, 2]."""
    x, y = np.meshgrid(np.arange(box.left, box.right), np.arange(box.top, box.bottom))
    return np.stack([x, y], -1).astype(np.float32)
