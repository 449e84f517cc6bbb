"""Detection score of a watermark, and its false-alarm bound."""

from typing import NamedTuple

import numpy as np

FALSE_ALARM = 1e-6
"""Maximum false-alarm probability per file, over all tests in it."""


class Evidence(NamedTuple):
    """The best agreement with the watermark among all positions and sizes tried."""

    strength: float
    """Score in standard deviations of the score without a watermark."""
    tries: int
    likelihoods: np.ndarray
    """Log-likelihood of each code word of the payload, [2, 4096]."""

    @property
    def false_alarm(self) -> float:
        """Upper bound of the probability of this score without a watermark.

        With the key seen as random, the score is a sum of independent zero-mean terms for any
        content, so Hoeffding's bound holds; a union bound covers the positions tried.
        """
        return min(1.0, self.tries * float(np.exp(-(max(self.strength, 0.0) ** 2) / 2)))
