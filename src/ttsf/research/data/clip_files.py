"""Sec. 4.1: the files of one clip: an MP4 without sound or a PNG portrait, and a FLAC.

Written once and read at random positions: key frames are close together, compression is invisible,
and bytes do not depend on the run or the number of CPU cores. Rates are those of the configuration.
"""

import errno
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import soundfile
from av.video.reformatter import Colorspace, VideoReformatter

from ttsf.config import FPS, SAMPLE_RATE
from ttsf.errors import TtsfError
from ttsf.media.files import new_file
from ttsf.media.images import read_image
from ttsf.media.video import check_whole
from ttsf.media.video_codecs import add_video

KEYFRAME_EVERY = 16
"""Key frame interval, frames: at most 15 unneeded frames are decoded."""
X264 = {
    "crf": "15",
    "preset": "fast",
    "tune": "psnr",
    "flags": "+bitexact",
    "x264-params": f"threads=1:keyint={KEYFRAME_EVERY}:scenecut=0",
}
SWSCALE = 0x4 | 0x2000 | 0x4000 | 0x40000 | 0x80000
"""Bicubic, full chroma out and in, accurate rounding, the same bits on every processor."""
FULL_SCALE = 2**15
WIDE_RATE = 24_000
"""Sampling rate of a clip's optional second sound file, for 24 kHz vocoders, Hz."""


def save_frames(path: Path, frames: Iterable[np.ndarray]) -> int:
    """Write uint8 RGB frames [H, W, 3] as H.264 at 25 fps without sound, whole or not at all.

    All have one size with even sides. Returns their number. Raises TtsfError for no frames, a frame
    of another type or size, and an unwritable file.
    """
    with new_file(path) as temporary:
        count = _encode(temporary, path, frames)
        check_whole(temporary, count)
    return count


def save_samples(path: Path, samples: np.ndarray, rate: int = SAMPLE_RATE) -> int:
    """Write mono sound, float [N] in [-1, 1] at `rate` Hz, as FLAC of 16 bits, whole or not at all.

    Samples outside the range are clipped; those from `read_samples` are kept bit for bit. Returns
    N.
    Raises TtsfError for non-finite or non-mono samples, and for an unwritable file.
    """
    if samples.ndim != 1 or samples.size == 0 or not np.isfinite(samples).all():
        raise TtsfError(f"cannot write {path}: the sound must be one row of finite samples")
    scaled = np.rint(samples.astype(np.float64) * FULL_SCALE)
    whole = scaled.clip(-FULL_SCALE, FULL_SCALE - 1).astype(np.int16)
    with new_file(path) as temporary:
        try:
            with temporary.open("wb") as file:
                soundfile.write(file, whole, rate, "PCM_16", format="FLAC")
            stored = soundfile.read(temporary, dtype="int16")[0]
        except soundfile.SoundFileError as error:
            raise OSError(errno.EIO, str(error)) from error
        if not np.array_equal(stored, whole):
            raise OSError(errno.EIO, "the sound was not written whole")
    return len(samples)


def read_frames(path: Path, start: int, count: int) -> np.ndarray:
    """Read frames `start` to `start + count - 1` of an MP4: RGB uint8 [count, H, W, 3].

    A .png portrait has the one frame 0. Raises TtsfError where the file is missing, broken or too
    short.
    """
    if path.suffix.lower() == ".png":
        found = [read_image(path)][start:]
    else:
        found = _read_video(path, start, count)
    if len(found) < count:
        raise TtsfError(f"cannot read {path}: it ends before frame {start + count}")
    return np.stack(found)


def read_samples(path: Path, start: int, count: int, rate: int = SAMPLE_RATE) -> np.ndarray:
    """Read samples `start` to `start + count - 1`: float32 [count] in [-1, 1].

    Raises TtsfError where the file is missing, broken, too short or not mono of `rate` Hz.
    """
    try:
        with path.open("rb") as opened, soundfile.SoundFile(opened) as file:
            if (file.channels, file.samplerate) != (1, rate):
                raise TtsfError(f"{path} is not mono of {rate} Hz")
            found = np.zeros(0, np.float32)
            if start + count <= file.frames:
                file.seek(start)
                found = file.read(count, dtype="float32")
    except OSError as error:
        raise TtsfError(f"cannot read {path}: {error.strerror or error}") from error
    except soundfile.SoundFileError as error:
        raise TtsfError(f"cannot read {path}: the sound is broken") from error
    if len(found) < count:
        raise TtsfError(f"cannot read {path}: it ends before sample {start + count}")
    return found


def _encode(temporary: Path, path: Path, frames: Iterable[np.ndarray]) -> int:
    """Encode into an existing temporary file; return the number of frames."""
    count, convert = 0, VideoReformatter()
    shape: tuple[int, ...] = ()
    options = {"fflags": "+bitexact"}
    with av.open(str(temporary.absolute()), "w", format="mp4", options=options) as container:
        for frame in frames:
            if not count:
                shape = frame.shape
                if frame.ndim != 3 or shape[0] % 2 or shape[1] % 2:
                    raise TtsfError(f"cannot write {path}: {shape} is not RGB with even sides")
                stream = add_video(container, "libx264", FPS, (shape[1], shape[0]), X264)
            if frame.shape != (*shape[:2], 3) or frame.dtype != np.uint8:
                size = f"{shape[1]}x{shape[0]}"
                raise TtsfError(f"cannot write {path}: frame {count} is not RGB of {size} px")
            rgb = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
            yuv = convert.reformat(
                rgb, format="yuv420p", dst_colorspace=Colorspace.ITU601, interpolation=SWSCALE
            )
            yuv.pts, yuv.time_base = count, Fraction(1, FPS)
            container.mux(stream.encode(yuv))
            count += 1
        if not count:
            raise TtsfError(f"cannot write {path}: there are no frames")
        container.mux(stream.encode(None))
    return count


def _read_video(path: Path, start: int, count: int) -> list[np.ndarray]:
    try:
        with av.open(str(path.absolute())) as container:
            return list(_decode(container, start, count))
    except (av.FFmpegError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise TtsfError(f"cannot read {path}: {reason}") from error


def _decode(container: Any, start: int, count: int) -> Iterator[np.ndarray]:
    """The frames, or as many as there are; raises ValueError where one is damaged."""
    if not container.streams.video:
        raise ValueError("it holds no pictures")
    stream = container.streams.video[0]
    stream.codec_context.thread_count = 1
    stream.codec_context.options = {"err_detect": "explode"}
    clock, convert = stream.time_base * FPS, VideoReformatter()
    container.seek(int(start / clock), stream=stream)
    for frame in container.decode(stream):
        place = round(frame.pts * clock)
        if place < start:
            continue
        if frame.is_corrupt:
            raise ValueError(f"frame {place} is damaged")
        rgb = convert.reformat(
            frame, format="rgb24", src_colorspace=Colorspace.ITU601, interpolation=SWSCALE
        )
        yield rgb.to_ndarray()
        if place == start + count - 1:
            return
