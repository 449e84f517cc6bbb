"""Frames and sound, chunk by chunk, to an MP4: a file for any player, or a stream that is played
while it is written."""

import errno
import io
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import av
import numpy as np
import soundfile

from ttsf.config import FPS, SAMPLE_RATE
from ttsf.media.files import new_file, write_new
from ttsf.times.spoken import Spoken

AUDIO_BITS = 96_000  # per second
AAC_BLOCK = 1024  # samples
H264_MATRIX = 6  # BT.601, what readers assume where they ignore the tag
H264_PRIMARIES = 1  # BT.709, those of sRGB
LIMITED_RANGE = 1
STREAM_RATE = 48_000
"""Hz. At 16 kHz the block with which AAC begins makes the sound of a first fragment 64 ms late."""
FRAGMENT_US = "200000"
FILE = {"movflags": "+faststart"}
FILE_X264 = {"crf": "18", "preset": "veryfast"}
STREAM = {"movflags": "+empty_moov+default_base_moof", "frag_duration": FRAGMENT_US}
STREAM_X264 = {
    "crf": "20",
    "preset": "veryfast",
    "tune": "zerolatency",
    "profile": "main",
    "x264-params": "keyint=50:min-keyint=50:scenecut=0",
}


class Chunk(NamedTuple):
    """A piece of a video: n frames with their sound, and what begins to be said in it."""

    frames: np.ndarray
    """RGB uint8 [n, H, W, 3]."""
    samples: np.ndarray
    """float [n * sample_rate / fps] in [-1, 1], mono."""
    spoken: Spoken = Spoken(())


class Stream(Protocol):
    """What takes a video while it is written, such as a socket; it is never asked to seek."""

    def write(self, content: bytes, /) -> int | None:
        """Take all of `content`."""


@contextmanager
def new_video(
    target: Path | Stream, fps: int = FPS, sample_rate: int = SAMPLE_RATE
) -> Iterator["VideoWriter"]:
    """An MP4 of H.264 and AAC, filled with `add` and ended with the block.

    A path gets a file with its index in front, whole or not at all; raises TtsfError where it
    cannot be written. A `Stream` gets fragments of 0.2 s as soon as they are ready, and its own
    errors pass through. A video without frames raises ValueError.
    """
    with new_file(target) if isinstance(target, Path) else nullcontext(target) as place:
        writer = VideoWriter(place, fps, sample_rate)
        try:
            yield writer
            writer.finish()
        finally:
            writer.close()
        if isinstance(place, Path):
            check_whole(place, writer.frames)


class VideoWriter:
    """One MP4 being written; sound and frames are interleaved frame by frame."""

    def __init__(self, target: Path | Stream, fps: int, sample_rate: int) -> None:
        self.fps, self.sample_rate = fps, sample_rate
        self.frames = self._samples = 0
        self._streamed = not isinstance(target, Path)
        self._waiting = np.zeros(0, np.float32)
        self._video: Any = None
        self._container = av.open(
            str(target.absolute()) if isinstance(target, Path) else target,
            "w",
            format="mp4",
            options=STREAM if self._streamed else FILE,
        )
        rate = STREAM_RATE if self._streamed else sample_rate
        self._audio: Any = self._container.add_stream("aac", rate=rate)
        self._audio.layout = "mono"
        self._audio.bit_rate = AUDIO_BITS

    def add(self, chunk: Chunk) -> None:
        """Encode a chunk; all frames of a video have one size, and sides that are even."""
        sounds = chunk.samples.reshape(-1, self.sample_rate // self.fps)
        for frame, sound in zip(chunk.frames, sounds, strict=True):
            self._add_frame(frame)
            self._waiting = np.append(self._waiting, np.clip(sound, -1, 1).astype(np.float32))
            rest = 0 if self._streamed else len(self._waiting) % AAC_BLOCK
            self._add_sound(len(self._waiting) - rest)

    def finish(self) -> None:
        """Drain both encoders.

        Many readers play the last AAC block in full, up to 64 ms of padding. One that is less than
        half full is left out instead: frames and sound then differ by at most 32 ms.
        """
        if self._video is None:
            raise ValueError("a video needs at least one frame")
        if len(self._waiting) >= AAC_BLOCK // 2 or not self._samples:
            self._add_sound(len(self._waiting))
        self._mux(self._video.encode(None))
        self._mux(self._audio.encode(None))

    def close(self) -> None:
        """Write the index; may raise OSError."""
        self._container.close()

    def _add_frame(self, frame: np.ndarray) -> None:
        if self._video is None:
            options = STREAM_X264 if self._streamed else FILE_X264
            self._video = add_h264(self._container, self.fps, frame, options)
        rgb = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
        yuv = rgb.reformat(format="yuv420p", dst_colorspace="ITU601")
        yuv.pts, yuv.time_base = self.frames, Fraction(1, self.fps)
        self.frames += 1
        self._mux(self._video.encode(yuv))

    def _add_sound(self, count: int) -> None:
        """Encode the first samples of those that wait."""
        if not count:
            return
        block, self._waiting = self._waiting[None, :count], self._waiting[count:]
        sound = av.AudioFrame.from_ndarray(block, format="fltp", layout="mono")
        sound.sample_rate, sound.pts = self.sample_rate, self._samples
        sound.time_base = Fraction(1, self.sample_rate)
        self._samples += count
        self._mux(self._audio.encode(sound))

    def _mux(self, packets: list[Any]) -> None:
        """A stream goes without the block that AAC begins with; a file says when sound begins."""
        self._container.mux([p for p in packets if p.pts >= 0 or not self._streamed])


def add_h264(container: Any, fps: int, frame: np.ndarray, options: dict[str, str]) -> Any:
    """A stream of H.264 for frames [H, W, 3] such as this, tagged BT.601 of limited range."""
    stream = container.add_stream("libx264", rate=fps)
    stream.height, stream.width = frame.shape[:2]
    stream.pix_fmt, stream.options = "yuv420p", options
    context = stream.codec_context
    context.colorspace, context.color_range = H264_MATRIX, LIMITED_RANGE
    context.color_primaries = context.color_trc = H264_PRIMARIES
    return stream


def write_wav(path: Path, samples: np.ndarray, sample_rate: int) -> None:
    """16-bit mono WAV, whole or not at all; samples: float [N] in [-1, 1]."""
    write_new(path, wav_bytes(samples, sample_rate))


def wav_bytes(samples: np.ndarray, sample_rate: int) -> bytes:
    """The content of a 16-bit mono WAV; samples: float [N] in [-1, 1]."""
    content = io.BytesIO()  # soundfile cannot say what a full disk says
    soundfile.write(content, samples, sample_rate, subtype="PCM_16", format="WAV")
    return content.getvalue()


def check_whole(path: Path, frames: int) -> None:
    """Disks that fill up do not always say so: count what arrived."""
    try:
        with av.open(str(path.absolute())) as container:
            stored = sum(1 for packet in container.demux(video=0) if packet.size)
    except av.FFmpegError as error:
        raise OSError(errno.EIO, "the video was not written whole") from error
    if stored != frames:
        raise OSError(errno.EIO, f"only {stored} of {frames} frames were written")
