"""Read any video file as upright RGB frames at 25 fps, and its sound at 16 kHz (Sec. 4.1).

Any frame rate, constant or variable, is resampled by time stamps: frame k is the one shown at
k / 25 s + 20 ms. The sound starts with the first frame.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.reformatter import Colorspace

from ttsf.config import FPS, SAMPLE_RATE, SAMPLES_PER_FRAME
from ttsf.errors import TtsfError

MISSING_S = 0.3
"""A file that ends this much before its declared length is truncated, s."""
CLOCK_ERROR_S = 1e-6  # rounding error of time stamps
HIGH_DEFINITION = 720  # px; untagged videos of this height follow BT.709, lower ones BT.601


def read_video(path: Path) -> Iterator[np.ndarray]:
    """Yield RGB uint8 frames [H, W, 3] at 25 fps.

    Raises TtsfError if the file is damaged or ends before its declared length.
    """
    with _open(path) as container:
        stream = _video_stream(container, path)
        declared = float(stream.duration * stream.time_base) if stream.duration else None
        aspect = float(stream.sample_aspect_ratio or 1)
    half = 0.5 / FPS
    count, first, ending, shown = 0, None, 0.0, None
    for frame in _decode(path):
        time = _seconds(frame.pts, frame) if frame.pts is not None else ending
        first = time if first is None else first
        while shown is not None and count / FPS + half < time - first:
            yield shown
            count += 1
        shown = _upright(frame, aspect)
        ending = time + (_seconds(frame.duration, frame) or 1 / FPS)
    if shown is None or first is None:
        raise TtsfError(f"{path.name}: the video contains no frames")
    while count / FPS + half < ending - first + CLOCK_ERROR_S:
        yield shown
        count += 1
    if declared is not None and ending - first < declared - MISSING_S:
        raise TtsfError(
            f"{path.name}: damaged, ends after {ending - first:.1f} of {declared:.1f} s"
        )


def read_sound(path: Path, video: Path | None = None) -> np.ndarray | None:
    """Read mono float32 in [-1, 1] at 16 kHz, from the first frame on; None without audio track.

    video: the video that a separate sound file belongs to; both start together.
    """
    with _open(path) as container:
        stream = first_known(container.streams.audio)
        if stream is None:
            return None
        resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
        parts: list[np.ndarray] = []
        begins: float | None = None
        try:
            for frame in container.decode(stream):
                if begins is None and frame.pts is not None:
                    begins = _seconds(frame.pts, frame)
                frame.pts = None
                parts += [out.to_ndarray()[0] for out in resampler.resample(frame)]
            parts += [out.to_ndarray()[0] for out in resampler.resample(None)]
        except (av.FFmpegError, ValueError) as error:  # or its format changes
            reason = getattr(error, "strerror", None) or error
            raise TtsfError(f"{path.name}: the sound is damaged ({reason})") from None
    if not parts:
        return None
    samples = np.concatenate(parts).clip(-1, 1)  # a lossy codec may overshoot
    late = 0.0
    if video is None:
        late = (begins or 0.0) - next((_seconds(f.pts, f) for f in _decode(path)), 0.0)
    shift = round(late * SAMPLE_RATE)
    return np.pad(samples, (shift, 0)) if shift > 0 else samples[-shift:]


def first_known(streams: Sequence[Any]) -> Any:
    """Return the first stream whose codec is known, or None."""
    return next((stream for stream in streams if stream.codec_context is not None), None)


def fit_sound(samples: np.ndarray, start: int, frames: int) -> np.ndarray:
    """Cut the sound of `frames` frames from frame `start` on, padded with silence if needed."""
    part = samples[start * SAMPLES_PER_FRAME : (start + frames) * SAMPLES_PER_FRAME]
    return np.pad(part, (0, frames * SAMPLES_PER_FRAME - len(part)))


def _open(path: Path) -> Any:
    try:
        return av.open(str(path.absolute()), metadata_errors="replace")  # tags in any encoding
    except av.FFmpegError as error:
        raise TtsfError(f"{path.name}: not a readable video ({error.strerror})") from None
    except OSError as error:
        raise TtsfError(f"{path.name}: {error.strerror or error}") from None


def _video_stream(container: Any, path: Path) -> Any:
    if not container.streams.video:
        raise TtsfError(f"{path.name}: holds no video")
    stream = first_known(container.streams.video)
    if stream is None:
        raise TtsfError(f"{path.name}: the video's codec is not known")
    stream.thread_type = "NONE"
    return stream


def _decode(path: Path) -> Iterator[av.VideoFrame]:
    with _open(path) as container:
        stream = _video_stream(container, path)
        try:
            yield from container.decode(stream)
        except av.FFmpegError as error:
            raise TtsfError(f"{path.name}: the video is damaged ({error.strerror})") from None


def _seconds(ticks: int | None, frame: Any) -> float:
    return float((ticks or 0) * frame.time_base)


def _upright(frame: av.VideoFrame, aspect: float) -> np.ndarray:
    """Square pixels, turned as the file's display matrix says."""
    width = round(frame.width * aspect)
    tagged = frame.colorspace in (1, 5, 6)
    matrix = frame.colorspace if tagged else 1 if frame.height >= HIGH_DEFINITION else 5
    source = Colorspace.ITU709 if matrix == 1 else Colorspace.ITU601
    rgb = frame.reformat(width=width, format="rgb24", src_colorspace=source).to_ndarray()
    return np.ascontiguousarray(np.rot90(rgb, frame.rotation // 90))
