"""Every hyper-parameter of the model, once, with its unit and its source. Imports no torch.

Sources in brackets: [P 3.1] a section of the paper; [LIA], [Matcha], [HiFi-GAN] the architectures
it builds on; [ours] a choice where the paper is silent or contradicts itself (docs/paper_map.md).
Unknown keys are errors (`model_config_from_json`).
"""

from dataclasses import replace
from typing import Literal

from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass

STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=STRICT)
class AudioConfig:
    """Waveform and mel-spectrogram [P 4.1]; FFT size, band edges and floor are [ours]."""

    sample_rate: int = 16_000  # Hz
    window: int = 640  # samples
    hop: int = 160  # samples, 100 mel frames a second
    mel_bins: int = 80
    n_fft: int = 1024  # samples
    fmin: float = 0.0  # Hz
    fmax: float = 8_000.0  # Hz
    log_floor: float = 1e-5  # natural log of max(mel, floor)
    mel_mean: float = -5.93  # of the log-mel, measured on the training speech
    mel_std: float = 2.27


@dataclass(frozen=True, config=STRICT)
class VideoConfig:
    """The picture: 256 px [LIA], 25 fps (LRS3's rate, 4 mel frames a picture)."""

    size: int = 256  # px, square
    fps: int = 25


@dataclass(frozen=True, config=STRICT)
class FlowMatchingConfig:
    """OT-CFM of Eq. 6 and its solver [P 3.2]."""

    sigma_min: float = 1e-4  # [P 3.2]
    noise_centre: Literal["zero", "mu"] = "zero"  # Eq. 6 says N(0, I), the text N(mu, I) [ours]
    steps: int = 10  # Euler steps [Matcha]
    temperature: float = 0.667  # std of x_0 at inference [Matcha]


@dataclass(frozen=True, config=STRICT)
class TextEncoderConfig:
    """E_t: prenet, then a rotary transformer, then mu [Matcha]."""

    channels: int = 192
    prenet_layers: int = 3
    prenet_kernel: int = 5
    prenet_dropout: float = 0.5
    layers: int = 6
    heads: int = 2
    ffn_channels: int = 768
    ffn_kernel: int = 3
    dropout: float = 0.1


@dataclass(frozen=True, config=STRICT)
class DurationConfig:
    """Duration predictor: log-durations from detached f_t [Matcha]."""

    channels: int = 256
    kernel: int = 3
    dropout: float = 0.1


@dataclass(frozen=True, config=STRICT)
class SpeechDecoderConfig:
    """D_TTS: 1-D U-Net vector field v_t [Matcha]."""

    channels: tuple[int, ...] = (256, 256)
    blocks_per_level: int = 1
    mid_blocks: int = 2
    heads: int = 2
    head_channels: int = 64
    dropout: float = 0.05
    time_channels: int = 1024
    time_scale: float = 1000.0


@dataclass(frozen=True, config=STRICT)
class SpeechConfig:
    """Sec. 3.3: text to mel, conditioned on f_id in encoder and decoder."""

    language: str = "en-us"  # espeak-ng voice that gives the phonemes
    add_blank: bool = True  # a blank between symbols [Matcha]
    voice_channels: int = 64  # width of the projected f_id [Matcha's speaker vector]
    voices: int = 0  # that f_id mixes, set by the voice stage; 0: f_id is projected straight [ours]
    text_encoder: TextEncoderConfig = TextEncoderConfig()
    duration: DurationConfig = DurationConfig()
    decoder: SpeechDecoderConfig = SpeechDecoderConfig()
    voice_from: Literal["id", "id+motion"] = "id"  # Table 3: f_id, or f_id + f_m ("w/ motion")
    flow: FlowMatchingConfig = FlowMatchingConfig()


@dataclass(frozen=True, config=STRICT)
class VocoderConfig:
    """HiFi-GAN generator [HiFi-GAN V1], upsampling product x iSTFT hop = 160.

    `istft_n_fft = 0` gives the plain waveform head; otherwise the last stage predicts magnitude and
    phase of a short STFT whose hop is `istft_hop` (iSTFTNet's form, cheaper at the same width).
    `kind = "griffin_lim"` needs no weights.
    """

    kind: Literal["hifigan", "griffin_lim"] = "hifigan"
    channels: int = 512
    upsample_rates: tuple[int, ...] = (5, 4, 4, 2)  # product 160 [ours]
    upsample_kernels: tuple[int, ...] = (11, 8, 8, 4)
    resblock_kernels: tuple[int, ...] = (3, 7, 11)
    resblock_dilations: tuple[int, ...] = (1, 3, 5)
    istft_n_fft: int = 0  # samples
    istft_hop: int = 1  # samples
    griffin_lim_iterations: int = 32  # only for kind = "griffin_lim"


@dataclass(frozen=True, config=STRICT)
class FaceConfig:
    """Sec. 3.1: E_v, E_m and G. `channels`: a feature map's side in px and its channels [LIA]."""

    style_channels: int = 512  # width of f_s, f_id, f_m, f_lip
    channels: tuple[tuple[int, int], ...] = (
        (4, 512),
        (8, 512),
        (16, 512),
        (32, 512),
        (64, 256),
        (128, 128),
        (256, 64),
    )
    drawn_side: int = 256  # px up to which G has features; above, flow and mask are doubled [ours]
    motion_codes: int = 20  # orthonormal directions [LIA]; unspecified in the paper
    motion_mlp_layers: int = 5  # [P 3.1]
    motion_mlp_activation: bool = True  # LIA has none between its five linear layers [ours]
    manipulated_layers: tuple[int, int] = (1, 7)  # first and last style, counted from 1 [P 4.1]
    lip_layers: tuple[int, ...] = (6, 7)  # styles that take f_lip instead of f_m [P 4.1]
    lip_codes: tuple[int, ...] = ()  # motion codes, from 0, that only f_lip may carry [ours]
    rest_style: Literal["id+motion", "id"] = "id+motion"  # styles above the manipulated ones [ours]
    rgb_path: Literal["features", "mixed"] = (
        "features"  # LIA, or also the source image warped [ours]
    )


@dataclass(frozen=True, config=STRICT)
class AudioMapperConfig:
    """Fig. 3: concat(e_t, upsampled f_t, energy) -> MRF without padding -> f_lip at 25 fps."""

    channels: int = 256  # [ours]
    feature: Literal["mu", "hidden", "both"] = "both"  # which upsampled f_t, 80-d or hidden [ours]
    energy: Literal["norm", "mean", "none"] = "norm"  # Fig. 3 says norm, the text mean
    use_upsampled: bool = True  # False: Table 5's "w/o (energy & f_t)"
    kernels: tuple[int, ...] = (3, 7, 11)  # [HiFi-GAN MRF]
    dilations: tuple[int, ...] = (1, 3)
    blocks: int = 2


@dataclass(frozen=True, config=STRICT)
class MotionConfig:
    """Sec. 3.2: normaliser, prior and OT-CFM sampler of head motion."""

    normalizer: bool = True  # False: the sampler draws f_m itself, x_1 = f_m [P 3.2]
    compressed_channels: int = 12  # width of f_c, below the 20 motion codes [ours]
    normalizer_hidden: int = 128  # [ours]
    normalizer_kernel: int = 9  # frames that each of the decoder's two layers sees [ours]
    normalizer_noise: float = 0.3  # std of the noise on f_c in training [ours]
    prior_layers: int = 4  # Conformer [P 3.2]
    prior_channels: int = 256  # [ours]
    prior_heads: int = 4
    prior_kernel: int = 31
    sampler_channels: int = 256  # v_t, a 1-D residual network [ours]
    sampler_layers: int = 6
    attention_reach: int = 31  # frames to either side, from the 32-frame training clips [ours]
    dropout: float = 0.1
    flow: FlowMatchingConfig = FlowMatchingConfig(temperature=1.0)

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
        if clock != int(clock):
            raise ValueError(f"mel frames per video frame must be whole, not {clock:g}")
        sides = [side for side, _ in self.face.channels]
        if sides[-1] != self.video.size:
            raise ValueError(f"face.channels must end at video.size = {self.video.size} px")
        if self.face.drawn_side not in sides[1:]:
            raise ValueError(f"face.drawn_side must be one of {sides[1:]} px")
        product = self.vocoder.istft_hop
        for rate in self.vocoder.upsample_rates:
            product *= rate
        if self.vocoder.kind == "hifigan" and product != self.audio.hop:
            raise ValueError(f"vocoder upsampling gives {product} samples, not {self.audio.hop}")

    @property
    def mel_per_video(self) -> int:
        """Mel frames per video frame: 4."""
        return self.audio.sample_rate // self.audio.hop // self.video.fps

    @property
    def samples_per_video(self) -> int:
        """Audio samples per video frame: 640."""
        return self.mel_per_video * self.audio.hop


PAPER = ModelConfig()

MINI = ModelConfig(
    name="mini",
    speech=SpeechConfig(
        voice_channels=32,
        text_encoder=TextEncoderConfig(
            channels=128, prenet_dropout=0.1, layers=4, ffn_channels=256, dropout=0.0
        ),
        duration=DurationConfig(channels=128),
        decoder=SpeechDecoderConfig(
            channels=(128, 128), time_channels=256, head_channels=32, dropout=0.0
        ),
    ),
    vocoder=VocoderConfig(
        channels=192,
        upsample_rates=(4,),
        upsample_kernels=(8,),
        resblock_kernels=(3, 7),
        istft_n_fft=160,
        istft_hop=40,
    ),
    face=FaceConfig(
        style_channels=256,
        channels=(
            (4, 192),
            (8, 192),
            (16, 192),
            (32, 128),
            (64, 64),
            (128, 32),
            (256, 16),
        ),
        drawn_side=128,
        lip_codes=(7, 8, 9, 10),
        rgb_path="mixed",
    ),
    audio_mapper=AudioMapperConfig(channels=128, kernels=(3, 7)),
    motion=MotionConfig(
        prior_channels=128,
        prior_kernel=15,
        sampler_channels=128,
        sampler_layers=4,
        flow=FlowMatchingConfig(steps=20, temperature=1.1),  # 10 steps at 1.0 lose blinks [ours]
    ),
)

PRESETS = {
    "paper": PAPER,
    "mini": MINI,
    "mini-no-energy": replace(
        MINI, name="mini-no-energy", audio_mapper=replace(MINI.audio_mapper, energy="none")
    ),
    "mini-text-only": replace(
        MINI,
        name="mini-text-only",
        audio_mapper=replace(MINI.audio_mapper, energy="none", use_upsampled=False),
    ),
    "mini-voice-with-motion": replace(
        MINI, name="mini-voice-with-motion", speech=replace(MINI.speech, voice_from="id+motion")
    ),
    "mini-no-normalizer": replace(
        MINI, name="mini-no-normalizer", motion=replace(MINI.motion, normalizer=False)
    ),
}
"""The last four are the ablations of Table 5 (no energy; no energy and no upsampled features), of
Table 3 (voice with motion) and of Sec. 3.2 (motion without the auto-encoder)."""


@dataclass(frozen=True, config=STRICT)
class LossWeights:
    """lambda_1 to lambda_8 of Eq. 8 [P 4.1]."""

    gan: float = 0.1
    rec: float = 1.0
    id: float = 0.3
    sync: float = 0.1
    ot_cfm: float = 0.1
    ae: float = 1.0
    prior: float = 0.1
    tts: float = 1.0


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
class SyncNetConfig:
    """The expert of L_sync: five pictures against their 20 mel frames [P 3.1, LSE's window]."""

    pictures: int = 5
    side: int = 96  # px, of the lower half of the face [Wav2Lip's]
    channels: int = 32  # of the first layer; the others are multiples [ours]
    embedding: int = 256  # [ours]


@dataclass(frozen=True, config=STRICT)
class JointConfig:
    """Joint training, Sec. 4.1."""

    learning_rate: float = 1e-4  # Adam [P 4.1]
    betas: tuple[float, float] = (0.5, 0.99)  # [ours]
    clip_frames: int = 32  # pictures of a training clip [P 4.1]
    drawn_frames: int = 5  # of them drawn by G, one window of SyncNet [ours]
    batch: int = 4  # clips of one process [ours]
    loss: LossWeights = LossWeights()
    discriminator: DiscriminatorConfig = DiscriminatorConfig()
    syncnet: SyncNetConfig = SyncNetConfig()


JOINT = {
    "paper": JointConfig(),
    "mini": JointConfig(
        batch=2,
        discriminator=DiscriminatorConfig(
            channels=((256, 8), (128, 16), (64, 32), (32, 64), (16, 64), (8, 64), (4, 64))
        ),
        syncnet=SyncNetConfig(side=48, channels=16, embedding=128),
    ),
}


def joint_config(preset: str) -> JointConfig:
    """The training configuration of a preset; ablations train as what they are made of."""
    return JOINT[preset.split("-")[0]]


_adapter = TypeAdapter(ModelConfig)


def model_config_to_json(config: ModelConfig) -> str:
    """The configuration as indented JSON."""
    return _adapter.dump_json(config, indent=2).decode()


def model_config_from_json(text: str | bytes) -> ModelConfig:
    """Read a configuration; raises pydantic.ValidationError on an unknown key or a wrong type."""
    return _adapter.validate_json(text)
