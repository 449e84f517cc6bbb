"""A visible label in the corner of every frame."""

import numpy as np
from PIL import Image, ImageDraw

from ttsf.media.captions import SMALLEST, system_font

TEXT = "AI-generated"
TALL = 0.05
"""Line height as a fraction of the shorter side, as GB 45438-2025 requires."""
WIDEST = 0.9
"""Maximum width as a fraction of the frame's width."""
AROUND = 0.4
"""Padding around the text, and margin from the frame's edges, as fractions of the line height."""
GROUND = 150
"""Opacity of the black background, of 255."""


class Label:
    """The label for frames of one size; thread-safe."""

    def __init__(self, height: int, width: int) -> None:
        line = system_font(max(round(TALL * min(height, width)), SMALLEST))
        room = line.size * AROUND
        while line.getlength(TEXT) + 4 * room > WIDEST * width and line.size > 1:
            line = line.font_variant(size=line.size - 1)
            room = line.size * AROUND
        left, top, right, bottom = line.getbbox(TEXT)
        size = (round(right - left + 2 * room), round(bottom - top + 2 * room))
        image = Image.new("LA", size, (0, GROUND))
        ImageDraw.Draw(image).text((room - left, room - top), TEXT, (255, 255), line)
        pixels = np.asarray(image, np.float32)[: height - round(room), : width - round(room)]
        self._place = round(room)
        opacity = pixels[..., 1:] / 255
        self._light, self._rest = pixels[..., :1] * opacity, 1 - opacity

    def on(self, pixels: np.ndarray, top: int = 0, left: int = 0) -> np.ndarray:
        """Return a copy of pixels, uint8 [h, w, 3 or 4] at (top, left), with the label."""
        down, right = max(top - self._place, 0), max(left - self._place, 0)
        light, rest = self._light[down:, right:], self._rest[down:, right:]
        y, x = max(self._place - top, 0), max(self._place - left, 0)
        height = min(len(light), max(pixels.shape[0] - y, 0))
        width = min(light.shape[1], max(pixels.shape[1] - x, 0))
        if not height or not width:
            return pixels
        result = pixels.copy()
        place = result[y : y + height, x : x + width]
        light, rest = light[:height, :width], rest[:height, :width]
        place[..., :3] = np.rint(place[..., :3] * rest + light)
        if pixels.shape[-1] == 4:
            place[..., 3] = np.rint(255 - (255 - place[..., 3]) * rest[..., 0])
        return result
