"""Head angles, mouth and eye opening from landmarks, for lips, DIV and motion.

Uses mediapipe's face mesh. No part of the model contains it, but the animator that rendered
training frames moves its landmarks. Frames are independent; nothing is smoothed over time.
"""

from typing import NamedTuple

import cv2
import numpy as np

from ttsf.errors import TtsfError, needing
from ttsf.research.evaluation.metrics.metric import version
from ttsf.research.landmarks.face_mesh import (
    LandmarkDetector,
    eye_aperture,
    fit_head,
    mouth_gap,
    rotation_angles,
)

FACE_PX = 128
"""Width of every face when pictures are compared."""
FEWEST_SEEN = 0.9
"""Minimum fraction of frames with a face."""


class FaceTrack(NamedTuple):
    """Measurements of a clip of T frames; interpolated where no face is detected."""

    opening: np.ndarray
    """Gap of the inner lips in e, the distance of the outer eye corners: [T]."""
    aperture: np.ndarray
    """Distance of the lids in e, mean of both eyes: [T]."""
    angles: np.ndarray
    """Yaw, pitch and roll in degrees: [T, 3]."""
    box: tuple[int, int, int, int]
    """Left, top, right, bottom of the face over the whole clip, px."""
    width: float
    """Median width of the face in one frame, px."""


class Scaled(NamedTuple):
    """A clip as if taken at one distance."""

    frames: np.ndarray
    """The face and half of its width around it: uint8 [T, h, w, 3]."""
    box: tuple[int, int, int, int]
    """Box of the face in these frames, as in `FaceTrack`."""


class LandmarkScorer:
    """mediapipe's face mesh; an instance can score any number of clips."""

    def __init__(self) -> None:
        with needing("the landmark scorer", "mediapipe", "eval"):
            self.detector = LandmarkDetector()

    def track(self, frames: np.ndarray) -> FaceTrack:
        """Follow RGB uint8 [T, H, W, 3]; raises TtsfError with a face in too few frames."""
        found = [self.detector(frame) for frame in frames]
        at = [i for i, points in enumerate(found) if points is not None]
        if len(at) < FEWEST_SEEN * len(frames):
            raise TtsfError(f"a face in only {len(at)} of {len(frames)} frames")
        rows, corners = [], []
        for points in found:
            if points is None:
                continue
            pose = fit_head(points)
            frontal = pose.frontal(points)
            angles = rotation_angles(pose.rotation)
            rows.append([mouth_gap(frontal), eye_aperture(frontal), *angles])
            corners.append([*points[:, :2].min(0), *points[:, :2].max(0)])
        times = np.arange(len(frames))
        values = np.stack([np.interp(times, at, column) for column in np.array(rows).T], axis=1)
        low, high = np.min(corners, axis=0)[:2], np.max(corners, axis=0)[2:]
        limit = frames.shape[2], frames.shape[1]
        left, top = np.clip(np.floor(low), 0, limit).astype(int).tolist()
        right, bottom = np.clip(np.ceil(high), 0, limit).astype(int).tolist()
        box = (left, top, right, bottom)
        wide = float(np.median([corner[2] - corner[0] for corner in corners]))
        return FaceTrack(values[:, 0], values[:, 1], values[:, 2:], box, wide)


def at_one_scale(frames: np.ndarray, track: FaceTrack) -> Scaled:
    """Cut out the face and scale it to `FACE_PX`: figures of pictures must not depend on size.

    frames: uint8 [T, H, W, 3].
    """
    scale, margin = FACE_PX / track.width, round(track.width / 2)
    limit = (frames.shape[2], frames.shape[1]) * 2
    wide = [edge + sign * margin for edge, sign in zip(track.box, (-1, -1, 1, 1), strict=True)]
    left, top, right, bottom = np.clip(wide, 0, limit).tolist()
    size = max(round((right - left) * scale), 1), max(round((bottom - top) * scale), 1)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = [cv2.resize(f[top:bottom, left:right], size, interpolation=method) for f in frames]
    inside = np.subtract(track.box, (left, top) * 2) * scale
    first, second, third, fourth = np.clip(inside.round().astype(int), 0, size * 2).tolist()
    return Scaled(np.stack(small), (first, second, third, fourth))


def scorer_name() -> str:
    """For a metric's `scorer`; raises TtsfError without mediapipe."""
    return version("mediapipe") + " face mesh, each picture alone"
