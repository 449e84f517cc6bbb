"""`ttsf train`: build a stage from a preset and run it."""

import json
import math
import os
from dataclasses import replace
from pathlib import Path

import torch

from ttsf.media.files import DISK_FULL, cannot_write, write_new
from ttsf.research.presets import Preset
from ttsf.research.training.loop import train
from ttsf.research.training.parts import SPEAKERS, write_voices
from ttsf.research.training.settings import (
    FaceOptions,
    JointOptions,
    MotionOptions,
    RunSettings,
    StageOptions,
    SyncNetOptions,
    TtsOptions,
    VocoderOptions,
    VoiceOptions,
)
from ttsf.research.training.stages.face import FaceStage
from ttsf.research.training.stages.joint import JointStage
from ttsf.research.training.stages.motion import MotionStage
from ttsf.research.training.stages.syncnet import SyncNetStage
from ttsf.research.training.stages.tts import TtsStage
from ttsf.research.training.stages.vocoder import VocoderStage
from ttsf.research.training.stages.voice import VoiceStage

Known = TtsStage | VocoderStage | FaceStage | MotionStage | VoiceStage | SyncNetStage | JointStage


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

    Raises TtsfError as `build_stage` and `loop.train` do.
    """
    if steps is not None:
        settings = replace(settings, steps=steps)
    torch.manual_seed(settings.seed)
    together = settings.accumulate * int(os.environ.get("WORLD_SIZE", "1"))
    stage = build_stage(options, preset, settings.seed, together)
    if epochs is not None:
        settings = replace(settings, steps=math.ceil(epochs * stage.batches_per_epoch / together))
    elif steps is None:
        settings = replace(settings, steps=stage.training.steps)
    if isinstance(stage, TtsStage):
        write_new(out / SPEAKERS, json.dumps(stage.speakers))
    if isinstance(stage, VoiceStage | JointStage) and stage.voices:
        write_voices(out, stage.voices)
    if isinstance(stage, TtsStage | VocoderStage | MotionStage | JointStage):
        for line in stage.notes:
            print(line, flush=True)
    try:
        train(stage, out, settings)
    except OSError as error:
        if error.errno in DISK_FULL:
            raise cannot_write(out, error) from error
        raise
