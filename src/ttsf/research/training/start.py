"""`ttsf train`: build a stage from a preset, say what it is about to do, and run it."""

import json
import math
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from ttsf.checkpoint import usable_device
from ttsf.config import SAMPLE_RATE
from ttsf.media.files import DISK_FULL, cannot_write
from ttsf.research.data.manifest import Clip
from ttsf.research.presets import Preset
from ttsf.research.training.identity import IDENTITY, check_identity, identity, written
from ttsf.research.training.loop import train
from ttsf.research.training.parts import SPEAKERS, VOICES, voices_text
from ttsf.research.training.settings import (
    FaceOptions,
    JointOptions,
    MotionOptions,
    RunSettings,
    SoundLipsOptions,
    StageOptions,
    SyncNetOptions,
    TtsOptions,
    VocoderOptions,
    VoiceOptions,
)
from ttsf.research.training.stages.face import FaceStage
from ttsf.research.training.stages.joint import JointStage
from ttsf.research.training.stages.motion import MotionStage
from ttsf.research.training.stages.sound_lips import SoundLipsStage
from ttsf.research.training.stages.syncnet import SyncNetStage
from ttsf.research.training.stages.tts import TtsStage
from ttsf.research.training.stages.vocoder import VocoderStage
from ttsf.research.training.stages.voice import VoiceStage

COPIES = 5
"""Numbers held per weight: itself, its average, its gradient and Adam's two moments."""
Known = (
    TtsStage
    | VocoderStage
    | FaceStage
    | MotionStage
    | VoiceStage
    | SoundLipsStage
    | SyncNetStage
    | JointStage
)


def build_stage(options: StageOptions, preset: Preset, seed: int = 0, together: int = 1) -> Known:
    """Build the stage of the options; together: micro-batches per step over all processes.

    Raises TtsfError for data or runs that cannot be used.
    """
    match options:
        case TtsOptions():
            return TtsStage(options, preset, seed)
        case VocoderOptions():
            return VocoderStage(options, preset, seed, together)
        case FaceOptions():
            return FaceStage(options, preset)
        case MotionOptions():
            return MotionStage(options, preset)
        case VoiceOptions():
            return VoiceStage(options, preset)
        case SoundLipsOptions():
            return SoundLipsStage(options, preset, seed)
        case SyncNetOptions():
            return SyncNetStage(options, preset, seed)
        case JointOptions():
            return JointStage(options, preset, seed)


def train_stage(
    options: StageOptions,
    preset: Preset,
    out: Path,
    settings: RunSettings,
    steps: int | None = None,
    epochs: float | None = None,
) -> None:
    """Build and run a stage in `out`, for `steps`, `epochs`, or the preset's steps.

    Raises TtsfError as `build_stage` and `loop.train` do, and before any work if `out` holds
    another run.
    """
    if steps is not None:
        settings = replace(settings, steps=steps)
    usable_device(settings.device)
    torch.manual_seed(settings.seed)
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    together = settings.accumulate * processes
    run = identity(options, preset, settings, together)
    check_identity(out, run)
    stage = build_stage(options, preset, settings.seed, together)
    if epochs is not None:
        settings = replace(settings, steps=math.ceil(epochs * stage.batches_per_epoch / together))
    elif steps is None:
        settings = replace(settings, steps=stage.training.steps)
    files = {IDENTITY: written(run, processes)}
    if isinstance(stage, TtsStage):
        files[SPEAKERS] = json.dumps(stage.speakers)
    if isinstance(stage, VoiceStage | JointStage) and stage.voices:
        files[VOICES] = voices_text(stage.voices)
    if os.environ.get("RANK", "0") == "0":
        for line in (*getattr(stage, "notes", ()), _announced(stage, settings, together)):
            print(line, flush=True)
    try:
        train(stage, out, settings, files)
    except OSError as error:
        if error.errno in DISK_FULL:
            raise cannot_write(out, error) from error
        raise


def _announced(stage: Known, settings: RunSettings, together: int) -> str:
    """Announce data, steps and weights of the run, and the least memory that a process needs."""
    match stage:
        case TtsStage() | MotionStage():
            contents = _clips(stage.speech.clips)
        case SoundLipsStage():
            contents = f"{len(stage.clips)} clips"
        case VocoderStage():
            contents = _clips(stage.clips)
        case SyncNetStage() | JointStage():
            contents = _clips(stage.clips.clips)
        case FaceStage():
            contents = f"{stage.faces.people} people"
        case VoiceStage():
            contents = f"{len(stage.portraits.names)} people"
    epochs = settings.steps * together / stage.batches_per_epoch
    size = sum(p.numel() for p in stage.net.parameters() if p.requires_grad)
    return (
        f"{contents}; {settings.steps} steps of {together} batches, {epochs:.3g} epochs; "
        f"{size / 1e6:.1f} M weights, {COPIES * 4 * size / 2**30:.2f} GiB without activations"
    )


def _clips(clips: Sequence[Clip]) -> str:
    minutes = sum(clip.samples for clip in clips) / SAMPLE_RATE / 60
    return f"{len(clips)} clips of {len({c.speaker for c in clips})} speakers, {minutes:.1f} min"
