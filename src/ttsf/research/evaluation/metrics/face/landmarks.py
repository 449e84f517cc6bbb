"""Head angles, mouth, eyes, gaze and shape of the face from landmarks, for all figures of the face.

Uses mediapipe's face mesh. No part of the model contains it, but the animator that rendered
training frames moves its landmarks. Frames are independent; nothing is smoothed over time.
"""

from typing import NamedTuple

import cv2
import numpy as np

from ttsf.errors import TtsfError, needing
from ttsf.research.evaluation.metrics.metric import version
from ttsf.research.landmarks.face_mesh import (
    LOWER_OUTER,
    MESH,
    UPPER_OUTER,
    LandmarkDetector,
    eye_aperture,
    fit_head,
    gaze_angles,
    mouth_gap,
    rotation_angles,
)
from ttsf.research.landmarks.tracking import interpolated

FACE_PX = 128
"""Width of every face when frames are compared."""
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
    frontal: np.ndarray
    """Landmarks in the frontal frame, in e: [T, 468, 3]."""
    lips: np.ndarray
    """Left, top, right, bottom of the lips, px: [T, 4]."""
    gaze: np.ndarray
    """Yaw and pitch of the eyes in the head, degrees, as `gaze_angles`: [T, 2]; NaN if the irises
    are never found."""


class Scaled(NamedTuple):
    """A clip as if taken at one distance."""

    frames: np.ndarray
    """The face and half of its width around it: uint8 [T, h, w, 3]."""
    box: tuple[int, int, int, int]
    """Box of the face in these frames, as in `FaceTrack`."""


class LandmarkScorer:
    """mediapipe's face mesh; an instance can score any number of clips."""

    def __init__(self) -> None:
        with needing("the landmark scorer", MESH, "eval"):
            self.detector = LandmarkDetector()
            self.irises = LandmarkDetector(irises=True)

    def track(self, frames: np.ndarray) -> FaceTrack:
        """Follow RGB uint8 [T, H, W, 3]; raises TtsfError with a face in too few frames."""
        found = [self.detector(frame) for frame in frames]
        seen = [points for points in found if points is not None]
        if len(seen) < FEWEST_SEEN * len(frames):
            raise TtsfError(f"a face in only {len(seen)} of {len(frames)} frames")
        poses = [fit_head(points) for points in seen]
        frontal = [pose.frontal(points) for pose, points in zip(poses, seen, strict=True)]
        at = [i for i, points in enumerate(found) if points is not None]
        measured = (
            [mouth_gap(shape) for shape in frontal],
            [eye_aperture(shape) for shape in frontal],
            [rotation_angles(pose.rotation) for pose in poses],
            frontal,
            [_corners(points[[*UPPER_OUTER, *LOWER_OUTER]]) for points in seen],
        )
        opening, aperture, angles, shapes, lips = (
            interpolated(v, at, len(frames)) for v in measured
        )
        corners = np.array([_corners(points) for points in seen])
        limit = frames.shape[2], frames.shape[1]
        left, top = np.clip(np.floor(corners[:, :2].min(0)), 0, limit).astype(int).tolist()
        right, bottom = np.clip(np.ceil(corners[:, 2:].max(0)), 0, limit).astype(int).tolist()
        wide = float(np.median(corners[:, 2] - corners[:, 0]))
        box = (left, top, right, bottom)
        return FaceTrack(
            opening, aperture, angles, box, wide, shapes, lips, self._follow_gaze(frames)
        )

    def _follow_gaze(self, frames: np.ndarray) -> np.ndarray:
        """Angles of the eyes in the head [T, 2]; see `FaceTrack.gaze`."""
        found = [self.irises(frame) for frame in frames]
        at = [i for i, points in enumerate(found) if points is not None]
        seen = [gaze_angles(fit_head(p).frontal(p)) for p in found if p is not None]
        return interpolated(seen, at, len(frames)) if seen else np.full((len(frames), 2), np.nan)


def _corners(points: np.ndarray) -> np.ndarray:
    """Left, top, right, bottom of points [N, 2+]."""
    return np.concatenate([points[:, :2].min(0), points[:, :2].max(0)])


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
    """Describe mediapipe for a metric's `scorer`; raises TtsfError if it is not installed."""
    return version("mediapipe") + " face mesh, each frame alone"
