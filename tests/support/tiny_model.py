"""The smallest configuration that every part of the model accepts."""

from ttsf.config import (
    AudioMapperConfig,
    DurationConfig,
    FaceConfig,
    ModelConfig,
    MotionConfig,
    MouthOpeningConfig,
    SpeechConfig,
    SpeechDecoderConfig,
    TextEncoderConfig,
    VocoderConfig,
    VoicePaceConfig,
)

TINY = ModelConfig(
    name="tiny",
    speech=SpeechConfig(
        voice_channels=8,
        text_encoder=TextEncoderConfig(channels=16, layers=1, ffn_channels=16),
        duration=DurationConfig(channels=16),
        decoder=SpeechDecoderConfig(
            channels=(16, 16), mid_blocks=1, head_channels=8, time_channels=16
        ),
    ),
    vocoder=VocoderConfig(
        channels=16,
        upsample_rates=(4,),
        upsample_kernels=(8,),
        resblock_kernels=(3,),
        istft_n_fft=160,
        istft_hop=40,
    ),
    face=FaceConfig(
        style_channels=24,
        channels=((4, 8), (8, 8), (16, 8), (32, 8), (64, 4), (128, 4), (256, 4)),
        rgb_path="mixed",
        codes_are_labels=True,
        teeth_by_rule=True,
        lids_by_rule=True,
        portrait_colours=True,
    ),
    audio_mapper=AudioMapperConfig(channels=16, kernels=(3,), opening=MouthOpeningConfig()),
    motion=MotionConfig(
        prior_layers=1,
        prior_channels=16,
        prior_kernel=7,
        sampler_channels=16,
        sampler_layers=1,
        voice_pace=VoicePaceConfig(),
    ),
)
