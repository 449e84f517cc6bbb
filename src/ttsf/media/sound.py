"""Write WAV files incrementally."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ttsf.media.files import cannot_write, new_file
from ttsf.media.sound_formats import wav_header


class WavWriter:
    """A 16-bit WAV being written; `path` is its final path."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path, self._file = path, file

    def add(self, samples: np.ndarray) -> None:
        """Append samples, float [n] or [n, channels] in [-1, 1].

        Raises TtsfError if they cannot be written.
        """
        whole = np.rint(np.clip(samples, -1, 1) * 32_767).astype("<i2")
        try:
            self._file.write(whole.tobytes())
        except OSError as error:
            raise cannot_write(self._path, error) from error


@contextmanager
def new_wav(path: Path, sample_rate: int, channels: int = 1) -> Iterator[WavWriter]:
    """Yield a writer for a WAV, which is finished with the block and written atomically.

    Raises TtsfError if it cannot be written.
    """
    with new_file(path) as place, place.open("wb") as file:
        file.write(wav_header(sample_rate, channels=channels))
        yield WavWriter(path, file)
        length = file.tell()
        file.seek(0)
        file.write(wav_header(sample_rate, length, channels))


def write_wav(path: Path, samples: np.ndarray, sample_rate: int) -> None:
    """Write samples, float [N] in [-1, 1], to a WAV; see `new_wav`."""
    with new_wav(path, sample_rate) as wav:
        wav.add(samples)
