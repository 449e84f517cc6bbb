"""Values and ranges that several parts share, and the formats of sound and video."""

from dataclasses import replace
from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)

SAMPLE_RATE = 16_000  # Hz, of all sound [P 4.1]
FPS = 25  # pictures a second, LRS3's rate
SAMPLES_PER_FRAME = SAMPLE_RATE // FPS
HOP = 160  # samples, 100 mel frames a second [P 4.1]
MEL_PER_FRAME = SAMPLES_PER_FRAME // HOP
PICTURE_SIDE = 256  # px [LIA]
CLIP_FRAMES = 32  # pictures of a training clip [P 4.1]

Width = Annotated[int, Field(ge=1, le=4096)]
Depth = Annotated[int, Field(ge=1, le=64)]
Heads = Annotated[int, Field(ge=1, le=64)]
Kernel = Annotated[int, Field(ge=1, le=127)]
Reach = Annotated[int, Field(ge=1, le=4096)]
Samples = Annotated[int, Field(ge=1, le=65_536)]
Hertz = Annotated[float, Field(ge=0, le=96_000)]
Side = Annotated[int, Field(ge=4, le=2048)]
Layer = Annotated[int, Field(ge=1, le=64)]
Dropout = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[float, Field(gt=0, le=1e6)]
Amount = Annotated[float, Field(ge=0, le=100)]
Steps = Annotated[int, Field(ge=1, le=1000)]


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
            raise ValueError("hop must not exceed window, nor window n_fft")
        if not self.fmin < self.fmax <= self.sample_rate / 2:
            raise ValueError("fmin must be below fmax, and fmax at most half of sample_rate")

    def at_rate(self, rate: int) -> "AudioConfig":
        """Return the same mel for sound of `rate` Hz: window, hop and FFT last as long.

        The part of the band above half of a lower rate is left out.
        """
        window, hop, n_fft = (
            round(size * rate / self.sample_rate) for size in (self.window, self.hop, self.n_fft)
        )
        fmax = min(self.fmax, rate / 2)
        return replace(self, sample_rate=rate, window=window, hop=hop, n_fft=n_fft, fmax=fmax)


@dataclass(frozen=True, config=STRICT)
class VideoConfig:
    """The video: 256 px [LIA], 25 fps (LRS3's rate, 4 mel frames per frame)."""

    size: Side = PICTURE_SIDE  # px, square
    fps: Annotated[int, Field(ge=1, le=240)] = FPS


@dataclass(frozen=True, config=STRICT)
class FlowMatchingConfig:
    """OT-CFM of Eq. 6 and its solver [P 3.2]."""

    sigma_min: Annotated[float, Field(ge=0, lt=1)] = 1e-4  # [P 3.2]
    noise_centre: Literal["zero", "mu"] = "zero"  # Eq. 6 says N(0, I), the text N(mu, I) [ours]
    steps: Steps = 10  # Euler steps [Matcha]
    temperature: Amount = 0.667  # std of x_0 at inference [Matcha]
