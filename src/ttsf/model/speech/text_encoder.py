"""E_t, Sec. 3.3: symbol ids and voice to f_t; prenet, rotary transformer, projection to mu."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ttsf.config import TextEncoderConfig
from ttsf.model.layers import rotate


class EncodedText(NamedTuple):
    """Output of E_t, one column per symbol."""

    embedding: Tensor  # e_t [B, C, L]
    hidden: Tensor  # f_t [B, C + V, L]
    mu: Tensor  # [B, mel_bins, L], the mean of the mel prior
    mask: Tensor  # [B, 1, L]


class ChannelNorm(nn.LayerNorm):
    """Layer normalisation over the channels of [B, C, L]."""

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, L] -> [B, C, L]."""
        return super().forward(x.transpose(1, 2)).transpose(1, 2)


def length_mask(lengths: Tensor, size: int) -> Tensor:
    """[B] -> [B, 1, size] of 0 and 1."""
    return (torch.arange(size, device=lengths.device)[None] < lengths[:, None])[:, None].float()


class Attention(nn.Module):
    """Multi-head self-attention over the columns of [B, C, L], with optional rotary positions."""

    def __init__(self, channels: int, heads: int, head_channels: int, rotary: bool) -> None:
        super().__init__()
        self.heads, self.rotary = heads, rotary
        self.qkv = nn.Conv1d(channels, 3 * heads * head_channels, 1)
        self.out = nn.Conv1d(heads * head_channels, channels, 1)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """mask: [B, 1, L]."""
        qkv = self.qkv(x).unflatten(1, (3, self.heads, -1)).transpose(-1, -2)
        q, k, v = qkv.contiguous().unbind(1)  # else torch's kernel stores all L x L scores
        if self.rotary:
            half = q.shape[-1] // 4 * 2  # of the head's channels [Matcha]
            q, k = rotate(q, half), rotate(k, half)
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask[:, None] > 0)
        return self.out(y.transpose(-1, -2).flatten(1, 2))


class Prenet(nn.Module):
    """Convolutions over the embedded symbols, with a residual path."""

    def __init__(self, channels: int, layers: int, kernel: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Sequential(
                nn.Conv1d(channels, channels, kernel, padding=kernel // 2),
                ChannelNorm(channels),
                nn.ReLU(),
                nn.Dropout(dropout),
            )
            for _ in range(layers)
        )
        self.out = nn.Conv1d(channels, channels, 1)
        nn.init.zeros_(self.out.weight)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """[B, C, L] -> [B, C, L]."""
        y = x
        for layer in self.layers:
            y = layer(y * mask)
        return (x + self.out(y)) * mask


class TransformerLayer(nn.Module):
    """Attention and a convolutional feed-forward, each after a norm."""

    def __init__(self, channels: int, config: TextEncoderConfig) -> None:
        super().__init__()
        c, kernel = config, config.ffn_kernel
        self.norm_1, self.norm_2 = ChannelNorm(channels), ChannelNorm(channels)
        self.attention = Attention(channels, c.heads, channels // c.heads, rotary=True)
        self.conv_1 = nn.Conv1d(channels, c.ffn_channels, kernel, padding=kernel // 2)
        self.conv_2 = nn.Conv1d(c.ffn_channels, channels, kernel, padding=kernel // 2)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """[B, C, L] -> [B, C, L]."""
        x = x + self.dropout(self.attention(self.norm_1(x), mask))
        y = self.dropout(F.relu(self.conv_1(self.norm_2(x) * mask)))
        return (x + self.dropout(self.conv_2(y * mask))) * mask


class TextEncoder(nn.Module):
    """E_t: ids [B, L], lengths [B], voice [B, V] -> EncodedText."""

    def __init__(
        self, config: TextEncoderConfig, symbols: int, voice_channels: int, mel_bins: int
    ) -> None:
        super().__init__()
        self.width = config.channels + voice_channels
        self.embedding = nn.Embedding(symbols, config.channels)
        self.prenet = Prenet(
            config.channels, config.prenet_layers, config.prenet_kernel, config.prenet_dropout
        )
        self.layers = nn.ModuleList(
            TransformerLayer(self.width, config) for _ in range(config.layers)
        )
        self.norm = ChannelNorm(self.width)
        self.to_mu = nn.Conv1d(self.width, mel_bins, 1)

    def forward(self, ids: Tensor, lengths: Tensor, voice: Tensor) -> EncodedText:
        """The voice is joined after the prenet."""
        mask = length_mask(lengths, ids.shape[1])
        embedding = self.embedding(ids).transpose(1, 2) * mask
        x = self.prenet(embedding, mask)
        x = torch.cat([x, voice[:, :, None].expand(-1, -1, x.shape[-1]) * mask], dim=1)
        for layer in self.layers:
            x = layer(x, mask)
        hidden = self.norm(x) * mask
        return EncodedText(embedding, hidden, self.to_mu(hidden) * mask, mask)
