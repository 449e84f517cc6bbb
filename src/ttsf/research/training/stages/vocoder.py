"""The vocoder's own stage, Sec. 4.1: mel-spectrograms of real speech back to their waveforms.

The losses and rates of [HiFi-GAN]: mel L1 x 45, least-squares GAN, feature matching x 2. The small
presets train with spectrogram discriminators and a multi-resolution STFT loss, which carries their
first steps. Unlike HiFi-GAN, generator and discriminators take each step together, from the same
weights and under one bound on the gradient (`training.loop`), and the generator reads a segment's
mel cut from the mel of its whole clip, as it will when it speaks. Beside a run of the TTS it is
tuned to what D_TTS draws (`training.tts_mels`).
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
from ttsf.model.speech.harmonic import HarmonicVocoder
from ttsf.model.speech.pitch import pitch_loss
from ttsf.model.ttsf import TTSF
from ttsf.research.data.manifest import Clip, NoClips
from ttsf.research.data.speech.speech_clips import SpeechClips
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
from ttsf.research.training.tts_mels import Said, TtsMels, draw_mels

EDGE = 0.475
"""Of the mel's sampling rate, where narrow recordings are cut off: codecs end below the half."""
WIDE_BINS = 100
"""Of the mel by which wide sound is compared."""


class VocoderBatch(NamedTuple):
    """Segments of real speech."""

    samples: Tensor
    """[B, N] in [-1, 1] at the vocoder's rate."""
    mel: Tensor
    """[B, mel_bins, T], cut from the whole clip's raw log-mel."""
    names: tuple[str, ...]
    narrow: Tensor
    """bool [B]: sound without anything above the mel's band, where the vocoder's goes beyond."""
    f0: Tensor | None = None
    """Hz [B, T], 0 where unvoiced, for a vocoder that reads it."""
    said: Said | None = None
    """Segments whose mel D_TTS draws."""


def stft_loss(fake: Tensor, real: Tensor) -> Tensor:
    """Spectral convergence plus log-magnitude L1 of samples [B, N], averaged over RESOLUTIONS."""
    terms = []
    for n_fft, hop in RESOLUTIONS:
        a, b = magnitude(fake, n_fft, hop), magnitude(real, n_fft, hop)
        terms.append((a - b).norm() / b.norm() + (a.log() - b.log()).abs().mean())
    return torch.stack(terms).mean()


def output_audio(config: ModelConfig) -> AudioConfig:
    """The mel by which sound at the vocoder's rate is compared: as fine as the model's own, up to
    half of that rate."""
    audio, rate = config.audio, config.sample_rate
    if rate == audio.sample_rate:
        return audio
    scale = rate / audio.sample_rate
    window = round(audio.window * scale)
    return replace(
        audio,
        sample_rate=rate,
        window=window,
        hop=round(audio.hop * scale),
        n_fft=max(audio.n_fft, 2 ** math.ceil(math.log2(window))),
        mel_bins=WIDE_BINS,
        fmax=rate / 2,
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
        audio, self.rate = self.config.audio, self.config.sample_rate
        self.reads_f0 = self.config.vocoder.kind == "harmonic"
        if t.segment % audio.hop:
            raise TtsfError(f"a hop of {audio.hop} does not divide {t.segment} samples")
        self.heard = output_audio(self.config)
        self.model = TTSF(self.config)
        if options.warm_start is not None:
            load_parts(self.model, options.warm_start, ("vocoder",))
        self.tts_mels = None if options.tts is None else TtsMels(self.model, options.tts)
        self.net = Parts(self.model, ("vocoder",))
        self.discriminators = build_discriminators(t.discriminators, t.divisor)
        self.speech = SpeechClips(options.data, ("train",))
        self.held_out, self.notes = self.speech, list[str]()
        try:
            self.held_out = SpeechClips(options.data, ("valid",))
        except NoClips:
            self.notes.append("no speech of the split valid: the validation is on training clips")
        self.clips = [clip for clip in self.speech.clips if clip.samples >= t.segment]
        if not self.clips:
            raise TtsfError(f"no training clips of {t.segment} samples or more in {options.data}")
        self.weights = {"mel": t.mel}
        if self.reads_f0:
            self.weights["f0"] = t.f0
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
        """The decay to the power of the epochs that are complete; a straight fall at the end."""
        seen, falling = step * self.batches_a_step * self.training.batch, self.training.falling
        left = min(1.0, (1 - step / steps) / falling) if falling else 1.0
        return left * self.training.decay ** (seen // len(self.clips))

    def batch(self, number: int) -> VocoderBatch:
        """The next clips of endless shuffled epochs, a random segment of each."""
        rng, size = np.random.default_rng((self.seed, 0, number)), self.training.batch
        chosen = [self._clip(number * size + i) for i in range(size)]
        frames = self.training.segment // self.config.audio.hop
        mels = [self._mel(self.speech, clip) for clip in chosen]
        first = [int(rng.random() * (mel.shape[-1] - frames + 1)) for mel in mels]
        said = None
        if self.tts_mels is not None:
            known = [i for i in range(size // 2) if self.tts_mels.knows(chosen[i])]
            said = self.tts_mels.said(
                known, [chosen[i] for i in known], [mels[i] for i in known],
                [first[i] for i in known],
            )  # fmt: skip
        cut = [mel[:, f : f + frames] for mel, f in zip(mels, first, strict=True)]
        return self._collate(self.speech, chosen, first, torch.stack(cut), said)

    def _collate(
        self,
        speech: SpeechClips,
        clips: list[Clip],
        first: list[int],
        mel: Tensor,
        said: Said | None,
    ) -> VocoderBatch:
        """The segments of clips whose mel frames from `first` on are mel [B, mel_bins, T]."""
        frames, f0 = mel.shape[-1], None
        places = list(zip(clips, first, strict=True))
        samples = np.stack([speech.segment(c, f, frames, self.rate) for c, f in places])
        if self.reads_f0:
            f0 = torch.from_numpy(np.stack([speech.f0(c, f, frames) for c, f in places]))
        wide = self.rate > self.config.audio.sample_rate
        narrow = torch.tensor([wide and clip.wide is None for clip in clips])
        names = tuple(clip.name for clip in clips)
        return VocoderBatch(torch.from_numpy(samples), mel, names, narrow, f0, said)

    def _clip(self, place: int) -> Clip:
        epoch, within = divmod(place, len(self.clips))
        order = np.random.default_rng((self.seed, 1, epoch)).permutation(len(self.clips))
        return self.clips[order[within]]

    def _mel(self, speech: SpeechClips, clip: Clip) -> Tensor:
        """Raw log-mel [mel_bins, T] of a whole clip."""
        samples = torch.from_numpy(speech.waveform(clip))
        samples = samples[: len(samples) // self.config.audio.hop * self.config.audio.hop]
        return mel_spectrogram(samples[None], self.config.audio)[0]

    def _mel_error(self, fake: Tensor, real: Tensor) -> Tensor:
        with full_precision(fake.device):
            return (
                (mel_spectrogram(fake, self.heard) - mel_spectrogram(real, self.heard)).abs().mean()
            )

    def losses(self, batch: VocoderBatch) -> dict[str, Tensor]:
        """The losses of both sides."""
        mel = batch.mel
        if batch.said is not None:
            drawn = draw_mels(self.model, batch.said, mel.shape[-1])
            mel = mel.index_copy(0, batch.said.place, drawn)
        with full_precision(mel.device):  # the cheap half; half precision would add its noise
            fake, found = self._speak(mel, batch.f0)
            real = self._in_band(batch.samples, batch.narrow)
            fake = self._in_band(fake, batch.narrow)
            found["mel"] = self._mel_error(fake, real)
            if self.training.stft:
                found["stft"] = stft_loss(fake, real)
        if self.discriminators is not None:
            found |= gan_losses(self.discriminators, fake, real)._asdict()
        return found

    def _speak(self, mel: Tensor, f0: Tensor | None) -> tuple[Tensor, dict[str, Tensor]]:
        """The vocoder's samples, and the loss of the F0 that it reads."""
        if f0 is None:
            return self.model.vocoder(mel), {}
        assert isinstance(self.model.vocoder, HarmonicVocoder)
        fake, pitch = self.model.vocoder.speak(mel)
        return fake, {"f0": pitch_loss(pitch, f0)}

    def _in_band(self, samples: Tensor, narrow: Tensor) -> Tensor:
        """Samples [B, N], those of narrow clips [B] without what lies above their band."""
        if not bool(narrow.any()):
            return samples
        spectrum = torch.fft.rfft(samples)
        edge = int(spectrum.shape[-1] * EDGE * self.config.audio.sample_rate / self.rate)
        keep = torch.arange(spectrum.shape[-1], device=samples.device)[None] < edge
        return torch.fft.irfft(spectrum * (keep | ~narrow[:, None]), n=samples.shape[-1])

    def held_out_batches(self) -> Iterator[VocoderBatch]:
        """Whole held-out clips, one at a time."""
        for clip in self.held_out.clips[: self.training.held_out]:
            mel, said = self._mel(self.held_out, clip), None
            if self.tts_mels is not None and self.tts_mels.knows(clip):
                said = self.tts_mels.said([0], [clip], [mel], [0])
            yield self._collate(self.held_out, [clip], [0], mel[None], said)

    def validate(self, step: int, batches: Iterable[VocoderBatch]) -> Validation:
        """Mel L1 over whole clips, from their own mels and D_TTS's; one of them as a sound."""
        torch.manual_seed(0)
        sounds: dict[str, Tensor] = {}
        errors, said = list[float](), list[float]()
        for batch in batches:
            fake = self._in_band(self.model.vocoder(batch.mel).float(), batch.narrow)
            real = self._in_band(batch.samples, batch.narrow)
            errors.append(float(self._mel_error(fake, real)))
            sounds = sounds or {"held_out": fake[0], "real": real[0]}
            if batch.said is not None:
                drawn = draw_mels(self.model, batch.said, batch.mel.shape[-1])
                fake = self._in_band(self.model.vocoder(drawn).float(), batch.narrow)
                said.append(float(self._mel_error(fake, real)))
        figures = {"mel": float(np.mean(errors))}
        if said:
            figures["mel_of_tts"] = float(np.mean(said))
        return Validation(figures, sounds=sounds, rate=self.rate)
