"""Sound and its flow: what speech and motion share."""

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from ttsf.config.values import (
    HOP,
    SAMPLE_RATE,
    STRICT,
    Amount,
    Hertz,
    Positive,
    Samples,
    Steps,
    Width,
)


@dataclass(frozen=True, config=STRICT)
class AudioConfig:
    """Waveform and mel-spectrogram [P 4.1]; FFT size, band edges and floor are [ours]."""

    sample_rate: Annotated[int, Field(ge=8_000, le=96_000)] = SAMPLE_RATE  # Hz
    window: Samples = 640  # samples
    hop: Samples = HOP
    mel_bins: Width = 80
    n_fft: Samples = 1024  # samples
    fmin: Hertz = 0.0  # Hz
    fmax: Hertz = 8_000.0  # Hz
    log_floor: Positive = 1e-5  # natural log of max(mel, floor)
    mel_mean: float = -5.93  # of the log-mel, measured on the training speech
    mel_std: Positive = 2.27

    def __post_init__(self) -> None:
        if not self.hop <= self.window <= self.n_fft:
            raise ValueError("hop, window and n_fft must not be shorter than the one before")
        if not self.fmin < self.fmax <= self.sample_rate / 2:
            raise ValueError("fmin must be below fmax, and fmax at most half of sample_rate")


@dataclass(frozen=True, config=STRICT)
class FlowMatchingConfig:
    """OT-CFM of Eq. 6 and its solver [P 3.2]."""

    sigma_min: Annotated[float, Field(ge=0, lt=1)] = 1e-4  # [P 3.2]
    noise_centre: Literal["zero", "mu"] = "zero"  # Eq. 6 says N(0, I), the text N(mu, I) [ours]
    steps: Steps = 10  # Euler steps [Matcha]
    temperature: Amount = 0.667  # std of x_0 at inference [Matcha]
