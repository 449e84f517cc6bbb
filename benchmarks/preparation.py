"""How fast recordings become clips: `python benchmarks/preparation.py [LAYOUT ROOT] [--videos N]`.

Prints clips a minute and seconds of work for a second of video with one worker, and how much
faster several are. Without a folder it records the picture that comes with scikit-image.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data

from ttsf.config import FPS, SAMPLE_RATE
from ttsf.media.video import Chunk, new_video
from ttsf.parallel import Parallel
from ttsf.research.data.recorded.corpus import prepare
from ttsf.research.data.settings import PrepareSettings

SECONDS = 3


def make_recordings(folder: Path, count: int) -> None:
    """Recordings of 320 x 240 px with a tone."""
    scene = Image.fromarray(data.astronaut()).crop((0, 0, 480, 360)).resize((320, 240))
    frames = np.repeat(np.asarray(scene)[None], FPS * SECONDS, axis=0)
    tone = 0.2 * np.sin(np.arange(SAMPLE_RATE * SECONDS) / 16)
    for i in range(count):
        with new_video(folder / f"{i:04d}.mp4") as video:
            video.add(Chunk(frames, tone))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("layout", nargs="?", default="folder")
    parser.add_argument("root", nargs="?", type=Path)
    parser.add_argument("--videos", type=int, default=16, help="made where no folder is given (16)")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, os.cpu_count() or 1])
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        root = chosen.root
        if root is None:
            root = Path(name) / "recordings"
            make_recordings(root, chosen.videos)
        first = 0.0
        for workers in chosen.workers:
            began = time.monotonic()
            settings = PrepareSettings(chosen.layout, root)
            records = prepare(settings, Path(name) / f"out{workers}", Parallel(workers))
            took = time.monotonic() - began
            clips = [clip for record in records for clip in record.clips]
            seconds = sum(clip.samples for clip in clips) / SAMPLE_RATE
            first = first or took
            print(
                f"{workers} workers: {len(clips)} clips in {took:.1f} s, "
                f"{60 * len(clips) / took:.0f} a minute, {took / seconds:.2f} s for a second of "
                f"video, {first / took:.2f} times the first"
            )


if __name__ == "__main__":
    main()
