"""The audio mapper, Sec. 3.1 and Fig. 3: text features of the TTS to the lip feature f_lip.

The residual blocks pad nothing. The whole utterance is mapped at once; its first and last feature
(silence) are held for half a receptive field at either end, so that the output covers exactly the
input's time, and temporal interpolation brings 100 mel frames a second to 25 pictures a second.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ttsf.config import AudioMapperConfig, MouthOpeningConfig
from ttsf.model.layers import DilatedResidual


class MultiReceptiveField(nn.Module):
    """MRF [HiFi-GAN]: the mean of residual blocks of different kernels, over their common time."""

    def __init__(self, channels: int, kernels: tuple[int, ...], dilations: tuple[int, ...]) -> None:
        super().__init__()
        branches = [DilatedResidual(channels, k, dilations, padded=False) for k in kernels]
        self.branches = nn.ModuleList(branches)
        self.margins = [branch.margin for branch in branches]
        self.margin = max(self.margins)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, T] -> [B, C, T - 2 margin]."""
        outputs = []
        for branch, margin in zip(self.branches, self.margins, strict=True):
            cut, y = self.margin - margin, branch(x)
            outputs.append(y[..., cut : y.shape[-1] - cut])
        return torch.stack(outputs).mean(0)


class AudioMapper(nn.Module):
    """Concat(e_t, upsampled f_t, energy) -> f_lip."""

    def __init__(
        self,
        config: AudioMapperConfig,
        embedding_channels: int,
        hidden_channels: int,
        mel_bins: int,
        style_channels: int,
    ) -> None:
        super().__init__()
        self.config = config
        upsampled = {"mu": mel_bins, "hidden": hidden_channels, "both": mel_bins + hidden_channels}
        width = embedding_channels
        if config.use_upsampled:
            width += upsampled[config.feature]
        if config.energy != "none":
            width += 1
        self.enter = nn.Conv1d(width, config.channels, 1)
        fields = [
            MultiReceptiveField(config.channels, config.kernels, config.dilations)
            for _ in range(config.blocks)
        ]
        self.fields = nn.ModuleList(fields)
        self.margin = sum(field.margin for field in fields)
        self.leave = nn.Conv1d(config.channels, style_channels, 1)

    def condition(self, embedding: Tensor, hidden: Tensor, mu: Tensor) -> Tensor:
        """Fig. 3's condition [B, W, T] of e_t and f_t, as hidden and mu, all [B, C, T]."""
        config = self.config
        chosen = {"mu": [mu], "hidden": [hidden], "both": [hidden, mu]}[config.feature]
        feature = torch.cat(chosen, dim=1)
        parts = [embedding]
        if config.use_upsampled:
            parts.append(feature)
        if config.energy == "norm":
            parts.append(feature.norm(dim=1, keepdim=True) / feature.shape[1] ** 0.5)
        elif config.energy == "mean":
            parts.append(feature.mean(dim=1, keepdim=True))
        return torch.cat(parts, dim=1)

    def forward(self, embedding: Tensor, hidden: Tensor, mu: Tensor, frames: int) -> Tensor:
        """All at mel rate, [B, C, T]; frames: pictures wanted -> f_lip [B, S, frames]."""
        x = self.enter(self.condition(embedding, hidden, mu))
        x = F.pad(x, (self.margin, self.margin), mode="replicate")
        for field in self.fields:
            x = field(x)
        if x.shape[-1] != frames:
            x = F.interpolate(x, size=frames, mode="linear", align_corners=False)
        return self.leave(F.leaky_relu(x, 0.1))


def opened(opening: Tensor, config: MouthOpeningConfig) -> Tensor:
    """Scale an opening, of any shape, in units of its label; it only nears `config.most`."""
    room = config.most - config.easy
    beyond = (config.factor * opening - config.easy).clamp_min(0)
    return config.factor * opening - beyond + room * (1 - (-beyond / room).exp())
