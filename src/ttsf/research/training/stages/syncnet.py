"""The SyncNet stage, Sec. 3.1: the expert of L_sync, trained first and then frozen.

Matching windows of video and sound are contrasted with all others of the batch, both ways
(InfoNCE): with other clips and, harder, with other times of the same clip. The paper's expert
follows [25], which is not public; Wav2Lip's pairwise loss needs many more steps.
"""

import math
from collections.abc import Iterable, Iterator
from typing import ClassVar, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ttsf.research.data.talking_clips import TalkingBatch, TalkingClips, held_out_clips
from ttsf.research.experts.syncnet import SyncNet, best_lag, lower_half
from ttsf.research.hyperparameters import SyncNetTraining
from ttsf.research.presets import Preset
from ttsf.research.training.journal import Validation
from ttsf.research.training.schedule import Scheduled
from ttsf.research.training.settings import SyncNetOptions


class SyncBatch(NamedTuple):
    """Mouth crops with mild jitter of position and exposure; some are mirrored."""

    mouths: Tensor
    """[B, T, 3, side / 2, side], as `lower_half` gives them."""
    mel: Tensor
    """[B, M, 4 T]."""
    first: Tensor
    """int64 [B]: the first window of each clip."""
    names: tuple[str, ...]


class SyncNetNet(nn.Module):
    """The expert with its learned logit scale."""

    def __init__(self, training: SyncNetTraining) -> None:
        super().__init__()
        self.syncnet = SyncNet(training.network)
        self.log_scale = nn.Parameter(torch.tensor(math.log(training.first_scale)))


class SyncNetStage(Scheduled[SyncNetTraining]):
    """The stage for `training.loop.train`."""

    weights: ClassVar = {"contrast": 1.0}

    def __init__(self, options: SyncNetOptions, preset: Preset, seed: int = 0) -> None:
        self.training, self.seed = preset.syncnet, seed
        self.clips = TalkingClips(options.data, preset.model, ("train",))
        self.held_out = held_out_clips(self.clips)
        self.size = min(self.training.batch, len(self.clips))
        self.batches_per_epoch = -(-len(self.clips) // self.size)
        self.net = SyncNetNet(self.training)

    def optimizer(self) -> torch.optim.Optimizer:
        """Adam."""
        return torch.optim.Adam(self.net.parameters(), lr=self.training.learning_rate)

    def batch(self, number: int) -> SyncBatch:
        """Return random clips, augmented."""
        clips = self.clips.batch(number, self.seed, self.size)
        rng = np.random.default_rng((self.seed, number))
        count = len(clips.names)
        gain = torch.from_numpy(rng.uniform(0.8, 1.2, (count, 1, 3, 1, 1)).astype(np.float32))
        lift = torch.from_numpy(rng.uniform(-0.1, 0.1, (count, 1, 1, 1, 1)).astype(np.float32))
        mirrored = torch.from_numpy(rng.random((count, 1, 1, 1, 1)) < 0.5)
        shift = tuple(int(s) for s in rng.integers(-6, 7, 2))
        side = self.training.network.side
        mouths = lower_half(torch.roll(clips.frames, shift, (-2, -1)), side) * gain + lift
        mouths = torch.where(mirrored, mouths.flip(-1), mouths).clamp(-1, 1)
        first = torch.from_numpy(rng.integers(0, self.training.spacing, count))
        return SyncBatch(mouths, clips.mel, first, clips.names)

    def losses(self, batch: SyncBatch) -> dict[str, Tensor]:
        """Return the cross-entropy of each window among all windows of the batch, both ways."""
        v, a = self._pick(batch)
        logits = self.net.log_scale.exp() * v @ a.T
        own = torch.arange(len(logits), device=logits.device)
        both = F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own)
        return {"contrast": both / 2}

    def _pick(self, batch: SyncBatch) -> tuple[Tensor, Tensor]:
        """Return embeddings [N, C] of non-overlapping windows."""
        net, pictures = self.net.syncnet, self.net.syncnet.config.pictures
        last, spacing = batch.mouths.shape[1] - pictures, self.training.spacing
        starts = batch.first[:, None] + torch.arange(0, last - spacing + 2, spacing).to(batch.first)
        clip = torch.arange(len(starts), device=starts.device)[:, None, None]
        seen = batch.mouths[clip, starts[..., None] + torch.arange(pictures).to(starts)]
        ticks = torch.arange(pictures * net.ratio).to(starts)
        heard = batch.mel.transpose(1, 2)[clip, net.ratio * starts[..., None] + ticks]
        return net.see(seen.flatten(0, 1)), net.hear(heard.flatten(0, 1).transpose(1, 2))

    def held_out_batches(self) -> Iterator[TalkingBatch]:
        """Four held-out clips at a time."""
        for number in range(max(1, min(self.training.held_out, len(self.held_out)) // 4)):
            yield self.held_out.batch(number, 0, min(4, len(self.held_out)))

    def validate(self, step: int, batches: Iterable[TalkingBatch]) -> Validation:
        """Measure retrieval accuracy and the accuracy of the best lag on held-out clips."""
        found, lags = [], []
        for clips in batches:
            v, a = self.net.syncnet.embed(clips.frames, clips.mel)
            table, at = v @ a.transpose(1, 2), torch.arange(v.shape[1], device=v.device)
            apart = (at[:, None] - at).abs() >= self.net.syncnet.config.pictures
            matching = table.diagonal(dim1=1, dim2=2)[..., None]
            hits = (matching > table).float() * apart
            found.append(float(hits.sum() / (apart.sum() * len(hits))))
            lags += best_lag(v, a).tolist()
        lag = np.abs(np.array(lags))
        return Validation(
            {
                "tells_from_shifted": float(np.mean(found)),
                "lag_right": float((lag == 0).mean()),
                "lag_within_1": float((lag <= 1).mean()),
            }
        )
