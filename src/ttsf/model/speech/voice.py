"""Sec. 3.3: from f_id to the voice vector that conditions E_t and D_TTS."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ttsf.config import SpeechConfig, VoiceConfig

NEVER = -1e4
"""Score of a voice of the other register: its share is 0, and a cross-entropy finite."""


class VoiceMixture(nn.Module):
    """A mixture of known voices of one register, so that no face asks for an untrained voice.

    A straight projection fitted to few people shrinks towards the mean voice, and all sound alike;
    the softmax keeps the choice sharp. The register is chosen first, by a function of its own: it
    lies in directions of small variance, so f_id is standardised, and a wrong one is what a viewer
    notices most.
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
        """f_id [B, S] with the mean and spread of the training portraits taken out."""
        return (f_id - self.centre) / self.spread

    def scores(self, x: Tensor, high: Tensor) -> Tensor:
        """Of all voices [B, voices] for standardised f_id; none but low ones where not `high` [B].

        A mixture whose voices have one register has these for everybody.
        """
        scores: Tensor = self.choose(x)
        if len(set(self.high)) == 1:
            return scores
        other = x.new_tensor(self.high, dtype=torch.bool)[None] != high[:, None]
        return scores.masked_fill(other, NEVER)

    def shares(self, f_id: Tensor) -> Tensor:
        """f_id [B, S] -> [B, voices], which add up to 1 and are 0 outside one register."""
        x = self.standardised(f_id)
        return self.scores(x, self.register(x)[:, 0] > 0).softmax(-1)

    def forward(self, f_id: Tensor) -> Tensor:
        """f_id [B, S] -> voice [B, voice_channels]."""
        return self.voices(self.shares(f_id))


def voice_projection(config: SpeechConfig, identity_channels: int) -> nn.Module:
    """A linear layer, or a mixture of `config.voices`."""
    if not config.voices:
        return nn.Linear(identity_channels, config.voice_channels)
    return VoiceMixture(identity_channels, config.voices, config.voice_channels)
