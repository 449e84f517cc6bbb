import errno
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from ttsf.errors import TtsfError
from ttsf.media.video import _Encoder, write_video, write_wav

FPS, RATE, PER_FRAME = 25, 16_000, 640


def clip(frames: int, size: int = 64) -> tuple[list[np.ndarray], np.ndarray]:
    """Frames of one flat grey each, brighter and brighter, and a tone."""
    grey = np.linspace(40, 200, frames).astype(np.uint8)
    pictures = np.broadcast_to(grey[:, None, None, None], (frames, size, size, 3))
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(frames * PER_FRAME) / RATE)
    batches = [pictures[i : i + 8] for i in range(0, frames, 8)]
    return batches, tone.astype(np.float32)


def decode(path: Path) -> tuple[np.ndarray, np.ndarray]:
    with av.open(str(path)) as container:
        frames = np.stack([f.to_ndarray(format="rgb24") for f in container.decode(video=0)])
        container.seek(0)
        sound = np.concatenate([f.to_ndarray()[0] for f in container.decode(audio=0)])
    return frames, sound


@pytest.mark.parametrize("frames", [1, 2, 7, 25, 103, 251])
def test_sound_and_pictures_are_equally_long(tmp_path: Path, frames: int) -> None:
    path = tmp_path / "a.mp4"
    batches, samples = clip(frames)
    write_video(path, batches, samples, FPS, RATE)
    with av.open(str(path)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        lengths = [float(s.duration * s.time_base) for s in (video, audio)]
        assert (video.codec_context.name, audio.codec_context.name) == ("h264", "aac")
        assert video.codec_context.pix_fmt == "yuv420p" and video.average_rate == FPS
        assert audio.codec_context.sample_rate == RATE and audio.codec_context.channels == 1
    pictures, sound = decode(path)
    assert len(pictures) == frames and abs(lengths[0] - frames / FPS) < 1e-3
    assert abs(lengths[0] - lengths[1]) <= 0.04
    assert abs(len(sound) / RATE - frames / FPS) <= 0.04


def test_sound_is_not_shifted_and_colours_are_kept(tmp_path: Path) -> None:
    colours = np.array([[200, 40, 30], [20, 180, 60], [30, 60, 210], [230, 190, 160]])
    frames = np.broadcast_to(colours[:, None, None], (4, 64, 64, 3)).astype(np.uint8).repeat(10, 0)
    samples = np.zeros(40 * PER_FRAME, np.float32)
    samples[8_000:8_400] = 0.8 * np.sin(2 * np.pi * 1000 * np.arange(400) / RATE)
    write_video(tmp_path / "a.mp4", [frames], samples, FPS, RATE)
    pictures, sound = decode(tmp_path / "a.mp4")
    loud = np.flatnonzero(np.abs(sound) > 0.2)
    assert abs(loud[0] - 8_000) < 160 and abs(loud[-1] - 8_400) < 160
    assert np.abs(pictures[::10].mean((1, 2)) - colours).max() < 4


def test_index_comes_before_the_data(tmp_path: Path) -> None:
    batches, samples = clip(30)
    write_video(tmp_path / "a.mp4", batches, samples, FPS, RATE)
    content = (tmp_path / "a.mp4").read_bytes()
    assert 0 < content.index(b"moov") < content.index(b"mdat")


def test_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mp4"):
        batches, samples = clip(30)
        write_video(tmp_path / name, batches, samples, FPS, RATE)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


@pytest.mark.parametrize("problem", [KeyboardInterrupt, RuntimeError, SystemExit])
def test_nothing_is_left_behind(tmp_path: Path, problem: type[BaseException]) -> None:
    batches, samples = clip(30)

    def broken() -> Iterator[np.ndarray]:
        yield from batches[:2]
        raise problem

    with pytest.raises(problem):
        write_video(tmp_path / "new" / "folder" / "a.mp4", broken(), samples, FPS, RATE)
    assert list(tmp_path.iterdir()) == []


def test_an_older_file_survives_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.mp4"
    path.write_text("old")

    def full(encoder: _Encoder, packets: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(_Encoder, "_mux", full)
    batches, samples = clip(30)
    with pytest.raises(TtsfError, match=r"cannot write .*a\.mp4: No space left on device"):
        write_video(path, batches, samples, FPS, RATE)
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_no_frames_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one frame"):
        write_video(tmp_path / "a.mp4", [], np.zeros(0, np.float32), FPS, RATE)
    assert list(tmp_path.iterdir()) == []


def test_wav(tmp_path: Path) -> None:
    samples = np.linspace(-1, 1, 1000).astype(np.float32)
    write_wav(tmp_path / "a.wav", samples, RATE)
    read, rate = soundfile.read(tmp_path / "a.wav")
    assert rate == RATE and np.abs(read - samples).max() < 1e-4
