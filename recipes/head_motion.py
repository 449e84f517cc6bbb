"""How heads move in recorded videos: a table of yaw, pitch and roll by use and data set.

    python recipes/head_motion.py DATA OUT

Every video of DATA/manifest.csv gives OUT/NAME.npz with its motion labels
(`ttsf.research.landmarks.tracking`); one that is already there is not tracked again.
"""

import argparse
from pathlib import Path
from typing import get_args

import numpy as np

from ttsf.errors import TtsfError
from ttsf.model.labels import LABELS, OPEN
from ttsf.research.data.parts import Use, read_parts
from ttsf.research.landmarks.tracking import Track, load_track, save_track, track_video

BANDS_HZ = (0.5, 2.0)
"""Limits of the slow, middle and fast share of head motion."""


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
        for axis, row in zip(LABELS[:3], middle, strict=True):
            numbers = " ".join(f"{value:6.2f}" for value in row)
            print(f"{name:14s} {len(tracks):5d} {axis:5s} {numbers}")
        mouth = np.concatenate([t.labels[:, OPEN] for t in tracks])
        p50, p90, p99 = np.percentile(mouth, [50, 90, 99])
        print(f"{name:14s} open p50/90/99 {p50:.2f} {p90:.2f} {p99:.2f}")


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
    parser.add_argument("data", type=Path, help="folder with manifest.csv")
    parser.add_argument("out", type=Path)
    chosen = parser.parse_args()
    try:
        print_table(track_all(chosen.data, chosen.out))
    except TtsfError as error:
        raise SystemExit(f"error: {error}") from None


if __name__ == "__main__":
    main()
