"""Sound of any container, codec, rate and number of channels, block by block.

It keeps its sampling rate where AAC has that rate and a frame has whole samples, and one or two
channels; other sound becomes stereo of 48 kHz. Nothing outside the file is opened: no playlist's
entries, no URL.
"""

import hashlib
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import av
import numpy as np

from ttsf.errors import TtsfError
from ttsf.media.recording import first_known

RATES = (
    *(96_000, 88_200, 64_000, 48_000, 44_100, 32_000),
    *(24_000, 22_050, 16_000, 12_000, 11_025, 8_000),
)
"""Sampling rates that are kept, Hz."""
OTHER_RATE = 48_000
LEAST_RATE, MOST_RATE, MOST_CHANNELS = 1_000, 768_000, 64
HASHED_BYTES = 1 << 20


class Sound(NamedTuple):
    """Samples that exist already or arrive piece by piece, such as those of a microphone."""

    blocks: Iterable[np.ndarray]
    """Float [n], or [n, channels], in [-1, 1]."""
    rate: int
    """Hz."""


class OpenSound(NamedTuple):
    """Sound that is being read: `blocks` can be read once."""

    blocks: Iterator[np.ndarray]
    """Float32 [n, channels] in [-1, 1]; raises TtsfError where it is damaged or too long."""
    rate: int
    """Hz, a multiple of the frame rate."""
    channels: int
    """1 or 2."""
    seconds: float | None
    """Length that the file declares, s; None if unknown."""
    live: bool
    """Whether samples arrive while they are used, as from a microphone."""
    digest: bytes
    """Hash of a file; of other sound nothing is known in advance."""
    name: str


def open_sound(
    given: "Sound | Path | BinaryIO", most_s: float = math.inf, step_hz: int = 1
) -> OpenSound:
    """Open a sound file (or a binary stream of one), or samples.

    most_s: longest sound that is accepted, s; step_hz: rates that are not multiples of it are not
    kept. Raises TtsfError for anything that is not sound.
    """
    if isinstance(given, Sound):
        return _samples(given, most_s, step_hz)
    if isinstance(given, Path):
        file, name, digest = _file(given), given.name, _digest(given)
    else:
        file, name, digest = given, "standard input", b""
    container = _container(file, name)
    stream = first_known(container.streams.audio)
    if stream is None:
        known = "the codec of its sound is not known (protected?)"
        raise TtsfError(f"{name}: {known if container.streams.audio else 'it has no sound'}")
    rate, channels = _kept(stream.rate, stream.channels, step_hz)
    seconds = None if container.duration is None else container.duration / av.time_base
    if stream.duration and stream.time_base:
        seconds = float(stream.duration * stream.time_base)
    if seconds is not None and seconds > most_s:
        raise TtsfError(f"{name}: {_too_long(seconds, most_s)}")
    frames = _decoded(container, stream, name)
    blocks = _limited(_resampled(frames, rate, channels, name), rate, most_s, name)
    first = next(blocks, None)
    if first is None:
        raise TtsfError(f"{name}: its sound is empty")
    return OpenSound(_with_first(first, blocks), rate, channels, seconds, False, digest, name)


class Mono:
    """Mixes sound down to one channel at another rate, as it arrives."""

    def __init__(self, rate: int, wanted: int) -> None:
        """Both in Hz."""
        self._rate = rate
        self._resampler = av.AudioResampler(format="fltp", layout="mono", rate=wanted)

    def add(self, block: np.ndarray) -> np.ndarray:
        """Append float32 [n, channels] at the sound's rate; return what is ready, float32 [m]."""
        return self._joined(self._resampler.resample(_frame(block, self._rate)))

    def end(self) -> np.ndarray:
        """Return the rest."""
        return self._joined(self._resampler.resample(None))

    def _joined(self, frames: list[av.AudioFrame]) -> np.ndarray:
        return np.concatenate([np.zeros(0, np.float32), *(f.to_ndarray()[0] for f in frames)])


def as_mono(sound: OpenSound, rate: int) -> OpenSound:
    """Return the same sound with one channel, at another rate in Hz."""

    def blocks() -> Iterator[np.ndarray]:
        mono = Mono(sound.rate, rate)
        for block in sound.blocks:
            yield mono.add(block)[:, None]
        yield mono.end()[:, None]

    return sound._replace(blocks=blocks(), rate=rate, channels=1)


def _kept(rate: int, channels: int, step_hz: int) -> tuple[int, int]:
    kept = rate in RATES and rate % step_hz == 0
    return rate if kept else OTHER_RATE, min(channels, 2)


def _file(path: Path) -> BinaryIO:
    try:
        if path.exists() and not path.is_file():
            raise TtsfError(f"{path}: not a regular file")
        file = path.open("rb")
        if not path.stat().st_size:
            raise TtsfError(f"{path}: the file is empty")
        return file
    except (OSError, ValueError) as error:
        hint = "; give a file, not a URL" if ":/" in str(path) else ""
        reason = getattr(error, "strerror", None) or error
        raise TtsfError(f"{path}: {reason}{hint}") from error


def _digest(path: Path) -> bytes:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(HASHED_BYTES):
            digest.update(part)
    return digest.digest()


def _container(file: BinaryIO, name: str) -> Any:
    try:
        return av.open(file, metadata_errors="replace", options={"protocol_whitelist": "none"})
    except (av.FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise TtsfError(f"{name}: not a readable sound file ({reason})") from None


def _decoded(container: Any, stream: Any, name: str) -> Iterator[av.AudioFrame]:
    with container:
        try:
            yield from container.decode(stream)
        except (av.FFmpegError, OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise TtsfError(f"{name}: the sound is damaged or protected ({reason})") from None


def _resampled(
    frames: Iterator[av.AudioFrame], rate: int, channels: int, name: str
) -> Iterator[np.ndarray]:
    layout = "mono" if channels == 1 else "stereo"
    resampler = av.AudioResampler(format="fltp", layout=layout, rate=rate)

    def converted(frame: av.AudioFrame | None) -> Iterator[np.ndarray]:
        try:
            outs = resampler.resample(frame)
        except (av.FFmpegError, ValueError):
            raise TtsfError(f"{name}: the form of the sound changes in its middle") from None
        for out in outs:
            yield np.nan_to_num(out.to_ndarray().T, posinf=1, neginf=-1).clip(-1, 1)

    for frame in frames:
        frame.pts = None
        yield from converted(frame)
    yield from converted(None)


def _samples(given: Sound, most_s: float, step_hz: int) -> OpenSound:
    name, given_rate = "the sound", given.rate
    if not isinstance(given_rate, int) or not LEAST_RATE <= given_rate <= MOST_RATE:
        raise TtsfError(f"{name}: a rate of {given_rate!r} Hz is not from 1,000 to 768,000")
    blocks = (_checked(block, name) for block in given.blocks)
    first = next(blocks, None)
    if first is None:
        raise TtsfError(f"{name} is empty")
    rate, channels = _kept(given_rate, first.shape[1], step_hz)
    same = rate == given_rate and channels == first.shape[1]
    whole = _with_first(first, blocks)
    if not same:
        whole = _resampled((_frame(b, given_rate) for b in whole), rate, channels, name)
    limited = _limited(whole, rate, most_s, name)
    return OpenSound(limited, rate, channels, None, True, b"", name)


def _checked(block: object, name: str) -> np.ndarray:
    """Return float32 [n, channels]; raises TtsfError for anything but samples."""
    if not isinstance(block, np.ndarray) or block.dtype.kind != "f" or block.ndim not in (1, 2):
        raise TtsfError(f"{name}: blocks must be float arrays [n] or [n, channels]")
    samples = block.reshape(len(block), -1).astype(np.float32)
    if samples.size and not np.isfinite(samples).all():
        raise TtsfError(f"{name}: holds values that are not finite")
    if not 1 <= samples.shape[1] <= MOST_CHANNELS:
        raise TtsfError(f"{name}: at most {MOST_CHANNELS} channels, not {samples.shape[1]}")
    return samples.clip(-1, 1)


def _frame(block: np.ndarray, rate: int) -> av.AudioFrame:
    """Convert float32 [n, channels] to a frame; of more than two channels the first two count."""
    layout = "mono" if block.shape[1] == 1 else "stereo"
    planes = np.ascontiguousarray(block.T[:2])
    frame = av.AudioFrame.from_ndarray(planes, format="fltp", layout=layout)
    frame.sample_rate = rate
    return frame


def _limited(
    blocks: Iterator[np.ndarray], rate: int, most_s: float, name: str
) -> Iterator[np.ndarray]:
    """Yield blocks with samples; raises TtsfError once they last longer than `most_s`."""
    count = 0
    for block in blocks:
        count += len(block)
        if count > most_s * rate:
            raise TtsfError(f"{name}: {_too_long(count / rate, most_s)}")
        if len(block):
            yield block


def _with_first(first: np.ndarray, others: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    yield first
    yield from others


def _too_long(seconds: float, most_s: float) -> str:
    return f"lasts {seconds:,.0f} s; at most {most_s:,g} s are allowed"
