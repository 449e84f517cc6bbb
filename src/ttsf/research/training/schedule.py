"""Learning rate schedule, shared by several stages."""

import math


def warm_up_cosine(step: int, steps: int, warm_up: int, last: float) -> float:
    """Return the factor: linear over `warm_up` steps, then half a cosine down to `last`."""
    done = min(1.0, step / steps)
    cosine = last + (1 - last) * 0.5 * (1 + math.cos(math.pi * done))
    return min(1.0, (step + 1) / warm_up) * cosine
