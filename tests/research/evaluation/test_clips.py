"""Reading clips for scoring, and refusals with their reasons."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.support.recordings import empty_picture, murmur, write_recording
from ttsf.errors import TtsfError
from ttsf.research.evaluation.clips import VideoClip, read_clip


def film(
    path: Path, frames: int = 25, sound_s: float | None = 1.0, fps: int = 25, side: int = 64
) -> Path:
    pictures = [empty_picture(side, side) + np.uint8(i % 50) for i in range(frames)]
    sound = None if sound_s is None else murmur(sound_s)
    return write_recording(path, pictures, sound, fps=fps)


def test_a_good_clip(tmp_path: Path) -> None:
    clip = read_clip(film(tmp_path / "ann_1.mp4"))
    assert isinstance(clip, VideoClip) and clip.name == "ann_1"
    assert clip.frames.shape == (25, 64, 64, 3) and clip.frames.dtype == np.uint8
    assert clip.samples.shape == (25 * 640,) and clip.samples.dtype == np.float32
    assert 0.05 < np.abs(clip.samples).max() <= 1
    levels = clip.frames.mean((1, 2, 3))
    np.testing.assert_allclose(levels - levels[0], np.arange(25), atol=1.5)


@pytest.mark.parametrize("sound_s", [0.8, 1.0, 3.0])
def test_sound_lasts_as_long_as_the_frames(tmp_path: Path, sound_s: float) -> None:
    clip = read_clip(film(tmp_path / "a.mp4", sound_s=sound_s))
    assert len(clip.samples) == len(clip.frames) * 640
    tail = np.abs(clip.samples[-640:]).max()
    assert (tail == 0) == (sound_s < 1)


def test_the_shortest_clip(tmp_path: Path) -> None:
    assert len(read_clip(film(tmp_path / "a.mp4", frames=13)).frames) == 13


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi"])
@pytest.mark.parametrize(("frames", "fps"), [(30, 30), (24, 24), (60, 60)])
def test_any_container_and_rate_is_read_at_25(
    tmp_path: Path, name: str, frames: int, fps: int
) -> None:
    assert abs(len(read_clip(film(tmp_path / name, frames=frames, fps=fps)).frames) - 25) <= 1


def test_large_videos_are_read_smaller(tmp_path: Path) -> None:
    assert read_clip(film(tmp_path / "a.mp4", 13, side=800)).frames.shape[1:] == (768, 768, 3)


def cut_short(path: Path) -> Path:
    """The first half of a file whose table of contents stands in front."""
    pictures = [np.random.default_rng(i).integers(0, 255, (64, 64, 3), np.uint8) for i in range(50)]
    write_recording(path, pictures, murmur(2.0), faststart=True)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


def without_contents(path: Path) -> Path:
    """The first half of a file whose table of contents stands at the end."""
    film(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


def of_bytes(content: bytes) -> Callable[[Path], Path]:
    def make(path: Path) -> Path:
        path.write_bytes(content)
        return path

    return make


def sound_alone(path: Path) -> Path:
    soundfile.write(path, murmur(1.0)[0], 16_000, format="WAV")
    return path


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: film(path, sound_s=None), "no sound"),
        (lambda path: film(path, frames=12), "only 12 frames; at least 13"),
        (lambda path: film(path, frames=40), "the sound ends 0.[56] s before the frames"),
        (cut_short, "damaged"),
        (without_contents, "not a readable video"),
        (of_bytes(b""), "not a readable video"),
        (of_bytes(b"This is a letter, not a video.\n" * 40), "not a readable video"),
        (sound_alone, "holds no video"),
        (lambda path: path, "No such file"),
    ],
)
def test_what_cannot_be_scored_is_refused(
    tmp_path: Path, make: Callable[[Path], Path], reason: str
) -> None:
    path = make(tmp_path / "bad.mp4")
    with pytest.raises(TtsfError, match=rf"^bad\.mp4: .*{reason}") as told:
        read_clip(path)
    assert "\n" not in str(told.value)
