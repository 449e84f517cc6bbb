"""Burn subtitles into frames, in a system font or else in Pillow's built-in one.

Pillow's font has no accented letters; letters that a font lacks are replaced by plain ones.
"""

# ruff: noqa: RUF001 (letters that look like others)

import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ttsf.timings.subtitles import Cue

TALL, WIDE = 0.05, 1 / 16
"""Maximum line height, as a fraction of the frame's height and width."""
SMALLEST = 9  # px
MARGIN = 0.04  # of the frame's height below the text, and of its width beside it
OUTLINE = 1 / 10  # of the height of a line

FONTS = (
    "DejaVuSans.ttf", "LiberationSans-Regular.ttf", "NotoSans-Regular.ttf", "Arial.ttf",
    "arial.ttf", "Helvetica.ttc",
)  # fmt: skip
"""System font files to look for, best first."""
_PLAIN = str.maketrans({
    "ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L",
    "đ": "d", "Đ": "D", "ı": "i", "þ": "th", "Þ": "Th", "ð": "d", "—": "-", "–": "-",
})  # fmt: skip
_NO_LETTER = "\uffff"


class _Overlay(NamedTuple):
    """A rendered cue, to be blended into frames."""

    top: int
    left: int
    light: np.ndarray
    """Premultiplied brightness, float32 [h, w, 1]; white text with a black outline."""
    rest: np.ndarray
    """1 - opacity, float32 [h, w, 1]."""


class Captions:
    """Draws the cues of one video; each cue is rendered once."""

    def __init__(self, cues: Sequence[Cue]) -> None:
        """cues: sorted and not overlapping."""
        self._cues = cues
        self._starts = [cue.start_s for cue in cues]
        self._made: tuple[Cue, tuple[int, ...], _Overlay] | None = None

    def draw(self, frame: np.ndarray, second: float) -> np.ndarray:
        """Return the frame, uint8 RGB [H, W, 3], with the cue of a time; unchanged if there is
        none."""
        k = bisect_right(self._starts, second) - 1
        if k < 0 or second >= self._cues[k].end_s:
            return frame
        cue, size = self._cues[k], frame.shape[:2]
        if self._made is None or self._made[:2] != (cue, size):
            self._made = cue, size, _overlay(cue.lines, *size)
        top, left, light, rest = self._made[2]
        result = frame.copy()
        place = result[top : top + len(light), left : left + light.shape[1]]
        place[:] = np.rint(place * rest + light)
        return result


def _overlay(lines: Sequence[str], height: int, width: int) -> _Overlay:
    size = max(round(min(TALL * height, WIDE * width)), SMALLEST)
    font = system_font(size)
    lines = [_readable(line, font) for line in lines]
    stroke, room = max(round(OUTLINE * size), 1), width * (1 - 2 * MARGIN)
    text = "\n".join(_wrapped(" ".join(lines), lines, font, room - 2 * stroke))
    image = Image.new("LA", (width, height))
    place = (width / 2, height * (1 - MARGIN) - stroke)
    ImageDraw.Draw(image).multiline_text(
        place, text, (255, 255), font, "md", align="center", stroke_width=stroke,
        stroke_fill=(0, 255),
    )  # fmt: skip
    left, top, right, bottom = image.getchannel("A").getbbox() or (0, 0, 1, 1)
    pixels = np.asarray(image.crop((left, top, right, bottom)), np.float32)
    opacity = pixels[..., 1:] / 255
    return _Overlay(top, left, pixels[..., :1] * opacity, 1 - opacity)


def system_font(size: int) -> ImageFont.FreeTypeFont:
    """Return the best available font at a size in px."""
    for name in FONTS:
        with suppress(OSError):
            return ImageFont.truetype(name, size)
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont)
    return font


def _readable(text: str, font: ImageFont.FreeTypeFont) -> str:
    """Replace letters that the font lacks by plain ones."""
    absent = _drawn(_NO_LETTER, font)

    def shown(c: str) -> str:
        if c.isspace() or _drawn(c, font) != absent:
            return c
        plain = unicodedata.normalize("NFKD", c.translate(_PLAIN))
        return "".join(p for p in plain if p.isascii())

    return "".join(map(shown, unicodedata.normalize("NFC", text)))


def _drawn(letter: str, font: ImageFont.FreeTypeFont) -> bytes:
    mask = font.getmask(letter)
    return bytes(mask) + repr(mask.size).encode()


def _wrapped(
    text: str, lines: Sequence[str], font: ImageFont.FreeTypeFont, room: float
) -> Sequence[str]:
    """Return the cue's own lines if they fit, else re-wrap them."""
    if all(font.getlength(line) <= room for line in lines):
        return lines
    found: list[str] = []
    for word in text.split():
        longer = f"{found[-1]} {word}" if found else word
        if found and font.getlength(longer) <= room:
            found[-1] = longer
        else:
            found.append(word)
    return found
