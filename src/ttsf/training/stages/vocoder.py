"""The vocoder's own stage, Sec. 4.1: mel-spectrograms of real speech back to their waveforms.

The losses and rates of [HiFi-GAN]: mel L1 x 45, least-squares GAN, feature matching x 2. The small
presets train with spectrogram discriminators and a multi-resolution STFT loss, which carries their
first steps. Unlike HiFi-GAN, generator and discriminators take each step together, from the same
weights and under one bound on the gradient (`training.loop`), and the generator reads a segment's
mel cut from the mel of its whole clip, as it will when it speaks.
"""

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from ttsf.data.manifest import Clip
from ttsf.data.speech_clips import SpeechClips
from ttsf.errors import TtsfError
from ttsf.layers import full_precision
from ttsf.mel import mel_spectrogram
from ttsf.model import TTSF
from ttsf.presets import Preset
from ttsf.training.journal import Validation
from ttsf.training.parts import Parts
from ttsf.training.settings import VocoderOptions
from ttsf.training.vocoder_discriminators import (
    RESOLUTIONS,
    Seen,
    build_discriminators,
    magnitude,
)


class VocoderBatch(NamedTuple):
    """Segments of real speech."""

    samples: Tensor
    """[B, N] in [-1, 1]."""
    mel: Tensor
    """[B, mel_bins, N / hop], cut from the whole clip's raw log-mel."""
    names: tuple[str, ...]


class GanLosses(NamedTuple):
    """Sums over the discriminators of a set [HiFi-GAN]."""

    adversarial: Tensor
    features: Tensor
    discriminator: Tensor


def stft_loss(fake: Tensor, real: Tensor) -> Tensor:
    """Spectral convergence plus log-magnitude L1 of samples [B, N], averaged over RESOLUTIONS."""
    terms = []
    for n_fft, hop in RESOLUTIONS:
        a, b = magnitude(fake, n_fft, hop), magnitude(real, n_fft, hop)
        terms.append((a - b).norm() / b.norm() + (a.log() - b.log()).abs().mean())
    return torch.stack(terms).mean()


def generator_score(fake: list[Seen]) -> Tensor:
    """Least squares towards 1, summed over discriminators."""
    return torch.stack([(1 - seen.score).square().mean() for seen in fake]).sum()


def discriminator_score(real: list[Seen], fake: list[Seen]) -> Tensor:
    """Least squares towards 1 for real and 0 for fake speech, summed over discriminators."""
    terms = [(1 - r.score).square().mean() for r in real] + [f.score.square().mean() for f in fake]
    return torch.stack(terms).sum()


def feature_distance(real: list[Seen], fake: list[Seen]) -> Tensor:
    """L1 of every layer, summed over layers and discriminators; real speech is a fixed target."""
    pairs = zip(real, fake, strict=True)
    layers = (pair for r, f in pairs for pair in zip(r.features, f.features, strict=True))
    return torch.stack([(a.detach() - b).abs().mean() for a, b in layers]).sum()


@contextmanager
def frozen(net: nn.Module) -> Iterator[None]:
    """Gradients pass through `net` but do not reach its weights."""
    net.requires_grad_(False)
    try:
        yield
    finally:
        net.requires_grad_(True)


def gan_losses(discriminators: nn.Module, fake: Tensor, real: Tensor) -> GanLosses:
    """All three losses of samples [B, N]; each reaches only the side that it teaches."""
    seen_real, seen_fake = discriminators(real), discriminators(fake.detach())
    with frozen(discriminators):
        passed = discriminators(fake)
    return GanLosses(
        generator_score(passed),
        feature_distance(seen_real, passed),
        discriminator_score(seen_real, seen_fake),
    )


class VocoderStage:
    """The stage for `training.loop.train`: the vocoder, which ships, and its discriminators."""

    def __init__(
        self, options: VocoderOptions, preset: Preset, seed: int = 0, batches_a_step: int = 1
    ) -> None:
        t = preset.vocoder
        if options.discriminators is not None:
            t = replace(t, discriminators=options.discriminators)
        if options.stft is not None:
            t = replace(t, stft=options.stft)
        self.training = t
        self.config, self.seed, self.batches_a_step = preset.model, seed, batches_a_step
        if self.config.vocoder.kind == "griffin_lim":
            raise TtsfError("the griffin_lim vocoder has nothing to train")
        if t.segment % self.config.audio.hop:
            raise TtsfError(f"a hop of {self.config.audio.hop} does not divide {t.segment} samples")
        self.model = TTSF(self.config)
        self.net = Parts(self.model, ("vocoder",))
        self.discriminators = build_discriminators(t.discriminators, t.divisor)
        self.speech = SpeechClips(options.data, ("train",))
        self.held_out = SpeechClips(options.data, ("valid",))
        self.clips = [clip for clip in self.speech.clips if clip.samples >= t.segment]
        if not self.clips:
            raise TtsfError(f"no training clips of {t.segment} samples or more in {options.data}")
        self.weights = {"mel": t.mel}
        if t.stft:
            self.weights["stft"] = t.stft
        if self.discriminators is not None:
            self.net.add_module("discriminators", self.discriminators)
            self.weights |= {
                "adversarial": t.adversarial, "features": t.features,
                "discriminator": t.discriminator,
            }  # fmt: skip

    def optimizer(self) -> torch.optim.Optimizer:
        """AdamW for generator and discriminators."""
        t = self.training
        return torch.optim.AdamW(self.net.parameters(), lr=t.learning_rate, betas=t.betas)

    @property
    def batches_per_epoch(self) -> int:
        """Batches that show every clip once."""
        return math.ceil(len(self.clips) / self.training.batch)

    def learning_rate(self, step: int, steps: int) -> float:
        """The decay to the power of the epochs that are complete."""
        seen = step * self.batches_a_step * self.training.batch
        return self.training.decay ** (seen // len(self.clips))

    def batch(self, number: int) -> VocoderBatch:
        """The next clips of endless shuffled epochs, a random segment of each."""
        rng, size = np.random.default_rng((self.seed, 0, number)), self.training.batch
        chosen = [self._clip(number * size + i) for i in range(size)]
        samples, mels = zip(*(self._segment(clip, rng.random()) for clip in chosen), strict=True)
        return VocoderBatch(
            torch.cat(samples), torch.cat(mels), tuple(clip.name for clip in chosen)
        )

    def _clip(self, place: int) -> Clip:
        epoch, within = divmod(place, len(self.clips))
        order = np.random.default_rng((self.seed, 1, epoch)).permutation(len(self.clips))
        return self.clips[order[within]]

    def _segment(self, clip: Clip, place: float) -> tuple[Tensor, Tensor]:
        """Samples [1, N] and their mel, at the relative `place` in [0, 1)."""
        hop, length = self.config.audio.hop, self.training.segment
        samples = torch.from_numpy(self.speech.waveform(clip))[None]
        mel, frames = mel_spectrogram(samples, self.config.audio), length // hop
        first = int(place * (mel.shape[-1] - frames + 1))
        return samples[:, first * hop : first * hop + length], mel[..., first : first + frames]

    def _mel_error(self, fake: Tensor, real: Tensor) -> Tensor:
        with full_precision(fake.device):
            wanted = mel_spectrogram(real, self.config.audio)
            return (mel_spectrogram(fake, self.config.audio) - wanted).abs().mean()

    def losses(self, batch: VocoderBatch) -> dict[str, Tensor]:
        """The losses of both sides."""
        fake = self.model.vocoder(batch.mel).float()
        found = {"mel": self._mel_error(fake, batch.samples)}
        if self.training.stft:
            found["stft"] = stft_loss(fake, batch.samples)
        if self.discriminators is not None:
            found |= gan_losses(self.discriminators, fake, batch.samples)._asdict()
        return found

    def held_out_batches(self) -> Iterator[VocoderBatch]:
        """Whole held-out clips, one at a time."""
        hop = self.config.audio.hop
        for clip in self.held_out.clips[: self.training.held_out]:
            samples = torch.from_numpy(self.held_out.waveform(clip))[None]
            samples = samples[:, : samples.shape[-1] // hop * hop]
            mel = mel_spectrogram(samples, self.config.audio)
            yield VocoderBatch(samples, mel, (clip.name,))

    def validate(self, step: int, batches: Iterable[VocoderBatch]) -> Validation:
        """Mel L1 over whole clips; one of them as a sound beside the real one."""
        sounds: dict[str, Tensor] = {}
        errors = []
        for batch in batches:
            fake = self.model.vocoder(batch.mel).float()
            errors.append(float(self._mel_error(fake, batch.samples)))
            sounds = sounds or {"held_out": fake[0], "real": batch.samples[0]}
        return Validation({"mel": float(np.mean(errors))}, sounds=sounds)
