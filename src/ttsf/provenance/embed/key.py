"""Deterministic pseudo-random numbers: the public key of the watermark."""

import hashlib

import numpy as np


def numbers(name: str, count: int) -> np.ndarray:
    """Return uniform numbers in [0, 1), float64 [count], that depend on `name`."""
    content = hashlib.shake_256(f"ttsf {name}".encode()).digest(4 * count)
    return np.frombuffer(content, "<u4") / 2**32


def signs(name: str, count: int) -> np.ndarray:
    """Return random signs, float64 [count]."""
    return np.where(numbers(name, count) < 0.5, -1.0, 1.0)


def order(name: str, count: int) -> np.ndarray:
    """Return a random permutation of 0 to `count` - 1."""
    return np.argsort(numbers(name, count), kind="stable")
