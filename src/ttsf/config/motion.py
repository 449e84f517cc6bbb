"""Sec. 3.2: head motion."""

from pydantic.dataclasses import dataclass

from ttsf.config.audio import FlowMatchingConfig
from ttsf.config.values import STRICT, Amount, Depth, Dropout, Heads, Kernel, Positive, Reach, Width


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

    def __post_init__(self) -> None:
        if self.prior_channels % (2 * self.prior_heads):
            raise ValueError("prior_channels must be an even multiple of prior_heads")

    def sampled_channels(self, style_channels: int) -> int:
        """Width of what the sampler draws: f_c, or f_m without the normaliser."""
        return self.compressed_channels if self.normalizer else style_channels
