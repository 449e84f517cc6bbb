"""The whole of Figure 2, and its form in JSON."""

import math

from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass

from ttsf.config.picture import (
    AudioMapperConfig,
    FaceConfig,
    MotionConfig,
    SoundLipsConfig,
)
from ttsf.config.shared import (
    STRICT,
    AudioConfig,
    VideoConfig,
)
from ttsf.config.speech import (
    SpeechConfig,
    VocoderConfig,
)


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
    sound_lips: SoundLipsConfig | None = None  # None: recordings need their words

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
        if self.vocoder.kind != "vocos" and self.sample_rate != self.audio.sample_rate:
            raise ValueError('only a vocoder of kind = "vocos" has another rate than the mel')
        if self.sample_rate * self.audio.hop % self.audio.sample_rate:
            raise ValueError("vocoder.sample_rate must be a multiple of the mel's frame rate")

    @property
    def mel_per_video(self) -> int:
        """Mel frames per video frame: 4."""
        return self.audio.sample_rate // self.audio.hop // self.video.fps

    @property
    def sample_rate(self) -> int:
        """Sampling rate of the vocoder's sound, Hz: 16,000 in `paper`."""
        return self.vocoder.sample_rate or self.audio.sample_rate

    @property
    def samples_per_video(self) -> int:
        """Samples of the vocoder's sound per video frame: 640 in `paper`."""
        return self.sample_rate // self.video.fps


_adapter = TypeAdapter(ModelConfig)


def model_config_to_json(config: ModelConfig) -> str:
    """The configuration as indented JSON."""
    return _adapter.dump_json(config, indent=2).decode()


def model_config_from_json(text: str | bytes) -> ModelConfig:
    """Read a configuration; raises pydantic.ValidationError on an unknown key or a wrong type."""
    return _adapter.validate_json(text)
