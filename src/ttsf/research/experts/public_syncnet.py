"""The public SyncNet v2 (Chung & Zisserman 2016) behind LSE-C and LSE-D, Sec. 4.1.

Variant: whole frame resized to 224 px (no face detection, as Wav2Lip's calculate_scores_LRS).
Figures of another variant, such as the one with face detection, cannot be compared with these.
`metrics.lse` has the arithmetic. The joint stage's own expert is another: `experts.syncnet`.
"""

from functools import lru_cache

import numpy as np
import torch
from scipy.fft import dct
from torch import Tensor, nn
from torch.nn import functional as F

from ttsf.config import SAMPLE_RATE, SAMPLES_PER_FRAME
from ttsf.errors import TtsfError
from ttsf.research.experts.files import ExpertFile, FrozenExpert

INPUT = 224  # px
FRAMES = 5
"""Frames per window."""
STEPS, STEPS_PER_FRAME = 20, 4
"""Cepstra (100 Hz) per window, and per hop between windows."""
EMBEDDING = 1024
AT_ONCE = 20
"""Windows of frames per batch."""
FEWEST_FRAMES = FRAMES + 1
"""Minimum number of frames; the public code drops the last window."""

WINDOW, HOP, FFT = 400, 160, 512  # samples
CEPSTRA, FILTERS, LIFTER = 13, 26, 22
PRE_EMPHASIS = 0.97
FULL_SCALE = 32_768
"""The cepstra are those of 16-bit numbers; their levels are part of the network's input."""


def mfcc(samples: np.ndarray) -> np.ndarray:
    """Cepstra as python_speech_features computes them from 16-bit sound with its defaults.

    samples: float [N] in [-1, 1] at 16 kHz; N >= 1 -> float64 [1 + ceil((N - 400) / 160), 13], the
    first the logarithm of the energy.
    """
    levels = np.rint(np.asarray(samples, np.float64) * FULL_SCALE)
    signal = np.clip(levels, -FULL_SCALE, FULL_SCALE - 1)
    signal = np.append(signal[:1], signal[1:] - PRE_EMPHASIS * signal[:-1])
    count = 1 + max(0, -(-(len(signal) - WINDOW) // HOP))
    padded = np.pad(signal, (0, (count - 1) * HOP + WINDOW - len(signal)))
    pieces = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    power = np.abs(np.fft.rfft(pieces, FFT)) ** 2 / FFT
    cepstra = dct(np.log(_above_zero(power @ _filters().T)), norm="ortho")[:, :CEPSTRA]
    cepstra *= 1 + LIFTER / 2 * np.sin(np.pi * np.arange(CEPSTRA) / LIFTER)
    cepstra[:, 0] = np.log(_above_zero(power.sum(1)))
    return cepstra


def _above_zero(energy: np.ndarray) -> np.ndarray:
    return np.where(energy == 0, np.finfo(np.float64).eps, energy)


@lru_cache(maxsize=1)
def _filters() -> np.ndarray:
    """Triangles between whole FFT bins, evenly spaced in mel: [26, 257]."""
    highest = 2595 * np.log10(1 + SAMPLE_RATE / 2 / 700)
    hertz = 700 * (10 ** (np.linspace(0, highest, FILTERS + 2) / 2595) - 1)
    edges = np.floor((FFT + 1) * hertz / SAMPLE_RATE)
    left, peak, right = (edges[k : k + FILTERS, None] for k in range(3))
    bins = np.arange(FFT // 2 + 1)
    rising, falling = (bins - left) / (peak - left), (right - bins) / (right - peak)
    rises, falls = (left <= bins) & (bins < peak), (peak <= bins) & (bins < right)
    return np.where(rises, rising, np.where(falls, falling, 0.0))


def _tail() -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(512, 512), nn.BatchNorm1d(512), nn.ReLU(), nn.Linear(512, EMBEDDING)
    )


def _heard(a: int, b: int, kernel: tuple[int, int] = (3, 3), pad: int = 1) -> list[nn.Module]:
    return [nn.Conv2d(a, b, kernel, padding=pad), nn.BatchNorm2d(b), nn.ReLU()]


def _seen(a: int, b: int, kernel: int, stride: int = 1, pad: int = 1) -> list[nn.Module]:
    """Build a 3-D convolution block that acts within frames only."""
    flat = (1, kernel, kernel), (1, stride, stride), (0, pad, pad)
    return [nn.Conv3d(a, b, *flat), nn.BatchNorm3d(b), nn.ReLU()]


class LipSyncNet(FrozenExpert):
    """Embeds lips and sound in 1024 dimensions; attributes are named as in the public file."""

    FILE = ExpertFile(
        name="SyncNet v2",
        file="syncnet_v2.model",
        purpose="lip synchrony (LSE-C, LSE-D)",
        source="http://www.robots.ox.ac.uk/~vgg/software/lipsync/data/syncnet_v2.model",
        sha256="961e8696f888fce4f3f3a6c3d5b3267cf5b343100b238e79b2659bff2c605442",
    )

    def __init__(self) -> None:
        super().__init__()
        self.netcnnaud = nn.Sequential(
            *_heard(1, 64),
            nn.Identity(),  # a pooling over one field
            *_heard(64, 192),
            nn.MaxPool2d(3, stride=(1, 2)),
            *_heard(192, 384),
            *_heard(384, 256),
            *_heard(256, 256),
            nn.MaxPool2d(3, stride=2),
            *_heard(256, 512, (5, 4), pad=0),
        )
        self.netfcaud = _tail()
        self.netcnnlip = nn.Sequential(
            nn.Conv3d(3, 96, (FRAMES, 7, 7), (1, 2, 2)),
            nn.BatchNorm3d(96),
            nn.ReLU(),
            nn.MaxPool3d((1, 3, 3), (1, 2, 2)),
            *_seen(96, 256, 5, stride=2),
            nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1)),
            *_seen(256, 256, 3),
            *_seen(256, 256, 3),
            *_seen(256, 256, 3),
            nn.MaxPool3d((1, 3, 3), (1, 2, 2)),
            *_seen(256, 512, 6, pad=0),
        )
        self.netfclip = _tail()

    def see(self, frames: Tensor) -> Tensor:
        """frames: float [T, 3, 224, 224] BGR in 0 .. 255 -> [T - 4, 1024], one a window.

        Only the first layer looks along time, so windows in a row are one convolution.
        """
        maps = self.netcnnlip(frames.transpose(0, 1)[None])  # [1, 512, T - 4, 1, 1]
        return self.netfclip(maps[0, :, :, 0, 0].T)

    def hear(self, cepstra: Tensor) -> Tensor:
        """cepstra: float [W, 13, 20], windows of `mfcc` -> [W, 1024]."""
        return self.netfcaud(self.netcnnaud(cepstra[:, None]).flatten(1))

    @torch.no_grad()
    def embed(self, frames: np.ndarray, samples: np.ndarray) -> tuple[Tensor, Tensor]:
        """Both of every window: [W, 1024] twice, W = min(T, N // 640) - 5.

        frames: uint8 [T, H, W, 3] RGB at 25 fps; samples: float [N] in [-1, 1] at 16 kHz. Raises
        TtsfError for fewer than 6 frames or their sound.
        """
        count = min(len(frames), len(samples) // SAMPLES_PER_FRAME) - FRAMES
        if count < 1:
            raise TtsfError(
                f"lip synchrony needs at least {FEWEST_FRAMES} frames with their sound, "
                f"not {len(frames)} frames and {len(samples)} samples"
            )
        device = next(self.parameters()).device
        cepstra = torch.from_numpy(mfcc(samples)).float().to(device)
        heard = cepstra.unfold(0, STEPS, STEPS_PER_FRAME)[:count]
        seen = []
        for first in range(0, count, AT_ONCE):
            last = min(first + AT_ONCE, count) + FRAMES - 1
            seen.append(self.see(network_frames(frames[first:last]).to(device)))
        return torch.cat(seen), torch.cat([self.hear(part) for part in heard.split(AT_ONCE)])


def network_frames(frames: np.ndarray) -> Tensor:
    """uint8 [T, H, W, 3] RGB -> float32 [T, 3, 224, 224] BGR of whole numbers 0 .. 255.

    Stretched without anti-aliasing, as OpenCV's bilinear resizing (its fixed-point arithmetic may
    differ by one level).
    """
    pictures = torch.from_numpy(np.ascontiguousarray(frames[..., ::-1])).permute(0, 3, 1, 2).float()
    if pictures.shape[-2:] == (INPUT, INPUT):
        return pictures
    size = (INPUT, INPUT)
    return F.interpolate(pictures, size=size, mode="bilinear", align_corners=False).round()
