"""Read videos for scoring; unusable ones are refused with a reason."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from ttsf.config import FPS, SAMPLE_RATE
from ttsf.errors import TtsfError
from ttsf.media.recording import fit_sound, frame_rate, read_sound, read_video

RATE_ERROR = 0.05  # frames a second by which a file may differ
SILENT_END_S = 0.5
"""A sound that ends this much before the frames is truncated, s."""
FEWEST_FRAMES = 13
LARGEST = 768  # px of the shorter side; no talking head needs more


class VideoClip(NamedTuple):
    """A video of T frames."""

    name: str
    frames: np.ndarray
    """RGB uint8 [T, H, W, 3], 25 a second."""
    samples: np.ndarray
    """float32 [T * 640] in [-1, 1] at 16 kHz, mono."""


def read_clip(path: Path) -> VideoClip:
    """Read a video; raises TtsfError if it is damaged, too short, too large, silent, or not 25
    fps."""
    rate = frame_rate(path)
    if abs(rate - FPS) > RATE_ERROR:
        raise TtsfError(
            f"{path.name}: {rate:.2f} frames a second, not {FPS}; convert it "
            f"(ffmpeg -i IN -r {FPS} OUT)"
        )
    samples = read_sound(path)
    if samples is None:
        raise TtsfError(f"{path.name}: no sound")
    frames = []
    for frame in read_video(path):
        if min(frame.shape[:2]) > LARGEST:
            raise TtsfError(f"{path.name}: larger than {LARGEST} px; scale it down")
        frames.append(frame)
    if len(frames) < FEWEST_FRAMES:
        raise TtsfError(f"{path.name}: only {len(frames)} frames; at least {FEWEST_FRAMES}")
    lacking = len(frames) / FPS - len(samples) / SAMPLE_RATE
    if lacking > SILENT_END_S:
        raise TtsfError(f"{path.name}: the sound ends {lacking:.1f} s before the frames")
    return VideoClip(path.stem, np.stack(frames), fit_sound(samples, 0, len(frames)))
