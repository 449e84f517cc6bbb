"""Sec. 4.1: talking clips for training: 32 frames, their 128 mel frames, phonemes and a source.

Yields what the corpus stores, without augmentation. Every batch is a function of (seed, step)
alone, so training resumes bit for bit, with any number of loader threads.
"""

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ttsf.config import CLIP_FRAMES, FPS, SAMPLE_RATE, ModelConfig
from ttsf.errors import TtsfError
from ttsf.model.mel import mel_spectrogram
from ttsf.model.speech.tts import SpokenText, pad_spoken
from ttsf.research.data.clip_files import read_frames, read_samples
from ttsf.research.data.manifest import Clip, NoClips, Split, read_manifest
from ttsf.research.data.speech.utterances import log_f0
from ttsf.text.front_end import TextFrontEnd

ORDER, WINDOW = 0, 1  # what a random number is for: the order of an epoch, or one clip's window


class TalkingClip(NamedTuple):
    """A window of a clip, with N frames and 4 N mel frames."""

    source: Tensor
    """[3, size, size] in [-1, 1]: a frame outside the window, or any where the window is all."""
    frames: Tensor
    """[N, 3, size, size] in [-1, 1]."""
    mel: Tensor
    """[mel_bins, 4 N], raw log-mel of exactly those frames: a cut of `utterance`."""
    start: int
    """First frame of the window in the clip."""
    phonemes: Tensor
    """int64 [L]: symbol ids of the whole utterance, empty where there is no text."""
    utterance: Tensor
    """[mel_bins, 4 x frames of the clip]: raw log-mel of the whole clip."""
    log_f0: Tensor | None
    """[4 x frames of the clip], natural log of F0 in Hz, for models with prosody."""
    name: str


class TalkingBatch(NamedTuple):
    """B clips, stacked."""

    source: Tensor
    """[B, 3, size, size]."""
    frames: Tensor
    """[B, N, 3, size, size]."""
    mel: Tensor
    """[B, mel_bins, 4 N]."""
    start: Tensor
    """int64 [B]."""
    spoken: SpokenText
    """The whole utterances; a text is empty where there is none."""
    names: tuple[str, ...]


class TalkingClips:
    """Clips of a manifest with at least `frames` frames of video and sound.

    With `need_text` only clips with a text qualify; a text of more symbols than mel frames cannot
    belong to its sound and does not count.

    Raises NoClips if nothing qualifies, and TtsfError for an unpronounceable text and for a
    configuration with other rates than the corpus.
    """

    def __init__(
        self,
        folder: Path,
        config: ModelConfig,
        splits: tuple[Split, ...] = ("train",),
        frames: int = CLIP_FRAMES,
        need_text: bool = False,
    ) -> None:
        self.folder, self.config, self.frames = folder, config, frames
        if frames < 1:
            raise TtsfError(f"cannot cut windows of {frames} frames")
        if (config.audio.sample_rate, config.video.fps) != (SAMPLE_RATE, FPS):
            raise TtsfError(f"a corpus has {SAMPLE_RATE} samples and {FPS} frames a second")
        self.clips: list[Clip] = []
        self.phonemes: list[Tensor] = []
        front_end = TextFrontEnd(config.speech)
        for clip in read_manifest(folder, splits):
            if clip.frames >= frames and clip.samples:
                ids = self._phonemes(clip, front_end)
                if len(ids) or not need_text:
                    self.clips.append(clip)
                    self.phonemes.append(ids)
        if not self.clips:
            wanted = "pictures, sound and text" if need_text else "pictures and sound"
            raise NoClips(
                f"{folder}: no clip of {', '.join(splits)} has {frames} frames with {wanted}"
            )

    def __len__(self) -> int:
        return len(self.clips)

    def clip(self, index: int, rng: np.random.Generator) -> TalkingClip:
        """Cut a random window of a clip, and choose a random source frame.

        Raises TtsfError that names the clip where a file is missing, broken or too small.
        """
        row = self.clips[index]
        start = int(rng.integers(row.frames - self.frames + 1))
        outside = row.frames - self.frames
        shown = int(rng.integers(outside or row.frames))
        if outside and shown >= start:
            shown += self.frames
        try:
            source = self._frames(row, shown, 1)[0]
            frames = self._frames(row, start, self.frames)
            samples = read_samples(self.folder / (row.audio or ""), 0, row.samples)
        except TtsfError as error:
            raise TtsfError(f"clip '{row.name}': {error}") from error
        utterance = mel_spectrogram(torch.from_numpy(samples)[None], self.config.audio)[0]
        f0 = None
        if self.config.speech.prosody is not None and len(self.phonemes[index]):
            f0 = log_f0(self.folder, row, utterance.shape[1])
        rate = self.config.mel_per_video
        mel = utterance[:, rate * start : rate * (start + self.frames)].contiguous()
        phonemes = self.phonemes[index]
        return TalkingClip(source, frames, mel, start, phonemes, utterance, f0, row.name)

    def batch(self, step: int, seed: int, size: int) -> TalkingBatch:
        """Return the `size` clips of this step.

        Steps walk through one shuffled epoch after the other; a batch may reach into the next.
        """
        picked = []
        for place in range(step * size, (step + 1) * size):
            epoch, turn = divmod(place, len(self))
            index = int(_order(seed, epoch, len(self))[turn])
            picked.append(self.clip(index, np.random.default_rng((WINDOW, seed, place))))
        return _stack(picked)

    def _phonemes(self, clip: Clip, front_end: TextFrontEnd) -> Tensor:
        try:
            ids = front_end.ids(clip.text) if clip.text else []
        except TtsfError as error:
            raise TtsfError(f"clip '{clip.name}': {error}") from error
        fits = len(ids) <= clip.frames * self.config.mel_per_video
        return torch.tensor(ids if fits else [], dtype=torch.int64)

    def _frames(self, clip: Clip, start: int, count: int) -> Tensor:
        """[count, 3, size, size] in [-1, 1]."""
        size = self.config.video.size
        stored = read_frames(self.folder / (clip.video or ""), start, count)
        height, width = stored.shape[1:3]
        if height != width or width < size:
            raise TtsfError(
                f"pictures of {width}x{height} px; the model needs squares of {size} px or more"
            )
        frames = torch.from_numpy(stored).movedim(-1, 1).float()
        if size < width:
            frames = F.interpolate(frames, size=size, mode="area")
        return frames / 127.5 - 1


def held_out_clips(training: TalkingClips, need_text: bool = False) -> TalkingClips:
    """The split "valid" of the same corpus, or the training clips themselves where it has none.

    Raises TtsfError where a clip of it cannot be used.
    """
    try:
        return TalkingClips(
            training.folder, training.config, ("valid",), training.frames, need_text=need_text
        )
    except NoClips:
        return training


@lru_cache(maxsize=2)
def _order(seed: int, epoch: int, count: int) -> np.ndarray:
    """Return a permutation of the clips."""
    return np.random.default_rng((ORDER, seed, epoch)).permutation(count)


def _stack(clips: list[TalkingClip]) -> TalkingBatch:
    f0 = [clip.log_f0 for clip in clips if clip.log_f0 is not None]
    return TalkingBatch(
        torch.stack([clip.source for clip in clips]),
        torch.stack([clip.frames for clip in clips]),
        torch.stack([clip.mel for clip in clips]),
        torch.tensor([clip.start for clip in clips]),
        pad_spoken(
            [clip.phonemes for clip in clips],
            [clip.utterance for clip in clips],
            log_f0=f0 if len(f0) == len(clips) else None,
        ),
        tuple(clip.name for clip in clips),
    )
