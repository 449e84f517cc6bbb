"""The public x-vector network of SpeechBrain behind C-SIM and Fig. 5, Sec. 4.1.

Snyder et al. 2018, as `spkrec-xvect-voxceleb` computes it: the log-mel of a whole clip less its
mean over time, without a voice detector. SpeechBrain adds noise of at most 9e-5 to the pooled
means, which is left out, so that a clip has one embedding.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ttsf.config import SAMPLE_RATE
from ttsf.errors import TtsfError
from ttsf.research.experts.files import FrozenExpert

FFT, HOP = 400, 160  # samples
BANDS = 24
FLOOR, RANGE_DB = 1e-10, 80.0
"""Power floor, and the range below a clip's loudest value to which values are limited, dB."""
LAYERS = ((512, 5, 1), (512, 3, 2), (512, 3, 3), (512, 1, 1), (1500, 1, 1))
"""Channels, kernel and dilation of the layers over time."""
EMBEDDING = 512
POOLED_EPS = 1e-5
SHORTEST = 4 * HOP
"""Samples: padding by reflection needs more frames than it adds."""
SOURCE = (
    "https://huggingface.co/speechbrain/spkrec-xvect-voxceleb/resolve/main/embedding_model.ckpt"
)


class XVector(FrozenExpert):
    """Embeds voices in 512 dimensions; attributes are named as in the public file."""

    def __init__(self) -> None:
        super().__init__()
        blocks: dict[str, nn.Module] = {}
        channels = BANDS
        for place, (width, kernel, dilation) in enumerate(LAYERS):
            pad = dilation * (kernel - 1) // 2
            conv = nn.Conv1d(
                channels, width, kernel, dilation=dilation, padding=pad, padding_mode="reflect"
            )
            blocks[f"{3 * place}"] = nn.ModuleDict({"conv": conv})
            blocks[f"{3 * place + 2}"] = nn.ModuleDict({"norm": nn.BatchNorm1d(width)})
            channels = width
        last = nn.Linear(2 * channels, EMBEDDING)
        blocks[f"{3 * len(LAYERS) + 1}"] = nn.ModuleDict({"w": last})
        self.blocks = nn.ModuleDict(blocks)

    @classmethod
    def load_file(cls, path: Path) -> "XVector":
        """Load a user's file; raises TtsfError for one that is missing or of another network."""
        if not path.is_file():
            raise TtsfError(f"{path}: no such file; download it from {SOURCE}")
        return cls.read(path)

    def forward(self, bands: Tensor) -> Tensor:
        """bands: `log_mel`, [B, 24, T], T >= 4 -> [B, 512]."""
        x = bands - bands.mean(2, keepdim=True)
        *layers, last = self.blocks.values()
        for conv, norm in zip(layers[::2], layers[1::2], strict=True):
            x = norm["norm"](F.leaky_relu(conv["conv"](x)))  # type: ignore[index]
        pooled = torch.cat([x.mean(2), x.std(2) + POOLED_EPS], 1)
        return last["w"](pooled)  # type: ignore[index]

    @torch.no_grad()
    def embed(self, samples: np.ndarray) -> np.ndarray:
        """float [N] in [-1, 1] at 16 kHz -> float32 [512]; raises TtsfError for less than 40 ms."""
        if len(samples) < SHORTEST:
            raise TtsfError(f"an x-vector needs {SHORTEST} samples or more, not {len(samples)}")
        return self(log_mel(torch.from_numpy(samples).float()[None]))[0].numpy()


def log_mel(samples: Tensor) -> Tensor:
    """Decibels of mel-spaced triangles as SpeechBrain's `Fbank`: [B, N] -> [B, 24, 1 + N // 160].

    A triangle falls as far as it rises, to its left neighbour's middle.
    """
    window = torch.hamming_window(FFT)
    spectrum = torch.stft(
        samples, FFT, HOP, window=window, center=True, pad_mode="constant", return_complex=True
    )
    level = 10 * (_filters() @ spectrum.abs().square()).clamp_min(FLOOR).log10()
    return level.maximum(level.amax((1, 2), keepdim=True) - RANGE_DB)


@lru_cache(maxsize=1)
def _filters() -> Tensor:
    """[24, 201]."""
    highest = 2595 * np.log10(1 + SAMPLE_RATE / 2 / 700)
    hertz = 700 * (10 ** (torch.linspace(0, float(highest), BANDS + 2) / 2595) - 1)
    middles, width = hertz[1:-1, None], hertz.diff()[:-1, None]
    away = (torch.linspace(0, SAMPLE_RATE / 2, FFT // 2 + 1) - middles) / width
    return (1 - away.abs()).clamp_min(0)
