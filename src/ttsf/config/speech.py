"""Sec. 3.3: text encoder, durations, decoder, voices and vocoder."""

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from ttsf.config.shared import (
    STRICT,
    Depth,
    Dropout,
    FlowMatchingConfig,
    Heads,
    Hertz,
    Kernel,
    Positive,
    Samples,
    Width,
)


@dataclass(frozen=True, config=STRICT)
class TextEncoderConfig:
    """E_t: prenet, then a rotary transformer, then mu [Matcha]."""

    channels: Width = 192
    prenet_layers: Depth = 3
    prenet_kernel: Kernel = 5
    prenet_dropout: Dropout = 0.5
    layers: Depth = 6
    heads: Heads = 2
    ffn_channels: Width = 768
    ffn_kernel: Kernel = 3
    dropout: Dropout = 0.1


@dataclass(frozen=True, config=STRICT)
class DurationConfig:
    """Duration predictor: log-durations from detached f_t [Matcha]."""

    channels: Width = 256
    kernel: Kernel = 3
    dropout: Dropout = 0.1
    round_up: bool = True  # predictions to whole frames [Matcha]; False: to the nearest ends [ours]
    pauses: Annotated[float, Field(ge=1.0, le=8.0)] = 1.0  # factor of those at commas [ours]


@dataclass(frozen=True, config=STRICT)
class ProsodyConfig:
    """Pitch and energy of each symbol, predicted from f_t and added to it [FastPitch]."""

    channels: Width = 192
    kernel: Kernel = 3
    dropout: Dropout = 0.1
    pitch_mean: float = 5.0  # of the natural log of F0 in Hz, over speakers [ours]
    pitch_std: Positive = 0.4


@dataclass(frozen=True, config=STRICT)
class RefinerConfig:
    """ConvNeXt blocks at the mel's rate that turn upsampled f_t into mu [ours]."""

    channels: Width = 192
    layers: Depth = 6


@dataclass(frozen=True, config=STRICT)
class SpeechDecoderConfig:
    """D_TTS: 1-D U-Net vector field v_t [Matcha]."""

    channels: tuple[Width, ...] = (256, 256)
    blocks_per_level: Depth = 1
    mid_blocks: Depth = 2
    heads: Heads = 2
    head_channels: Width = 64
    dropout: Dropout = 0.05
    time_channels: Width = 1024
    time_scale: Positive = 1000.0


@dataclass(frozen=True, config=STRICT)
class VoiceConfig:
    """A voice of the model's own, one of those that faces choose from [ours]."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=64)]
    register: Literal["low", "high"]
    language: str | None = None  # as SpeechConfig.language (None: that one)


Voices = Annotated[tuple[VoiceConfig, ...], Field(max_length=4096)]


@dataclass(frozen=True, config=STRICT)
class SpeechConfig:
    """Sec. 3.3: text to mel, conditioned on f_id in encoder and decoder."""

    language: str = "en-us"  # espeak-ng voice that gives the phonemes
    add_blank: bool = True  # a blank between symbols [Matcha]
    first_blank: bool = False  # without them: one for the silence before the first symbol [ours]
    voice_channels: Width = 64  # width of the projected f_id [Matcha's speaker vector]
    voices: Voices = ()  # that f_id mixes, set by the voice stage; none: f_id is projected [ours]
    text_encoder: TextEncoderConfig = TextEncoderConfig()
    duration: DurationConfig = DurationConfig()
    prosody: ProsodyConfig | None = None  # pitch and energy as inputs of mu and the decoder [ours]
    refiner: RefinerConfig | None = None  # None: mu is constant over each symbol [Matcha]
    decoder: SpeechDecoderConfig = SpeechDecoderConfig()
    voice_from: Literal["id", "id+motion"] = "id"  # Table 3: f_id, or f_id + f_m ("w/ motion")
    voice_mirrored: bool = False  # the mean with what the mirrored portrait gives [ours]
    flow: FlowMatchingConfig = FlowMatchingConfig()

    def __post_init__(self) -> None:
        if self.text_encoder.heads > self.text_encoder.channels + self.voice_channels:
            raise ValueError("text_encoder.heads must not be more than its channels")


@dataclass(frozen=True, config=STRICT)
class VocoderConfig:
    """HiFi-GAN generator [HiFi-GAN V1], upsampling product x iSTFT hop = 160.

    `istft_n_fft = 0` gives the plain waveform head; otherwise the last stage predicts a short STFT
    of hop `istft_hop` [iSTFTNet]. "vocos": `layers` ConvNeXt blocks of `channels` at frame rate,
    then an STFT of `istft_n_fft` samples [Vocos], at a `sample_rate` of its own, whose voiced bins
    below `harmonics_hz` take their phases from pulses at F0, and whose mel is brought to the given
    one in `mel_rounds` rounds [all ours].
    "griffin_lim" needs no weights.
    """

    kind: Literal["hifigan", "vocos", "griffin_lim"] = "hifigan"
    sample_rate: Annotated[int, Field(ge=8_000, le=96_000)] | None = None  # Hz; None: the mel's
    channels: Width = 512
    upsample_rates: tuple[Samples, ...] = (5, 4, 4, 2)  # product 160 [ours]
    upsample_kernels: tuple[Samples, ...] = (11, 8, 8, 4)
    resblock_kernels: tuple[Kernel, ...] = (3, 7, 11)
    resblock_dilations: tuple[Kernel, ...] = (1, 3, 5)
    istft_n_fft: Annotated[int, Field(ge=0, le=65_536)] = 0  # samples
    istft_hop: Samples = 1  # samples
    layers: Depth = 8  # of "vocos"
    harmonics_hz: Hertz = 0.0  # of "vocos"; 0: no pulses
    mel_rounds: Annotated[int, Field(ge=0, le=100)] = 0  # of "vocos": towards the given mel
    griffin_lim_iterations: Annotated[int, Field(ge=0, le=1000)] = 32  # of "griffin_lim"

    def __post_init__(self) -> None:
        if len(self.upsample_rates) != len(self.upsample_kernels):
            raise ValueError("upsample_rates and upsample_kernels must be equally long")
        if self.kind == "vocos" and self.istft_n_fft < 2:
            raise ValueError(f'kind = "{self.kind}" needs istft_n_fft')
        if self.kind != "vocos" and (self.harmonics_hz or self.mel_rounds):
            raise ValueError('harmonics_hz and mel_rounds need kind = "vocos"')
