"""Read luma, sound and tags of a file, as far as it can be decoded."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np

from ttsf.errors import TtsfError
from ttsf.media.recording import first_known
from ttsf.provenance.embed.sound import RATE

FORMATS = (
    "mov,mp4,matroska,webm,avi,flv,mpeg,mpegts,gif,wav,mp3,ogg,flac,aac,"
    "image2,png_pipe,jpeg_pipe,webp_pipe,bmp_pipe,tiff_pipe"
)
"""Options that keep a file from opening other files, by reference or by name pattern."""
EVERY_S = 0.3
"""Time between the frames examined, s."""
MOST_PIXELS = 2**25
"""Maximum number of pixels of a frame."""
LUMA = "gray"


def open_media(path: Path) -> Any:
    """Open a libav container; raises TtsfError if it is no video, sound or picture."""
    if not path.is_file():
        wrong = "not a regular file" if path.exists() else "no such file"
        raise TtsfError(f"{path}: {wrong}")
    options = {"format_whitelist": FORMATS, "protocol_whitelist": "file", "pattern_type": "none"}
    try:
        container = av.open(str(path.absolute()), options=options, metadata_errors="replace")
    except (av.FFmpegError, OSError) as error:
        raise TtsfError(f"{path}: not a readable video, sound or picture") from error
    if (
        first_known(container.streams.video) is None
        and first_known(container.streams.audio) is None
    ):
        container.close()
        raise TtsfError(f"{path}: contains neither frames nor sound")
    return container


def declared_s(container: Any) -> float | None:
    """Return the length that a video or sound declares, s; None for a picture, or if unknown."""
    seconds = (container.duration or 0) / av.time_base
    return seconds if seconds > EVERY_S else None


class Shown(NamedTuple):
    """A decoded frame."""

    second: float
    """Time since the first frame, s."""
    luma: np.ndarray
    """Luma, uint8 [H, W]."""
    key: bool
    """Whether it is a key frame, which keeps more fine detail."""


def pictures(path: Path) -> Iterator[Shown]:
    """Yield key frames, and other frames about three times a second; raises TtsfError."""
    with open_media(path) as container:
        stream = first_known(container.streams.video)
        if stream is None:
            return
        if stream.width * stream.height > MOST_PIXELS:
            raise TtsfError(f"{path}: has frames of more than {MOST_PIXELS / 1e6:.0f} megapixels")
        due, seconds, begin = 0.0, 0.0, None
        for frame in _decoded(container, stream):
            if frame.time is not None:
                begin = float(frame.time) if begin is None else begin
                seconds = float(frame.time) - begin
            if seconds >= due or frame.key_frame:
                due = seconds + EVERY_S
                luma = frame.reformat(format=LUMA).to_ndarray()
                luma = np.ascontiguousarray(np.rot90(luma, frame.rotation // 90))
                yield Shown(seconds, luma, bool(frame.key_frame))


def sounds(path: Path, length: int) -> Iterator[np.ndarray]:
    """Yield mono float32 at 16 kHz in blocks of `length` samples; raises TtsfError."""
    with open_media(path) as container:
        stream = first_known(container.streams.audio)
        if stream is None:
            return
        resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
        waiting = np.zeros(0, np.float32)
        for frame in _resampled(container, stream, resampler):
            waiting = np.append(waiting, frame.to_ndarray()[0])
            while len(waiting) >= length:
                yield waiting[:length]
                waiting = waiting[length:]
        if len(waiting):
            yield waiting


def _resampled(container: Any, stream: Any, resampler: Any) -> Iterator[Any]:
    """Resample up to a change of the sample format, which means damage."""
    try:
        for frame in _decoded(container, stream):
            frame.pts = None
            yield from resampler.resample(frame)
        yield from resampler.resample(None)
    except (av.FFmpegError, ValueError):
        return


def _decoded(container: Any, stream: Any) -> Iterator[Any]:
    """Decode up to the first damage."""
    try:
        yield from container.decode(stream)
    except av.FFmpegError:
        return
