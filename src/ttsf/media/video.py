"""Frames and sound, chunk by chunk, to a video: a file for any player, or a stream that is played
while it is written."""

import errno
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np

from ttsf.config import FPS, SAMPLE_RATE
from ttsf.media.files import Stream, new_file
from ttsf.media.planes import Planes
from ttsf.media.subtitle_track import SubtitleTrack
from ttsf.media.video_codecs import MP4, STREAM, THREADS, WEBM, Encoding, add_video
from ttsf.timings.subtitles import Cue
from ttsf.timings.words import WordTimes

AUDIO_BITS = 96_000  # per second


class Chunk(NamedTuple):
    """A piece of a video: n frames with their sound, and what begins to be said in it."""

    frames: np.ndarray
    """RGB uint8 [n, H, W, 3], or RGBA for a file that keeps it."""
    samples: np.ndarray
    """float [n * sample_rate / fps] in [-1, 1], mono."""
    spoken: WordTimes = WordTimes(())


@contextmanager
def new_video(
    target: Path | Stream,
    fps: int = FPS,
    sample_rate: int = SAMPLE_RATE,
    subtitles: bool = False,
    seal: Callable[[Path], None] | None = None,
) -> Iterator["VideoWriter"]:
    """An MP4 of H.264 and AAC, filled with `add` and ended with the block.

    A path gets a file with its index in front, whole or not at all; one that ends in .webm holds
    VP9 and Opus, and keeps what is transparent. Raises TtsfError where it cannot be written. A
    `Stream` gets an MP4 in fragments of 0.2 s as soon as they are ready, and its own errors pass
    through. A video without frames raises ValueError. subtitles: a file with a track for `show`,
    which would hold back the fragments of a stream. seal: what a file goes through when it is
    whole, before it appears.
    """
    if isinstance(target, Path):
        encoding = WEBM if target.suffix.lower() == ".webm" else MP4
    elif subtitles:
        raise ValueError("only a file can have a track of subtitles")
    else:
        encoding = STREAM
    with new_file(target) if isinstance(target, Path) else nullcontext(target) as place:
        writer = VideoWriter(place, fps, sample_rate, encoding, subtitles)
        try:
            yield writer
            writer.finish()
        finally:
            writer.close()
        if isinstance(place, Path):
            check_whole(place, writer.frames)
            if seal is not None:
                seal(place)


class VideoWriter:
    """One video being written; sound and frames are interleaved frame by frame."""

    def __init__(
        self,
        target: Path | Stream,
        fps: int,
        sample_rate: int,
        encoding: Encoding,
        subtitles: bool = False,
    ) -> None:
        self.fps, self.sample_rate = fps, sample_rate
        self.frames = self._samples = 0
        self._encoding = encoding
        self._waiting = np.zeros(0, np.float32)
        self._video: Any = None
        self._container: Any = av.open(
            str(target.absolute()) if isinstance(target, Path) else target,
            "w",
            format=encoding.container,
            options=encoding.muxer,
        )
        rate = encoding.sample_rate or sample_rate
        self._audio: Any = None
        self._audio = self._container.add_stream(encoding.audio, rate=rate)
        self._audio.layout = "mono"
        self._audio.bit_rate = AUDIO_BITS
        self._track = SubtitleTrack(self._container, encoding.container) if subtitles else None

    def describe(self, tags: Mapping[str, str], language: str = "en") -> None:
        """Tags of the file, by their names, and its text's language; before the first frame."""
        self._container.metadata.update(tags)
        if self._track is not None and language == "en":
            self._track.is_english()

    def start(self, still: np.ndarray) -> None:
        """A frame, RGB or RGBA uint8 [H, W, 3 or 4], of which `add` then replaces a part.

        Its sides are even. This alone shows nothing.
        """
        height, width, channels = still.shape
        self._planes = Planes(width, height, alpha=channels == 4)
        self._planes.put(still)
        encoding, size = self._encoding, (width, height)
        options = encoding.options(width, height)
        self._video = add_video(self._container, encoding.video, self.fps, size, options)
        self._video.pix_fmt = self._planes.frame.format.name
        self._video.codec_context.thread_count = THREADS

    def add(self, chunk: Chunk, top: int = 0, left: int = 0) -> None:
        """Encode a chunk; its frames, whose sides are even, lie here in the frame before.

        Without `start` they are whole, and all of one size.
        """
        sounds = chunk.samples.reshape(-1, self.sample_rate // self.fps)
        for frame, sound in zip(chunk.frames, sounds, strict=True):
            if self._video is None:
                self.start(frame)
            else:
                self._planes.put(frame, top, left)
            self._add_frame()
            self._waiting = np.append(self._waiting, np.clip(sound, -1, 1).astype(np.float32))
            self._add_sound(len(self._waiting) - len(self._waiting) % self._encoding.block)

    def show(self, cue: Cue) -> None:
        """Add a subtitle, not long before or after its frames; only with a track for them."""
        if self._track is None:
            raise ValueError("a video has subtitles only where it is begun with them")
        if self._video is None:
            raise ValueError("subtitles come after `start` or the first frame")
        self._track.add(cue)

    def finish(self) -> None:
        """Drain both encoders.

        Many readers play the last AAC block in full, up to 64 ms of padding. One that is less than
        half full is left out instead: frames and sound then differ by at most 32 ms.
        """
        if not self.frames:
            raise ValueError("a video needs at least one frame")
        if len(self._waiting) >= self._encoding.block // 2 or not self._samples:
            self._add_sound(len(self._waiting))
        self._mux(self._video.encode(None))
        self._mux(self._audio.encode(None))

    def close(self) -> None:
        """Write the index; may raise OSError."""
        self._container.close()

    def _add_frame(self) -> None:
        frame = self._planes.frame
        frame.pts, frame.time_base = self.frames, Fraction(1, self.fps)
        self.frames += 1
        self._mux(self._video.encode(frame))  # the encoder keeps a copy

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
        self._container.mux([p for p in packets if p.pts >= 0 or not self._encoding.from_zero])


def check_whole(path: Path, frames: int) -> None:
    """Disks that fill up do not always say so: count what arrived."""
    try:
        with av.open(str(path.absolute())) as container:
            stored = sum(1 for packet in container.demux(video=0) if packet.size)
    except av.FFmpegError as error:
        raise OSError(errno.EIO, "the video was not written whole") from error
    if stored != frames:
        raise OSError(errno.EIO, f"only {stored} of {frames} frames were written")
