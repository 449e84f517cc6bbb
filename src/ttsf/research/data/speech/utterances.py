"""Utterances to learn speech from: the symbols of a clip, with their times where known.

Symbols with known times are used as they are; others come from the front end. A mel belongs to an
utterance but is not part of it: 32 kB a second are too much to hold for a corpus.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ttsf.config import ModelConfig
from ttsf.errors import TtsfError
from ttsf.model.speech.tts import SpokenText, pad_spoken
from ttsf.research.data.clip_files import read_samples
from ttsf.research.data.manifest import Clip
from ttsf.research.data.speech.speech_clips import SpeechClips
from ttsf.research.data.speech.speech_files import pitch_track
from ttsf.research.data.speech.symbol_times import read_times
from ttsf.text.front_end import TextFrontEnd


class Utterance(NamedTuple):
    """A clip with its text, as small as can be."""

    ids: Tensor
    """int16 [L]."""
    durations: Tensor
    """int16 [L], mel frames of each symbol; zeros where unknown."""
    frames: int
    """T, mel frames."""
    log_f0: Tensor | None
    """[T], natural log of F0 in Hz, for models with prosody."""


class UtteranceReader:
    """Reads the utterances of one model's symbols."""

    def __init__(self, config: ModelConfig) -> None:
        self.front_end = TextFrontEnd(config.speech)
        self.with_f0 = config.speech.prosody is not None

    def read(self, speech: SpeechClips, clip: Clip, frames: int) -> Utterance | None:
        """Read a clip with text and this many mel frames.

        Returns None if it has more symbols than frames. Raises TtsfError for an unpronounceable
        text, and for a clip without voiced sound if the model needs F0.
        """
        times = None if clip.times is None else read_times(speech.folder / clip.times)
        ids = times.ids if times else self.front_end.ids(str(clip.text))
        if len(ids) > frames:
            return None
        durations = times.frames(frames) if times else [0] * len(ids)
        f0 = log_f0(speech.folder, clip, frames) if self.with_f0 else None
        symbols = torch.tensor(ids, dtype=torch.int16)
        return Utterance(symbols, torch.tensor(durations, dtype=torch.int16), frames, f0)


def pad_utterances(utterances: list[Utterance], mels: list[Tensor]) -> SpokenText:
    """Pad utterances of one reader and their raw log-mels [mel_bins, T] to the longest."""
    f0 = [u.log_f0 for u in utterances if u.log_f0 is not None]
    return pad_spoken(
        [u.ids.long() for u in utterances],
        mels,
        [u.durations.long() for u in utterances],
        f0 or None,
    )


def read_f0(folder: Path, clip: Clip, frames: int) -> np.ndarray:
    """Return F0 in Hz of a clip's mel frames, 0 where unvoiced: float32 [frames].

    Reads it from the corpus `folder`, or finds it in the sound where the corpus has none.
    """
    if clip.f0 is None:
        track = pitch_track(read_samples(folder / str(clip.audio), 0, clip.samples))
    else:
        track = np.load(folder / clip.f0, allow_pickle=False)
    return np.pad(track[:frames].astype(np.float32), (0, max(0, frames - len(track))))


def log_f0(folder: Path, clip: Clip, frames: int) -> Tensor:
    """Return the natural log of `read_f0`, [frames], interpolated where unvoiced.

    Raises TtsfError for a clip without voiced frames.
    """
    f0 = read_f0(folder, clip, frames)
    voiced = np.flatnonzero(f0)
    if not len(voiced):
        raise TtsfError(f"clip '{clip.name}' has no voiced sound")
    return torch.from_numpy(np.interp(np.arange(frames), voiced, np.log(f0[voiced]))).float()
