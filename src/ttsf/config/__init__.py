"""Every hyper-parameter of the model, once, with its unit and its source. Imports no torch.

Sources in brackets: [P 3.1] a section of the paper; [LIA], [Matcha], [HiFi-GAN] the architectures
it builds on; [ours] a choice where the paper is silent or contradicts itself (docs/paper_map.md).
Unknown keys and values out of range are errors. `presets` has the values that ship.
"""

from ttsf.config.model import (
    ModelConfig,
    model_config_from_json,
    model_config_to_json,
)
from ttsf.config.picture import (
    AudioMapperConfig,
    DiscriminatorConfig,
    ExpressionConfig,
    FaceConfig,
    MotionConfig,
    MouthOpeningConfig,
    SoundLipsConfig,
    VoicePaceConfig,
)
from ttsf.config.shared import (
    CLIP_FRAMES,
    FPS,
    HOP,
    MEL_PER_FRAME,
    PICTURE_SIDE,
    SAMPLE_RATE,
    SAMPLES_PER_FRAME,
    STRICT,
    AudioConfig,
    Dropout,
    FlowMatchingConfig,
    Layer,
    Positive,
    Samples,
    Side,
    Steps,
    VideoConfig,
)
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
