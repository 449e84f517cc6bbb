"""Sec. 4.1, the vocoder's own stage: mel-spectrograms of real speech back to their waveforms.

    python -m ttsf.training.stages.vocoder --data DIR --out RUN --preset paper --steps 2500000

The losses and rates of [HiFi-GAN]: mel L1 x 45, least-squares GAN, feature matching x 2. The small
presets train with spectrogram discriminators and a multi-resolution STFT loss, which carries their
first steps. Unlike HiFi-GAN, generator and discriminators take each step together, from the same
weights and under one bound on the gradient (`training.loop`), and the generator reads a segment's
mel cut from the mel of its whole clip, as it will when it speaks.
"""

import argparse
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple, get_args

import numpy as np
import torch
from torch import Tensor, nn

from ttsf.config import ModelConfig
from ttsf.data.manifest import Clip
from ttsf.data.speech_clips import SpeechClips
from ttsf.errors import TtsfError
from ttsf.mel import mel_spectrogram
from ttsf.presets import PRESETS
from ttsf.speech.vocoder import build_vocoder
from ttsf.training.command import run_stage, stage_parser
from ttsf.training.discriminators import (
    RESOLUTIONS,
    DiscriminatorKind,
    Judgement,
    build_discriminators,
    magnitude,
)
from ttsf.training.journal import Validation

BETAS = (0.8, 0.99)
"""AdamW's [HiFi-GAN]."""
SEGMENT = 8_000
"""Samples of a training segment; HiFi-GAN's 8192 are no multiple of our hop of 160."""
BATCH = 16
"""Segments [HiFi-GAN]."""
MEL, ADVERSARIAL, FEATURES, DISCRIMINATOR = 45.0, 1.0, 2.0, 1.0
"""Weights of the losses [HiFi-GAN]."""
HELD_OUT = 20
"""Clips measured in a validation."""


@dataclass(frozen=True)
class VocoderRecipe:
    """What differs between presets; the defaults are those of [HiFi-GAN]."""

    discriminators: DiscriminatorKind = "hifigan"
    divisor: int = 1
    """By which HiFi-GAN's discriminators are narrower."""
    stft: float = 0.0
    """Weight of the multi-resolution STFT loss; 0 leaves it out."""
    learning_rate: float = 2e-4
    decay: float = 0.999
    """Of the learning rate, an epoch."""


RECIPES = {
    "paper": VocoderRecipe(),
    "mini": VocoderRecipe("spectrogram", stft=15.0, learning_rate=5e-4, decay=0.97),  # [ours]
}


def vocoder_recipe(preset: str) -> VocoderRecipe:
    """The recipe of a preset; ablations train as what they are made of."""
    return RECIPES[preset.split("-")[0]]


class VocoderBatch(NamedTuple):
    """Segments of real speech."""

    samples: Tensor
    """[B, SEGMENT] in [-1, 1]."""
    mel: Tensor
    """[B, mel_bins, SEGMENT / hop], cut from the whole clip's raw log-mel."""
    names: tuple[str, ...]


class GanLosses(NamedTuple):
    """Sums over the discriminators of a set [HiFi-GAN]."""

    adversarial: Tensor
    features: Tensor
    discriminator: Tensor


def stft_loss(made: Tensor, real: Tensor) -> Tensor:
    """Spectral convergence plus log-magnitude L1 of samples [B, N], averaged over RESOLUTIONS."""
    terms = []
    for n_fft, hop in RESOLUTIONS:
        a, b = magnitude(made, n_fft, hop), magnitude(real, n_fft, hop)
        terms.append((a - b).norm() / b.norm() + (a.log() - b.log()).abs().mean())
    return torch.stack(terms).mean()


def generator_score(fooled: list[Judgement]) -> Tensor:
    """Least squares towards 1, summed over discriminators."""
    return torch.stack([(1 - made.score).square().mean() for made in fooled]).sum()


def discriminator_score(real: list[Judgement], made: list[Judgement]) -> Tensor:
    """Least squares towards 1 for real and 0 for made speech, summed over discriminators."""
    terms = [(1 - r.score).square().mean() for r in real] + [m.score.square().mean() for m in made]
    return torch.stack(terms).sum()


def feature_distance(real: list[Judgement], made: list[Judgement]) -> Tensor:
    """L1 of every layer, summed over layers and discriminators; real speech is a fixed target."""
    pairs = zip(real, made, strict=True)
    layers = (pair for r, m in pairs for pair in zip(r.features, m.features, strict=True))
    return torch.stack([(a.detach() - b).abs().mean() for a, b in layers]).sum()


@contextmanager
def frozen(net: nn.Module) -> Iterator[None]:
    """Gradients pass through `net` but do not reach its weights."""
    net.requires_grad_(False)
    try:
        yield
    finally:
        net.requires_grad_(True)


def gan_losses(judges: nn.Module, made: Tensor, real: Tensor) -> GanLosses:
    """All three losses of samples [B, N]; each reaches only the side that it teaches."""
    told_real, told_made = judges(real), judges(made.detach())
    with frozen(judges):
        fooled = judges(made)
    return GanLosses(
        generator_score(fooled),
        feature_distance(told_real, fooled),
        discriminator_score(told_real, told_made),
    )


class VocoderNet(nn.Module):
    """The generator, which ships, beside the discriminators, which do not."""

    def __init__(self, config: ModelConfig, recipe: VocoderRecipe) -> None:
        super().__init__()
        if config.vocoder.kind != "hifigan":
            raise TtsfError(f"the {config.vocoder.kind} vocoder has nothing to train")
        self.vocoder = build_vocoder(config.vocoder, config.audio)
        self.judges = build_discriminators(recipe.discriminators, recipe.divisor)


class VocoderStage:
    """The stage for `training.loop.train`."""

    def __init__(
        self,
        folder: Path,
        config: ModelConfig,
        recipe: VocoderRecipe,
        seed: int = 0,
        batches_a_step: int = 1,
    ) -> None:
        if SEGMENT % config.audio.hop:
            raise TtsfError(f"a hop of {config.audio.hop} does not divide {SEGMENT} samples")
        self.config, self.recipe, self.seed = config, recipe, seed
        self.batches_a_step = batches_a_step
        self.net = VocoderNet(config, recipe)
        self.speech = SpeechClips(folder, ("train",))
        self.held_out = SpeechClips(folder, ("valid",))
        self.clips = [clip for clip in self.speech.clips if clip.samples >= SEGMENT]
        if not self.clips:
            raise TtsfError(f"no training clips of {SEGMENT} samples or more in {folder}")
        self.weights = {"mel": MEL}
        if recipe.stft:
            self.weights["stft"] = recipe.stft
        if self.net.judges is not None:
            self.weights |= {
                "adversarial": ADVERSARIAL, "features": FEATURES, "discriminator": DISCRIMINATOR,
            }  # fmt: skip

    def optimizer(self) -> torch.optim.Optimizer:
        """AdamW for generator and discriminators."""
        return torch.optim.AdamW(self.net.parameters(), lr=self.recipe.learning_rate, betas=BETAS)

    @property
    def batches_per_epoch(self) -> int:
        """Batches that show every clip once."""
        return math.ceil(len(self.clips) / BATCH)

    def learning_rate(self, step: int, steps: int) -> float:
        """The decay to the power of the epochs that are complete."""
        return self.recipe.decay ** (step * self.batches_a_step * BATCH // len(self.clips))

    def batch(self, number: int) -> VocoderBatch:
        """The next BATCH clips of endless shuffled epochs, a random segment of each."""
        rng = np.random.default_rng((self.seed, 0, number))
        chosen = [self._clip(number * BATCH + i) for i in range(BATCH)]
        samples, mels = zip(*(self._segment(clip, rng.random()) for clip in chosen), strict=True)
        return VocoderBatch(
            torch.cat(samples), torch.cat(mels), tuple(clip.name for clip in chosen)
        )

    def _clip(self, place: int) -> Clip:
        epoch, within = divmod(place, len(self.clips))
        order = np.random.default_rng((self.seed, 1, epoch)).permutation(len(self.clips))
        return self.clips[order[within]]

    def _segment(self, clip: Clip, place: float) -> tuple[Tensor, Tensor]:
        """Samples [1, SEGMENT] and their mel, at the relative `place` in [0, 1)."""
        hop = self.config.audio.hop
        samples = torch.from_numpy(self.speech.waveform(clip))[None]
        mel, frames = mel_spectrogram(samples, self.config.audio), SEGMENT // hop
        first = int(place * (mel.shape[-1] - frames + 1))
        return samples[:, first * hop : first * hop + SEGMENT], mel[..., first : first + frames]

    def _mel_error(self, made: Tensor, real: Tensor) -> Tensor:
        with torch.autocast(made.device.type, enabled=False):
            wanted = mel_spectrogram(real, self.config.audio)
            return (mel_spectrogram(made, self.config.audio) - wanted).abs().mean()

    def losses(self, batch: VocoderBatch) -> dict[str, Tensor]:
        """The losses of both sides."""
        made = self.net.vocoder(batch.mel).float()
        found = {"mel": self._mel_error(made, batch.samples)}
        if self.recipe.stft:
            found["stft"] = stft_loss(made, batch.samples)
        if self.net.judges is not None:
            found |= gan_losses(self.net.judges, made, batch.samples)._asdict()
        return found

    def validate(self, step: int) -> Validation:
        """Mel L1 over whole held-out clips; one of them as a sound beside the real one."""
        sounds: dict[str, Tensor] = {}
        device = next(self.net.parameters()).device
        errors = []
        for clip in self.held_out.clips[:HELD_OUT]:
            real = torch.from_numpy(self.held_out.waveform(clip))[None].to(device)
            real = real[:, : real.shape[-1] // self.config.audio.hop * self.config.audio.hop]
            made = self.net.vocoder(mel_spectrogram(real, self.config.audio)).float()
            errors.append(float(self._mel_error(made, real)))
            sounds = sounds or {"held_out": made[0], "real": real[0]}
        return Validation({"mel": float(np.mean(errors))}, sounds=sounds)


def build(chosen: argparse.Namespace) -> VocoderStage:
    """The stage of a command line."""
    recipe = vocoder_recipe(chosen.preset)
    if chosen.discriminators is not None:
        recipe = replace(recipe, discriminators=chosen.discriminators)
    if chosen.stft is not None:
        recipe = replace(recipe, stft=chosen.stft)
    batches = chosen.accumulate * int(os.environ.get("WORLD_SIZE", "1"))
    return VocoderStage(chosen.data, PRESETS[chosen.preset].model, recipe, chosen.seed, batches)


def main() -> None:
    """Command line."""
    parser = stage_parser(__doc__, steps=20_000)
    parser.add_argument("--data", type=Path, required=True, help="corpus with manifest.jsonl")
    parser.add_argument(
        "--discriminators",
        choices=get_args(DiscriminatorKind),
        help="(hifigan for paper, spectrogram for mini); none: the spectral losses alone",
    )
    parser.add_argument(
        "--stft", type=float, metavar="WEIGHT", help="of the STFT loss (0 for paper, 15 for mini)"
    )
    run_stage(parser, build)


if __name__ == "__main__":
    main()
