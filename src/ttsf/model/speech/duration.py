"""Sec. 3.3: symbol durations: the predictor, and the alignment search for its targets."""

import math

import numpy as np
import torch
from torch import Tensor, nn

from ttsf.config import DurationConfig, ProsodyConfig
from ttsf.model.speech.text_encoder import ChannelNorm
from ttsf.symbols import PUNCTUATION


class SymbolPredictor(nn.Module):
    """Predict values per symbol from f_t, with convolutions over the symbols.

    The duration predictor outputs the natural log of mel frames; its caller detaches f_t.
    """

    def __init__(
        self, config: DurationConfig | ProsodyConfig, in_channels: int, values: int = 1
    ) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Sequential(
                nn.Conv1d(width, config.channels, config.kernel, padding=config.kernel // 2),
                nn.ReLU(),
                ChannelNorm(config.channels),
                nn.Dropout(config.dropout),
            )
            for width in (in_channels, config.channels)
        )
        self.out = nn.Conv1d(config.channels, values, 1)

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """hidden: [B, C, L]; mask: [B, 1, L] -> [B, values, L]."""
        x = hidden
        for layer in self.layers:
            x = layer(x * mask)
        return self.out(x * mask) * mask


def log_likelihood(mel: Tensor, mu: Tensor) -> Tensor:
    """log N(mel; mu, I) without its constant, of each frame under each symbol: [B, L, T]."""
    squares = (mu**2).sum(1)[:, :, None] + (mel**2).sum(1)[:, None, :]
    return mu.transpose(1, 2) @ mel - 0.5 * squares


def search_alignment(
    scores: Tensor, symbols: Tensor, frames: Tensor, ends: Tensor | None = None
) -> Tensor:
    """Return durations [B, L] of the best monotonic path without skips through scores [B, L, T].

    Each symbol gets at least one frame, so `frames` >= `symbols` (both [B]) is needed. ends: bool
    [L], symbols at which a path may end (None: the last); later ones then get no frames, and all
    utterances must last as long.
    """
    s = scores.detach().cpu().numpy().transpose(2, 0, 1)
    n, t_end = symbols.cpu().numpy(), frames.cpu().numpy()
    if (t_end < n).any():
        raise ValueError("an utterance has fewer mel frames than symbols")
    size, batch, width = s.shape
    best = np.full((batch, width), -np.inf, dtype=np.float32)
    best[:, 0] = s[0, :, 0]
    came_from_left = np.zeros(s.shape, dtype=bool)
    left = np.full((batch, width), -np.inf, dtype=np.float32)
    for t in range(1, size):
        left[:, 1:] = best[:, :-1]
        came_from_left[t] = left > best
        best = np.maximum(left, best) + s[t]
    durations = np.zeros((batch, width), dtype=np.int64)
    rows, at = np.arange(batch), n - 1
    if ends is not None:
        at = np.where(ends.cpu().numpy(), best, -np.inf).argmax(1)
    for t in range(size - 1, -1, -1):
        live = t < t_end
        durations[rows, at] += live
        at = at - (came_from_left[t, rows, at] & live)
    return torch.from_numpy(durations).to(scores.device)


def are_sounds(ids: Tensor) -> Tensor:
    """Which symbols are neither blanks nor punctuation: bool, of the shape of ids."""
    return ids > len(PUNCTUATION)


def are_marks(ids: Tensor) -> Tensor:
    """Which symbols are punctuation other than spaces: bool, of the shape of ids."""
    return (ids > 0) & (ids < len(PUNCTUATION))  # the space is the last punctuation symbol


def give_pauses_to_marks(durations: Tensor, ids: Tensor) -> Tensor:
    """Reassign each pause to the first punctuation mark between two phones: int64 [B, L].

    The search sometimes assigns a silence to the mark, sometimes to a space or blank beside it. The
    mean log-durations are then too small, and the predictor would learn too short pauses.
    """
    size = ids.shape[1]
    silent, mark = ~are_sounds(ids), are_marks(ids)
    group = (~silent).cumsum(1)
    spare = (durations - 1).clamp_min(0) * silent
    place = torch.where(mark, torch.arange(size, device=ids.device), size)
    none = place.new_full((len(ids), size + 1), size)
    first = none.scatter_reduce(1, group, place, "amin")
    spare = spare * (first < size).gather(1, group)
    pause = torch.zeros_like(none).scatter_add(1, group, spare)
    return (durations - spare).scatter_add(1, first.clamp_max(size - 1), pause)


def whole_durations(
    log_durations: Tensor, mask: Tensor, rate: float, multiple: int, round_up: bool = True
) -> Tensor:
    """Predicted log-durations [B, L] to whole frames: each real symbol at least one.

    round_up: round predictions up [Matcha], since the mean of logs underestimates durations.
    After division by `rate` ends are rounded cumulatively, so the tempo is kept; the last symbol
    takes what brings the sum to the next multiple of `multiple`.
    """
    real = mask[:, 0] > 0
    lengths = log_durations.exp().clamp(1.0, 400.0) * real
    lengths = (lengths.ceil() if round_up else lengths) / rate
    ends = lengths.double().cumsum(1).round().long()
    durations = torch.diff(ends, dim=1, prepend=torch.zeros_like(ends[:, :1]))
    durations = torch.where(real, durations.clamp_min(1), torch.zeros_like(durations))
    last = real.sum(1) - 1
    rest = (-durations.sum(1)) % multiple
    return durations.scatter_add(1, last[:, None], rest[:, None])


def symbols_of_frames(durations: Tensor, frames: int) -> tuple[Tensor, Tensor]:
    """Return the symbol of each frame, int64 [B, frames], and whether the frame has one.

    durations: int64 [B, L]; frames past their sum get the last symbol.
    """
    ends = durations.cumsum(1)
    clock = torch.arange(frames, device=durations.device)[None].expand(len(durations), -1)
    index = torch.searchsorted(ends, clock.contiguous(), right=True)
    return index.clamp_max(durations.shape[1] - 1), index < durations.shape[1]


def repeat_by_durations(x: Tensor, durations: Tensor, frames: int) -> Tensor:
    """Upsample [B, C, L] to [B, C, frames]; frames past an item's sum are zero."""
    index, inside = symbols_of_frames(durations, frames)
    return x.gather(2, index[:, None].expand(-1, x.shape[1], -1)) * inside[:, None]


def gaussian_nll(x: Tensor, mu: Tensor, mask: Tensor) -> Tensor:
    """Mean of -log N(x; mu, I) over x, mu [B, C, T] where mask [B, 1, T] is 1."""
    squares = ((x - mu) ** 2 + math.log(2 * math.pi)) * mask
    return 0.5 * squares.sum() / (mask.sum() * x.shape[1])


def silent_end(ids: Tensor) -> Tensor:
    """Which symbols [B, L] are marks or blanks after all that sound."""
    return are_sounds(ids).flip(1).cumsum(1).flip(1) == 0


def inner_marks(ids: Tensor) -> Tensor:
    """Which symbols [B, L] are marks, other than spaces, with sounds after them."""
    return are_marks(ids) & ~silent_end(ids)
