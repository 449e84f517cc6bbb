"""The SyncNet stage, Sec. 3.1: the expert that L_sync asks, trained before and then frozen.

    python -m ttsf.training.stages.syncnet --data CORPUS --out RUN --preset mini

Windows of one batch that belong together are told from all others, both ways (InfoNCE): those of
other clips, and, harder, those of the same clip at another time. The paper's expert follows [25],
which is not public; Wav2Lip's loss on pairs learns the same from many more steps.
"""

import argparse
import math
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ttsf.config import ModelConfig
from ttsf.data.talking_clips import TalkingClips
from ttsf.errors import TtsfError
from ttsf.experts.syncnet import SyncNet
from ttsf.presets import PRESETS, SyncNetConfig
from ttsf.training.command import run_stage, stage_parser
from ttsf.training.journal import Validation
from ttsf.training.schedule import warm_up_cosine

LEARNING_RATE = 5e-4
WARM_UP = 50  # steps
LAST_RATE = 0.1  # of LEARNING_RATE, at the end of the cosine
BATCH = 8  # clips
FRAMES = 32  # pictures of a clip
SPACING = 6  # pictures between the windows of a clip, which must not overlap
FIRST_SCALE = 10.0  # of the cosines in the contrast, learned
CHECKED = 16  # held-out clips of a validation


class SyncBatch(NamedTuple):
    """Clips with mild changes of exposure, mirrored together."""

    frames: Tensor
    """[B, T, 3, s, s]."""
    mel: Tensor
    """[B, M, 4 T]."""
    first: Tensor
    """int64 [B]: the first window of each clip."""
    names: tuple[str, ...]


class SyncNetTraining(nn.Module):
    """The expert beside the scale of its contrast."""

    def __init__(self, config: SyncNetConfig) -> None:
        super().__init__()
        self.syncnet = SyncNet(config)
        self.log_scale = nn.Parameter(torch.tensor(math.log(FIRST_SCALE)))


class SyncNetStage:
    """The stage of `training.loop.train`."""

    weights: ClassVar = {"contrast": 1.0}

    def __init__(self, data: Path, preset: str, seed: int = 0) -> None:
        config: ModelConfig = PRESETS[preset].model
        self.seed = seed
        self.clips = TalkingClips(data, config, ("train",), FRAMES)
        try:
            self.held_out = TalkingClips(data, config, ("valid",), FRAMES)
        except TtsfError:
            self.held_out = self.clips
        self.size = min(BATCH, len(self.clips))
        self.net = SyncNetTraining(PRESETS[preset].syncnet.network)

    @property
    def batches_per_epoch(self) -> int:
        """Clips over those of a batch."""
        return -(-len(self.clips) // self.size)

    def optimizer(self) -> torch.optim.Optimizer:
        """Adam."""
        return torch.optim.Adam(self.net.parameters(), lr=LEARNING_RATE)

    def learning_rate(self, step: int, steps: int) -> float:
        """Warm-up, then a cosine."""
        return warm_up_cosine(step, steps, WARM_UP, LAST_RATE)

    def batch(self, number: int) -> SyncBatch:
        """Random clips, changed a little."""
        clips = self.clips.batch(number, self.seed, self.size)
        rng = np.random.default_rng((self.seed, number))
        frames, count = clips.frames, len(clips.names)
        gain = torch.from_numpy(rng.uniform(0.8, 1.2, (count, 1, 3, 1, 1)).astype(np.float32))
        lift = torch.from_numpy(rng.uniform(-0.1, 0.1, (count, 1, 1, 1, 1)).astype(np.float32))
        mirrored = torch.from_numpy(rng.random((count, 1, 1, 1, 1)) < 0.5)
        frames = torch.where(mirrored, frames.flip(-1), frames)
        shift = tuple(int(s) for s in rng.integers(-6, 7, 2))
        frames = torch.roll((frames * gain + lift).clamp(-1, 1), shift, (-2, -1))
        first = torch.from_numpy(rng.integers(0, SPACING, count))
        return SyncBatch(frames, clips.mel, first, clips.names)

    def losses(self, batch: SyncBatch) -> dict[str, Tensor]:
        """Cross entropy of each window among all windows of the batch, both ways."""
        v, a = self._pick(batch)
        logits = self.net.log_scale.exp() * v @ a.T
        own = torch.arange(len(logits), device=logits.device)
        both = F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own)
        return {"contrast": both / 2}

    def _pick(self, batch: SyncBatch) -> tuple[Tensor, Tensor]:
        """Embeddings [N, C] of windows that lie apart."""
        net, pictures = self.net.syncnet, self.net.syncnet.config.pictures
        last = batch.frames.shape[1] - pictures
        starts = batch.first[:, None] + torch.arange(0, last - SPACING + 2, SPACING).to(batch.first)
        clip = torch.arange(len(starts), device=starts.device)[:, None, None]
        seen = batch.frames[clip, starts[..., None] + torch.arange(pictures).to(starts)]
        ticks = torch.arange(pictures * net.ratio).to(starts)
        heard = batch.mel.transpose(1, 2)[clip, net.ratio * starts[..., None] + ticks]
        return net.see(seen.flatten(0, 1)), net.hear(heard.flatten(0, 1).transpose(1, 2))

    def validate(self, step: int) -> Validation:
        """On held-out clips: how often a window finds its own sound, and the best lag is right."""
        found, lags = [], []
        for number in range(max(1, min(CHECKED, len(self.held_out)) // 4)):
            clips = self.held_out.batch(number, 0, min(4, len(self.held_out)))
            device = next(self.net.parameters()).device
            frames, mel = clips.frames.to(device), clips.mel.to(device)
            v, a = self.net.syncnet.embed(frames, mel)
            table, at = v @ a.transpose(1, 2), torch.arange(v.shape[1], device=device)
            apart = (at[:, None] - at).abs() >= self.net.syncnet.config.pictures
            matching = table.diagonal(dim1=1, dim2=2)[..., None]
            found.append((matching > table)[:, apart].float())
            lags.append(self.net.syncnet.synchrony(frames, mel).lag)
        lag = torch.cat(lags).abs()
        return Validation(
            {
                "told_from_shifted": float(torch.cat(found).mean()),
                "lag_right": float((lag == 0).float().mean()),
                "lag_within_1": float((lag <= 1).float().mean()),
            }
        )


def build(chosen: argparse.Namespace) -> SyncNetStage:
    """The stage of a command line."""
    stage = SyncNetStage(chosen.data, chosen.preset, chosen.seed)
    if stage.held_out is stage.clips:
        print("no clips of the split valid: the validation is on training clips", flush=True)
    return stage


def main() -> None:
    """Command line."""
    parser = stage_parser(__doc__, steps=20_000)
    parser.add_argument("--data", type=Path, required=True, help="corpus with manifest.jsonl")
    run_stage(parser, build)


if __name__ == "__main__":
    main()
