"""The square around a face. Imports no torch, so that the options of a video cost nothing."""

from typing import NamedTuple


class CropSquare(NamedTuple):
    """The square around a face in pixels of the picture; parts of it may lie outside."""

    left: float
    top: float
    side: float
