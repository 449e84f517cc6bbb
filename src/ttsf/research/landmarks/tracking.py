"""Motion labels of a recorded video, frame by frame from landmarks, Sec. 3.1.

Frames without a face are interpolated.
"""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np
from numpy.typing import ArrayLike

from ttsf.config import FPS
from ttsf.errors import TtsfError
from ttsf.media.files import write_new
from ttsf.model.labels import MEASURABLE, WIDE
from ttsf.research.landmarks.face_mesh import (
    Crop,
    LandmarkDetector,
    canonical_crop,
    fit_head,
    measure,
)

WIDE_SHARE = 0.10
"""Widening of the mouth for wide = 1, as a share of the median width."""
ROUND_SHARE = 0.36
"""Narrowing of the mouth for wide = -1."""


class Track(NamedTuple):
    """Motion of one clip."""

    labels: np.ndarray
    """float32 [T, 11]; press and lip_fv are 0."""
    found: np.ndarray
    """bool [T], False where the labels were interpolated."""
    known: np.ndarray
    """bool [11], labels that were measured."""
    fps: float
    """Frames a second."""
    crop: np.ndarray
    """x0, y0 and side of the median canonical crop in pixels of the video, float32 [3]."""


def mouth_wide(frontal: np.ndarray, median: float) -> float:
    """Label wide of a frontal shape [468, 3] against the median mouth width of its clip, in e."""
    change = float(np.linalg.norm(frontal[61] - frontal[291])) / median - 1
    return float(np.clip(change / (WIDE_SHARE if change > 0 else ROUND_SHARE), -1, 1))


def track_video(path: Path) -> Track:
    """Labels of one video; raises TtsfError if less than half of the frames show a face."""
    detector = LandmarkDetector(video=True)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        fps, width, height = float(stream.average_rate or FPS), stream.width, stream.height
        frames = (frame.to_ndarray(format="rgb24") for frame in container.decode(stream))
        points = [detector(frame) for frame in frames]
    detector.close()
    found = np.array([p is not None for p in points], dtype=bool)
    if not len(found) or found.mean() < 0.5:
        raise TtsfError(f"{path.name}: a face in {int(found.sum())} of {len(found)} frames")
    seen = [p for p in points if p is not None]
    crops = [canonical_crop(p, width, height) for p in seen]
    crop = Crop(*np.median(crops, axis=0).tolist())
    frontal = [fit_head(p).frontal(p) for p in seen]
    median = float(np.median([np.linalg.norm(f[61] - f[291]) for f in frontal]))
    values = np.stack([measure(p, crop) for p in seen])
    values[:, WIDE] = [mouth_wide(f, median) for f in frontal]
    labels = interpolated(values, np.flatnonzero(found), len(found))
    known = MEASURABLE.copy()
    known[WIDE] = True
    return Track(labels.astype(np.float32), found, known, fps, np.array(crop, np.float32))


def load_track(path: Path) -> Track:
    """A track that `save_track` wrote."""
    with np.load(path) as saved:
        return Track(
            saved["labels"], saved["found"], saved["known"], float(saved["fps"]), saved["crop"]
        )


def save_track(path: Path, track: Track) -> None:
    """Write a track in one step, so that a killed run leaves no half file."""
    save_arrays(path, track._asdict())


def save_arrays(path: Path, arrays: Mapping[str, Any]) -> None:
    """Write an .npz atomically; a full disk would leave NumPy's own file open."""
    content = io.BytesIO()
    np.savez(content, **arrays)
    write_new(path, content.getvalue())


def interpolated(values: ArrayLike, at: Sequence[int] | np.ndarray, count: int) -> np.ndarray:
    """Interpolate the values of the frames `at`, [...] each, to all frames: [count, ...]."""
    given = np.array(values)
    columns = given.reshape(len(given), -1).T
    filled = np.stack([np.interp(np.arange(count), at, column) for column in columns], axis=1)
    return filled.reshape(count, *given.shape[1:])
