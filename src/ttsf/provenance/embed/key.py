"""Numbers that everybody has the same: the mark's key, which no picture or sound can know."""

import hashlib

import numpy as np


def numbers(name: str, count: int) -> np.ndarray:
    """Evenly spread in [0, 1), float64 [count]; another name, other numbers."""
    content = hashlib.shake_256(f"ttsf {name}".encode()).digest(4 * count)
    return np.frombuffer(content, "<u4") / 2**32


def signs(name: str, count: int) -> np.ndarray:
    """-1 or 1, float64 [count]."""
    return np.where(numbers(name, count) < 0.5, -1.0, 1.0)


def order(name: str, count: int) -> np.ndarray:
    """0 to `count` - 1, shuffled."""
    return np.argsort(numbers(name, count), kind="stable")
