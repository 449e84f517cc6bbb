"""Sec. 3.1 and 3.2: face, audio mapper and head motion."""

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from ttsf.config.shared import (
    STRICT,
    Amount,
    Depth,
    Dropout,
    FlowMatchingConfig,
    Heads,
    Kernel,
    Layer,
    Positive,
    Reach,
    Side,
    Width,
)


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
    codes_are_labels: bool = False  # the first codes are those of `model.labels` [ours]
    teeth_by_rule: bool = False  # single teeth are shaded in what G draws [ours]
    lids_by_rule: bool = False  # lids that shut are laid over the picture, not drawn by G [ours]
    portrait_colours: bool = False  # what G draws takes the portrait's range of tones [ours]
    sharpening: Amount = 0.0  # how much of its fine detail is added to what G draws [ours]

    def __post_init__(self) -> None:
        sides = [side for side, _ in self.channels]
        if len(sides) < 2 or sides != [4 * 2**k for k in range(len(sides))]:
            raise ValueError(f"sides of channels must double from 4 px, not {sides}")
        if self.drawn_side not in sides[1:]:
            raise ValueError(f"drawn_side must be one of {sides[1:]} px")
        if self.manipulated_layers[0] > self.manipulated_layers[1]:
            raise ValueError("manipulated_layers must be the first and the last")
        if self.lids_by_rule and not self.codes_are_labels:
            raise ValueError("lids_by_rule needs codes_are_labels, which tell blinks")
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
class MouthOpeningConfig:
    """How far the mouth is asked to open [ours]; units of the label of `model.labels`."""

    factor: Amount = 1.12  # G draws .144 e of the .17 e of a label of 1
    easy: Amount = 1.1  # beyond, the opening only nears `most`
    most: Amount = 1.3  # of speakers 99 % of the frames are below .15 e

    def __post_init__(self) -> None:
        if not self.easy < self.most:
            raise ValueError("easy must be below most")


@dataclass(frozen=True, config=STRICT)
class VoicePaceConfig:
    """Head motion read at the pace of the voice [ours], see `model.motion.prosody`."""

    rest: Positive = 0.3  # pace in silence
    haste: Amount = 1.4  # what full loudness adds
    nod: Amount = 0.6  # label units of pitch, on the strongest stress
    syllable: Positive = 5.0  # frames, Gaussian
    phrase: Positive = 15.0  # frames, Gaussian
    blur: Positive = 1.0  # frames, Gaussian: a sampled head trembles more than those it learned of


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
    opening: MouthOpeningConfig | None = None  # None: as f_lip has it [P 3.3]
    lead: Annotated[int, Field(ge=0, le=40)] = 0  # mel frames that generated lips are ahead [ours]


@dataclass(frozen=True, config=STRICT)
class SoundLipsConfig:
    """mel -> f_lip without a text, for recordings whose words are not given [ours]."""

    channels: Width = 192
    layers: Depth = 4  # ConvNeXt; each sees 60 ms to either side
    kernel: Kernel = 5  # of the first layer, in pairs of mel frames


@dataclass(frozen=True, config=STRICT)
class ExpressionConfig:
    """Brows that go with the voice, and glances [ours], see `engine.expression`.

    Amounts are those of `compositing.expression`.
    """

    stress: Amount = 8.0  # what stress adds to the brows; a strong one is .2
    question: Amount = 0.8  # what the end of a question adds
    drift: Amount = 0.15  # standard deviation of the brows' own slow motion
    glances: Amount = 0.3  # a second
    glance_x: Amount = 6.0  # degrees, standard deviation
    glance_y: Amount = 2.0


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
    voice_pace: VoicePaceConfig | None = None  # None: as it was sampled [P 3.2]
    expression: ExpressionConfig | None = None  # None: brows and eyes move with the head only [P]

    def __post_init__(self) -> None:
        if self.prior_channels % (2 * self.prior_heads):
            raise ValueError("prior_channels must be an even multiple of prior_heads")

    def sampled_channels(self, style_channels: int) -> int:
        """Width of what the sampler draws: f_c, or f_m without the normaliser."""
        return self.compressed_channels if self.normalizer else style_channels
