"""The cells of a face's crop, at which G gives its fields, within a frame."""

import math
from typing import NamedTuple

import cv2
import numpy as np

from ttsf.compositing.box import Box


class Lattice(NamedTuple):
    """`side` by `side` square cells in a frame."""

    left: float
    """px of the frame, as all here."""
    top: float
    cell: float
    """Side of a cell."""
    side: int

    @property
    def all(self) -> Box:
        """Every cell."""
        return Box(0, 0, self.side, self.side)

    def box(self, cells: Box) -> Box:
        """The least box with even sides around some cells, in pixels of the frame."""
        edges = (
            self.top + cells.top * self.cell,
            self.left + cells.left * self.cell,
            -self.top - cells.bottom * self.cell,
            -self.left - cells.right * self.cell,
        )
        top, left, bottom, right = (2 * math.floor(edge / 2) for edge in edges)
        return Box(top, left, -bottom, -right)

    def around(self, matters: np.ndarray) -> Box | None:
        """The cells in which `matters`, bool [side, side], is true, and one more on each side."""
        rows, columns = np.flatnonzero(matters.any(1)), np.flatnonzero(matters.any(0))
        if not len(rows):
            return None
        return Box(rows[0] - 1, columns[0] - 1, rows[-1] + 2, columns[-1] + 2).within(self.all)

    def sampled(
        self, field: np.ndarray, cells: Box, box: Box, columns: int, rows: int
    ) -> np.ndarray:
        """A field of some cells at the middles of `columns` by `rows` parts of a box of the frame.

        Between the cells' middles it is interpolated, beyond them its edge is repeated.
        """
        right = (box.right - box.left) / columns / self.cell
        down = (box.bottom - box.top) / rows / self.cell
        from_left = (box.left - self.left) / self.cell - cells.left + right / 2 - 0.5
        from_top = (box.top - self.top) / self.cell - cells.top + down / 2 - 0.5
        return cv2.warpAffine(
            field,
            np.array([[right, 0, from_left], [0, down, from_top]]),
            (columns, rows),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )


def places(box: Box) -> np.ndarray:
    """(x, y) of each pixel or cell of a box, float32 [h, w, 2]."""
    x, y = np.meshgrid(np.arange(box.left, box.right), np.arange(box.top, box.bottom))
    return np.stack([x, y], -1).astype(np.float32)


def middles(start: float, length: float, parts: int) -> np.ndarray:
    """Of equal parts of a line, [parts]."""
    return start + (np.arange(parts) + 0.5) * (length / parts)
