"""Framing: which part of the picture a video shows, and at which scale and position."""

import re
from numbers import Integral
from typing import Literal, NamedTuple, get_args

from ttsf.errors import TtsfError
from ttsf.portrait.square import CropSquare

MOST_SIDE = 1080
"""Maximum long side by default, px; supported by all players and sites."""
SIZES = (64, 3840)
"""Range of the long side, px."""
CANVAS = re.compile(r"(\d{2,5})x(\d{2,5})(:plain)?")

Kind = Literal["picture", "face", "canvas"]
Background = Literal["blurred", "plain"]


class Framing(NamedTuple):
    """What part of the picture a video shows."""

    kind: Kind = "picture"
    """The whole picture, the square around the face, or the picture on a canvas."""
    width: int = 0
    """Width of a canvas, px."""
    height: int = 0
    background: Background = "blurred"
    """Fill of a canvas around the picture: the blurred picture, or its border colour."""

    @classmethod
    def parse(cls, text: str) -> "Framing":
        """Parse "picture", "face", "1080x1920" or "1080x1920:plain"; raises TtsfError."""
        if text == "picture":
            return cls()
        if text == "face":
            return cls("face")
        match = CANVAS.fullmatch(text)
        if not match:
            raise TtsfError(f"framing must be picture, face or WIDTHxHEIGHT, not {text}")
        background: Background = "plain" if match[3] else "blurred"
        framing = cls("canvas", int(match[1]), int(match[2]), background)
        framing.check()
        return framing

    def check(self) -> None:
        """Raise TtsfError for an invalid framing."""
        if self.kind not in get_args(Kind) or self.background not in get_args(Background):
            raise TtsfError(f"there is no such framing: {self!r}")
        for side in (self.width, self.height) if self.kind == "canvas" else ():
            if not isinstance(side, Integral) or side % 2 or not SIZES[0] <= side <= SIZES[1]:
                raise TtsfError(
                    f"the sides of a canvas are even and {SIZES[0]} to {SIZES[1]} px, not {side!r}"
                )


class Placement(NamedTuple):
    """Position of a picture in a frame: pixel x lies at left + scale * x."""

    width: int
    """Width of the frame, px, even."""
    height: int
    scale: float
    left: float
    top: float


def place(
    framing: Framing, width: int, height: int, square: CropSquare, size: int | None
) -> Placement:
    """Place a picture of this size in its frame.

    size: long side of the frame, px. By default pictures are not enlarged, except on a canvas,
    which they fill as far as possible without being cropped. Raises TtsfError for an invalid size.
    """
    if size is not None and framing.kind == "canvas":
        raise TtsfError("size cannot be combined with a WIDTHxHEIGHT framing")
    if size is not None and not SIZES[0] <= size <= SIZES[1]:
        raise TtsfError(f"size must be from {SIZES[0]} to {SIZES[1]} px, not {size}")
    if framing.kind == "face":
        side = even(size or min(round(square.side), MOST_SIDE))
        scale = side / square.side
        return Placement(side, side, scale, -square.left * scale, -square.top * scale)
    if framing.kind == "canvas":
        scale = min(framing.width / width, framing.height / height)
        left = (framing.width - even(width * scale)) // 4 * 2
        top = (framing.height - even(height * scale)) // 4 * 2
        return Placement(framing.width, framing.height, scale, left, top)
    long = max(width, height)
    scale = (size or min(long, MOST_SIDE)) / long
    return Placement(even(width * scale), even(height * scale), scale, 0, 0)


def even(length: float) -> int:
    """Round down to an even number of at least 2; odd sides lose their last row or column."""
    return max(int(length + 1e-6) // 2 * 2, 2)
