"""E_m, Sec. 3.1: f_m = E_m(E_v(I)) in the span of trainable orthonormal motion codes."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from ttsf.config import FaceConfig
from ttsf.model.face.encoder import SLOPE, initialise


class Motion(NamedTuple):
    """A picture's motion."""

    alpha: Tensor
    """Coordinates along the motion codes: [B, K]."""
    feature: Tensor
    """f_m: [B, S]."""


class MotionExtractor(nn.Module):
    """A 5-layer MLP gives the coordinates; QR keeps the codes orthonormal at every forward."""

    def __init__(self, config: FaceConfig) -> None:
        super().__init__()
        width = config.style_channels
        layers: list[nn.Module] = []
        for _ in range(config.motion_mlp_layers - 1):
            layers.append(nn.Linear(width, width))
            if config.motion_mlp_activation:
                layers.append(nn.LeakyReLU(SLOPE))
        layers.append(nn.Linear(width, config.motion_codes))
        self.mlp = nn.Sequential(*layers)
        self.lip_codes = config.lip_codes
        initialise(self.mlp)
        self.directions = nn.Parameter(torch.randn(width, config.motion_codes))

    def codes(self) -> Tensor:
        """The orthonormal motion codes q_i as columns: [S, K]."""
        q, r = torch.linalg.qr(self.directions)
        return q * torch.sign(torch.diagonal(r))

    def compose(self, alpha: Tensor) -> Tensor:
        """f_m = sum_i alpha_i q_i; [..., K] -> [..., S]."""
        return alpha @ self.codes().T

    def coordinates(self, feature: Tensor) -> Tensor:
        """alpha_i = <f_m, q_i>, the inverse of `compose` on the span; [..., S] -> [..., K]."""
        return feature @ self.codes()

    def head_part(self, feature: Tensor) -> Tensor:
        """f_m without the codes that only f_lip may carry; [..., S] -> [..., S]."""
        q = self.codes()[:, list(self.lip_codes)]
        return feature - feature @ q @ q.T

    def forward(self, style: Tensor) -> Motion:
        """style: f_s, [B, S]; the identity is then f_id = f_s - f_m."""
        alpha = self.mlp(style)
        return Motion(alpha, self.compose(alpha))
