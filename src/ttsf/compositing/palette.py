"""The colours of a picture, for what G draws into it: it has mostly seen bright colour photographs.

In a picture of one colour (black and white, sepia) G's teeth come out tinted, and in a faded one
its open mouth is blacker than anything else.
"""

from typing import NamedTuple

import numpy as np

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
TONES = 32
"""Steps of lightness at which the mean colour is taken."""
ONE_COLOUR, MANY_COLOURS = 1.0, 2.0
"""Of 255: mean distance of a picture's colours from the mean colour of their lightness, below which
it has one colour, and from which on it is a colour photograph. Of 722 portraits the 5 black and
white ones have up to 0.5, the others 2.2 or more."""
DARKEST, BLACK = 0.05, 24
"""Percentile of lightness that is a picture's darkest, and what of it counts as black in any."""


class Palette(NamedTuple):
    """How a picture shows things."""

    black: float
    """Lightness of its darkest, 0 but in faded pictures."""
    tone: np.ndarray
    """The mean colour of each lightness from 0 to 255: float32 [TONES, 3]."""
    colour: float
    """From 0, a picture of one colour, to 1."""

    def match(self, drawn: np.ndarray) -> np.ndarray:
        """What is drawn, float32 [h, w, 3] from 0 to 255, as this picture would show it."""
        drawn = self.black + drawn * (1 - self.black / 255)
        if self.colour == 1:
            return drawn
        step = (drawn @ LUMA).ravel() * ((TONES - 1) / 255)
        plain = [np.interp(step, np.arange(TONES), channel) for channel in self.tone.T]
        toned = np.stack(plain, -1, dtype=np.float32).reshape(drawn.shape)
        return toned + np.float32(self.colour) * (drawn - toned)


def palette(pixels: np.ndarray) -> Palette:
    """Of uint8 [h, w, 3]."""
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
