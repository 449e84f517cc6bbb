"""The hyper-parameters of each training stage; `presets` holds the ones of each preset.

Imports no torch. Sources in brackets as in `config`.
"""

from typing import Literal

from pydantic.dataclasses import dataclass

from ttsf.config import CLIP_FRAMES, STRICT, DiscriminatorConfig

DiscriminatorKind = Literal["hifigan", "spectrogram", "both", "none"]


@dataclass(frozen=True, config=STRICT)
class TtsTraining:
    """E_t, durations and D_TTS on speech alone, Sec. 4.1."""

    steps: int = 10_000  # of a run, unless the user says otherwise
    learning_rate: float = 1e-4  # Adam [P 4.1]
    betas: tuple[float, float] = (0.9, 0.999)
    warm_up: int = 1  # steps
    last_rate: float = 1.0  # of learning_rate, reached at the end of a cosine; 1: constant
    batch: int = 12  # clips
    batch_frames: int = 5_000  # mel frames of a batch, padding counted
    crops: int = 1  # training clips that L_TTS's flow sees of each clip
    adversarial: float = 0.1  # weights of the finish of D_TTS by discriminators [ours]
    features: float = 1.0
    balance: float = 0.0  # clips are drawn by (their voice's minutes / mean)^-balance; 0: all once


@dataclass(frozen=True, config=STRICT)
class VocoderTraining:
    """The vocoder on speech alone; the defaults are those of [HiFi-GAN]."""

    steps: int = 20_000  # of a run, unless the user says otherwise
    discriminators: DiscriminatorKind = "hifigan"
    divisor: int = 1  # by which HiFi-GAN's discriminators are narrower
    mel: float = 45.0  # weight of the mel L1
    stft: float = 0.0  # weight of the multi-resolution STFT loss; 0 leaves it out
    adversarial: float = 1.0
    features: float = 2.0
    discriminator: float = 1.0
    pitch: float = 1.0  # weight of F0, for vocoders with `harmonics_hz` [ours]
    learning_rate: float = 2e-4  # AdamW
    betas: tuple[float, float] = (0.8, 0.99)
    decay: float = 0.999  # of the learning rate, an epoch
    falling: float = 0.0  # part of a run, at its end, in which the rate falls to nothing [ours]
    segment: int = 8_000  # samples; HiFi-GAN's 8192 are no multiple of our hop of 160
    batch: int = 16  # segments
    held_out: int = 20  # clips measured in a validation [ours]


@dataclass(frozen=True, config=STRICT)
class FaceLossWeights:
    """Weights of the face stage's losses, see `training.stages.face` [ours]."""

    rec: float = 1.0
    edge: float = 1.0
    drawn: float = 0.3
    warped: float = 1.0
    trust: float = 0.15
    flow: float = 20.0
    codes: float = 0.5
    read: float = 0.5
    rest_codes: float = 0.01


@dataclass(frozen=True, config=STRICT)
class FaceTraining:
    """E_v, E_m and G on animated portraits with known motion [ours]."""

    steps: int = 4_000  # of a run, unless the user says otherwise
    side: int = 128  # px of the drawn picture
    people: int = 4  # sources of a step
    targets: int = 4  # pictures drawn of each source
    encoder_rate: float = 3e-4  # of E_v and E_m: faster than G they collapse
    generator_rate: float = 5e-4
    betas: tuple[float, float] = (0.9, 0.99)
    warm_up: int = 100  # steps
    last_rate: float = 0.1
    loss: FaceLossWeights = FaceLossWeights()
    mouth: float = 25.0  # weight of the mouth in Eq. 3
    mouth_reach: float = 12.0  # px around it
    mouth_flow: float = 40.0  # and in the flow: the jaw moves little, but it is what is looked at
    eyes: float = 40.0  # weight of the eyes in picture and flow
    eyes_reach: float = 8.0  # px around them
    read_blink: float = 12.0  # weights of labels that are small in the picture but looked at
    read_open: float = 6.0
    known_share: float = 0.8  # of the sources whose motion is given while E_m learns to read it


@dataclass(frozen=True, config=STRICT)
class MotionTraining:
    """Audio mapper, normaliser, prior and sampler on speech with known motion [ours]."""

    steps: int = 3_000  # of a run, unless the user says otherwise
    learning_rate: float = 1e-3  # Adam
    betas: tuple[float, float] = (0.9, 0.98)
    warm_up: int = 100  # steps
    last_rate: float = 0.05
    batch: int = 8  # utterances
    lips: float = 1.0  # weight of the lips' regression; the others are those of Eq. 8
    blink: float = 8.0  # times that a blink's error counts again in L_AE: it is rare
    start_spread: tuple[float, ...] = (0.5, 0.4, 0.3, 1.0, 1.0, 0.8, 0.1)  # of the first pose


@dataclass(frozen=True, config=STRICT)
class VoiceTraining:
    """The choice of a voice by f_id [ours]."""

    steps: int = 100  # of a run, unless the user says otherwise
    learning_rate: float = 1e-4  # AdamW
    weight_decay: float = 0.001
    warm_up: int = 20  # steps
    last_rate: float = 0.1
    batch: int = 512  # portraits
    steady: float = 0.2  # weight of the register's variance within a person
    ridge: float = 3e-4  # added to the scatter within people, of its mean
    sharpness: float = 2.0  # of the border between two voices, see `voices_of_people`


@dataclass(frozen=True, config=STRICT)
class SoundLipsTraining:
    """Lips from sound alone [ours]."""

    steps: int = 1_500  # of a run, unless the user says otherwise
    learning_rate: float = 2e-3  # Adam
    betas: tuple[float, float] = (0.9, 0.98)
    warm_up: int = 100  # steps
    last_rate: float = 0.02
    batch: int = 24  # windows
    frames: int = 100  # of a window
    shut: float = 4.0  # times that the error of pressed lips and of f and v counts again
    closed: float = 8.0  # times that the opening's error counts again where lips are shut
    speed: float = 0.5  # weight of the error of the change from frame to frame
    speechless: float = 0.06  # share of the windows with noise or music alone
    paces: tuple[float, float] = (0.85, 1.2)  # slowest and fastest
    own_speech_s: float = 1_200.0  # of the model's own speech, where no corpus is given
    own_held_out_s: float = 60.0
    held_out: int = 40  # clips of a validation


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
class SyncNetConfig:
    """The expert of L_sync: five pictures against their 20 mel frames [P 3.1, LSE's window]."""

    pictures: int = 5
    side: int = 96  # px, of the lower half of the face [Wav2Lip's]
    channels: int = 32  # of the first layer; the others are multiples [ours]
    embedding: int = 256  # [ours]


@dataclass(frozen=True, config=STRICT)
class SyncNetTraining:
    """The expert of L_sync and how it is trained [ours]."""

    steps: int = 20_000  # of a run, unless the user says otherwise
    network: SyncNetConfig = SyncNetConfig()
    learning_rate: float = 5e-4  # Adam
    warm_up: int = 50  # steps
    last_rate: float = 0.1
    batch: int = 8  # clips of CLIP_FRAMES pictures
    spacing: int = 6  # pictures between the windows of a clip, which must not overlap
    first_scale: float = 10.0  # of the cosines in the contrast, learned
    held_out: int = 16  # clips of a validation


@dataclass(frozen=True, config=STRICT)
class JointTraining:
    """Joint training with every loss of Eq. 8, Sec. 4.1."""

    steps: int = 100_000  # of a run, unless the user says otherwise
    learning_rate: float = 1e-4  # Adam [P 4.1]
    betas: tuple[float, float] = (0.5, 0.99)  # [ours]
    clip_frames: int = CLIP_FRAMES  # pictures of a training clip [P 4.1]
    drawn_frames: int = 5  # of them drawn by G, one window of SyncNet [ours]
    batch: int = 4  # clips of one process [ours]
    loss: LossWeights = LossWeights()
    discriminator: DiscriminatorConfig = DiscriminatorConfig()
