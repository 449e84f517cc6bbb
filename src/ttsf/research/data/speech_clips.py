"""Sec. 4.1: the sound of a corpus, with or without pictures, for the vocoder and the TTS."""

from pathlib import Path

import numpy as np

from ttsf.errors import TtsfError
from ttsf.research.data.clip_files import read_samples
from ttsf.research.data.manifest import Animated, Clip, Split, read_manifest


class SpeechClips:
    """The clips of a manifest that are heard; samples stay on disk.

    Animated clips are left out: their sound is that of another clip.

    Raises TtsfError where no clip of these splits qualifies.
    """

    def __init__(self, folder: Path, splits: tuple[Split, ...], need_text: bool = False) -> None:
        self.folder = folder
        clips = read_manifest(folder, splits)
        heard = [c for c in clips if c.samples and not isinstance(c.made, Animated)]
        self.clips = [clip for clip in heard if clip.text or not need_text]
        if not self.clips:
            kind = "speech with text" if need_text else "speech"
            raise TtsfError(f"no {kind} of the split {' or '.join(splits)} in {folder}")

    def waveform(self, clip: Clip) -> np.ndarray:
        """Float32 [N] in [-1, 1], 16 kHz. Raises TtsfError that names a broken clip."""
        try:
            return read_samples(self.folder / str(clip.audio), 0, clip.samples)
        except TtsfError as error:
            raise TtsfError(f"clip '{clip.name}': {error}") from error
