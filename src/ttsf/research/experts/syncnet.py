"""The expert of L_sync, Sec. 3.1: whether five frames of a mouth match 20 mel frames.

S_v sees the lower half of the face, S_a the sound; the cosine of their embeddings is high where
they belong together. The paper uses a SyncNet that was modified by [25], whose code is not public;
this is our own small one (docs/paper_map.md).
"""

from itertools import pairwise
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from ttsf.config import MEL_PER_FRAME, AudioConfig
from ttsf.errors import TtsfError
from ttsf.research.hyperparameters import SyncNetConfig

MOUTH_BOX = (0.20, 0.57, 0.80, 0.87)
"""Left, top, right, bottom of the lower half of the face in sides of the corpus's square crop
(`ttsf.portrait`: the face box is 1 / 1.65 of the side, its centre 0.105 boxes below the crop's)."""
REACH = 15
"""Maximum shift between sound and frames, frames [SyncNet]."""


def windows(frames: Tensor, mel: Tensor, pictures: int, ratio: int) -> tuple[Tensor, Tensor]:
    """All runs of `pictures` neighbours and the mel frames of each.

    frames [B, T, ...], mel [B, M, ratio T] -> [B, W, pictures, ...] and [B, W, M, ratio pictures]
    with W = T - pictures + 1.
    """
    seen = frames.unfold(1, pictures, 1).movedim(-1, 2)
    heard = mel.unfold(2, ratio * pictures, ratio).transpose(1, 2)
    return seen, heard[:, : seen.shape[1]]


def lower_half(frames: Tensor, side: int) -> Tensor:
    """[..., 3, s, s] -> [..., 3, side / 2, side], differentiable."""
    s = frames.shape[-1]
    left, top, right, bottom = (round(edge * s) for edge in MOUTH_BOX)
    cut = frames[..., top:bottom, left:right]
    flat = cut.reshape(-1, *cut.shape[-3:])
    shrunk = F.interpolate(flat, (side // 2, side), mode="bilinear", antialias=True)
    return shrunk.reshape(*frames.shape[:-2], side // 2, side)


def _tower(
    widths: list[int], strides: list[tuple[int, int]], left: tuple[int, int], embedding: int
) -> nn.Sequential:
    """Strided convolutions, then means over `left` fields, then the embedding.

    Group normalisation: a clip's score must not depend on the others of its batch.
    """
    layers: list[nn.Module] = []
    for (a, b), stride in zip(pairwise(widths), strides, strict=True):
        layers += [nn.Conv2d(a, b, 3, stride, 1), nn.GroupNorm(4, b), nn.SiLU()]
        layers += [nn.Conv2d(b, b, 3, 1, 1), nn.GroupNorm(4, b), nn.SiLU()]
    fields = left[0] * left[1] * widths[-1]
    head = [nn.AdaptiveAvgPool2d(left), nn.Flatten(), nn.Linear(fields, embedding)]
    return nn.Sequential(*layers, *head)


class SyncNet(nn.Module):
    """S_v and S_a."""

    def __init__(self, config: SyncNetConfig) -> None:
        super().__init__()
        self.config, self.audio, self.ratio = config, AudioConfig(), MEL_PER_FRAME
        c = config.channels
        self.video = _tower(
            [3 * config.pictures, c, 2 * c, 4 * c, 8 * c],
            [(1, 1), *[(2, 2)] * 3],
            (3, 3),
            config.embedding,
        )
        self.sound = _tower(
            [1, c, 2 * c, 4 * c, 8 * c], [(2, 1), (2, 1), (2, 2), (2, 2)], (3, 5), config.embedding
        )

    def see(self, mouths: Tensor) -> Tensor:
        """S_v of what `lower_half` gives: [N, 5, 3, side / 2, side] -> unit vectors [N, C]."""
        return F.normalize(self.video(mouths.flatten(1, 2)), dim=-1)

    def hear(self, mel: Tensor) -> Tensor:
        """S_a: raw log-mel [N, mel bins, 20] -> unit vectors [N, C]."""
        standard = (mel - self.audio.mel_mean) / self.audio.mel_std
        return F.normalize(self.sound(standard[:, None]), dim=-1)

    def embed(self, frames: Tensor, mel: Tensor) -> tuple[Tensor, Tensor]:
        """Both of every window: frames [B, T, 3, s, s], mel [B, M, 4 T] -> [B, W, C] twice."""
        mouths = lower_half(frames, self.config.side)
        seen, heard = windows(mouths, mel, self.config.pictures, self.ratio)
        v = self.see(seen.flatten(0, 1)).unflatten(0, seen.shape[:2])
        return v, self.hear(heard.flatten(0, 1)).unflatten(0, heard.shape[:2])


def best_lag(v: Tensor, a: Tensor) -> Tensor:
    """By how many pictures the sound comes late, int64 [B]; 0 is right.

    The least mean distance of v_t and a_(t + lag), [B, W, C] both, over the windows that both have.
    Lags that leave less than half of the windows are not tried.
    """
    count = v.shape[1]
    reach = min(REACH, count // 2)
    lags = torch.arange(-reach, reach + 1)
    means = []
    for lag in lags.tolist():
        first, last = max(0, -lag), min(count, count - lag)
        gap = torch.linalg.vector_norm(v[:, first:last] - a[:, first + lag : last + lag], dim=-1)
        means.append(gap.mean(1))
    place = torch.stack(means, dim=1).argmin(1)
    return lags.to(place.device)[place]


def load_syncnet(run: Path, config: SyncNetConfig) -> SyncNet:
    """The averaged weights of a run of `ttsf.research.training.stages.syncnet`, frozen.

    Raises TtsfError without one, or for one that is damaged or of another size.
    """
    path = run / "state.safetensors"
    if not path.is_file():
        raise TtsfError(f"no SyncNet in {run}; train one with ttsf train syncnet")
    prefix = "average.syncnet."
    network = SyncNet(config)
    try:
        state = load_file(path)
        saved = {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
        network.load_state_dict(saved)
    except SafetensorError:
        raise TtsfError(f"{path}: damaged") from None
    except RuntimeError:
        raise TtsfError(f"{path}: not a SyncNet of this preset's size") from None
    return network.requires_grad_(False).eval()
