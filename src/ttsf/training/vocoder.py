"""Sec. 4.1, the vocoder's own stage: mel-spectrograms of real speech back to their waveforms.

    python -m ttsf.training.vocoder --data DIR --out DIR --preset mini --steps 20000

Losses of [HiFi-GAN] (mel L1, least-squares GAN, feature matching) with spectrogram discriminators
at several resolutions, and a multi-resolution STFT loss that carries the first steps.
"""

import argparse
import math
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ttsf.config import PRESETS, ModelConfig
from ttsf.data.speech_corpus import Clip, SpeechPack, open_pack
from ttsf.errors import TtsfError
from ttsf.mel import mel_spectrogram
from ttsf.speech.vocoder import build_vocoder
from ttsf.training.loop import train

LEARNING_RATE = 5e-4
LAST_RATE = 0.1
"""Of LEARNING_RATE, reached at the end of the cosine."""
SEGMENT_FRAMES = 50
"""Mel frames of a training segment, 0.5 s."""
BATCH = 16
RESOLUTIONS = ((512, 128), (1024, 256), (2048, 512))
"""(n_fft, hop) in samples of the STFT losses and of the discriminators."""


class VocoderBatch(NamedTuple):
    """Segments of real speech."""

    samples: Tensor  # [B, SEGMENT_FRAMES * hop]
    mel: Tensor  # [B, mel_bins, SEGMENT_FRAMES], cut from the whole clip's mel


def magnitude(samples: Tensor, n_fft: int, hop: int) -> Tensor:
    """[B, N] -> [B, n_fft / 2 + 1, frames]."""
    window = torch.hann_window(n_fft, device=samples.device)
    spectrum = torch.stft(samples, n_fft, hop, window=window, return_complex=True)
    return torch.view_as_real(spectrum).square().sum(-1).clamp_min(1e-7).sqrt()


def stft_loss(made: Tensor, real: Tensor) -> Tensor:
    """Spectral convergence plus log-magnitude L1, averaged over RESOLUTIONS."""
    terms = []
    for n_fft, hop in RESOLUTIONS:
        a, b = magnitude(made, n_fft, hop), magnitude(real, n_fft, hop)
        terms.append((a - b).norm() / b.norm() + (a.log() - b.log()).abs().mean())
    return torch.stack(terms).mean()


class SpectrogramDiscriminator(nn.Module):
    """Strided 2-D convolutions over one log-magnitude spectrogram."""

    def __init__(self, n_fft: int, hop: int, channels: int = 16) -> None:
        super().__init__()
        self.n_fft, self.hop = n_fft, hop
        widths = (1, channels, channels, 2 * channels, 2 * channels)
        self.layers = nn.ModuleList(
            nn.utils.parametrizations.weight_norm(
                nn.Conv2d(a, b, (5, 3), (2 if i else 1, 1), (2, 1))
            )
            for i, (a, b) in enumerate(pairwise(widths))
        )
        self.last = nn.Conv2d(widths[-1], 1, 3, padding=1)

    def forward(self, samples: Tensor) -> list[Tensor]:
        """[B, N] -> every layer's features, the score map last."""
        x = magnitude(samples, self.n_fft, self.hop).log()[:, None]
        features = []
        for layer in self.layers:
            x = F.leaky_relu(layer(x), 0.1)
            features.append(x)
        return [*features, self.last(x)]


class VocoderNet(nn.Module):
    """The generator, which ships, beside the discriminators, which do not."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.vocoder = build_vocoder(config.vocoder, config.audio)
        self.judges = nn.ModuleList(SpectrogramDiscriminator(n, hop) for n, hop in RESOLUTIONS)


class VocoderStage:
    """The stage for `training.loop.train`; without `adversarial` only the spectral losses."""

    def __init__(
        self, folder: Path, config: ModelConfig, steps: int, adversarial: bool, seed: int = 0
    ) -> None:
        if config.vocoder.kind != "hifigan":
            raise TtsfError(f"the {config.vocoder.kind} vocoder has nothing to train")
        self.config, self.steps, self.adversarial, self.seed = config, steps, adversarial, seed
        self.pack: SpeechPack = open_pack(folder)
        self.room = SEGMENT_FRAMES * config.audio.hop
        long = [c for c in self.pack.clips if c.length >= self.room]
        self.clips = [c for c in long if c.split == "train"]
        self.held_out = [c for c in long if c.split == "held_out"]
        if not self.clips:
            raise TtsfError(f"no clips of {self.room} samples or more in {folder}")
        self.net = VocoderNet(config)
        self.weights = {"mel": 45.0, "stft": 2.0}
        if adversarial:
            self.weights |= {"adversarial": 1.0, "features": 2.0, "discriminator": 1.0}

    def optimizer(self) -> torch.optim.Optimizer:
        """AdamW for generator and discriminators."""
        return torch.optim.AdamW(self.net.parameters(), lr=LEARNING_RATE, betas=(0.8, 0.99))

    def learning_rate(self, step: int) -> float:
        """Half a cosine down to LAST_RATE."""
        done = min(1.0, step / self.steps)
        return LAST_RATE + (1 - LAST_RATE) * 0.5 * (1 + math.cos(math.pi * done))

    def segment(self, clip: Clip, place: float) -> tuple[Tensor, Tensor]:
        """Samples and mel of SEGMENT_FRAMES frames at the relative `place` in [0, 1)."""
        hop = self.config.audio.hop
        samples = torch.from_numpy(self.pack.waveform(clip))[None]
        mel = mel_spectrogram(samples, self.config.audio)
        first = int(place * (mel.shape[-1] - SEGMENT_FRAMES + 1))
        cut = samples[:, first * hop : (first + SEGMENT_FRAMES) * hop]
        return cut, mel[..., first : first + SEGMENT_FRAMES]

    def batch(self, step: int) -> VocoderBatch:
        """Random segments, drawn from the step number."""
        rng = np.random.default_rng((self.seed, step))
        chosen = rng.integers(len(self.clips), size=BATCH)
        parts = [self.segment(self.clips[i], rng.random()) for i in chosen]
        return VocoderBatch(*(torch.cat(column) for column in zip(*parts, strict=True)))

    def losses(self, batch: VocoderBatch) -> dict[str, Tensor]:
        """Generator's losses with frozen discriminators, then the discriminators' own."""
        made = self.net.vocoder(batch.mel)
        mel = (mel_spectrogram(made, self.config.audio) - batch.mel)[..., 3:-3].abs().mean()
        found = {"mel": mel, "stft": stft_loss(made, batch.samples)}
        if not self.adversarial:
            return found
        judges = self.net.judges.requires_grad_(False)
        fooled, matched = [], []
        for judge in judges:
            with torch.no_grad():
                real = judge(batch.samples)
            fake = judge(made)
            fooled.append(((fake[-1] - 1) ** 2).mean())
            pairs = zip(fake[:-1], real[:-1], strict=True)
            matched.append(torch.stack([(a - b).abs().mean() for a, b in pairs]).mean())
        judges.requires_grad_(True)
        told = [
            ((judge(batch.samples)[-1] - 1) ** 2).mean() + (judge(made.detach())[-1] ** 2).mean()
            for judge in judges
        ]
        found["adversarial"] = torch.stack(fooled).mean()
        found["features"] = torch.stack(matched).mean()
        found["discriminator"] = torch.stack(told).mean()
        return found

    @torch.no_grad()
    def validate(self, step: int, folder: Path) -> dict[str, float]:
        """Mel L1 over held-out clips; the first one is written into `folder`."""
        errors = []
        for i, clip in enumerate(self.held_out[:20]):
            samples = torch.from_numpy(self.pack.waveform(clip))[None]
            mel = mel_spectrogram(samples, self.config.audio)
            made = self.net.vocoder(mel)
            errors.append(float((mel_spectrogram(made, self.config.audio) - mel).abs().mean()))
            if i == 0:
                rate = self.config.audio.sample_rate
                soundfile.write(folder / f"{step:06d}.wav", made[0].clamp(-1, 1).numpy(), rate)
        return {"mel": round(float(np.mean(errors)), 4)} if errors else {}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Train the vocoder on a speech corpus.")
    parser.add_argument("--data", type=Path, required=True, help="what data.speech_corpus wrote")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--preset", choices=sorted(PRESETS), default="mini")
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--spectral-only", action="store_true", help="no discriminators")
    options = parser.parse_args()
    try:
        torch.manual_seed(options.seed)
        config, adversarial = PRESETS[options.preset], not options.spectral_only
        stage = VocoderStage(options.data, config, options.steps, adversarial, options.seed)
        train(stage, options.out, options.steps, seed=options.seed)
    except TtsfError as error:
        raise SystemExit(f"error: {error}") from None


if __name__ == "__main__":
    main()
