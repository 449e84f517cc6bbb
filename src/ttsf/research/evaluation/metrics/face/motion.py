"""Head motion, blinks, flicker and sharpness, from landmarks and pixels."""

from typing import NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter1d, median_filter

from ttsf.compositing.palette import LUMA
from ttsf.config import FPS
from ttsf.research.evaluation.metrics.face import landmarks
from ttsf.research.evaluation.metrics.face.landmarks import FACE_PX
from ttsf.research.evaluation.metrics.metric import Metric

SHUT, AROUND = 0.75, 12
"""Eyes count as shut below this fraction of the median opening within this many frames; face meshes
never report lids closer than about half."""
LONGEST_BLINK_S = 0.4
PHRASING = 5
"""Sigma of the Gaussian that smooths speed and loudness, frames."""


class HeadMotion(NamedTuple):
    """Head motion of one clip."""

    yaw_range: float
    """5-95 % range of yaw, degrees."""
    jerk: float
    """Mean absolute second difference, mean of the three angles, degrees a frame squared."""


def head_motion(angles: np.ndarray) -> HeadMotion:
    """Measure the head motion of yaw, pitch and roll, [T, 3] in degrees."""
    low, high = np.percentile(angles[:, 0], [5, 95])
    jerk = np.abs(np.diff(angles, 2, axis=0)).mean()
    return HeadMotion(float(high - low), float(jerk))


def with_voice(angles: np.ndarray, loudness: np.ndarray) -> float:
    """Correlation of the head's speed with the loudness of the voice, over a fifth of a second.

    angles: degrees, [T, 3]; loudness: [T]. 0 where either does not change.
    """
    return smoothly_correlated(np.linalg.norm(np.gradient(angles, axis=0), axis=1), loudness)


def smoothly_correlated(track: np.ndarray, loudness: np.ndarray) -> float:
    """Correlation of two curves [T] over a fifth of a second; 0 where one does not change."""
    curves = gaussian_filter1d(np.stack([track, loudness]), PHRASING, axis=1)
    if np.any(np.ptp(curves, axis=1) == 0):
        return 0.0
    return float(np.corrcoef(curves)[0, 1])


def blinks(aperture: np.ndarray) -> int:
    """Count how often the eyes shut and open again; aperture [T] in any unit."""
    usual = median_filter(aperture, 2 * AROUND + 1, mode="nearest")
    shut = np.concatenate([[False], aperture < SHUT * usual, [False]]).astype(int)
    begins, ends = np.flatnonzero(np.diff(shut) == 1), np.flatnonzero(np.diff(shut) == -1)
    whole = (begins > 0) & (ends < len(aperture))
    return int((whole & ((ends - begins) / FPS <= LONGEST_BLINK_S)).sum())


def flicker(frames: np.ndarray) -> float:
    """Mean absolute deviation of a frame from the mean of its neighbours, of 255 levels.

    frames: uint8 [T, H, W, 3]. Smooth motion hardly counts, jumping frames do.
    """
    grey = np.stack([frame @ LUMA for frame in frames])
    return float(np.abs(grey[1:-1] - (grey[:-2] + grey[2:]) / 2).mean())


def sharpness(frames: np.ndarray, box: tuple[int, int, int, int]) -> float:
    """Mean absolute Laplacian within the face box, of 255 levels; blur lowers it."""
    left, top, right, bottom = box
    return mean_laplacian(frames[::5, top:bottom, left:right])


def mean_laplacian(frames: np.ndarray) -> float:
    """Mean absolute Laplacian of the luma of uint8 [N, H, W, 3], of 255 levels."""
    grey = frames.astype(np.float32) @ LUMA
    middle = grey[:, 1:-1, 1:-1]
    around = grey[:, :-2, 1:-1] + grey[:, 2:, 1:-1] + grey[:, 1:-1, :-2] + grey[:, 1:-1, 2:]
    return float(np.abs(around - 4 * middle).mean())


def metrics() -> dict[str, Metric]:
    """Head, eyes and picture over time; raises TtsfError without the scorer's library."""
    faces = landmarks.scorer_name()
    return {
        "yaw": Metric(
            "yaw range", "reference", "5-95 % range of yaw in a clip, degrees, mean over clips.",
            faces, "offline", 1,
        ),
        "jerk": Metric(
            "jerk", "reference",
            "Mean absolute second difference of yaw, pitch and roll, degrees a frame squared, "
            "mean over clips.", faces, "offline", 2,
        ),
        "with_voice": Metric(
            "head with voice r", "reference",
            "Correlation of the head's speed with the loudness of the voice, both over a fifth of "
            "a second, mean over clips.", faces, "offline", 2,
        ),
        "blinks": Metric(
            "blinks a minute", "reference",
            "Times that the lids come below .75 of their median distance within half a second and "
            "rise again within .4 s, mean over clips.", faces, "offline", 1,
        ),
        "flicker": Metric(
            "flicker", "reference",
            "Mean absolute deviation of a frame from the mean of its neighbours, of 255 levels, "
            f"the face {FACE_PX} px wide and what is around it, mean over clips.", faces,
            "offline", 2,
        ),
        "sharpness": Metric(
            "sharpness", "reference",
            f"Mean absolute Laplacian in the face's box, the face {FACE_PX} px wide, of 255 "
            "levels, mean over clips.", faces, "offline", 1,
        ),
    }  # fmt: skip
