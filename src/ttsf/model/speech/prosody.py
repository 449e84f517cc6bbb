"""Pitch and energy of each symbol: measured in speech, predicted from f_t, and added to it [ours].

Pitch is the natural log of F0, energy the mean log-mel; both are normalised to about mean 0, std 1.
"""

import torch
from torch import Tensor, nn

from ttsf.config import ProsodyConfig
from ttsf.model.speech.duration import SymbolPredictor

VALUES = 2
"""Pitch, energy."""


def mean_of_symbols(x: Tensor, durations: Tensor) -> Tensor:
    """Average x [B, C, T] over each symbol's frames, int64 [B, L]: [B, C, L], 0 for no frames."""
    total = torch.nn.functional.pad(x.cumsum(2), (1, 0))
    ends = durations.cumsum(1)
    edges = torch.stack([ends - durations, ends])[:, :, None].expand(-1, -1, x.shape[1], -1)
    first, last = total.gather(2, edges[0]), total.gather(2, edges[1])
    return (last - first) / durations.clamp_min(1)[:, None]


class SymbolProsody(nn.Module):
    """Predicts pitch and energy, and adds measured or predicted ones to f_t."""

    def __init__(self, config: ProsodyConfig, channels: int) -> None:
        super().__init__()
        self.config = config
        self.predictor = SymbolPredictor(config, channels, VALUES)
        self.embed = nn.Conv1d(VALUES, channels, 3, padding=1)

    def measure(self, log_f0: Tensor, x_1: Tensor, durations: Tensor) -> Tensor:
        """Measure pitch and energy [B, 2, L] of real speech.

        log_f0: [B, T], natural log of Hz, interpolated where unvoiced; x_1: normalised log-mel
        [B, mel_bins, T]; durations: int64 [B, L].
        """
        pitch = (log_f0 - self.config.pitch_mean) / self.config.pitch_std
        frames = torch.stack([pitch, x_1.mean(1)], dim=1)
        return mean_of_symbols(frames, durations)

    def add(self, hidden: Tensor, values: Tensor, mask: Tensor) -> Tensor:
        """Add pitch and energy [B, 2, L] to f_t [B, C, L]; mask: [B, 1, L]."""
        return (hidden + self.embed(values * mask)) * mask
