"""Sec. 3.3: from f_id to the voice vector that conditions E_t and D_TTS."""

from torch import Tensor, nn

from ttsf.config import SpeechConfig


class VoiceMixture(nn.Module):
    """A mixture of known voices, so that no face asks for a voice that was never trained.

    A straight projection fitted to few people shrinks towards the mean voice, and all sound alike;
    the softmax keeps the choice sharp.
    """

    def __init__(self, identity_channels: int, voices: int, voice_channels: int) -> None:
        super().__init__()
        self.choose = nn.Linear(identity_channels, voices)
        self.voices = nn.Linear(voices, voice_channels, bias=False)

    def forward(self, f_id: Tensor) -> Tensor:
        """f_id [B, identity_channels] -> voice [B, voice_channels]."""
        return self.voices(self.choose(f_id).softmax(-1))


def voice_projection(config: SpeechConfig, identity_channels: int) -> nn.Module:
    """A linear layer, or a mixture of `config.voices`."""
    if not config.voices:
        return nn.Linear(identity_channels, config.voice_channels)
    return VoiceMixture(identity_channels, len(config.voices), config.voice_channels)
