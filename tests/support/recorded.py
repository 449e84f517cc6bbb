"""Sound files of many forms, and the tiny model with lips from sound."""

from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import torch

from tests.support.sounds import sung
from tests.support.tiny_model import TINY
from ttsf import checkpoint
from ttsf.config import SoundLipsConfig
from ttsf.model.ttsf import TTSF

LISTENING = replace(TINY, sound_lips=SoundLipsConfig(channels=8, layers=1))


def save_listening(folder: Path) -> Path:
    """Save a tiny random model that reads lips from sound."""
    torch.manual_seed(0)
    checkpoint.save(TTSF(LISTENING).eval(), folder)
    return folder


def syllables(seconds: float, rate: int = 16_000, channels: int = 1) -> np.ndarray:
    """Half a second of a sung vowel, half a second of silence, and so on: [n, channels]."""
    vowel = np.interp(np.arange(rate // 2) / rate, np.arange(9_600) / 16_000, sung(150))
    pair = np.concatenate([vowel, np.zeros(rate - rate // 2)])
    whole = np.resize(pair, int(seconds * rate)).astype(np.float32)
    return whole[:, None] * np.linspace(1, 0.5, channels, dtype=np.float32)


def write_sound(
    path: Path, samples: np.ndarray, rate: int, codec: str, layout: str | None = None
) -> Path:
    """Encode float [n, channels] in the container of the path's suffix."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.layout = layout or ("mono" if samples.shape[1] == 1 else "stereo")
        packed = np.ascontiguousarray(samples).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(packed, format="flt", layout=stream.layout.name)
        frame.sample_rate = rate
        resampler = av.AudioResampler(stream.format, stream.layout, rate, stream.frame_size)
        for part in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return path
