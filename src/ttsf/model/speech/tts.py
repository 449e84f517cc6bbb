"""Sec. 3.3: text to mel-spectrogram in the voice of f_id; joins E_t, durations and D_TTS.

Outside this class mels are raw natural logs; inside they are normalised to mean 0 and std 1.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from ttsf.config import CLIP_FRAMES, AudioConfig, SpeechConfig, VoiceConfig
from ttsf.errors import TtsfError
from ttsf.model.flow_matching import euler, ot_cfm_loss, start_noise
from ttsf.model.layers import full_precision
from ttsf.model.speech.decoder import SpeechDecoder
from ttsf.model.speech.duration import (
    SymbolPredictor,
    gaussian_nll,
    give_pauses_to_marks,
    inner_marks,
    log_likelihood,
    repeat_by_durations,
    search_alignment,
    silent_end,
    whole_durations,
)
from ttsf.model.speech.prosody import SymbolProsody
from ttsf.model.speech.refiner import MelRefiner
from ttsf.model.speech.text_encoder import EncodedText, TextEncoder, length_mask
from ttsf.model.speech.voice import VoiceMixture, voice_projection
from ttsf.symbols import SYMBOLS


class SpeechFeatures(NamedTuple):
    """Text features at mel rate; T is a multiple of the frames per video frame."""

    embedding: Tensor  # e_t [B, C, T]
    hidden: Tensor  # upsampled f_t [B, C + V, T]
    mu: Tensor  # [B, mel_bins, T], normalised
    mask: Tensor  # [B, 1, T]
    durations: Tensor  # [B, L] mel frames
    silence: Tensor  # [B] of them, added at the end

    def ahead(self, frames: int) -> "SpeechFeatures":
        """Move what the audio mapper reads earlier by some mel frames; the last frame is held."""
        last = self.mu.shape[-1] - 1
        index = (torch.arange(last + 1, device=self.mu.device) + frames).clamp_max(last)
        embedding, hidden, mu = (x[..., index] for x in (self.embedding, self.hidden, self.mu))
        return self._replace(embedding=embedding, hidden=hidden, mu=mu)


class Crops(NamedTuple):
    """Windows of utterances, a training clip long."""

    x_1: Tensor
    """Real log-mel, normalised: [B, mel_bins, T]."""
    mu: Tensor
    """[B, mel_bins, T]."""
    mask: Tensor
    """[B, 1, T]."""


class TtsLosses(NamedTuple):
    """L_TTS is their sum."""

    prior: Tensor
    duration: Tensor
    flow: Tensor
    prosody: Tensor | None = None
    """Loss of pitch and energy, where the model predicts them."""

    def terms(self) -> dict[str, Tensor]:
        """Return the terms that the model has, by name."""
        return {name: loss for name, loss in self._asdict().items() if loss is not None}

    def total(self) -> Tensor:
        """L_TTS."""
        return torch.stack(list(self.terms().values())).sum()


class SpokenText(NamedTuple):
    """Utterances with their text, both padded."""

    ids: Tensor
    """int64 [B, L]."""
    id_lengths: Tensor
    """int64 [B]."""
    mel: Tensor
    """[B, mel_bins, T], raw log-mel."""
    mel_lengths: Tensor
    """int64 [B], not shorter than the text where its times are to be searched."""
    durations: Tensor | None = None
    """int64 [B, L], mel frames of each symbol where they are known; else a row of zeros."""
    log_f0: Tensor | None = None
    """[B, T], natural log of F0 in Hz, interpolated where unvoiced."""


def pad_spoken(
    ids: list[Tensor],
    mels: list[Tensor],
    durations: list[Tensor] | None = None,
    log_f0: list[Tensor] | None = None,
) -> SpokenText:
    """Texts int64 [L] each and their raw log-mels [mel_bins, T] each, ended with zeros.

    durations: int64 [L] each, zeros where unknown; log_f0: [T] each.
    """
    frames = [mel.T for mel in mels]
    return SpokenText(
        pad_sequence(ids, batch_first=True),
        torch.tensor([len(x) for x in ids]),
        pad_sequence(frames, batch_first=True).transpose(1, 2).contiguous(),
        torch.tensor([len(x) for x in frames]),
        None if durations is None else pad_sequence(durations, batch_first=True),
        None if log_f0 is None else pad_sequence(log_f0, batch_first=True),
    )


class TextToSpeech(nn.Module):
    """E_t, duration predictor and D_TTS, conditioned on a voice vector projected from f_id."""

    def __init__(
        self, config: SpeechConfig, audio: AudioConfig, identity_channels: int, length_multiple: int
    ) -> None:
        super().__init__()
        self.config, self.audio, self.multiple = config, audio, length_multiple
        voice = config.voice_channels
        self.voice_projection = voice_projection(config, identity_channels)
        self.encoder = TextEncoder(config.text_encoder, len(SYMBOLS), voice, audio.mel_bins)
        self.duration = SymbolPredictor(config.duration, self.encoder.width)
        self.prosody: SymbolProsody | None = None
        if config.prosody is not None:
            self.prosody = SymbolProsody(config.prosody, self.encoder.width)
        self.refiner: MelRefiner | None = None
        if config.refiner is not None:
            self.refiner = MelRefiner(config.refiner, self.encoder.width, audio.mel_bins)
        self.decoder = SpeechDecoder(config.decoder, audio.mel_bins, voice)
        self.embedding_channels = config.text_encoder.channels
        self.hidden_channels = self.encoder.width

    def voice(self, f_id: Tensor) -> Tensor:
        """f_id [B, identity_channels] -> voice [B, V]."""
        return self.voice_projection(f_id)

    def known_voices(self) -> Tensor:
        """The model's own voices [N, V]; a zero vector if it has none."""
        if isinstance(self.voice_projection, VoiceMixture):
            return self.voice_projection.voices.weight.T
        return next(self.parameters()).new_zeros(1, self.config.voice_channels)

    def named_voice(self, name: str) -> Tensor:
        """[1, V] of one of the model's own voices; raises TtsfError for another name."""
        names = [voice.name for voice in self.config.voices]
        if name not in names or not isinstance(self.voice_projection, VoiceMixture):
            known = f"its voices are {', '.join(names)}" if names else "it has none of its own"
            raise TtsfError(f"the model knows no voice '{name}'; {known}")
        return self.voice_projection.voices.weight[:, names.index(name)][None]

    def nearest_voice(self, voice: Tensor) -> VoiceConfig:
        """Return the model's own voice nearest to [1, V]; the model must have voices."""
        return self.config.voices[int((self.known_voices() - voice).square().sum(1).argmin())]

    def language_of(self, voice: Tensor) -> str:
        """Return the language of the model's own voice that is nearest to `voice` [1, V]."""
        own = self.nearest_voice(voice).language if self.config.voices else None
        return own or self.config.language

    def upsample(
        self, text: EncodedText, durations: Tensor, longest: int, silence: Tensor | None = None
    ) -> SpeechFeatures:
        """Bring encoded text to mel rate; longest: mel frames of the longest utterance."""
        frames = math.ceil(longest / self.multiple) * self.multiple
        mask = length_mask(durations.sum(1), frames)
        hidden = repeat_by_durations(text.hidden, durations, frames)
        if self.refiner is None:
            mu = repeat_by_durations(text.mu, durations, frames)
        else:
            mu = self.refiner(hidden, durations, mask)
        return SpeechFeatures(
            repeat_by_durations(text.embedding, durations, frames),
            hidden,
            mu,
            mask,
            durations,
            durations.new_zeros(len(durations)) if silence is None else silence,
        )

    def predict(
        self,
        ids: Tensor,
        id_lengths: Tensor,
        voice: Tensor,
        rate: float = 1.0,
        pauses: float = 1.0,
    ) -> tuple[EncodedText, Tensor]:
        """The encoded text, with pitch and energy if the model has them, and its durations.

        pauses: factor of the durations of marks between words.
        """
        text = self.encoder(ids, id_lengths, voice)
        log_durations = self.duration(text.hidden, text.mask)[:, 0]
        log_durations = log_durations + math.log(pauses) * inner_marks(ids)
        durations = whole_durations(
            log_durations, text.mask, rate, self.multiple, self.config.duration.round_up
        )
        if self.prosody is not None:
            values = self.prosody.predictor(text.hidden, text.mask)
            text = text._replace(hidden=self.prosody.add(text.hidden, values, text.mask))
        return text, durations

    def encode(
        self,
        ids: Tensor,
        id_lengths: Tensor,
        voice: Tensor,
        rate: float = 1.0,
        silence: int = 0,
    ) -> SpeechFeatures:
        """Features with predicted durations; `rate` > 1 speaks faster.

        silence: minimum mel frames of the marks and blanks at the end; the last symbol
        is lengthened to reach it, in whole video frames.
        """
        text, durations = self.predict(ids, id_lengths, voice, rate, self.config.duration.pauses)
        there = (durations * silent_end(ids)).sum(1)
        lacking = (silence - there).clamp_min(0)
        lacking = lacking + -lacking % self.multiple
        durations = durations.scatter_add(1, id_lengths[:, None] - 1, lacking[:, None])
        return self.upsample(text, durations, int(durations.sum(1).max()), lacking)

    def _align(self, spoken: SpokenText, voice: Tensor) -> tuple[EncodedText, Tensor, Tensor]:
        """The encoded text, the normalised mel x_1, and the durations that join them.

        The durations are the known ones, else those that fit best.
        """
        text = self.encoder(spoken.ids, spoken.id_lengths, voice)
        x_1 = (spoken.mel - self.audio.mel_mean) / self.audio.mel_std
        given = spoken.durations
        if given is not None and bool((given.sum(1) > 0).all()):
            return text, x_1, given
        with torch.no_grad(), full_precision(x_1.device):
            scores = log_likelihood(x_1, text.mu.float())
        searched = search_alignment(scores, spoken.id_lengths, spoken.mel_lengths)
        durations = give_pauses_to_marks(searched, spoken.ids)
        if given is not None:
            durations = torch.where(given.sum(1, keepdim=True) > 0, given, durations)
        return text, x_1, durations

    def _with_prosody(
        self, text: EncodedText, spoken: SpokenText, x_1: Tensor, durations: Tensor
    ) -> tuple[EncodedText, Tensor | None]:
        """Add the pitch and energy of its speech to a text; return it and these [B, 2, L]."""
        if self.prosody is None:
            return text, None
        if spoken.log_f0 is None:
            raise ValueError("a model with prosody learns from speech whose F0 is known")
        values = self.prosody.measure(spoken.log_f0, x_1, durations) * text.mask
        return text._replace(hidden=self.prosody.add(text.hidden, values, text.mask)), values

    def align(self, spoken: SpokenText, voice: Tensor) -> SpeechFeatures:
        """Features with the durations that fit the real speech best."""
        text, x_1, durations = self._align(spoken, voice)
        text, _ = self._with_prosody(text, spoken, x_1, durations)
        return self.upsample(text, durations, x_1.shape[-1])

    def decode(
        self,
        features: SpeechFeatures,
        voice: Tensor,
        steps: int,
        temperature: float,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Solve Eq. 4 for the raw log-mel [B, mel_bins, T]."""
        mu, mask = features.mu, features.mask
        noise = torch.randn(mu.shape, generator=generator, dtype=torch.float32).to(mu)
        x_0 = start_noise(mu, noise * temperature, self.config.flow)
        x_1 = euler(lambda x, t: self.decoder(x, t, mu, voice, mask), x_0, steps)
        return x_1 * self.audio.mel_std + self.audio.mel_mean

    def forward(
        self, spoken: SpokenText, voice: Tensor, crops: int = 1
    ) -> tuple[TtsLosses, SpeechFeatures]:
        """L_TTS term by term, and features with the durations that fit the speech best.

        The flow loss sees random crops of each utterance, a training clip long.
        """
        text, x_1, durations = self._align(spoken, voice)
        symbols = spoken.id_lengths.sum()
        predicted = self.duration(text.hidden.detach(), text.mask)[:, 0]
        wanted = durations.clamp_min(1).float().log() * text.mask[:, 0]
        duration = ((predicted - wanted) ** 2).sum() / symbols
        plain = text.hidden
        text, values = self._with_prosody(text, spoken, x_1, durations)
        prosody = None
        if self.prosody is not None and values is not None:
            guess = self.prosody.predictor(plain, text.mask)
            prosody = ((guess - values) ** 2).sum() / symbols
        mask = length_mask(spoken.mel_lengths, x_1.shape[-1])
        features = self.upsample(text, durations, x_1.shape[-1])
        mu = features.mu[..., : x_1.shape[-1]]
        prior = gaussian_nll(x_1, mu, mask)
        if self.refiner is not None:  # mu of the symbols alone serves the alignment search
            coarse = repeat_by_durations(text.mu, durations, x_1.shape[-1])
            prior = (prior + gaussian_nll(x_1, coarse, mask)) / 2
        cut = self.crops(spoken, features, crops)
        voice = voice.repeat(crops, 1)
        flow = ot_cfm_loss(
            lambda x, t: self.decoder(x, t, cut.mu, voice, cut.mask), *cut, self.config.flow
        )
        return TtsLosses(prior, duration, flow, prosody), features

    def crops(self, spoken: SpokenText, features: SpeechFeatures, count: int) -> Crops:
        """`count` random windows of each utterance, [count * B, ...]; one of each comes first."""
        x_1 = (spoken.mel - self.audio.mel_mean) / self.audio.mel_std
        mask = length_mask(spoken.mel_lengths, x_1.shape[-1])
        mu = features.mu[..., : x_1.shape[-1]]
        cut = [self._crop(x_1, mu, mask, spoken.mel_lengths) for _ in range(count)]
        return Crops(*map(torch.cat, zip(*cut, strict=True)))

    def sample(self, mu: Tensor, mask: Tensor, voice: Tensor, steps: int) -> Tensor:
        """A normalised mel x_1 [B, mel_bins, T] from mu, with gradients through Eq. 4."""
        x_0 = start_noise(mu, torch.randn_like(mu), self.config.flow)
        return euler(lambda x, t: self.decoder(x, t, mu, voice, mask), x_0, steps) * mask

    def _crop(self, x: Tensor, mu: Tensor, mask: Tensor, lengths: Tensor) -> tuple[Tensor, ...]:
        """The same random window of each utterance."""
        length = CLIP_FRAMES * self.multiple
        if x.shape[-1] <= length:
            return x * mask, mu, mask
        room = (lengths - length).clamp_min(0) + 1
        starts = (torch.rand(len(lengths), device=x.device) * room).long()
        index = (starts[:, None] + torch.arange(length, device=x.device))[:, None]
        return tuple(a.gather(2, index.expand(-1, a.shape[1], -1)) for a in (x * mask, mu, mask))
