"""Frames of videos, a row for each, evenly spread in time.

python recipes/contact_sheet.py SHEET.jpg VIDEO.mp4 [VIDEO.mp4 ...] --frames 8 --side 160
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from ttsf.research.evaluation.clips import read_clip


def row(video: Path, count: int, side: int) -> np.ndarray:
    """[side, count * side, 3] of a video."""
    frames = read_clip(video).frames
    chosen = np.linspace(0, len(frames) - 1, count + 2).round().astype(int)[1:-1]
    shown = [
        Image.fromarray(frames[i]).resize((side, side), Image.Resampling.LANCZOS) for i in chosen
    ]
    return np.concatenate([np.asarray(frame) for frame in shown], axis=1)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sheet", type=Path)
    parser.add_argument("videos", type=Path, nargs="+")
    parser.add_argument("--frames", type=int, default=8, help="of each video (8)")
    parser.add_argument("--side", type=int, default=160, help="px of a frame (160)")
    chosen = parser.parse_args()
    rows = [row(video, chosen.frames, chosen.side) for video in chosen.videos]
    Image.fromarray(np.concatenate(rows)).save(chosen.sheet, quality=85)


if __name__ == "__main__":
    main()
