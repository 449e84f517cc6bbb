"""Sounds that are made by a formula."""

import numpy as np


def sung(hz: float, seconds: float = 0.6, tract: float = 1.0) -> np.ndarray:
    """Harmonics of `hz` under two formants that glide, [N] float32; `tract` scales them."""
    t = np.arange(int(seconds * 16_000)) / 16_000
    wave = np.zeros_like(t)
    for k in range(1, int(7_000 / hz)):
        peaks = tract * np.array([[400 + 400 * t / seconds], [2_200 - 900 * t / seconds]])[:, 0]
        level = (1 / (1 + ((k * hz - peaks) / 150) ** 2)).sum(0) + 0.01
        wave += level * np.cos(2 * np.pi * k * hz * t + k * k)
    return (0.3 * wave / np.abs(wave).max()).astype(np.float32)
