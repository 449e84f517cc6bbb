"""Sec. 4.1: the settings of `ttsf prepare`, `ttsf corpus` and `ttsf render`. Imports no torch."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ttsf.config import CLIP_FRAMES, FPS, PICTURE_SIDE
from ttsf.errors import TtsfError

Layout = Literal["lrs3", "lrs2", "voxceleb2", "grid", "folder"]
SIZES = (64, 512)
"""Minimum and maximum side of stored frames, px."""
SHORTEST_S, LONGEST_S = 0.5, 60.0
"""Minimum and maximum length of clips with speech, s."""


@dataclass(frozen=True)
class PrepareSettings:
    """Settings of `ttsf prepare`. Raises TtsfError for values out of range."""

    layout: Layout
    """Folder layout of the videos."""
    root: Path
    """Folder with the videos."""
    size: int = PICTURE_SIDE
    """Side of the square frames, px."""
    longest_s: float = 20.0
    """Longest clip, s; longer videos are cut."""
    recogniser: str | None = None
    """Recogniser for speech without text: pocketsphinx, or a command with {wav} that prints
    words."""

    def __post_init__(self) -> None:
        _check(self.size, self.longest_s, shortest_s=CLIP_FRAMES / FPS)


@dataclass(frozen=True)
class OpenCorpusSettings:
    """Settings of `ttsf corpus`. Raises TtsfError for values out of range."""

    paces: bool = False
    """Also add recordings with text 8 % slower and faster, as other speakers."""
    clips_per_portrait: int = 2
    """Animated clips per portrait."""
    size: int = PICTURE_SIDE
    """Side of the square frames, px."""
    longest_s: float = 10.0
    """Longest clip, s; longer recordings are cut."""
    seed: int = 0
    """Random seed."""
    timed: Path | None = None
    """Folder of synthetic speech with symbol times (recipes/teacher_voices.py)."""

    def __post_init__(self) -> None:
        _check(self.size, self.longest_s, shortest_s=2.0)
        if self.clips_per_portrait < 0:
            raise TtsfError("clips per portrait must be at least 0")


@dataclass(frozen=True)
class RenderSettings:
    """Settings of `ttsf render`. Raises TtsfError for values out of range."""

    data: Path
    """Folder whose manifest.csv lists the portraits."""
    use: Literal["train", "valid"] = "train"
    """Split of the portraits."""
    frames: int = 16
    """Renders per portrait."""
    size: int = PICTURE_SIDE
    """Side of the square frames, px."""
    seed: int = 0
    """Random seed of the motion."""


def _check(size: int, longest_s: float, shortest_s: float) -> None:
    low, high = SIZES
    if size % 2 or not low <= size <= high:
        raise TtsfError(f"size {size}: an even number of pixels from {low} to {high} is needed")
    if not shortest_s <= longest_s <= LONGEST_S:
        raise TtsfError(
            f"longest clip {longest_s:g} s: {shortest_s:g} to {LONGEST_S:g} seconds are possible"
        )
