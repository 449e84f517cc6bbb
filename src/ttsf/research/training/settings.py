"""The options of `ttsf train`, common and per stage. Imports no torch."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass as checked

from ttsf.config import STRICT, Positive

Precision = Literal["float32", "bfloat16", "float16"]
Count = Annotated[int, Field(ge=1)]


@checked(frozen=True, config=STRICT)
class RunSettings:
    """Settings of a run, independent of the model."""

    steps: Count
    """Optimiser steps."""
    seed: int = 0
    accumulate: Count = 1
    """Micro-batches per step and process."""
    precision: Precision = "float32"
    device: str = "cpu"
    """cpu or cuda."""
    loaders: Count = 1
    """Threads that prefetch batches; a GPU needs several."""
    clip: Positive = 5.0
    """Maximum gradient norm [Matcha]."""
    average_decay: Annotated[float, Field(ge=0, lt=1)] = 0.999
    """Decay of the averaged weights; smaller in the first steps."""
    save_every_s: Positive = 120.0
    """Seconds between two saves."""
    save_every: Count = 1_000
    """Steps between two saves."""
    log_every: Count = 50
    """Steps per line of the log, with their mean losses."""
    validate_every: Count = 1_000
    """Steps between two validations."""
    divergence: Annotated[float, Field(gt=1)] = 20.0
    """Stop if the mean loss of 50 steps exceeds the lowest such mean by this factor."""


@dataclass(frozen=True)
class TtsOptions:
    """E_t, durations and D_TTS, Sec. 3.3, with a table of known speakers."""

    data: Path
    """Corpus with manifest.jsonl."""
    adversarial: bool = False
    """Fine-tune D_TTS with discriminators, on mels made with the solver steps of inference."""
    warm_start: Path | None = None
    """Run of this stage, with the same or other speakers, to start from."""


@dataclass(frozen=True)
class VocoderOptions:
    """The vocoder, Sec. 4.1: mel-spectrograms of real speech back to their waveforms."""

    data: Path
    """Corpus with manifest.jsonl."""
    warm_start: Path | None = None
    """Model or run to take the vocoder from; discriminators start at random."""
    only: Literal["pitch"] | None = None
    """Train only the head that predicts F0."""


@dataclass(frozen=True)
class FaceOptions:
    """E_v, E_m and G, Sec. 3.1, on animated portraits with known motion."""

    data: Path
    """Rendered training portraits."""
    valid: Path
    """Rendered held-out portraits."""
    warm_start: Path | None = None
    """Model to start from (default: random weights)."""


@dataclass(frozen=True)
class MotionOptions:
    """Audio mapper, normaliser, prior and sampler, Sec. 3.1-3.2, on speech with known motion."""

    data: Path
    """Corpus with manifest.jsonl."""
    tts: Path
    """Run of stage tts."""
    face: Path
    """Run of stage face, or a model."""
    only: Literal["lips", "motion"] | None = None
    """Train the audio mapper only (lips), or everything else (motion)."""


@dataclass(frozen=True)
class VoiceOptions:
    """The choice of a voice by f_id, Sec. 3.3."""

    data: Path
    """Rendered training portraits."""
    valid: Path
    """Rendered held-out portraits."""
    tts: Path
    """Run of stage tts."""
    face: Path
    """Run of stage face, or a model."""
    low: tuple[str, ...]
    """Speakers for faces of low register: each SPEAKER, SPEAKER=NAME or SPEAKER=NAME@LANGUAGE (of
    espeak-ng), in the order of the axis in which f_id differs most."""
    high: tuple[str, ...]
    """The same for faces of high register."""


@dataclass(frozen=True)
class SoundLipsOptions:
    """Lips from sound alone, on speech that the model aligns with its text, or on its own."""

    data: Path | None = None
    """Corpus with manifest.jsonl (default: speech of the model itself)."""
    model: Path | None = None
    """Model whose audio mapper gives the targets (default: the bundled one)."""


@dataclass(frozen=True)
class SyncNetOptions:
    """SyncNet, the expert of L_sync, Sec. 3.1."""

    data: Path
    """Corpus with manifest.jsonl."""


@dataclass(frozen=True)
class JointOptions:
    """Joint training with all losses of Eq. 8, Sec. 3.3."""

    data: Path
    """Corpus with manifest.jsonl."""
    warm_start: Path | None = None
    """Run or model to start from, such as the run of stage tts."""
    experts: Path | None = None
    """Folder of the public networks (default: $TTSF_EXPERTS)."""
    syncnet: Path | None = None
    """Run of stage syncnet."""
    allow_missing: bool = False
    """Train without the losses of missing experts."""


StageOptions = (
    TtsOptions
    | VocoderOptions
    | FaceOptions
    | MotionOptions
    | VoiceOptions
    | SoundLipsOptions
    | SyncNetOptions
    | JointOptions
)
