"""How much speaks for a mark, and how often as much would without one."""

from typing import NamedTuple

import numpy as np

FALSE_ALARM = 1e-6
"""Of one file, all that is tried in it together."""


class Evidence(NamedTuple):
    """The best agreement with a mark among all that were tried."""

    strength: float
    """In standard deviations of what chance gives."""
    tries: int
    likelihoods: np.ndarray
    """Of each word of the payload, as logarithms [2, 4096]."""

    @property
    def false_alarm(self) -> float:
        """The probability of so much without a mark is at most this.

        The strength is a sum of independent terms of mean zero, once the key is thought of as drawn
        at random, whatever the content: Hoeffding's bound holds, and is added up over the tries.
        """
        return min(1.0, self.tries * float(np.exp(-(max(self.strength, 0.0) ** 2) / 2)))
