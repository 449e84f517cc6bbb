"""The square around a face; imports no torch, so that the options are imported fast."""

from typing import NamedTuple


class CropSquare(NamedTuple):
    """Square around a face, in pixels of the picture; it may extend beyond the picture."""

    left: float
    top: float
    side: float
