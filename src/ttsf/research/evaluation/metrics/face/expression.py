"""Brows, mouth corners, gaze, and how lips move and rest, from landmarks and pixels.

Brow motion, lip motion and silent lips follow the definitions of THEval (Quignon et al. 2026), with
our landmarks, in units of e, the distance of the outer eye corners: figures of its evaluation set
cannot be compared with ours. A tracker trembles, so that a frozen face has small values, not zero.
"""

import cv2
import numpy as np

from ttsf.config import FPS
from ttsf.research.evaluation.metrics.face import landmarks
from ttsf.research.evaluation.metrics.face.lips import usual_range
from ttsf.research.evaluation.metrics.face.motion import SHUT, mean_laplacian, smoothly_correlated
from ttsf.research.evaluation.metrics.metric import Metric
from ttsf.research.landmarks.face_mesh import (
    LOWER_INNER,
    LOWER_OUTER,
    UPPER_INNER,
    UPPER_OUTER,
    brow_height,
    corner_height,
)

QUIET_DB = 25.0
"""Sound this far below the loudest frame is silence."""
SILENCE_S = 0.3
"""Shortest silence in which lips should rest."""
LIPS = tuple(dict.fromkeys((*UPPER_OUTER, *UPPER_INNER, *LOWER_OUTER, *LOWER_INNER)))
MOUTH_PX = (96, 64)
"""Width and height at which a mouth's sharpness is taken."""
MOUTH_WIDTHS = 1.2
"""Width of that box in widths of the lips."""
EVERY = 5
"""Interval of frames whose mouth is looked at."""


def brow_range(frontal: np.ndarray) -> float:
    """5-95 % range of the brows' height over the eyes in e; frontal [T, 468, 3] in e."""
    return usual_range(brow_height(frontal))


def brow_motion(frontal: np.ndarray) -> float:
    """Mean absolute change of the brows' height over the eyes in e a frame; [T, 468, 3]."""
    return float(np.abs(np.diff(brow_height(frontal))).mean())


def brows_with_voice(frontal: np.ndarray, loudness: np.ndarray) -> float:
    """Correlation of the brows' height with the loudness of the voice, over a fifth of a second.

    frontal: [T, 468, 3]; loudness: dB, [T].
    """
    return smoothly_correlated(brow_height(frontal), loudness)


def smile_range(frontal: np.ndarray) -> float:
    """5-95 % range of the height of the mouth's corners in e; [T, 468, 3]."""
    return usual_range(corner_height(frontal))


def gaze_range(gaze: np.ndarray, aperture: np.ndarray) -> float:
    """5-95 % range of the eyes' yaw in the head, degrees, over frames with open eyes.

    gaze: degrees [T, 2], aperture: [T].
    """
    return usual_range(gaze[aperture >= SHUT * np.median(aperture), 0])


def lip_motion(frontal: np.ndarray) -> float:
    """Standard deviation over time of the distance of two lip landmarks, mean of all pairs, in e.

    frontal: [T, 468, 3].
    """
    lips = frontal[:, list(LIPS), :2]
    first, second = np.triu_indices(len(LIPS), 1)
    return float(np.linalg.norm(lips[:, first] - lips[:, second], axis=2).std(0).mean())


def silent_lips(opening: np.ndarray, loudness: np.ndarray) -> float:
    """Median absolute deviation of the opening in silences of `SILENCE_S` and more; NaN without.

    opening: e, loudness: dB, both [T].
    """
    quiet = np.concatenate([[False], loudness <= loudness.max() - QUIET_DB, [False]]).astype(int)
    begins, ends = np.flatnonzero(np.diff(quiet) == 1), np.flatnonzero(np.diff(quiet) == -1)
    long = [(a, b) for a, b in zip(begins, ends, strict=True) if b - a >= SILENCE_S * FPS]
    if not long:
        return float("nan")
    rest = np.concatenate([opening[a:b] for a, b in long])
    return float(np.median(np.abs(rest - np.median(rest))))


def mouth_sharpness(frames: np.ndarray, lips: np.ndarray) -> float:
    """Mean absolute Laplacian of the mouth at `MOUTH_PX`, of 255 levels.

    frames: uint8 [T, H, W, 3]; lips: left, top, right, bottom in px [T, 4]. The box is as wide as
    `MOUTH_WIDTHS` lips and keeps its shape, so that an opening mouth is not stretched.
    """
    mouths = []
    for frame, (left, top, right, bottom) in zip(frames[::EVERY], lips[::EVERY], strict=True):
        width = MOUTH_WIDTHS * (right - left)
        side = np.array([width, width * MOUTH_PX[1] / MOUTH_PX[0]])
        start = np.array([left + right, top + bottom]) / 2 - side / 2
        size = np.maximum(side.round().astype(int), 1)
        x, y = start.round().astype(int)
        grid = np.ix_(
            np.clip(np.arange(y, y + size[1]), 0, frame.shape[0] - 1),
            np.clip(np.arange(x, x + size[0]), 0, frame.shape[1] - 1),
        )
        method = cv2.INTER_AREA if size[0] > MOUTH_PX[0] else cv2.INTER_LINEAR
        mouths.append(cv2.resize(frame[grid], MOUTH_PX, interpolation=method))
    return mean_laplacian(np.stack(mouths))


def metrics() -> dict[str, Metric]:
    """Expression of a clip; raises TtsfError without the scorer's library."""
    faces = landmarks.scorer_name()
    irises = "mediapipe's mesh with irises, each frame alone"
    e = "in distances of the outer eye corners"
    return {
        "brows": Metric(
            "brow range", "reference",
            f"5-95 % range of the brows' height over the eyes in a clip, {e}, mean over clips.",
            faces, "offline",
        ),
        "brow_motion": Metric(
            "brow motion", "reference",
            f"Mean absolute change of the brows' height from frame to frame, {e}, mean over "
            "clips; a frozen face has the tracker's tremble.", faces, "offline", 4,
        ),
        "brows_voice": Metric(
            "brows with voice r", "reference",
            "Correlation of the brows' height with the loudness of the voice, both over a fifth of "
            "a second, mean over clips.", faces, "offline",
        ),
        "smile": Metric(
            "smile range", "reference",
            f"5-95 % range of the height of the mouth's corners under the base of the nose, {e}, "
            "mean over clips.", faces, "offline",
        ),
        "gaze": Metric(
            "gaze range", "reference",
            "5-95 % range of the eyes' yaw in the head in frames with open eyes, degrees, mean "
            "over clips.", f"{faces}; {irises}", "offline", 1,
        ),
        "lip_motion": Metric(
            "lip motion", "reference",
            "Standard deviation over a clip of the distance of two lip landmarks, mean of all "
            f"pairs, {e}, mean over clips.", faces, "offline", 4,
        ),
        "silent_lips": Metric(
            "silent lips", "reference",
            "Median absolute deviation of the mouth's opening in silences of .3 s and more "
            f"({QUIET_DB:.0f} dB below the loudest), {e}, mean over clips.", faces, "offline", 4,
        ),
        "mouth_sharpness": Metric(
            "mouth sharpness", "reference",
            f"Mean absolute Laplacian of the mouth ({MOUTH_WIDTHS} widths of the lips) at "
            f"{MOUTH_PX[0]} x {MOUTH_PX[1]} px, of 255 levels, mean over clips.", faces,
            "offline", 1,
        ),
    }  # fmt: skip
