"""The grid of cells of G's output fields, positioned in a frame."""

import math
from typing import NamedTuple

import cv2
import numpy as np

from ttsf.compositing.box import Box


class Lattice(NamedTuple):
    """A grid of `side` x `side` square cells in a frame."""

    left: float
    """Left edge in px of the frame, as all values here."""
    top: float
    cell: float
    """Side of a cell."""
    side: int

    @property
    def all(self) -> Box:
        """The box of all cells."""
        return Box(0, 0, self.side, self.side)

    def box(self, cells: Box) -> Box:
        """Return the smallest box with even sides around some cells, in pixels of the frame."""
        edges = (
            self.top + cells.top * self.cell,
            self.left + cells.left * self.cell,
            -self.top - cells.bottom * self.cell,
            -self.left - cells.right * self.cell,
        )
        top, left, bottom, right = (2 * math.floor(edge / 2) for edge in edges)
        return Box(top, left, -bottom, -right)

    def around(self, matters: np.ndarray) -> Box | None:
        """Return the bounding box of true cells in `matters`, bool [side, side], grown by one."""
        rows, columns = np.flatnonzero(matters.any(1)), np.flatnonzero(matters.any(0))
        if not len(rows):
            return None
        return Box(rows[0] - 1, columns[0] - 1, rows[-1] + 2, columns[-1] + 2).within(self.all)

    def sampled(
        self,
        field: np.ndarray,
        cells: Box,
        box: Box,
        columns: int,
        rows: int,
        method: int = cv2.INTER_LINEAR,
    ) -> np.ndarray:
        """Resample a field of some cells on a grid of `columns` x `rows` over a box of the frame.

        Interpolates between cell centres (method: OpenCV's), and repeats the edge beyond them.
        """
        right = (box.right - box.left) / columns / self.cell
        down = (box.bottom - box.top) / rows / self.cell
        from_left = (box.left - self.left) / self.cell - cells.left + right / 2 - 0.5
        from_top = (box.top - self.top) / self.cell - cells.top + down / 2 - 0.5
        return cv2.warpAffine(
            field,
            np.array([[right, 0, from_left], [0, down, from_top]]),
            (columns, rows),
            flags=method | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )


def places(box: Box) -> np.ndarray:
    """Return (x, y) of each pixel or cell of a box, float32 [h, w, 2]."""
    x, y = np.meshgrid(np.arange(box.left, box.right), np.arange(box.top, box.bottom))
    return np.stack([x, y], -1).astype(np.float32)


def middles(start: float, length: float, parts: int) -> np.ndarray:
    """Return the centres of equal parts of an interval, [parts]."""
    return start + (np.arange(parts) + 0.5) * (length / parts)
