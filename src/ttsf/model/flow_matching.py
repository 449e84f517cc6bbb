"""Sec. 3.2, preliminaries: optimal-transport conditional flow matching, Eq. 4-6.

Noise is always x_0 and data x_1. Speech (D_TTS) and head motion (the sampler) share this file.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from ttsf.config import FlowMatchingConfig

VectorField = Callable[[Tensor, Tensor], Tensor]
"""v_t(x [B, C, T], t [B]) -> [B, C, T], already bound to its condition mu."""


def noise_for(seed: int, stream: int) -> torch.Generator:
    """Return a generator that is independent for each (seed, stream)."""
    mixed = np.random.SeedSequence((seed, stream)).generate_state(1, np.uint64)
    return generator_of(int(mixed[0]))


def generator_of(seed: int) -> torch.Generator:
    """Return a generator; a new `torch.Generator()` needs PyTorch's compiler to be imported."""
    return torch.default_generator.clone_state().manual_seed(seed)


def start_noise(mu: Tensor, noise: Tensor, config: FlowMatchingConfig) -> Tensor:
    """x_0 from standard `noise`, centred at zero (Eq. 6) or at `mu` (the text); both [B, C, T]."""
    return noise + mu if config.noise_centre == "mu" else noise


def ot_cfm_loss(
    vector_field: VectorField, x_1: Tensor, mu: Tensor, mask: Tensor, config: FlowMatchingConfig
) -> Tensor:
    """L_OT-CFM, Eq. 6, averaged over the valid elements.

    x_1, mu: [B, C, T]; mask: [B, 1, T] of 0 and 1. Times t are uniform, one per sample.
    """
    x_0 = start_noise(mu, torch.randn_like(x_1), config)
    t = torch.rand(x_1.shape[0], device=x_1.device, dtype=x_1.dtype)
    at = t[:, None, None]
    phi_t = (1 - (1 - config.sigma_min) * at) * x_0 + at * x_1
    u_t = x_1 - (1 - config.sigma_min) * x_0
    error = (vector_field(phi_t, t) - u_t) ** 2 * mask
    return error.sum() / (mask.sum() * x_1.shape[1]).clamp_min(1)


def euler(vector_field: VectorField, x_0: Tensor, steps: int) -> Tensor:
    """Solve Eq. 4 from t = 0, where x is `x_0`, to 1 in exactly `steps` equal Euler steps."""
    x = x_0
    for i in range(steps):
        time = torch.full((x.shape[0],), i / steps, device=x.device, dtype=x.dtype)
        x = x + vector_field(x, time) * (1 / steps)
    return x
