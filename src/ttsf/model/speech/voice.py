"""Sec. 3.3: from f_id to the voice vector that conditions E_t and D_TTS."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ttsf.config import SpeechConfig, VoiceConfig

NEVER = -1e4
"""Score of a voice of the other register: gives it weight 0, but a finite cross-entropy."""


class VoiceMixture(nn.Module):
    """A mixture of known voices of one register, so that no face gets an untrained voice.

    A linear projection fitted to few people shrinks towards the mean voice; the softmax keeps the
    choice sharp. The register, which viewers notice most, is chosen first by a separate classifier.
    It depends on directions of small variance, so f_id is standardised.
    """

    centre: Tensor
    spread: Tensor

    def __init__(
        self, identity_channels: int, voices: Sequence[VoiceConfig], voice_channels: int
    ) -> None:
        super().__init__()
        self.register_buffer("centre", torch.zeros(identity_channels))
        self.register_buffer("spread", torch.ones(identity_channels))
        self.register = nn.Linear(identity_channels, 1)
        self.choose = nn.Linear(identity_channels, len(voices))
        self.voices = nn.Linear(len(voices), voice_channels, bias=False)
        self.high = tuple(voice.register == "high" for voice in voices)

    def standardised(self, f_id: Tensor) -> Tensor:
        """Standardise f_id [B, S] by mean and spread of the training portraits."""
        return (f_id - self.centre) / self.spread

    def scores(self, x: Tensor, high: Tensor) -> Tensor:
        """Score all voices [B, voices] for standardised f_id, only those of the register `high`
        [B].

        If all voices have one register, `high` is ignored.
        """
        scores: Tensor = self.choose(x)
        if len(set(self.high)) == 1:
            return scores
        other = x.new_tensor(self.high, dtype=torch.bool)[None] != high[:, None]
        return scores.masked_fill(other, NEVER)

    def shares(self, f_id: Tensor) -> Tensor:
        """Return mixture weights: f_id [B, S] -> [B, voices], sum 1, 0 outside one register."""
        x = self.standardised(f_id)
        return self.scores(x, self.register(x)[:, 0] > 0).softmax(-1)

    def forward(self, f_id: Tensor) -> Tensor:
        """f_id [B, S] -> voice [B, voice_channels]."""
        return self.voices(self.shares(f_id))


def voice_projection(config: SpeechConfig, identity_channels: int) -> nn.Module:
    """Build a linear layer, or a mixture of `config.voices` if there are any."""
    if not config.voices:
        return nn.Linear(identity_channels, config.voice_channels)
    return VoiceMixture(identity_channels, config.voices, config.voice_channels)
