"""Finished frames and samples to an MP4 that plays in a browser, and samples to a WAV."""

import errno
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import soundfile

from ttsf.media.files import new_file

CRF = "18"
AUDIO_BITS = 96_000  # per second
AAC_BLOCK = 1024  # samples
H264_MATRIX = 6  # BT.601, what readers assume where they ignore the tag
H264_PRIMARIES = 1  # BT.709, those of sRGB
LIMITED_RANGE = 1


def write_video(
    path: Path, frames: Iterable[np.ndarray], samples: np.ndarray, fps: int, sample_rate: int
) -> None:
    """Write `path` as H.264 and AAC, whole or not at all.

    frames: batches of uint8 [n, H, W, 3] RGB in order, pulled as they are encoded; samples: float
    [N] in [-1, 1], as long as the frames. Raises TtsfError where the file cannot be written.
    """
    with new_file(path) as temporary:
        encode_video(temporary, frames, samples, fps, sample_rate)


def encode_video(
    path: Path, frames: Iterable[np.ndarray], samples: np.ndarray, fps: int, sample_rate: int
) -> None:
    """`write_video` into an existing temporary file; raises OSError where the disk fails."""
    per_frame = sample_rate // fps
    samples = samples[: _aac_length(len(samples))]
    encoder = _Encoder(path, fps, sample_rate)
    count = 0
    try:
        for batch in frames:
            for frame in batch:
                encoder.add(frame, samples[count * per_frame : (count + 1) * per_frame])
                count += 1
        encoder.finish()
    finally:
        encoder.close()
    check_whole(path, count)


def write_wav(path: Path, samples: np.ndarray, sample_rate: int) -> None:
    """16-bit mono WAV, whole or not at all; samples: float [N] in [-1, 1]."""
    with new_file(path) as temporary:
        encode_wav(temporary, samples, sample_rate)


def encode_wav(path: Path, samples: np.ndarray, sample_rate: int) -> None:
    """`write_wav` into an existing temporary file; raises OSError where the disk fails."""
    with path.open("wb") as file:
        try:
            soundfile.write(file, samples, sample_rate, subtype="PCM_16", format="WAV")
        except soundfile.LibsndfileError as error:
            raise OSError(errno.EIO, str(error)) from error
    if path.stat().st_size < 2 * len(samples):
        raise OSError(errno.EIO, "the sound was not written whole")


def _aac_length(samples: int) -> int:
    """How many samples to encode so that what readers decode is the nearest to all of them.

    Many readers play the last AAC block in full, up to 64 ms of padding. A last block that is less
    than half full is left out instead: pictures and sound then differ by at most 32 ms.
    """
    rest = samples % AAC_BLOCK
    return samples - rest if rest < AAC_BLOCK // 2 < samples else samples


class _Encoder:
    """One MP4 being written; sound and pictures are interleaved frame by frame."""

    def __init__(self, path: Path, fps: int, sample_rate: int) -> None:
        self.fps, self.sample_rate = fps, sample_rate
        self.frames = self.samples = 0
        self.video: Any = None
        self.container = av.open(
            str(path.absolute()), "w", format="mp4", options={"movflags": "+faststart"}
        )
        self.audio: Any = self.container.add_stream("aac", rate=sample_rate)
        self.audio.layout = "mono"
        self.audio.bit_rate = AUDIO_BITS

    def _start(self, height: int, width: int) -> None:
        self.video = self.container.add_stream("libx264", rate=self.fps)
        self.video.width, self.video.height = width, height
        self.video.pix_fmt = "yuv420p"
        self.video.options = {"crf": CRF, "preset": "veryfast"}
        context = self.video.codec_context
        context.colorspace, context.color_range = H264_MATRIX, LIMITED_RANGE
        context.color_primaries = context.color_trc = H264_PRIMARIES

    def add(self, frame: np.ndarray, samples: np.ndarray) -> None:
        """One picture, uint8 [H, W, 3], and the sound that belongs to it."""
        if self.video is None:
            self._start(*frame.shape[:2])
        picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
        picture = picture.reformat(format="yuv420p", dst_colorspace="ITU601")
        picture.pts, picture.time_base = self.frames, Fraction(1, self.fps)
        self.frames += 1
        self._mux(self.video.encode(picture))
        if len(samples) == 0:
            return
        block = np.clip(samples, -1, 1).astype(np.float32)[None]
        sound = av.AudioFrame.from_ndarray(block, format="fltp", layout="mono")
        sound.sample_rate, sound.pts = self.sample_rate, self.samples
        sound.time_base = Fraction(1, self.sample_rate)
        self.samples += len(samples)
        self._mux(self.audio.encode(sound))

    def finish(self) -> None:
        """Drain both encoders."""
        if self.video is None:
            raise ValueError("a video needs at least one frame")
        self._mux(self.video.encode(None))
        self._mux(self.audio.encode(None))

    def close(self) -> None:
        """Write the index; may raise OSError."""
        self.container.close()

    def _mux(self, packets: list[Any]) -> None:
        self.container.mux(packets)


def check_whole(path: Path, frames: int) -> None:
    """Disks that fill up do not always say so: count what arrived."""
    try:
        with av.open(str(path.absolute())) as container:
            stored = sum(1 for packet in container.demux(video=0) if packet.size)
    except av.FFmpegError as error:
        raise OSError(errno.EIO, "the video was not written whole") from error
    if stored != frames:
        raise OSError(errno.EIO, f"only {stored} of {frames} frames were written")
