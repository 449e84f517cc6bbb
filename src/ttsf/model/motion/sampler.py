"""The OT-CFM motion sampler, Sec. 3.2: noise to compressed motion f_c, conditioned on mu."""

import torch
from torch import Tensor, nn

from ttsf.config import MotionConfig
from ttsf.model.flow_matching import euler, ot_cfm_loss, start_noise
from ttsf.model.layers import TimeEmbedding


class DilatedBlock(nn.Module):
    """Residual dilated convolution over time, modulated by the flow time."""

    def __init__(self, channels: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(8, channels)
        self.modulate = nn.Linear(channels, 2 * channels)
        self.body = nn.Sequential(
            nn.SiLU(),
            nn.Conv1d(channels, 2 * channels, 3, padding=dilation, dilation=dilation),
            nn.GLU(dim=1),
            nn.Dropout(dropout),
            nn.Conv1d(channels, channels, 1),
        )

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        """x: [B, C, T]; time: [B, C]."""
        gain, shift = self.modulate(time)[:, :, None].chunk(2, dim=1)
        return x + self.body(self.norm(x) * (1 + gain) + shift)


class MotionSampler(nn.Module):
    """v_t(x, mu; theta) of Eq. 6 for head motion; the dilations double from 1."""

    def __init__(self, config: MotionConfig, style_channels: int) -> None:
        super().__init__()
        self.flow = config.flow
        channels, width = config.sampler_channels, config.sampled_channels(style_channels)
        self.time = TimeEmbedding(64, channels)
        self.enter = nn.Conv1d(2 * width, channels, 3, padding=1)
        self.blocks = nn.ModuleList(
            DilatedBlock(channels, 2 ** (i % 4), config.dropout)
            for i in range(config.sampler_layers)
        )
        self.leave = nn.Conv1d(channels, width, 3, padding=1)

    def velocity(self, x: Tensor, t: Tensor, mu: Tensor) -> Tensor:
        """Predict v_t [B, C, T] for x, mu [B, C, T] at times t [B]."""
        y = self.enter(torch.cat([x, mu], dim=1))
        time = self.time(t)
        for block in self.blocks:
            y = block(y, time)
        return self.leave(y)

    def loss(self, f_c: Tensor, mu: Tensor) -> Tensor:
        """L_OT-CFM with x_1 = f_c; f_c, mu: [B, T, C]."""
        x_1, mean = f_c.transpose(1, 2), mu.transpose(1, 2)
        mask = torch.ones_like(x_1[:, :1])
        return ot_cfm_loss(lambda x, t: self.velocity(x, t, mean), x_1, mean, mask, self.flow)

    def sample(
        self,
        mu: Tensor,
        steps: int,
        temperature: float,
        generator: torch.Generator,
        known: Tensor | None = None,
    ) -> Tensor:
        """Draw f_c [B, T, C] for mu [B, T, C]; the noise comes from `generator`.

        known: the first K frames, [B, K, C]; they follow the straight path of Eq. 6 to their
        values, while the others are sampled.
        """
        mean = mu.transpose(1, 2)
        noise = torch.randn(mean.shape, generator=generator, dtype=torch.float32)
        x_0 = start_noise(mean, noise.to(mean) * temperature, self.flow)
        x_1 = mean[..., :0] if known is None else known.transpose(1, 2)
        first = x_1.shape[-1]
        u_t = x_1 - (1 - self.flow.sigma_min) * x_0[..., :first]  # Eq. 6

        def field(x: Tensor, t: Tensor) -> Tensor:
            return torch.cat([u_t, self.velocity(x, t, mean)[..., first:]], dim=-1)

        return euler(field, x_0, steps).transpose(1, 2)
