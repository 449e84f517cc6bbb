"""Every hyper-parameter of the model, once, with its unit and its source. Imports no torch.

Sources in brackets: [P 3.1] a section of the paper; [LIA], [Matcha], [HiFi-GAN] the architectures
it builds on; [ours] a choice where the paper is silent or contradicts itself (docs/paper_map.md).
Unknown keys and values out of range are errors. `presets` has the values that ship.
"""

import math
from typing import Annotated

from pydantic import Field, TypeAdapter
from pydantic.dataclasses import dataclass

from ttsf.config.audio import AudioConfig, FlowMatchingConfig
from ttsf.config.face import AudioMapperConfig, DiscriminatorConfig, FaceConfig, MouthOpeningConfig
from ttsf.config.motion import MotionConfig, VoicePaceConfig
from ttsf.config.speech import (
    DurationConfig,
    ProsodyConfig,
    RefinerConfig,
    SpeechConfig,
    SpeechDecoderConfig,
    TextEncoderConfig,
    VocoderConfig,
    VoiceConfig,
)
from ttsf.config.values import (
    CLIP_FRAMES,
    FPS,
    HOP,
    MEL_PER_FRAME,
    PICTURE_SIDE,
    SAMPLE_RATE,
    SAMPLES_PER_FRAME,
    STRICT,
    Amount,
    Depth,
    Dropout,
    Heads,
    Hertz,
    Kernel,
    Layer,
    Positive,
    Reach,
    Samples,
    Side,
    Steps,
    Width,
)

__all__ = [
    "CLIP_FRAMES",
    "FPS",
    "HOP",
    "MEL_PER_FRAME",
    "PICTURE_SIDE",
    "SAMPLES_PER_FRAME",
    "SAMPLE_RATE",
    "STRICT",
    "Amount",
    "AudioConfig",
    "AudioMapperConfig",
    "Depth",
    "DiscriminatorConfig",
    "Dropout",
    "DurationConfig",
    "FaceConfig",
    "FlowMatchingConfig",
    "Heads",
    "Hertz",
    "Kernel",
    "Layer",
    "ModelConfig",
    "MotionConfig",
    "MouthOpeningConfig",
    "Positive",
    "ProsodyConfig",
    "Reach",
    "RefinerConfig",
    "Samples",
    "Side",
    "SpeechConfig",
    "SpeechDecoderConfig",
    "Steps",
    "TextEncoderConfig",
    "VideoConfig",
    "VocoderConfig",
    "VoiceConfig",
    "VoicePaceConfig",
    "Width",
    "model_config_from_json",
    "model_config_to_json",
]


@dataclass(frozen=True, config=STRICT)
class VideoConfig:
    """The picture: 256 px [LIA], 25 fps (LRS3's rate, 4 mel frames a picture)."""

    size: Side = PICTURE_SIDE  # px, square
    fps: Annotated[int, Field(ge=1, le=240)] = FPS


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
