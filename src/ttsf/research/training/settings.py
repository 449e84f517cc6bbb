"""How a stage is run and what each stage reads: the options of `ttsf train`. Imports no torch."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass as checked

from ttsf.config import STRICT, Positive
from ttsf.research.presets import DiscriminatorKind

Precision = Literal["float32", "bfloat16", "float16"]
Count = Annotated[int, Field(ge=1)]


@checked(frozen=True, config=STRICT)
class RunSettings:
    """How a stage is run; none of it belongs to the model."""

    steps: Count
    """Optimiser steps."""
    seed: int = 0
    accumulate: Count = 1
    """Micro-batches of a step in each process."""
    precision: Precision = "float32"
    device: str = "cpu"
    """cpu or cuda."""
    loaders: Count = 1
    """Threads that make batches ahead; a GPU wants several."""
    clip: Positive = 5.0
    """Largest norm of the gradient [Matcha]."""
    average_decay: Annotated[float, Field(ge=0, lt=1)] = 0.999
    """Of the averaged weights, shorter in the first steps."""
    save_every_s: Positive = 120.0
    """Seconds between two saves."""
    save_every: Count = 1_000
    """Steps between two saves."""
    log_every: Count = 50
    """Steps whose mean losses make a line of the log."""
    validate_every: Count = 1_000
    """Steps between two validations."""
    divergence: Annotated[float, Field(gt=1)] = 20.0
    """Stop where the mean loss of 50 steps exceeds the lowest such mean by this factor."""


@dataclass(frozen=True)
class TtsOptions:
    """E_t, durations and D_TTS, Sec. 3.3, with a table of known speakers."""

    data: Path
    """Corpus with manifest.jsonl."""
    adversarial: bool = False
    """Finish D_TTS: discriminators also see mels of as many solver steps as are used to speak."""
    warm_start: Path | None = None
    """Run of this stage, with the same or other speakers, whose weights to begin with."""


@dataclass(frozen=True)
class VocoderOptions:
    """The vocoder, Sec. 4.1: mel-spectrograms of real speech back to their waveforms."""

    data: Path
    """Corpus with manifest.jsonl."""
    discriminators: DiscriminatorKind | None = None
    """The preset's; none: the spectral losses alone."""
    stft: float | None = None
    """Weight of the STFT loss (the preset's)."""
    warm_start: Path | None = None
    """Model or run of this stage whose vocoder to begin with; the discriminators begin afresh."""
    tts: Path | None = None
    """Run of the stage tts: half of the segments are read from mels as D_TTS draws them."""


@dataclass(frozen=True)
class FaceOptions:
    """E_v, E_m and G, Sec. 3.1, on animated portraits with known motion."""

    data: Path
    """Rendered training portraits."""
    valid: Path
    """Rendered held-out portraits."""
    side: int | None = None
    """px of the drawn picture (the preset's)."""
    people: int | None = None
    """Sources of a step (the preset's)."""
    targets: int | None = None
    """Frames drawn of each source (the preset's)."""
    schedule_steps: int | None = None
    """Length of the learning rate's decay (that of the run)."""
    warm_start: Path | None = None
    """Model to go on from (None: random weights)."""
    generator_only: bool = False
    """Train G, keep E_v and E_m."""


@dataclass(frozen=True)
class MotionOptions:
    """Audio mapper, normaliser, prior and sampler, Sec. 3.1-3.2, on speech with known motion."""

    data: Path
    """Corpus with manifest.jsonl."""
    tts: Path
    """Run of the stage tts."""
    face: Path
    """Run of the stage face, or a model."""
    only: Literal["lips", "motion"] | None = None
    """Train the audio mapper alone, or all but it."""


@dataclass(frozen=True)
class VoiceOptions:
    """The choice of a voice by f_id, Sec. 3.3."""

    data: Path
    """Rendered training portraits."""
    valid: Path
    """Rendered held-out portraits."""
    tts: Path
    """Run of the stage tts."""
    face: Path
    """Run of the stage face, or a model."""
    low: tuple[str, ...]
    """Speakers for faces of the low register in the order of their row, or SPEAKER=NAME each."""
    high: tuple[str, ...]
    """The same for faces of the high register."""


@dataclass(frozen=True)
class SyncNetOptions:
    """SyncNet, the expert of L_sync, Sec. 3.1."""

    data: Path
    """Corpus with manifest.jsonl."""


@dataclass(frozen=True)
class JointOptions:
    """Everything together with all losses of Eq. 8, Sec. 3.3."""

    data: Path
    """Corpus with manifest.jsonl."""
    warm_start: Path | None = None
    """Model to go on from."""
    experts: Path | None = None
    """Folder of the public networks ($TTSF_EXPERTS)."""
    syncnet: Path | None = None
    """Run of the stage syncnet."""
    allow_missing: bool = False
    """Train without the losses of missing experts."""


StageOptions = (
    TtsOptions
    | VocoderOptions
    | FaceOptions
    | MotionOptions
    | VoiceOptions
    | SyncNetOptions
    | JointOptions
)
