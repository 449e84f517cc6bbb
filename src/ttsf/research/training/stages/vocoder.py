"""The vocoder stage, Sec. 4.1: mel-spectrograms of real speech to waveforms.

The losses and rates of [HiFi-GAN]: mel L1 x 45, least-squares GAN, feature matching x 2. The small
presets train with spectrogram discriminators and a multi-resolution STFT loss, which dominates the
first steps. Unlike in HiFi-GAN, generator and discriminators take each step together, from the same
weights and with one gradient clip (`training.loop`), and a segment's mel is cut from the mel of its
whole clip, as at inference. A vocoder with `harmonics_hz` also learns F0, from the tracks of the
corpus.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ttsf.config import AudioConfig, ModelConfig
from ttsf.errors import TtsfError
from ttsf.model.layers import full_precision
from ttsf.model.mel import mel_spectrogram
from ttsf.model.speech.vocoder import Vocos
from ttsf.model.ttsf import TTSF
from ttsf.research.data.manifest import Clip
from ttsf.research.data.speech.speech_clips import SpeechClips
from ttsf.research.data.speech.utterances import read_f0
from ttsf.research.presets import Preset
from ttsf.research.training.adversarial.gan import gan_losses
from ttsf.research.training.adversarial.vocoder_discriminators import (
    RESOLUTIONS,
    build_discriminators,
    magnitude,
)
from ttsf.research.training.journal import Validation
from ttsf.research.training.parts import Parts, load_parts
from ttsf.research.training.settings import VocoderOptions

EDGE = 0.475
"""Cut-off of narrow-band recordings, relative to the mel's sampling rate (codecs stop below
0.5)."""
WIDE_BINS = 100
"""Mel bins for comparing wide-band sound."""


class VocoderBatch(NamedTuple):
    """Segments of real speech."""

    samples: Tensor
    """[B, N] in [-1, 1] at the vocoder's rate."""
    mel: Tensor
    """[B, mel_bins, T], cut from the whole clip's raw log-mel."""
    names: tuple[str, ...]
    narrow: Tensor
    """bool [B]: sound without content above the mel's band, for wide-band vocoders."""
    f0: Tensor | None = None
    """[B, T] in Hz, 0 where unvoiced, for vocoders that read it."""


def stft_loss(fake: Tensor, real: Tensor) -> Tensor:
    """Spectral convergence plus log-magnitude L1 of samples [B, N], averaged over RESOLUTIONS."""
    terms = []
    for n_fft, hop in RESOLUTIONS:
        a, b = magnitude(fake, n_fft, hop), magnitude(real, n_fft, hop)
        terms.append((a - b).norm() / b.norm() + (a.log() - b.log()).abs().mean())
    return torch.stack(terms).mean()


def output_audio(config: ModelConfig) -> AudioConfig:
    """Return the mel configuration for comparing sound at the vocoder's rate, up to Nyquist."""
    audio, rate = config.audio, config.sample_rate
    if rate == audio.sample_rate:
        return audio
    heard = audio.at_rate(rate)
    n_fft = max(audio.n_fft, 2 ** math.ceil(math.log2(heard.window)))
    return replace(heard, n_fft=n_fft, mel_bins=WIDE_BINS, fmax=rate / 2)


class VocoderStage:
    """The stage for `training.loop.train`: the vocoder and its discriminators."""

    def __init__(
        self, options: VocoderOptions, preset: Preset, seed: int = 0, batches_a_step: int = 1
    ) -> None:
        t = preset.vocoder
        self.training = t
        self.config, self.seed, self.batches_a_step = preset.model, seed, batches_a_step
        if self.config.vocoder.kind == "griffin_lim":
            raise TtsfError("the griffin_lim vocoder has nothing to train")
        audio, self.rate = self.config.audio, self.config.sample_rate
        if t.segment % audio.hop:
            raise TtsfError(
                f"vocoder.segment must be a multiple of the hop ({audio.hop}), not {t.segment}"
            )
        self.heard = output_audio(self.config)
        self.model = TTSF(self.config)
        if options.warm_start is not None:
            load_parts(self.model, options.warm_start, ("vocoder",))
        self.net = Parts(self.model, ("vocoder",))
        vocoder = self.model.vocoder
        self.reads_f0 = isinstance(vocoder, Vocos) and vocoder.pitch is not None
        self.sounds = options.only is None
        if not self.sounds:
            if not self.reads_f0:
                raise TtsfError("this vocoder reads no F0: its harmonics_hz is 0")
            vocoder.requires_grad_(False).pitch.requires_grad_(True)
        self.discriminators = None
        if self.sounds:
            self.discriminators = build_discriminators(t.discriminators, t.divisor)
        self.speech = SpeechClips(options.data, ("train",))
        self.held_out, self.notes = self.speech.held_out(), list[str]()
        if self.held_out is self.speech:
            self.notes.append("no speech of the split valid: the validation is on training clips")
        self.clips = [clip for clip in self.speech.clips if clip.samples >= t.segment]
        if not self.clips:
            raise TtsfError(f"no training clips of {t.segment} samples or more in {options.data}")
        self.weights = {"pitch": t.pitch} if self.reads_f0 else {}
        if self.sounds:
            self.weights |= {"mel": t.mel} | ({"stft": t.stft} if t.stft else {})
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
        """Micro-batches per pass through the clips."""
        return math.ceil(len(self.clips) / self.training.batch)

    def learning_rate(self, step: int, steps: int) -> float:
        """Exponential decay per complete epoch, with a linear fall at the end."""
        seen, falling = step * self.batches_a_step * self.training.batch, self.training.falling
        left = min(1.0, (1 - step / steps) / falling) if falling else 1.0
        return left * self.training.decay ** (seen // len(self.clips))

    def batch(self, number: int) -> VocoderBatch:
        """Return the next clips of shuffled epochs, a random segment of each."""
        rng, size = np.random.default_rng((self.seed, 0, number)), self.training.batch
        chosen = [self._clip(number * size + i) for i in range(size)]
        frames = self.training.segment // self.config.audio.hop
        wholes = [self.speech.waveform(clip) for clip in chosen]
        mels = [self._mel(whole) for whole in wholes]
        first = [int(rng.random() * (mel.shape[-1] - frames + 1)) for mel in mels]
        cut = [mel[:, f : f + frames] for mel, f in zip(mels, first, strict=True)]
        return self._collate(self.speech, chosen, wholes, first, torch.stack(cut))

    def _collate(
        self,
        speech: SpeechClips,
        clips: list[Clip],
        wholes: list[np.ndarray],
        first: list[int],
        mel: Tensor,
    ) -> VocoderBatch:
        """Build a batch of segments, whose mels from frame `first` on are mel [B, mel_bins, T].

        wholes: the waveforms of the clips.
        """
        frames, hop = mel.shape[-1], self.config.audio.hop
        samples = np.stack(
            [
                speech.segment(clip, whole, start * hop, frames * hop, self.rate)
                for clip, whole, start in zip(clips, wholes, first, strict=True)
            ]
        )
        wide = self.rate > self.config.audio.sample_rate
        narrow = torch.tensor([wide and clip.wide is None for clip in clips])
        names = tuple(clip.name for clip in clips)
        f0 = None
        if self.reads_f0:
            tracks = [
                read_f0(speech.folder, clip, start + frames)[start:]
                for clip, start in zip(clips, first, strict=True)
            ]
            f0 = torch.from_numpy(np.stack(tracks))
        return VocoderBatch(torch.from_numpy(samples), mel, names, narrow, f0)

    def _clip(self, place: int) -> Clip:
        epoch, within = divmod(place, len(self.clips))
        order = np.random.default_rng((self.seed, 1, epoch)).permutation(len(self.clips))
        return self.clips[order[within]]

    def _mel(self, whole: np.ndarray) -> Tensor:
        """Return the raw log-mel [mel_bins, T] of a clip's waveform."""
        hop = self.config.audio.hop
        samples = torch.from_numpy(whole[: len(whole) // hop * hop])
        return mel_spectrogram(samples[None], self.config.audio)[0]

    def _mel_error(self, fake: Tensor, real: Tensor) -> Tensor:
        with full_precision(fake.device):
            wanted = mel_spectrogram(real, self.heard)
            return (mel_spectrogram(fake, self.heard) - wanted).abs().mean()

    def losses(self, batch: VocoderBatch) -> dict[str, Tensor]:
        """Return the losses of generator and discriminators."""
        mel, found = batch.mel, dict[str, Tensor]()
        if batch.f0 is not None:
            with full_precision(mel.device):
                found["pitch"] = self._pitch_loss(mel, batch.f0)
        if not self.sounds:
            return found
        with full_precision(mel.device):  # cheap, and half precision would add noise
            real = self._in_band(batch.samples, batch.narrow)
            fake = self._in_band(self.model.vocoder(mel), batch.narrow)
            found["mel"] = self._mel_error(fake, real)
            if self.training.stft:
                found["stft"] = stft_loss(fake, real)
        if self.discriminators is not None:
            found |= gan_losses(self.discriminators, fake, real)._asdict()
        return found

    def _pitch_loss(self, mel: Tensor, f0: Tensor) -> Tensor:
        """Return the loss of F0, read from recorded mels [B, mel_bins, T], against f0 [B, T]."""
        vocoder = self.model.vocoder
        assert isinstance(vocoder, Vocos) and vocoder.pitch is not None
        with torch.no_grad():
            features = vocoder.features(mel)
        return vocoder.pitch.loss(vocoder.pitch(features), f0)

    def _in_band(self, samples: Tensor, narrow: Tensor) -> Tensor:
        """Low-pass the samples [B, N] of narrow-band clips [B] to their band."""
        if not bool(narrow.any()):
            return samples
        spectrum = torch.fft.rfft(samples)
        edge = int(spectrum.shape[-1] * EDGE * self.config.audio.sample_rate / self.rate)
        keep = torch.arange(spectrum.shape[-1], device=samples.device)[None] < edge
        return torch.fft.irfft(spectrum * (keep | ~narrow[:, None]), n=samples.shape[-1])

    def held_out_batches(self) -> Iterator[VocoderBatch]:
        """Yield whole held-out clips, one at a time."""
        for clip in self.held_out.clips[: self.training.held_out]:
            whole = self.held_out.waveform(clip)
            yield self._collate(self.held_out, [clip], [whole], [0], self._mel(whole)[None])

    def validate(self, step: int, batches: Iterable[VocoderBatch]) -> Validation:
        """Compute mel L1 over whole clips; keep one as a sound."""
        torch.manual_seed(0)
        sounds: dict[str, Tensor] = {}
        errors, pitch = list[float](), list[float]()
        for batch in batches:
            if batch.f0 is not None:
                pitch.append(float(self._pitch_loss(batch.mel, batch.f0)))
            fake = self._in_band(self.model.vocoder(batch.mel).float(), batch.narrow)
            real = self._in_band(batch.samples, batch.narrow)
            errors.append(float(self._mel_error(fake, real)))
            sounds = sounds or {"held_out": fake[0], "real": real[0]}
        figures = {"mel": float(np.mean(errors))}
        if pitch:
            figures["pitch"] = float(np.mean(pitch))
        return Validation(figures, sounds=sounds, rate=self.rate)
