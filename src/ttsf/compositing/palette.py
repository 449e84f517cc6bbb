"""Match what G draws to the colours of the picture.

G was trained on bright colour photographs: in a monochrome picture its teeth come out tinted, and
in a faded one its open mouth is darker than anything else.
"""

from typing import NamedTuple

import numpy as np

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""Weights of red, green and blue in luminance."""
TONES = 32
"""Lightness bins for mean colours."""
ONE_COLOUR, MANY_COLOURS = 1.0, 2.0
"""Mean distance (of 255) of colours from the mean colour of their lightness: below the first value
a
picture is monochrome, above the second a colour photograph. In 722 portraits the 5 black and white
ones have up to 0.5, the others 2.2 or more."""
DARKEST, BLACK = 0.05, 24
"""Percentile of lightness taken as the darkest, and the value up to which it counts as black."""


class Palette(NamedTuple):
    """Tonal range and colour of a picture."""

    black: float
    """Lightness of the darkest parts; 0 except in faded pictures."""
    tone: np.ndarray
    """Mean colour for each lightness from 0 to 255: float32 [TONES, 3]."""
    colour: float
    """Colourfulness from 0 (monochrome) to 1."""

    def match(self, drawn: np.ndarray) -> np.ndarray:
        """Adapt drawn colours, float32 [h, w, 3] from 0 to 255, to this picture."""
        drawn = self.black + drawn * (1 - self.black / 255)
        if self.colour == 1:
            return drawn
        step = (drawn @ LUMA).ravel() * ((TONES - 1) / 255)
        plain = [np.interp(step, np.arange(TONES), channel) for channel in self.tone.T]
        toned = np.stack(plain, -1, dtype=np.float32).reshape(drawn.shape)
        return toned + np.float32(self.colour) * (drawn - toned)


def palette(pixels: np.ndarray) -> Palette:
    """Measure the palette of uint8 [h, w, 3]."""
    colours = pixels.reshape(-1, 3).astype(np.float32)
    luma = colours @ LUMA
    step = np.minimum((luma * (TONES / 256)).astype(int), TONES - 1)
    count = np.bincount(step, minlength=TONES)
    seen = np.flatnonzero(count)
    mean = [np.bincount(step, c, TONES)[seen] / count[seen] for c in (*colours.T, luma)]
    tint = np.stack(mean[:3], -1) - mean[3][:, None]
    tones = np.linspace(0, 255, TONES)
    tone = tones[:, None] + np.stack([np.interp(tones, mean[3], t) for t in tint.T], -1)
    expected = luma[:, None] + np.stack([np.interp(luma, mean[3], t) for t in tint.T], -1)
    spread = float(np.abs(colours - expected).mean())
    colour = min(max((spread - ONE_COLOUR) / (MANY_COLOURS - ONE_COLOUR), 0.0), 1.0)
    black = max(float(np.percentile(luma, DARKEST)) - BLACK, 0.0)
    return Palette(black, tone.astype(np.float32), colour)
