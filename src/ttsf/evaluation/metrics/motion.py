"""Head motion, eyes and picture over time: arithmetic on what the landmark judge saw."""

from typing import NamedTuple

import numpy as np
from scipy.ndimage import median_filter

from ttsf.config import FPS

FPS = FPS
SHUT, AROUND = 0.75, 12
"""Share of the median opening within so many pictures below which the eyes count as shut; face
meshes never see lids closer than about half."""
LONGEST_BLINK_S = 0.4
LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)


class HeadMotion(NamedTuple):
    """Of one clip."""

    spread: float
    """Standard deviation over the pictures, mean of yaw, pitch and roll, degrees."""
    yaw_range: float
    """5-95 % range of yaw, degrees."""
    jerk: float
    """Mean absolute second difference, mean of the three angles, degrees a picture squared."""


def head_motion(angles: np.ndarray) -> HeadMotion:
    """angles: yaw, pitch and roll in degrees, [T, 3]."""
    low, high = np.percentile(angles[:, 0], [5, 95])
    jerk = np.abs(np.diff(angles, 2, axis=0)).mean()
    return HeadMotion(float(angles.std(0).mean()), float(high - low), float(jerk))


def blinks(aperture: np.ndarray) -> int:
    """Times that the eyes shut and open again; aperture [T] in any unit."""
    usual = median_filter(aperture, 2 * AROUND + 1, mode="nearest")
    shut = np.concatenate([[False], aperture < SHUT * usual, [False]]).astype(int)
    begins, ends = np.flatnonzero(np.diff(shut) == 1), np.flatnonzero(np.diff(shut) == -1)
    whole = (begins > 0) & (ends < len(aperture))
    return int((whole & ((ends - begins) / FPS <= LONGEST_BLINK_S)).sum())


def flicker(frames: np.ndarray) -> float:
    """Mean absolute deviation of a picture from the mean of its neighbours, of 255 levels.

    frames: uint8 [T, H, W, 3]. Smooth motion hardly counts, a picture that jumps does.
    """
    grey = np.stack([frame @ LUMA for frame in frames])
    return float(np.abs(grey[1:-1] - (grey[:-2] + grey[2:]) / 2).mean())


def sharpness(frames: np.ndarray, box: tuple[int, int, int, int]) -> float:
    """Mean absolute Laplacian within the face's box, of 255 levels: what blur takes away."""
    left, top, right, bottom = box
    grey = frames[::5, top:bottom, left:right].astype(np.float32) @ LUMA
    middle = grey[:, 1:-1, 1:-1]
    around = grey[:, :-2, 1:-1] + grey[:, 2:, 1:-1] + grey[:, 1:-1, :-2] + grey[:, 1:-1, 2:]
    return float(np.abs(around - 4 * middle).mean())
