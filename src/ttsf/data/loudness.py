"""Recorded speech without the silence at its ends, at one level."""

import numpy as np

from ttsf.config import SAMPLE_RATE

RATE = SAMPLE_RATE
LEVEL_DB = -23.0  # RMS of the loud part, below full scale


def loud_part(samples: np.ndarray, keep_s: float = 0.06) -> slice:
    """What is left without the silence at both ends but `keep_s`; empty for silence alone."""
    frame = RATE // 100
    power = (samples[: len(samples) // frame * frame].reshape(-1, frame) ** 2).mean(1)
    if not power.size or power.max() < 1e-8:
        return slice(0, 0)
    loud = np.flatnonzero(power > power.max() * 1e-4)
    keep = int(keep_s * RATE)
    return slice(max(0, loud[0] * frame - keep), (loud[-1] + 1) * frame + keep)


def trim_and_level(samples: np.ndarray, keep_s: float = 0.06) -> np.ndarray:
    """Cut silence at both ends to `keep_s`, then bring the loud part to LEVEL_DB RMS."""
    frame = RATE // 100
    cut = samples[loud_part(samples, keep_s)]
    if not cut.size:
        return cut
    power = (samples[: len(samples) // frame * frame].reshape(-1, frame) ** 2).mean(1)
    gain = 10 ** (LEVEL_DB / 20) / np.sqrt(power[power > power.max() * 1e-3].mean())
    return cut * min(gain, 0.95 / np.abs(cut).max())
