"""Every hyper-parameter of the model, once, with its unit and its source. Imports no torch.

Sources in brackets: [P 3.1] a section of the paper; [LIA], [Matcha], [HiFi-GAN] the architectures
it builds on; [ours] a choice where the paper is silent or contradicts itself (docs/paper_map.md).
Unknown keys and values out of range are errors. `presets` has the values that ship.
"""

import math
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, TypeAdapter
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
            raise ValueError("hop, window and n_fft must not be shorter than the one before")
        if not self.fmin < self.fmax <= self.sample_rate / 2:
            raise ValueError("fmin must be below fmax, and fmax at most half of sample_rate")


@dataclass(frozen=True, config=STRICT)
class VideoConfig:
    """The picture: 256 px [LIA], 25 fps (LRS3's rate, 4 mel frames a picture)."""

    size: Side = PICTURE_SIDE  # px, square
    fps: Annotated[int, Field(ge=1, le=240)] = FPS


@dataclass(frozen=True, config=STRICT)
class FlowMatchingConfig:
    """OT-CFM of Eq. 6 and its solver [P 3.2]."""

    sigma_min: Annotated[float, Field(ge=0, lt=1)] = 1e-4  # [P 3.2]
    noise_centre: Literal["zero", "mu"] = "zero"  # Eq. 6 says N(0, I), the text N(mu, I) [ours]
    steps: Steps = 10  # Euler steps [Matcha]
    temperature: Amount = 0.667  # std of x_0 at inference [Matcha]


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


Voices = Annotated[tuple[VoiceConfig, ...], Field(max_length=4096)]


@dataclass(frozen=True, config=STRICT)
class SpeechConfig:
    """Sec. 3.3: text to mel, conditioned on f_id in encoder and decoder."""

    language: str = "en-us"  # espeak-ng voice that gives the phonemes
    add_blank: bool = True  # a blank between symbols [Matcha]
    first_blank: bool = False  # without them: one for the silence before the first symbol [ours]
    voice_channels: Width = 64  # width of the projected f_id [Matcha's speaker vector]
    voices: Voices = ()  # that f_id mixes, set by the voice stage; none: a projection of f_id [ours]
    text_encoder: TextEncoderConfig = TextEncoderConfig()
    duration: DurationConfig = DurationConfig()
    prosody: ProsodyConfig | None = None  # pitch and energy as inputs of mu and the decoder [ours]
    refiner: RefinerConfig | None = None  # None: mu is constant over each symbol [Matcha]
    decoder: SpeechDecoderConfig = SpeechDecoderConfig()
    voice_from: Literal["id", "id+motion"] = "id"  # Table 3: f_id, or f_id + f_m ("w/ motion")
    flow: FlowMatchingConfig = FlowMatchingConfig()

    def __post_init__(self) -> None:
        if self.text_encoder.heads > self.text_encoder.channels + self.voice_channels:
            raise ValueError("text_encoder.heads must not be more than its channels")


@dataclass(frozen=True, config=STRICT)
class VocoderConfig:
    """HiFi-GAN generator [HiFi-GAN V1], upsampling product x iSTFT hop = 160.

    `istft_n_fft = 0` gives the plain waveform head; otherwise the last stage predicts a short STFT of
    hop `istft_hop` [iSTFTNet]. "vocos": `layers` ConvNeXt blocks of `channels` at frame rate, then an
    STFT of `istft_n_fft` samples [Vocos]; "harmonic" filters a pulse train and noise in such an STFT,
    at a rate of its own [ours]. "griffin_lim" needs no weights.
    """

    kind: Literal["hifigan", "vocos", "harmonic", "griffin_lim"] = "hifigan"
    sample_rate: Annotated[int, Field(ge=8_000, le=96_000)] | None = None  # Hz; None: the mel's
    channels: Width = 512
    upsample_rates: tuple[Samples, ...] = (5, 4, 4, 2)  # product 160 [ours]
    upsample_kernels: tuple[Samples, ...] = (11, 8, 8, 4)
    resblock_kernels: tuple[Kernel, ...] = (3, 7, 11)
    resblock_dilations: tuple[Kernel, ...] = (1, 3, 5)
    istft_n_fft: Annotated[int, Field(ge=0, le=65_536)] = 0  # samples
    istft_hop: Samples = 1  # samples
    layers: Depth = 8  # of "vocos" and "harmonic"
    pitch_channels: Width = 96  # of the net that reads F0, in "harmonic"
    griffin_lim_iterations: Annotated[int, Field(ge=0, le=1000)] = 32  # of "griffin_lim"

    def __post_init__(self) -> None:
        if len(self.upsample_rates) != len(self.upsample_kernels):
            raise ValueError("upsample_rates and upsample_kernels belong together")
        if self.kind in ("vocos", "harmonic") and self.istft_n_fft < 2:
            raise ValueError(f'kind = "{self.kind}" needs istft_n_fft')


@dataclass(frozen=True, config=STRICT)
class FaceConfig:
    """Sec. 3.1: E_v, E_m and G. `channels`: a feature map's side in px and its channels [LIA]."""

    style_channels: Width = 512  # width of f_s, f_id, f_m, f_lip
    channels: tuple[tuple[Side, Width], ...] = (
        (4, 512),
        (8, 512),
        (16, 512),
        (32, 512),
        (64, 256),
        (128, 128),
        (256, 64),
    )
    drawn_side: Side = 256  # px up to which G has features; above, flow and mask are doubled [ours]
    motion_codes: Width = 20  # orthonormal directions [LIA]; unspecified in the paper
    motion_mlp_layers: Depth = 5  # [P 3.1]
    motion_mlp_activation: bool = True  # LIA has none between its five linear layers [ours]
    manipulated_layers: tuple[Layer, Layer] = (1, 7)  # first and last style, counted from 1 [P 4.1]
    lip_layers: tuple[Layer, ...] = (6, 7)  # styles that take f_lip instead of f_m [P 4.1]
    lip_codes: tuple[int, ...] = ()  # motion codes, from 0, that only f_lip may carry [ours]
    rest_style: Literal["id+motion", "id"] = "id+motion"  # styles above the manipulated ones [ours]
    rgb_path: Literal["features", "mixed"] = (
        "features"  # LIA, or also the source image warped [ours]
    )

    def __post_init__(self) -> None:
        sides = [side for side, _ in self.channels]
        if len(sides) < 2 or sides != [4 * 2**k for k in range(len(sides))]:
            raise ValueError(f"sides of channels must double from 4 px, not {sides}")
        if self.drawn_side not in sides[1:]:
            raise ValueError(f"drawn_side must be one of {sides[1:]} px")
        if self.manipulated_layers[0] > self.manipulated_layers[1]:
            raise ValueError("manipulated_layers must be the first and the last")
        if not all(0 <= code < self.motion_codes for code in self.lip_codes):
            raise ValueError(f"lip_codes must be from 0 to {self.motion_codes - 1}")


@dataclass(frozen=True, config=STRICT)
class DiscriminatorConfig:
    """D of Eq. 2: the paper does not describe it; StyleGAN2's residual form, R1 [StyleGAN2]."""

    channels: tuple[tuple[int, int], ...] = (
        (256, 32),
        (128, 64),
        (64, 128),
        (32, 256),
        (16, 256),
        (8, 256),
        (4, 256),
    )  # a feature map's side in px and its channels [ours]
    group: int = 4  # pictures whose standard deviation D sees [StyleGAN2]
    r1: float = 10.0  # weight of the gradient penalty [StyleGAN2]
    r1_every: int = 16  # steps [StyleGAN2]


@dataclass(frozen=True, config=STRICT)
class AudioMapperConfig:
    """Fig. 3: concat(e_t, upsampled f_t, energy) -> MRF without padding -> f_lip at 25 fps."""

    channels: Width = 256  # [ours]
    feature: Literal["mu", "hidden", "both"] = "both"  # which upsampled f_t, 80-d or hidden [ours]
    energy: Literal["norm", "mean", "none"] = "norm"  # Fig. 3 says norm, the text mean
    use_upsampled: bool = True  # False: Table 5's "w/o (energy & f_t)"
    kernels: tuple[Kernel, ...] = (3, 7, 11)  # [HiFi-GAN MRF]
    dilations: tuple[Kernel, ...] = (1, 3)
    blocks: Depth = 2


@dataclass(frozen=True, config=STRICT)
class MotionConfig:
    """Sec. 3.2: normaliser, prior and OT-CFM sampler of head motion."""

    normalizer: bool = True  # False: the sampler draws f_m itself, x_1 = f_m [P 3.2]
    compressed_channels: Width = 12  # width of f_c, below the 20 motion codes [ours]
    normalizer_hidden: Width = 128  # [ours]
    normalizer_kernel: Kernel = 9  # frames that each of the decoder's two layers sees [ours]
    normalizer_noise: Amount = 0.3  # std of the noise on f_c in training [ours]
    prior_layers: Depth = 4  # Conformer [P 3.2]
    prior_channels: Width = 256  # [ours]
    prior_heads: Heads = 4
    prior_kernel: Kernel = 31
    sampler_channels: Width = 256  # v_t, a 1-D residual network [ours]
    sampler_layers: Depth = 6
    attention_reach: Reach = 31  # frames to either side, from the 32-frame training clips [ours]
    dropout: Dropout = 0.1
    flow: FlowMatchingConfig = FlowMatchingConfig(temperature=1.0)

    def __post_init__(self) -> None:
        if self.prior_channels % (2 * self.prior_heads):
            raise ValueError("prior_channels must be an even multiple of prior_heads")

    def sampled_channels(self, style_channels: int) -> int:
        """Width of what the sampler draws: f_c, or f_m without the normaliser."""
        return self.compressed_channels if self.normalizer else style_channels


@dataclass(frozen=True, config=STRICT)
class ModelConfig:
    """The whole of Figure 2."""

    name: str = "paper"
    audio: AudioConfig = AudioConfig()
    video: VideoConfig = VideoConfig()
    speech: SpeechConfig = SpeechConfig()
    vocoder: VocoderConfig = VocoderConfig()
    face: FaceConfig = FaceConfig()
    audio_mapper: AudioMapperConfig = AudioMapperConfig()
    motion: MotionConfig = MotionConfig()

    def __post_init__(self) -> None:
        clock = self.audio.sample_rate / self.audio.hop / self.video.fps
        if clock < 1 or clock != int(clock):
            raise ValueError(f"mel frames per video frame must be whole, not {clock:g}")
        sides = [side for side, _ in self.face.channels]
        if sides[-1] != self.video.size:
            raise ValueError(f"face.channels must end at video.size = {self.video.size} px")
        product = self.vocoder.istft_hop * math.prod(self.vocoder.upsample_rates)
        if self.vocoder.kind == "hifigan" and product != self.audio.hop:
            raise ValueError(f"vocoder upsampling gives {product} samples, not {self.audio.hop}")
        if self.vocoder.kind != "harmonic" and self.sample_rate != self.audio.sample_rate:
            raise ValueError('only a vocoder of kind = "harmonic" has another rate than the mel')
        if self.sample_rate * self.audio.hop % self.audio.sample_rate:
            raise ValueError("vocoder.sample_rate must be a multiple of the mel's frame rate")

    @property
    def mel_per_video(self) -> int:
        """Mel frames per video frame: 4."""
        return self.audio.sample_rate // self.audio.hop // self.video.fps

    @property
    def sample_rate(self) -> int:
        """Of the vocoder's sound, Hz: 16,000 in `paper`."""
        return self.vocoder.sample_rate or self.audio.sample_rate

    @property
    def samples_per_video(self) -> int:
        """Samples of that sound per video frame: 640 in `paper`."""
        return self.sample_rate // self.video.fps


_adapter = TypeAdapter(ModelConfig)


def model_config_to_json(config: ModelConfig) -> str:
    """The configuration as indented JSON."""
    return _adapter.dump_json(config, indent=2).decode()


def model_config_from_json(text: str | bytes) -> ModelConfig:
    """Read a configuration; raises pydantic.ValidationError on an unknown key or a wrong type."""
    return _adapter.validate_json(text)
