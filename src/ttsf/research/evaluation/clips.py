"""Read videos of any container, size and frame rate; unusable ones are refused with a reason."""

from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from ttsf.config import FPS, SAMPLE_RATE
from ttsf.errors import TtsfError
from ttsf.media.recording import fit_sound, read_sound, read_video

SILENT_END_S = 0.5
"""A sound that ends this much before the frames is truncated, s."""
FEWEST_FRAMES = 13
LARGEST = 768
"""Larger videos are read with a shorter side of this, px, to save memory."""


class VideoClip(NamedTuple):
    """A video of T frames."""

    name: str
    frames: np.ndarray
    """RGB uint8 [T, H, W, 3], 25 a second."""
    samples: np.ndarray
    """float32 [T * 640] in [-1, 1] at 16 kHz, mono."""


def read_clip(path: Path) -> VideoClip:
    """Read a video as `prepare` does; raises TtsfError if it is damaged, too short or silent."""
    samples = read_sound(path)
    if samples is None:
        raise TtsfError(f"{path.name}: no sound")
    frames = []
    for frame in read_video(path):
        scale = LARGEST / min(frame.shape[:2])
        if scale < 1:
            frame = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        frames.append(frame)
    if len(frames) < FEWEST_FRAMES:
        raise TtsfError(f"{path.name}: only {len(frames)} frames; at least {FEWEST_FRAMES}")
    lacking = len(frames) / FPS - len(samples) / SAMPLE_RATE
    if lacking > SILENT_END_S:
        raise TtsfError(f"{path.name}: the sound ends {lacking:.1f} s before the frames")
    return VideoClip(path.stem, np.stack(frames), fit_sound(samples, 0, len(frames)))
