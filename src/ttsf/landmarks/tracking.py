"""Absolute motion labels of recorded videos, from their landmarks.

    python -m ttsf.landmarks.tracking --data DIR --out DIR

Every video of DIR/manifest.csv gives OUT/NAME.npz with labels float32 [T, 11] (`MotionLabels`;
frames without a face are interpolated), found bool [T], known bool [11], fps and the crop that the
labels refer to. A table of head motion by use is printed at the end. A clip that is already there
is not tracked again.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, get_args

import numpy as np

from ttsf.data.parts import Use, read_parts
from ttsf.errors import TtsfError
from ttsf.landmarks.face_mesh import (
    LABEL_NAMES,
    MEASURABLE,
    Crop,
    LandmarkDetector,
    canonical_crop,
    fit_head,
    measure,
)
from ttsf.media.files import new_file

WIDE_SHARE = 0.10
"""Widening of the mouth for wide = 1, as a share of the median width."""
ROUND_SHARE = 0.36
"""Narrowing of the mouth for wide = -1."""
BANDS_HZ = (0.5, 2.0)
"""Limits of the slow, middle and fast share of head motion."""


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
    """x0, y0 and side of the canonical crop in pixels of the video, float32 [3]."""


def read_frames(path: Path) -> tuple[Iterator[np.ndarray], float]:
    """RGB uint8 frames [H, W, 3] of a video, and its frames a second."""
    import av

    container = av.open(str(path))
    stream = container.streams.video[0]
    rate = float(stream.average_rate or 25)

    def frames() -> Iterator[np.ndarray]:
        with container:
            for frame in container.decode(stream):
                yield frame.to_ndarray(format="rgb24")

    return frames(), rate


def mouth_wide(frontal: np.ndarray, median: float) -> float:
    """Label wide of a frontal shape [468, 3] against the median mouth width of its clip, in e."""
    change = float(np.linalg.norm(frontal[61] - frontal[291])) / median - 1
    return float(np.clip(change / (WIDE_SHARE if change > 0 else ROUND_SHARE), -1, 1))


def track_video(path: Path) -> Track:
    """Labels of one video; raises TtsfError if less than half of the frames show a face."""
    frames, fps = read_frames(path)
    detector = LandmarkDetector(video=True)
    height, width, points = 0, 0, []
    for frame in frames:
        height, width = frame.shape[:2]
        points.append(detector(frame))
    detector.close()
    found = np.array([p is not None for p in points], dtype=bool)
    if not len(found) or found.mean() < 0.5:
        raise TtsfError(f"{path.name}: a face in {int(found.sum())} of {len(found)} frames")
    seen = [p for p in points if p is not None]
    crop = median_crop(seen, width, height)
    frontal = [fit_head(p).frontal(p) for p in seen]
    median = float(np.median([np.linalg.norm(f[61] - f[291]) for f in frontal]))
    values = np.stack([measure(p, crop) for p in seen])
    values[:, LABEL_NAMES.index("wide")] = [mouth_wide(f, median) for f in frontal]
    times, at = np.arange(len(found)), np.flatnonzero(found)
    labels = np.stack([np.interp(times, at, column) for column in values.T], axis=1)
    known = MEASURABLE.copy()
    known[LABEL_NAMES.index("wide")] = True
    return Track(labels.astype(np.float32), found, known, fps, np.array(crop, np.float32))


def median_crop(points: list[np.ndarray], width: int, height: int) -> Crop:
    """One crop for a clip: the median of the canonical crops of its landmarks [468, 3]."""
    crops = np.array([canonical_crop(p, width, height) for p in points])
    x0, y0, side = np.median(crops, axis=0)
    return Crop(float(x0), float(y0), float(side))


def head_statistics(track: Track) -> np.ndarray:
    """Motion of yaw, pitch and roll, float64 [3, 6].

    5-95 % range (degrees), mean speed (degrees/s), mean absolute second difference (degrees a
    frame squared), share of the variance below, between and above `BANDS_HZ`.
    """
    angle = track.labels[:, :3].T.astype(np.float64) * 10
    low, high = np.percentile(angle, [5, 95], axis=1)
    speed = np.abs(np.diff(angle, axis=1)).mean(1) * track.fps
    bend = np.abs(np.diff(angle, 2, axis=1)).mean(1)
    centred = (angle - angle.mean(1, keepdims=True)) * np.hanning(angle.shape[1])
    power = np.abs(np.fft.rfft(centred, axis=1)) ** 2
    hertz = np.fft.rfftfreq(angle.shape[1], 1 / track.fps)
    band = np.digitize(hertz, BANDS_HZ)
    shares = np.stack([power[:, band == k].sum(1) for k in range(3)], axis=1)
    return np.column_stack([high - low, speed, bend, shares / power.sum(1, keepdims=True)])


def print_table(groups: dict[str, list[Track]]) -> None:
    """Print the median head statistics and mouth gaps of named groups of clips."""
    print("group          clips axis   range  speed   bend  <.5Hz  .5-2Hz  >2Hz")
    for name, tracks in groups.items():
        middle = np.median([head_statistics(t) for t in tracks], axis=0)
        for axis, row in zip(LABEL_NAMES[:3], middle, strict=True):
            numbers = " ".join(f"{value:6.2f}" for value in row)
            print(f"{name:14s} {len(tracks):5d} {axis:5s} {numbers}")
        mouth = np.concatenate([t.labels[:, LABEL_NAMES.index("open")] for t in tracks])
        p50, p90, p99 = np.percentile(mouth, [50, 90, 99])
        print(f"{name:14s} open p50/90/99 {p50:.2f} {p90:.2f} {p99:.2f}")


def load_track(path: Path) -> Track:
    """A track that `save_track` wrote."""
    with np.load(path) as saved:
        return Track(
            saved["labels"], saved["found"], saved["known"], float(saved["fps"]), saved["crop"]
        )


def save_track(path: Path, track: Track) -> None:
    """Write a track in one step, so that a killed run leaves no half file."""
    with new_file(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **track._asdict())


def track_all(data: Path, out: Path) -> dict[str, list[Track]]:
    """Track every video of the manifest; returns the tracks by use and data set."""
    parts = read_parts(data, "video", get_args(Use))
    out.mkdir(parents=True, exist_ok=True)
    groups: dict[str, list[Track]] = {}
    for part in parts:
        path = out / f"{Path(part.file).stem}.npz"
        if not path.exists():
            try:
                save_track(path, track_video(data / part.file))
            except TtsfError as error:
                print(f"left out {error}", flush=True)
                continue
        name = "grid" if Path(part.file).name.startswith("grid_") else part.use
        groups.setdefault(name, []).append(load_track(path))
    return groups


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.csv")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    try:
        print_table(track_all(args.data, args.out))
    except (TtsfError, ImportError) as error:
        raise SystemExit(f"error: {error}") from None


if __name__ == "__main__":
    main()
