"""The built-in presets: each holds a model configuration and those of its training stages.

Imports no torch. Sources in brackets as in `config`. An ablation states only what it changes.
"""

from dataclasses import replace

from pydantic.dataclasses import dataclass

from ttsf.config import (
    STRICT,
    AudioConfig,
    AudioMapperConfig,
    DiscriminatorConfig,
    DurationConfig,
    ExpressionConfig,
    FaceConfig,
    FlowMatchingConfig,
    ModelConfig,
    MotionConfig,
    MouthOpeningConfig,
    ProsodyConfig,
    RefinerConfig,
    SoundLipsConfig,
    SpeechConfig,
    SpeechDecoderConfig,
    TextEncoderConfig,
    VocoderConfig,
    VoicePaceConfig,
)
from ttsf.research.hyperparameters import (
    FaceTraining,
    JointTraining,
    LossWeights,
    MotionTraining,
    SoundLipsTraining,
    SyncNetConfig,
    SyncNetTraining,
    TtsTraining,
    VocoderTraining,
    VoiceTraining,
)


@dataclass(frozen=True, config=STRICT)
class Preset:
    """A model and how each of its stages is trained."""

    model: ModelConfig = ModelConfig()
    tts: TtsTraining = TtsTraining()
    vocoder: VocoderTraining = VocoderTraining()
    face: FaceTraining = FaceTraining()
    motion: MotionTraining = MotionTraining()
    voice: VoiceTraining = VoiceTraining()
    sound_lips: SoundLipsTraining = SoundLipsTraining()
    syncnet: SyncNetTraining = SyncNetTraining()
    joint: JointTraining = JointTraining()


_MINI = ModelConfig(
    name="mini",
    audio=AudioConfig(mel_mean=-5.59, mel_std=2.15),  # of its own training speech
    speech=SpeechConfig(
        add_blank=False,
        first_blank=True,
        voice_mirrored=True,
        voice_channels=64,
        text_encoder=TextEncoderConfig(
            channels=192, prenet_dropout=0.1, layers=4, ffn_channels=512, dropout=0.05
        ),
        duration=DurationConfig(channels=192, round_up=False, pauses=5.0),
        decoder=SpeechDecoderConfig(
            channels=(192, 192), time_channels=384, head_channels=48, dropout=0.0
        ),
        flow=FlowMatchingConfig(steps=3, temperature=0.7),  # as good as 6 after the finish [ours]
        prosody=ProsodyConfig(),
        refiner=RefinerConfig(),
    ),  # known times, pitch and energy [ours]
    vocoder=VocoderConfig(
        kind="vocos",
        sample_rate=24_000,
        channels=224,
        layers=8,
        istft_n_fft=960,
        istft_hop=240,
        harmonics_hz=1_200.0,
        mel_rounds=2,
    ),
    face=FaceConfig(
        style_channels=256,
        channels=((4, 192), (8, 192), (16, 192), (32, 128), (64, 64), (128, 32), (256, 16)),
        drawn_side=128,
        lip_codes=(7, 8, 9, 10),
        rgb_path="mixed",
        codes_are_labels=True,
        teeth_by_rule=True,
        lids_by_rule=True,
        portrait_colours=True,
        sharpening=0.8,
    ),
    audio_mapper=AudioMapperConfig(
        channels=128, kernels=(3, 7), opening=MouthOpeningConfig(), lead=2
    ),
    motion=MotionConfig(
        prior_channels=128,
        prior_kernel=15,
        sampler_channels=128,
        sampler_layers=4,
        flow=FlowMatchingConfig(steps=20, temperature=1.1),  # 10 steps at 1.0 lose blinks [ours]
        voice_pace=VoicePaceConfig(),
        expression=ExpressionConfig(),
    ),
    sound_lips=SoundLipsConfig(),
)
MINI = Preset(
    model=_MINI,
    tts=TtsTraining(
        learning_rate=1e-3,
        betas=(0.9, 0.98),
        warm_up=200,
        last_rate=0.1,
        batch=6,
        batch_frames=2_500,
        crops=2,
        balance=0.5,
    ),  # [ours]
    vocoder=VocoderTraining(
        discriminators="both",
        divisor=8,
        mel=15.0,
        stft=5.0,
        learning_rate=5e-4,
        decay=0.9985,
        falling=0.2,
        segment=11_200,
        batch=8,
    ),  # [ours]
    syncnet=SyncNetTraining(network=SyncNetConfig(side=48, channels=16, embedding=128)),
    joint=JointTraining(
        batch=2,
        loss=LossWeights(ae=256.0),  # each of f_m's channels counts as a loss of its own [ours]
        discriminator=DiscriminatorConfig(
            channels=((256, 8), (128, 16), (64, 32), (32, 64), (16, 64), (8, 64), (4, 64))
        ),
    ),
)


def _ablations(base: Preset) -> tuple[Preset, ...]:
    """Tables 5 (no energy; no energy and no upsampled features) and 3 (voice with motion), and
    Sec. 3.2's motion without the auto-encoder."""
    model, silent = base.model, replace(base.model.audio_mapper, energy="none")
    changed = {
        "no-energy": replace(model, audio_mapper=silent),
        "text-only": replace(model, audio_mapper=replace(silent, use_upsampled=False)),
        "voice-with-motion": replace(model, speech=replace(model.speech, voice_from="id+motion")),
        "no-normalizer": replace(model, motion=replace(model.motion, normalizer=False)),
    }
    return tuple(
        replace(base, model=replace(one, name=f"{model.name}-{name}"))
        for name, one in changed.items()
    )


PRESETS = {
    preset.model.name: preset
    for preset in (
        Preset(),
        MINI,
        *_ablations(MINI),
        *_ablations(Preset()),
    )
}
