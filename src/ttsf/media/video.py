"""Write frames and sound chunk by chunk to a video file, or to a stream playable meanwhile."""

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

AUDIO_BITS, WIDE_AUDIO_BITS = 96_000, 160_000
"""Bit rate per channel, for sampling rates up to WIDE Hz and above it, bit/s."""
WIDE = 24_000
OPUS_RATES = (48_000, 24_000, 16_000, 12_000, 8_000)


class Chunk(NamedTuple):
    """n frames of a video with their sound, and the words that begin in them."""

    frames: np.ndarray
    """RGB uint8 [n, H, W, 3], or RGBA for files with transparency."""
    samples: np.ndarray
    """float [n * sample_rate / fps] in [-1, 1], mono, or [..., 2] for a stereo recording."""
    spoken: WordTimes = WordTimes(())


@contextmanager
def new_video(
    target: Path | Stream,
    fps: int = FPS,
    sample_rate: int = SAMPLE_RATE,
    subtitles: bool = False,
    seal: Callable[[Path], None] | None = None,
    channels: int = 1,
) -> Iterator["VideoWriter"]:
    """Yield a writer for an MP4 (H.264 and AAC), which is finished with the block.

    A path gets a file with its index in front, written atomically; a path ending in .webm gets VP9
    and Opus with transparency. Raises TtsfError if it cannot be written. A `Stream` gets a
    fragmented MP4, 0.2 s per fragment, and its errors propagate. Raises ValueError for a video
    without frames. subtitles: add a subtitle track for `show`; not for streams, whose fragments it
    would delay. seal: called with the finished temporary file before it is renamed.
    """
    if isinstance(target, Path):
        encoding = WEBM if target.suffix.lower() == ".webm" else MP4
    elif subtitles:
        raise ValueError("only a file can have a subtitle track")
    else:
        encoding = STREAM
    with new_file(target) if isinstance(target, Path) else nullcontext(target) as place:
        writer = VideoWriter(place, fps, sample_rate, encoding, subtitles, channels)
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
    """A video being written; sound and frames are interleaved frame by frame."""

    def __init__(
        self,
        target: Path | Stream,
        fps: int,
        sample_rate: int,
        encoding: Encoding,
        subtitles: bool = False,
        channels: int = 1,
    ) -> None:
        self.fps, self.sample_rate, self.channels = fps, sample_rate, channels
        self.frames = self._samples = 0
        self._encoding = encoding
        self._waiting = np.zeros((0, channels), np.float32)
        self._video: Any = None
        self._container: Any = av.open(
            str(target.absolute()) if isinstance(target, Path) else target,
            "w",
            format=encoding.container,
            options=encoding.muxer,
        )
        rate = encoding.sample_rate or sample_rate
        if encoding is WEBM and rate not in OPUS_RATES:
            rate = OPUS_RATES[0]
        self._audio: Any = None
        sound = dict(encoding.sound)
        self._audio = self._container.add_stream(encoding.audio, rate=rate, options=sound)
        self._layout = "mono" if channels == 1 else "stereo"
        self._audio.layout = self._layout
        bits = AUDIO_BITS if sample_rate <= WIDE else WIDE_AUDIO_BITS
        self._audio.bit_rate = bits * channels
        self._track = SubtitleTrack(self._container, encoding.container) if subtitles else None

    def describe(self, tags: Mapping[str, str], language: str = "en") -> None:
        """Set metadata tags and the language of the text; call it before the first frame."""
        self._container.metadata.update(tags)
        if self._track is not None and language == "en":
            self._track.is_english()

    def start(self, still: np.ndarray) -> None:
        """Set the base frame, RGB or RGBA uint8 [H, W, 3 or 4], in which `add` replaces a region.

        Its sides are even. It is not itself encoded.
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
        """Encode a chunk, whose frames (with even sides) go at (top, left) of the base frame.

        Without `start`, frames are whole and all of one size.
        """
        sounds = chunk.samples.reshape(-1, self.sample_rate // self.fps, self.channels)
        for frame, sound in zip(chunk.frames, sounds, strict=True):
            if self._video is None:
                self.start(frame)
            else:
                self._planes.put(frame, top, left)
            self._add_frame()
            clipped = np.clip(sound, -1, 1).astype(np.float32)
            self._waiting = np.concatenate([self._waiting, clipped])
            self._add_sound(len(self._waiting) - len(self._waiting) % self._encoding.block)

    def show(self, cue: Cue) -> None:
        """Add a subtitle at about the time of its frames; needs a subtitle track."""
        if self._track is None:
            raise ValueError("this video was opened without a subtitle track")
        if self._video is None:
            raise ValueError("subtitles come after `start` or the first frame")
        self._track.add(cue)

    def finish(self) -> None:
        """Flush both encoders.

        Many players play the last AAC block in full, up to 64 ms of padding. A block that is less
        than half full is dropped instead, so frames and sound differ by at most 32 ms.
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
        """Encode the first `count` buffered samples."""
        if not count:
            return
        block, self._waiting = self._waiting[:count].T, self._waiting[count:]
        planes = np.ascontiguousarray(block)
        sound = av.AudioFrame.from_ndarray(planes, format="fltp", layout=self._layout)
        sound.sample_rate, sound.pts = self.sample_rate, self._samples
        sound.time_base = Fraction(1, self.sample_rate)
        self._samples += count
        self._mux(self._audio.encode(sound))

    def _mux(self, packets: list[Any]) -> None:
        """Write packets; a stream skips AAC's priming block, a file has an edit list for it."""
        self._container.mux([p for p in packets if p.pts >= 0 or not self._encoding.from_zero])


def check_whole(path: Path, frames: int) -> None:
    """Count the stored frames, since full disks do not always raise errors."""
    try:
        with av.open(str(path.absolute())) as container:
            stored = sum(1 for packet in container.demux(video=0) if packet.size)
    except av.FFmpegError as error:
        raise OSError(errno.EIO, "the video was not written whole") from error
    if stored != frames:
        raise OSError(errno.EIO, f"only {stored} of {frames} frames were written")
