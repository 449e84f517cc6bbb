"""What a video shows of a portrait's picture, and where in the frame the picture lies."""

import re
from numbers import Integral
from typing import Literal, NamedTuple, get_args

from ttsf.errors import TtsfError
from ttsf.portrait.square import CropSquare

MOST_SIDE = 1080
"""px, long side of a frame whose size nobody chose; all players and sites take it."""
SIZES = (64, 3840)
"""px, long side that may be chosen."""
CANVAS = re.compile(r"(\d{2,5})x(\d{2,5})(:plain)?")

Kind = Literal["picture", "face", "canvas"]
Background = Literal["blurred", "plain"]


class Framing(NamedTuple):
    """What a video shows."""

    kind: Kind = "picture"
    """The whole picture, the square around the face, or the picture on a canvas."""
    width: int = 0
    """px, of a canvas."""
    height: int = 0
    background: Background = "blurred"
    """What of a canvas the picture leaves free: the picture itself, or the colour of its border."""

    @classmethod
    def parse(cls, text: str) -> "Framing":
        """From "picture", "face", "1080x1920" or "1080x1920:plain"; raises TtsfError."""
        if text == "picture":
            return cls()
        if text == "face":
            return cls("face")
        match = CANVAS.fullmatch(text)
        if not match:
            raise TtsfError(f"a framing is picture, face or WIDTHxHEIGHT such as 1080x1920: {text}")
        background: Background = "plain" if match[3] else "blurred"
        framing = cls("canvas", int(match[1]), int(match[2]), background)
        framing.check()
        return framing

    def check(self) -> None:
        """Raises TtsfError for what cannot be shown."""
        if self.kind not in get_args(Kind) or self.background not in get_args(Background):
            raise TtsfError(f"there is no such framing: {self!r}")
        for side in (self.width, self.height) if self.kind == "canvas" else ():
            if not isinstance(side, Integral) or side % 2 or not SIZES[0] <= side <= SIZES[1]:
                raise TtsfError(
                    f"the sides of a canvas are even and {SIZES[0]} to {SIZES[1]} px, not {side!r}"
                )


class Placement(NamedTuple):
    """A picture in a frame: pixel x of the picture lies at left + scale * x."""

    width: int
    """px of the frame, even."""
    height: int
    scale: float
    left: float
    top: float


def place(
    framing: Framing, width: int, height: int, square: CropSquare, size: int | None
) -> Placement:
    """How a picture of this size is shown.

    size: long side of the frame. Without it, a picture is never enlarged, as that would show
    nothing more, but on a canvas it fills as much as it can without being cut. Raises TtsfError
    for a size that cannot be.
    """
    if size is not None and framing.kind == "canvas":
        raise TtsfError("a canvas has a size of its own")
    if size is not None and not SIZES[0] <= size <= SIZES[1]:
        raise TtsfError(f"the size is from {SIZES[0]} to {SIZES[1]} px, not {size}")
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
    """The even number below, at least 2; the last column or row of an odd side is left out."""
    return max(int(length + 1e-6) // 2 * 2, 2)
