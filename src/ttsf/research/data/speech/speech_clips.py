"""Sec. 4.1: the sound of a corpus, with or without pictures, for the vocoder and the TTS."""

from pathlib import Path

import numpy as np

from ttsf.config import SAMPLE_RATE
from ttsf.errors import TtsfError
from ttsf.research.data.clip_files import WIDE_RATE, read_samples
from ttsf.research.data.manifest import Animated, Clip, NoClips, Split, read_manifest
from ttsf.research.data.speech.speech_files import resample


class SpeechClips:
    """The clips of a manifest that have sound; samples stay on disk.

    Animated clips are skipped: their sound is that of another clip.

    Raises NoClips if no clip of these splits qualifies.
    """

    def __init__(self, folder: Path, splits: tuple[Split, ...], need_text: bool = False) -> None:
        self.folder, self.need_text = folder, need_text
        clips = read_manifest(folder, splits)
        heard = [c for c in clips if c.samples and not isinstance(c.made, Animated)]
        self.clips = [clip for clip in heard if clip.text or not need_text]
        if not self.clips:
            kind = "speech with text" if need_text else "speech"
            raise NoClips(f"no {kind} of the split {' or '.join(splits)} in {folder}")

    def held_out(self) -> "SpeechClips":
        """Return the clips of the split "valid", or these clips if there are none."""
        try:
            return SpeechClips(self.folder, ("valid",), self.need_text)
        except NoClips:
            return self

    def segment(
        self, clip: Clip, whole: np.ndarray, start: int, count: int, rate: int
    ) -> np.ndarray:
        """Return samples [start, start + count) of the clip as they sound at `rate` Hz.

        whole: the clip's `waveform`. Returns float32 [count * rate / 16 000]. Raises TtsfError for
        a broken clip, and for a rate other than 16 kHz and WIDE_RATE.
        """
        size = count * rate // SAMPLE_RATE
        if rate == WIDE_RATE and clip.wide is not None:
            path, begin = self.folder / clip.wide, start * rate // SAMPLE_RATE
            there = min(size, clip.samples * rate // SAMPLE_RATE - begin)  # ends may differ by one
            return np.pad(read_samples(path, begin, there, rate), (0, size - there))
        narrow = whole[start : start + count]
        if rate == SAMPLE_RATE:
            return narrow
        if rate != WIDE_RATE:
            raise TtsfError(f"clip '{clip.name}' has no sound of {rate} Hz")
        played = resample(narrow, SAMPLE_RATE, rate)[:size]
        return np.pad(played, (0, size - len(played)))

    def waveform(self, clip: Clip) -> np.ndarray:
        """Read samples, float32 [N] in [-1, 1] at 16 kHz; raises TtsfError for a broken clip."""
        try:
            return read_samples(self.folder / str(clip.audio), 0, clip.samples)
        except TtsfError as error:
            raise TtsfError(f"clip '{clip.name}': {error}") from error
