"""Encode sound to a stream incrementally, in the formats of the speech API."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any, Literal, NamedTuple

import av
import numpy as np

from ttsf.media.files import Stream

SoundFormat = Literal["mp3", "opus", "aac", "flac", "wav", "pcm"]
PCM_RATE = 24_000
"""Sampling rate of headerless PCM in Hz; OpenAI clients assume it."""
HEADER_BYTES = 44
"""Size of a WAV header, bytes."""
UNKNOWN_LENGTH = 0xFFFFFFFF
"""Length field of a WAV whose length is not known yet."""


class _Kind(NamedTuple):
    media_type: str
    container: str
    codec: str
    sample_rate: int | None = None
    """Sampling rate in Hz; None: that of the input."""
    bits: int | None = None
    """Bits per second."""


KINDS: dict[SoundFormat, _Kind] = {
    "mp3": _Kind("audio/mpeg", "mp3", "libmp3lame", None, 64_000),
    "opus": _Kind("audio/ogg", "ogg", "libopus", 48_000, 32_000),
    "aac": _Kind("audio/aac", "adts", "aac", None, 64_000),
    "flac": _Kind("audio/flac", "flac", "flac"),
    "wav": _Kind("audio/wav", "s16le", "pcm_s16le"),
    "pcm": _Kind("audio/pcm", "s16le", "pcm_s16le", PCM_RATE),
}


class SoundWriter:
    """Encodes mono sound of `sample_rate` Hz to a stream."""

    def __init__(self, target: Stream, kind: SoundFormat, sample_rate: int) -> None:
        encoding, self._rate = KINDS[kind], sample_rate
        stored = encoding.sample_rate or sample_rate
        if kind == "wav":
            target.write(wav_header(stored))
        self._samples = 0
        self._container: Any = av.open(target, "w", format=encoding.container)
        self._stream: Any = None
        self._stream = self._container.add_stream(encoding.codec, rate=stored)
        self._stream.layout = "mono"
        if encoding.bits is not None:
            self._stream.bit_rate = encoding.bits

    def add(self, samples: np.ndarray) -> None:
        """Append samples, float [n] in [-1, 1]."""
        block = np.clip(samples, -1, 1).astype(np.float32)[None]
        sound = av.AudioFrame.from_ndarray(block, format="fltp", layout="mono")
        sound.sample_rate, sound.pts = self._rate, self._samples
        sound.time_base = Fraction(1, self._rate)
        self._samples += block.shape[1]
        self._container.mux(self._stream.encode(sound))

    def finish(self) -> None:
        """Drain the encoder."""
        self._container.mux(self._stream.encode(None))

    def close(self) -> None:
        """Flush everything to the stream."""
        self._container.close()


@contextmanager
def new_sound(target: Stream, kind: SoundFormat, sample_rate: int) -> Iterator[SoundWriter]:
    """Yield a writer, finished with the block; errors of the stream propagate."""
    writer = SoundWriter(target, kind, sample_rate)
    try:
        yield writer
        writer.finish()
    finally:
        writer.close()


def wav_header(sample_rate: int, length: int | None = None, channels: int = 1) -> bytes:
    """Return the header of a 16-bit WAV; length: file size in bytes, if known."""
    block = 2 * channels
    form = struct.pack("<IHHIIHH", 16, 1, channels, sample_rate, block * sample_rate, block, 16)
    whole, sound = (UNKNOWN_LENGTH,) * 2 if length is None else (length - 8, length - HEADER_BYTES)
    lengths = struct.pack("<I", whole), struct.pack("<I", sound)
    return b"RIFF" + lengths[0] + b"WAVEfmt " + form + b"data" + lengths[1]
