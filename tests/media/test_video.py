import errno
import io
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from ttsf.config import FPS, SAMPLE_RATE, SAMPLES_PER_FRAME
from ttsf.errors import TtsfError
from ttsf.media.files import Stream
from ttsf.media.sound import write_wav
from ttsf.media.video import Chunk, VideoWriter, new_video
from ttsf.media.video_codecs import STREAM

STREAM_RATE = STREAM.sample_rate or SAMPLE_RATE


class Pipe:
    """A place that can be written and nothing else."""

    def __init__(self) -> None:
        self.content = b""

    def write(self, content: bytes, /) -> int:
        self.content += content
        return len(content)


def clip(frames: int, size: int = 64) -> list[Chunk]:
    """Frames of one flat grey each, brighter and brighter, and a tone; eight a chunk."""
    grey = np.linspace(40, 200, frames).astype(np.uint8)
    pixels = np.broadcast_to(grey[:, None, None, None], (frames, size, size, 3))
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(frames * SAMPLES_PER_FRAME) / SAMPLE_RATE)
    return chunks(pixels, tone.astype(np.float32))


def chunks(frames: np.ndarray, samples: np.ndarray, each: int = 8) -> list[Chunk]:
    step = each * SAMPLES_PER_FRAME
    return [
        Chunk(frames[k * each : (k + 1) * each], samples[k * step : (k + 1) * step])
        for k in range(-(-len(frames) // each))
    ]


def write(target: Path | Stream, pieces: list[Chunk]) -> None:
    with new_video(target) as video:
        for piece in pieces:
            video.add(piece)


def decode(source: Path | io.BytesIO) -> tuple[np.ndarray, np.ndarray]:
    with av.open(str(source) if isinstance(source, Path) else source) as container:
        frames = np.stack([f.to_ndarray(format="rgb24") for f in container.decode(video=0)])
    if isinstance(source, io.BytesIO):
        source.seek(0)
    with av.open(str(source) if isinstance(source, Path) else source) as container:
        sound = np.concatenate([f.to_ndarray()[0] for f in container.decode(audio=0)])
    return frames, sound


@pytest.mark.parametrize("frames", [1, 2, 7, 25, 103, 251])
def test_sound_and_frames_are_equally_long(tmp_path: Path, frames: int) -> None:
    path = tmp_path / "a.mp4"
    write(path, clip(frames))
    with av.open(str(path)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        lengths = [float(s.duration * s.time_base) for s in (video, audio)]
        assert (video.codec_context.name, audio.codec_context.name) == ("h264", "aac")
        assert video.codec_context.pix_fmt == "yuv420p" and video.average_rate == FPS
        assert audio.codec_context.sample_rate == SAMPLE_RATE
        assert audio.codec_context.channels == 1
        assert [stream.start_time for stream in (video, audio)] == [0, 0]
    pixels, sound = decode(path)
    assert len(pixels) == frames and abs(lengths[0] - frames / FPS) < 1e-3
    assert abs(lengths[0] - lengths[1]) <= 0.04
    assert abs(len(sound) / SAMPLE_RATE - frames / FPS) <= 0.04


def test_sound_is_not_shifted_and_colours_are_kept(tmp_path: Path) -> None:
    colours = np.array([[200, 40, 30], [20, 180, 60], [30, 60, 210], [230, 190, 160]])
    frames = np.broadcast_to(colours[:, None, None], (4, 64, 64, 3)).astype(np.uint8).repeat(10, 0)
    samples = np.zeros(40 * SAMPLES_PER_FRAME, np.float32)
    samples[8_000:8_400] = 0.8 * np.sin(2 * np.pi * 1000 * np.arange(400) / SAMPLE_RATE)
    write(tmp_path / "a.mp4", [Chunk(frames, samples)])
    pixels, sound = decode(tmp_path / "a.mp4")
    loud = np.flatnonzero(np.abs(sound) > 0.2)
    assert abs(loud[0] - 8_000) < 160 and abs(loud[-1] - 8_400) < 160
    assert np.abs(pixels[::10].mean((1, 2)) - colours).max() < 4


def test_index_comes_before_the_data(tmp_path: Path) -> None:
    write(tmp_path / "a.mp4", clip(30))
    content = (tmp_path / "a.mp4").read_bytes()
    assert 0 < content.index(b"moov") < content.index(b"mdat")


def test_same_input_gives_the_same_bytes_however_it_is_cut(tmp_path: Path) -> None:
    (whole,) = chunks(
        np.concatenate([piece.frames for piece in clip(30)]),
        np.concatenate([piece.samples for piece in clip(30)]),
        each=30,
    )
    write(tmp_path / "a.mp4", clip(30))
    write(tmp_path / "b.mp4", clip(30))
    write(tmp_path / "c.mp4", [whole])
    a, b, c = ((tmp_path / f"{name}.mp4").read_bytes() for name in "abc")
    assert a == b == c


@pytest.mark.parametrize("frames", [1, 7, 103])
def test_a_stream_holds_all_frames_and_its_sound_is_not_late(frames: int) -> None:
    """A click every 0.16 s, measured in samples of the file: 48 a millisecond."""
    (piece, *rest) = clip(frames)
    pixels = np.concatenate([piece.frames, *(more.frames for more in rest)])
    samples = np.zeros(frames * SAMPLES_PER_FRAME, np.float32)
    clicks = np.arange(200, len(samples) - 80, 2_560)
    for click in clicks:
        samples[click : click + 80] = 0.8 * np.sin(2 * np.pi * np.arange(80) / 16)
    pipe = Pipe()
    write(pipe, chunks(pixels, samples))
    with av.open(io.BytesIO(pipe.content)) as container:
        times = [float(frame.time or 0) for frame in container.decode(video=0)]
    with av.open(io.BytesIO(pipe.content)) as container:
        first, *_ = sound = list(container.decode(audio=0))
    assert np.allclose(times, np.arange(frames) / FPS)
    assert first.pts == 0 and first.sample_rate == STREAM_RATE
    shown, heard = decode(io.BytesIO(pipe.content))
    assert np.abs(shown.mean((1, 2, 3)) - pixels.mean((1, 2, 3))).max() < 3
    assert len(heard) == sum(frame.samples for frame in sound)
    assert 0 <= len(heard) / STREAM_RATE - frames / FPS < 0.025
    loud = np.flatnonzero(np.abs(heard) > 0.2)
    begins = [loud[0], *(b for a, b in pairwise(loud) if b - a > 1_000)]
    assert np.abs(np.array(begins) - clicks * 3).max() < 48


def test_a_stream_can_be_played_while_it_is_written() -> None:
    pipe = Pipe()
    with new_video(pipe) as video:
        fragments = []
        for piece in clip(100):
            video.add(piece)
            fragments.append(pipe.content.count(b"moof"))
    assert pipe.content.index(b"moov") < pipe.content.index(b"moof")
    assert fragments[1] >= 1 and fragments[-1] >= 15 and fragments == sorted(fragments)


def test_a_stream_that_nobody_takes_stops_the_work() -> None:
    class Closed:
        def write(self, content: bytes, /) -> int:
            raise BrokenPipeError(errno.EPIPE, "nobody listens")

    with pytest.raises(BrokenPipeError, match="nobody listens"):
        write(Closed(), clip(100))


@pytest.mark.parametrize("problem", [KeyboardInterrupt, RuntimeError, SystemExit])
def test_nothing_is_left_behind(tmp_path: Path, problem: type[BaseException]) -> None:
    with pytest.raises(problem), new_video(tmp_path / "new" / "folder" / "a.mp4") as video:
        for piece in clip(30)[:2]:
            video.add(piece)
        raise problem
    assert list(tmp_path.iterdir()) == []


def test_an_older_file_survives_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.mp4"
    path.write_text("old")

    def full(writer: VideoWriter, packets: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(VideoWriter, "_mux", full)
    with pytest.raises(TtsfError, match=r"cannot write .*a\.mp4: No space left on device"):
        write(path, clip(30))
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_no_frames_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one frame"):
        write(tmp_path / "a.mp4", [])
    assert list(tmp_path.iterdir()) == []


def test_a_chunk_has_as_much_sound_as_frames(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="shorter"):
        write(tmp_path / "a.mp4", [Chunk(*clip(8)[0][:1], np.zeros(7 * SAMPLES_PER_FRAME))])
    assert list(tmp_path.iterdir()) == []


def test_wav(tmp_path: Path) -> None:
    samples = np.linspace(-1, 1, 1000).astype(np.float32)
    write_wav(tmp_path / "a.wav", samples, SAMPLE_RATE)
    read, rate = soundfile.read(tmp_path / "a.wav")
    assert rate == SAMPLE_RATE and np.abs(read - samples).max() < 1e-4


@pytest.mark.parametrize("name", ["a.mp4", "a.webm", None])
def test_a_part_of_a_frame_gives_the_same_bytes_as_the_whole(
    tmp_path: Path, name: str | None
) -> None:
    rng = np.random.default_rng(0)
    still = rng.integers(0, 256, (96, 128, 3), dtype=np.uint8)
    parts = rng.integers(0, 256, (12, 40, 62, 3), dtype=np.uint8)
    whole = still[None].repeat(12, 0)
    whole[:, 8:48, 34:96] = parts
    samples = np.zeros(12 * SAMPLES_PER_FRAME, np.float32)
    contents = []
    for by_parts in (False, True, False):
        target = tmp_path / name if name else Pipe()
        with new_video(target) as video:
            if by_parts:
                video.start(still)
                video.add(Chunk(parts, samples), 8, 34)
            else:
                video.add(Chunk(whole, samples))
        contents.append(target.content if isinstance(target, Pipe) else target.read_bytes())
    assert contents[0] == contents[1] == contents[2]
    shown, _ = decode(io.BytesIO(contents[0]))
    assert len(shown) == 12 and shown.shape[1:] == (96, 128, 3)


def test_a_part_may_have_another_size_each_time(tmp_path: Path) -> None:
    still = np.full((64, 64, 3), 50, np.uint8)
    sound = np.zeros(SAMPLES_PER_FRAME, np.float32)
    with new_video(tmp_path / "a.mp4") as video:
        video.start(still)
        video.add(Chunk(np.full((1, 32, 16, 3), 200, np.uint8), sound), 2, 4)
        video.add(Chunk(np.full((1, 8, 60, 3), 120, np.uint8), sound), 50, 0)
    first, second = decode(tmp_path / "a.mp4")[0]
    assert abs(int(first[18, 12, 0]) - 200) < 6 and abs(int(first[54, 30, 0]) - 50) < 6
    assert abs(int(second[18, 12, 0]) - 200) < 6 and abs(int(second[54, 30, 0]) - 120) < 6


def test_a_still_alone_is_no_video(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one frame"), new_video(tmp_path / "a.mp4") as v:
        v.start(np.zeros((64, 64, 3), np.uint8))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("frames", [1, 25, 103])
def test_webm(tmp_path: Path, frames: int) -> None:
    path = tmp_path / "a.webm"
    write(path, clip(frames))
    with av.open(str(path)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert container.format.name == "matroska,webm"
        assert (video.codec_context.name, audio.codec_context.name) == ("vp9", "opus")
    shown, heard = decode(path)
    assert len(shown) == frames and 0 <= len(heard) / 48_000 - frames / FPS < 0.04
    grey = np.concatenate([piece.frames for piece in clip(frames)])
    assert np.abs(shown.mean((1, 2, 3)) - grey.mean((1, 2, 3))).max() < 4


def test_webm_keeps_what_is_transparent(tmp_path: Path) -> None:
    still = np.zeros((64, 64, 4), np.uint8)
    still[:, :32] = (200, 60, 40, 255)
    still[:, 32:48, 3] = 128
    path = tmp_path / "a.webm"
    with new_video(path) as video:
        video.start(still)
        part = still[None, 16:48, 16:48].repeat(5, 0)
        part[:, :, 16:, 3] = 255
        video.add(Chunk(part, np.zeros(5 * SAMPLES_PER_FRAME, np.float32)), 16, 16)
    decoder = av.CodecContext.create("libvpx-vp9", "r")
    with av.open(str(path)) as container:
        packets = list(container.demux(video=0))
    shown = [frame for packet in packets for frame in decoder.decode(packet)]
    assert len(shown) == 5 and all(frame.format.name == "yuva420p" for frame in shown)
    rgba = shown[-1].to_ndarray(format="rgba").astype(int)
    for (y, x), alpha in {(8, 8): 255, (8, 40): 128, (8, 60): 0, (32, 40): 255}.items():
        assert abs(rgba[y, x, 3] - alpha) < 6
    assert np.abs(rgba[32, 8, :3] - (200, 60, 40)).max() < 8
