"""Text-to-speech alone, Sec. 3.3: E_t, durations and D_TTS, with a table of known speakers.

Later stages replace the table by `voice_projection`, which maps f_id to the same voice space.
"""

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ttsf.config import ModelConfig
from ttsf.model.mel import mel_spectrogram
from ttsf.model.speech.tts import SpokenText
from ttsf.model.ttsf import TTSF
from ttsf.research.data.manifest import Clip, NoClips, Split
from ttsf.research.data.report import spread
from ttsf.research.data.speech.speech_clips import SpeechClips
from ttsf.research.data.speech.utterances import Utterance, UtteranceReader, pad_utterances
from ttsf.research.hyperparameters import TtsTraining
from ttsf.research.presets import Preset
from ttsf.research.training.adversarial.gan import gan_losses
from ttsf.research.training.adversarial.mel_discriminators import MelDiscriminators
from ttsf.research.training.journal import Validation, speak_first
from ttsf.research.training.parts import SPEECH, Parts, load_parts, read_speakers
from ttsf.research.training.schedule import ScheduledAdam
from ttsf.research.training.settings import TtsOptions

VALIDATED_ON_TRAINING = (
    "the split valid has no speech of the speakers in train: the validation is on training clips"
)
HELD_OUT = 10
"""Clips per validation batch."""
MOST_HELD_OUT = 500
"""Maximum number of clips per validation."""


class TtsBatch(NamedTuple):
    """Utterances and their speakers."""

    spoken: SpokenText
    speakers: Tensor
    """int64 [B]."""
    names: tuple[str, ...]


class SpeechDataset:
    """Clips with text of some splits; sound stays on disk, and mels are computed per batch.

    Speakers are those of the split "train". Texts with more symbols than mel frames, and speakers
    outside that split, are skipped.
    """

    def __init__(self, folder: Path, config: ModelConfig, splits: tuple[Split, ...]) -> None:
        self.folder, self.config = folder, config
        reader = UtteranceReader(config)
        trained = SpeechClips(folder, ("train",), need_text=True)
        self.speakers = sorted({clip.speaker for clip in trained.clips})
        self._rows = {speaker: row for row, speaker in enumerate(self.speakers)}
        self.speech = SpeechClips(folder, splits, need_text=True)
        self.clips: list[Clip] = []
        self.utterances: list[Utterance] = []
        for clip in self.speech.clips:
            if clip.speaker not in self._rows:
                continue
            utterance = reader.read(self.speech, clip, clip.samples // config.audio.hop)
            if utterance is not None:
                self.clips.append(clip)
                self.utterances.append(utterance)
        if not self.clips:
            raise NoClips(f"no usable speech with text of {', '.join(splits)} in {folder}")

    def held_out(self) -> "SpeechDataset":
        """Return the held-out clips of the same speakers, or these clips if there are none."""
        try:
            return SpeechDataset(self.folder, self.config, ("valid",))
        except NoClips:
            return self

    def collate(self, indices: list[int]) -> TtsBatch:
        """Read clips and pad them to the longest; raises TtsfError for a broken one."""
        clips = [self.clips[i] for i in indices]
        waves = [torch.from_numpy(self.speech.waveform(clip)) for clip in clips]
        mels = [mel_spectrogram(wave[None], self.config.audio)[0] for wave in waves]
        return TtsBatch(
            pad_utterances([self.utterances[i] for i in indices], mels),
            torch.tensor([self._rows[clip.speaker] for clip in clips]),
            tuple(clip.name for clip in clips),
        )

    def epoch(
        self, seed: int, most: int, most_frames: int, balance: float = 0.0
    ) -> list[list[int]]:
        """Return batches of up to `most` clips of similar length, in an order fixed by `seed`.

        most_frames: maximum mel frames per batch, padding included; balance: 0 takes every clip
        once, 1 takes equally much of each voice on average.
        """
        rng = random.Random(seed)
        lengths = [u.frames * rng.uniform(0.95, 1.05) for u in self.utterances]
        chosen = self._draw(rng, balance) if balance else range(len(lengths))
        batches: list[list[int]] = [[]]
        for i in sorted(chosen, key=lambda i: lengths[i]):
            frames = self.utterances[i].frames * (len(batches[-1]) + 1)
            if batches[-1] and (len(batches[-1]) >= most or frames > most_frames):
                batches.append([])
            batches[-1].append(i)
        rng.shuffle(batches)
        return batches

    def _draw(self, rng: random.Random, balance: float) -> list[int]:
        """Draw clips with expected counts (samples of the speaker / mean of all)^-balance."""
        heard: Counter[str] = Counter()
        for clip in self.clips:
            heard[clip.speaker] += clip.samples
        mean = heard.total() / len(heard)
        shares = [(heard[clip.speaker] / mean) ** -balance for clip in self.clips]
        return [i for i, share in enumerate(shares) for _ in range(int(share + rng.random()))]


class TtsStage(ScheduledAdam[TtsTraining]):
    """The stage for `training.loop.train`."""

    def __init__(self, options: TtsOptions, preset: Preset, seed: int = 0) -> None:
        self.config, self.training, self.seed = preset.model, preset.tts, seed
        self.speech = SpeechDataset(options.data, self.config, ("train",))
        self.speakers = self.speech.speakers  # speakers of the table's rows, for later stages
        self.held_out = self.speech.held_out()
        self.notes = [] if self.held_out is not self.speech else [VALIDATED_ON_TRAINING]
        self.model = TTSF(self.config)
        self.net = Parts(self.model, SPEECH)
        self.table = nn.Embedding(len(self.speakers), self.config.speech.voice_channels)
        self.net.add_module("table", self.table)
        if options.warm_start is not None:
            self._begin_with(options.warm_start)
        self.weights = {"prior": 1.0, "duration": 1.0, "flow": 1.0}
        if self.config.speech.prosody is not None:
            self.weights["prosody"] = 1.0
        self.discriminators: MelDiscriminators | None = None
        if options.adversarial:
            self.discriminators = MelDiscriminators()
            self.net.add_module("discriminators", self.discriminators)
            t = self.training
            self.weights |= {
                "adversarial": t.adversarial, "features": t.features, "discriminator": 1.0,
            }  # fmt: skip
        self._drawn = -1, self._epoch(0)
        self.batches_per_epoch = len(self._drawn[1])

    def _begin_with(self, run: Path) -> None:
        """Load the weights of another run; unknown speakers start as the mean of its speakers."""
        load_parts(self.model, run, SPEECH)
        known = read_speakers(run)
        mean = torch.stack(list(known.values())).mean(0)
        with torch.no_grad():
            self.table.weight.copy_(torch.stack([known.get(s, mean) for s in self.speakers]))

    def batch(self, number: int) -> TtsBatch:
        """Return batches of similar lengths, epoch after epoch."""
        epoch, place = divmod(number, self.batches_per_epoch)
        drawn = self._drawn
        if epoch != drawn[0]:
            drawn = self._drawn = epoch, self._epoch(self.seed * 1_000_003 + epoch)
        return self.speech.collate(drawn[1][place % len(drawn[1])])

    def _epoch(self, seed: int) -> list[list[int]]:
        t = self.training
        return self.speech.epoch(seed, t.batch, t.batch_frames, t.balance)

    def losses(self, batch: TtsBatch) -> dict[str, Tensor]:
        """Return the terms of L_TTS, and the adversarial losses of both sides if enabled."""
        speech, voice = self.model.speech, self.table(batch.speakers)
        losses, features = speech(batch.spoken, voice, self.training.crops)
        if self.discriminators is None:
            return losses.terms()
        real, mu, mask = speech.crops(batch.spoken, features, 1)
        mu = mu.detach()  # E_t learns from L_TTS only
        fake = speech.sample(mu, mask, voice, self.config.speech.flow.steps)
        return losses.terms() | gan_losses(self.discriminators, fake, real, mu)._asdict()

    def held_out_batches(self) -> Iterator[TtsBatch]:
        """Yield the held-out sentences; if they are many, an even choice."""
        indices = spread(range(len(self.held_out.clips)), MOST_HELD_OUT)
        for i in indices[::HELD_OUT]:
            yield self.held_out.collate(indices[i : i + HELD_OUT])

    def validate(self, step: int, batches: Iterable[TtsBatch]) -> Validation:
        """Compute losses on held-out sentences; synthesise the first with Griffin-Lim."""
        torch.manual_seed(0)
        found, sounds = [], dict[str, Tensor]()
        for batch in batches:
            voice = self.table(batch.speakers)
            sounds = sounds or {"held_out": speak_first(self.model, batch.spoken, voice)}
            found.append(self.losses(batch))
        figures = {k: float(torch.stack([f[k] for f in found]).mean()) for k in found[0]}
        return Validation(figures, sounds=sounds)
