"""NISQA (Mittag et al. 2021): predicted listener rating of speech, from 1 to 5.

For evaluation only: the weights are CC BY-NC-SA 4.0, and a score used as a loss would no longer
measure anything. The constants below are those of the public file.
"""

from collections import OrderedDict

import numpy as np
import torch
from torch import Tensor, nn

from ttsf.errors import TtsfError, needing
from ttsf.research.experts.files import ExpertFile, FrozenExpert

RATE = 48_000
"""Sampling rate of the network's input, Hz."""
BINS, FFT, WINDOW, HOP, HIGHEST = 48, 4096, 960, 480, 20_000
"""Mel spectrogram: bands, FFT size, window and hop in samples, upper edge in Hz."""
LEAST_AMPLITUDE, RANGE_DB = 1e-4, 80.0
"""Amplitude floor, and floor in dB below the clip's maximum."""
SEGMENT, SEGMENT_HOP = 15, 4
"""Length and hop of segments, mel frames."""
CHANNELS = (16, 32, 64, 64, 64, 64)
POOLED = {1: (24, 7), 2: (12, 5), 4: (6, 3)}
"""Bands and frames after the first, second and fourth convolution."""
WIDTH, HEADS, LAYERS, POOL_WIDTH = 64, 1, 2, 128
"""Sizes of self-attention and of attention pooling."""


class AttentionPool(nn.Module):
    """Pools a clip to one score with learned attention over segments."""

    def __init__(self) -> None:
        super().__init__()
        self.linear1 = nn.Linear(WIDTH, POOL_WIDTH)
        self.linear2 = nn.Linear(POOL_WIDTH, 1)
        self.linear3 = nn.Linear(WIDTH, 1)

    def forward(self, x: Tensor) -> Tensor:
        """[B, W, C] -> [B, 1]."""
        share = self.linear2(self.linear1(x).relu()).softmax(1)
        return self.linear3((share * x).sum(1))


class Nisqa(FrozenExpert):
    """General quality (MOS); attributes are named as in the public file."""

    FILE = ExpertFile(
        name="NISQA",
        file="nisqa.tar",
        purpose="naturalness of speech",
        source="https://github.com/gabrielmittag/NISQA/raw/master/weights/nisqa.tar",
        sha256="7ec4cf937514dd3f8860b21e66fabd8ca87a168572675ef8d979c4c4ad2e805c",
        # noisiness, discontinuity, coloration and loudness
        unused=("pool_layers.1.", "pool_layers.2.", "pool_layers.3.", "pool_layers.4."),
        inside="model_state_dict",
    )

    def __init__(self) -> None:
        super().__init__()
        self.cnn = _named("model", _convolutions())
        self.time_dependency = _named("model", _attention())
        self.pool_layers = nn.Sequential(_named("model", AttentionPool()))

    def forward(self, segments: Tensor) -> Tensor:
        """All segments of one clip, [W, 48, 15] in dB -> its score, []."""
        features = self.cnn(segments[:, None])[None]
        return self.pool_layers(self.time_dependency(features))[0, 0]

    @torch.no_grad()
    def score(self, samples: np.ndarray, sample_rate: int) -> float:
        """MOS of float [N] in [-1, 1] at `sample_rate` Hz, mono.

        Raises TtsfError for less than 0.14 s and without librosa.
        """
        return float(self(segments_of(mel_db(samples, sample_rate))))


def mel_db(samples: np.ndarray, sample_rate: int) -> np.ndarray:
    """float [N] -> mel amplitudes in dB of full scale, float32 [48, T], 100 frames a second."""
    with needing("NISQA", "librosa", "eval"):
        import librosa
    wave = librosa.resample(np.asarray(samples, np.float32), orig_sr=sample_rate, target_sr=RATE)
    bands = librosa.feature.melspectrogram(
        y=wave,
        sr=RATE,
        n_fft=FFT,
        hop_length=HOP,
        win_length=WINDOW,
        pad_mode="reflect",
        power=1,
        n_mels=BINS,
        fmax=HIGHEST,
    )
    return librosa.amplitude_to_db(bands, amin=LEAST_AMPLITUDE, top_db=RANGE_DB)


def segments_of(mel: np.ndarray) -> Tensor:
    """Every fourth run of 15 frames that lies wholly in [48, T]: [1 + (T - 15) // 4, 48, 15].

    Raises TtsfError where there is none.
    """
    if mel.shape[1] < SEGMENT:
        raise TtsfError(f"NISQA needs {SEGMENT} mel frames, not {mel.shape[1]}: the clip is short")
    return torch.from_numpy(mel).unfold(1, SEGMENT, SEGMENT_HOP).transpose(0, 1)


def _named(name: str, module: nn.Module) -> nn.Sequential:
    return nn.Sequential(OrderedDict({name: module}))


def _convolutions() -> nn.Sequential:
    """[W, 1, 48, 15] -> [W, 384]; without padding, the last one leaves one of three frames."""
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for n, (c_in, c_out) in enumerate(zip((1, *CHANNELS), CHANNELS, strict=False), start=1):
        layers[f"conv{n}"] = nn.Conv2d(c_in, c_out, 3, padding=(1, int(n < len(CHANNELS))))
        layers[f"bn{n}"] = nn.BatchNorm2d(c_out)
        layers[f"relu{n}"] = nn.ReLU()
        if n in POOLED:
            layers[f"pool{n}"] = nn.AdaptiveMaxPool2d(POOLED[n])
    layers["flat"] = nn.Flatten()
    return nn.Sequential(layers)


def _attention() -> nn.Sequential:
    """[B, W, 384] -> [B, W, 64]; no positions."""
    layers = [
        nn.TransformerEncoderLayer(WIDTH, HEADS, WIDTH, batch_first=True) for _ in range(LAYERS)
    ]
    return nn.Sequential(
        OrderedDict(
            linear=nn.Linear(CHANNELS[-1] * POOLED[4][0], WIDTH),
            norm1=nn.LayerNorm(WIDTH),
            layers=nn.Sequential(*layers),
        )
    )
