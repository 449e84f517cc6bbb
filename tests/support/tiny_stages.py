"""Every stage at a size that steps in a fraction of a second, on generated data."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from tests.support.recordings import face_picture
from tests.support.rendered import write_faces
from tests.support.tiny_model import TINY
from ttsf import checkpoint
from ttsf.config import DiscriminatorConfig
from ttsf.model.ttsf import TTSF
from ttsf.research.data.clip_files import save_frames, save_samples
from ttsf.research.data.manifest import Clip, Recorded, Synthesised, write_manifest
from ttsf.research.experts.syncnet import load_syncnet
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
)
from ttsf.research.presets import Preset
from ttsf.research.training.frozen_experts import Experts
from ttsf.research.training.journal import Validation
from ttsf.research.training.loop import Stage, train
from ttsf.research.training.parts import SPEAKERS, VOICES, voices_text
from ttsf.research.training.settings import (
    FaceOptions,
    JointOptions,
    MotionOptions,
    RunSettings,
    SoundLipsOptions,
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

TINY_PRESET = Preset(
    model=TINY,
    tts=TtsTraining(learning_rate=1e-3, warm_up=200, last_rate=0.1),
    vocoder=VocoderTraining(discriminators="spectrogram", stft=2.0, learning_rate=5e-4, batch=2),
    face=FaceTraining(side=32, people=2, targets=2),
    motion=MotionTraining(batch=2),
    sound_lips=SoundLipsTraining(batch=2, frames=40),
    syncnet=SyncNetTraining(network=SyncNetConfig(side=48, channels=4, embedding=16)),
    joint=JointTraining(
        batch=1,
        loss=LossWeights(ae=24.0),
        discriminator=DiscriminatorConfig(
            channels=((256, 2), (128, 2), (64, 4), (32, 4), (16, 4), (8, 4), (4, 4))
        ),
    ),
)


def write_speech(folder: Path) -> Path:
    """Tones of 1.4 to 1.7 s by two speakers."""
    rows = []
    for i in range(14):
        length = 22_400 + 320 * i
        tone = 0.1 * np.sin(2 * np.pi * (150 + 10 * i) * np.arange(length) / 16_000)
        save_samples(folder / f"{i:02d}.flac", tone.astype(np.float32))
        voice, split = ("slt", "rms")[i % 2], "valid" if i < 2 else "train"
        rows.append(
            Clip(
                f"{i:02d}", "made", voice, split, 0, length, "a tone", "public domain",  # type: ignore[arg-type]
                Synthesised("sine", voice), audio=f"{i:02d}.flac", text="Hello.",
            )
        )  # fmt: skip
    write_manifest(folder, rows)
    return folder


def write_corpus(folder: Path, frames: int = 40) -> Path:
    """Three talking clips of a real face, one of them held out."""
    rows = []
    for i, split in enumerate(("train", "train", "valid")):
        pictures = [face_picture(256, 256, shift=k + 5 * i) for k in range(frames)]
        time = np.arange(640 * frames) / 16_000
        sound = 0.2 * np.sin(2 * np.pi * (200 + 100 * i + 900 * time) * time)  # it rises
        save_frames(folder / f"{i}.mp4", pictures)
        save_samples(folder / f"{i}.flac", sound.astype(np.float32))
        made = Recorded(0.0, (0.0, 0.0, 256.0), 150.0, 0.0)
        rows.append(
            Clip(
                f"clip{i}", "made", f"speaker{i}", split, frames, 640 * frames, f"{i}.mov",  # type: ignore[arg-type]
                "public domain", made, f"{i}.mp4", f"{i}.flac", "Hello there.",
            )
        )  # fmt: skip
    write_manifest(folder, rows)
    return folder


STAGES = (
    *("vocoder", "syncnet", "tts", "face", "motion", "lips"),
    *("sound-lips", "voice", "joint"),
)


class TinyStages:
    """Builders of all stages of a preset on generated data."""

    def __init__(self, folder: Path, preset: Preset = TINY_PRESET) -> None:
        self.preset = preset
        self.faces, self.speech = write_faces(folder / "faces"), write_speech(folder / "speech")
        self.corpus, self.runs = write_corpus(folder / "corpus"), folder / "runs"

    def build(self, name: str) -> Stage:
        """A fresh stage; those before it that it reads are run for a step."""
        builders: dict[str, Callable[[], Stage]] = {
            "vocoder": lambda: VocoderStage(VocoderOptions(self.speech), self.preset),
            "syncnet": lambda: SyncNetStage(SyncNetOptions(self.corpus), self.preset),
            "tts": lambda: TtsStage(TtsOptions(self.speech), self.preset),
            "face": lambda: FaceStage(FaceOptions(self.faces, self.faces), self.preset),
            "motion": self._motion,
            "lips": lambda: self._motion("lips"),
            "sound-lips": self._sound_lips,
            "voice": self._voice,
            "joint": self._joint,
        }
        torch.manual_seed(0)
        return builders[name]()

    def run(self, name: str) -> Path:
        """The run folder of a stage after one step; leaves PyTorch's dice as they are."""
        out = self.runs / name
        if not out.exists():
            with torch.random.fork_rng(devices=[]):
                stage = self.build(name)
                stage.validate = lambda step, batches: Validation()  # type: ignore[method-assign]
                train(stage, out, RunSettings(1))
            (out / SPEAKERS).write_text('["rms", "slt"]')
            if isinstance(stage, VoiceStage):
                (out / VOICES).write_text(voices_text(stage.voices))
        return out

    def _motion(self, only: Literal["lips"] | None = None) -> Stage:
        options = MotionOptions(self.speech, self.run("tts"), self.run("face"), only)
        return MotionStage(options, self.preset)

    def _voice(self) -> Stage:
        options = VoiceOptions(
            self.faces, self.faces, self.run("tts"), self.run("face"), ("rms",), ("slt",)
        )
        return VoiceStage(options, self.preset)

    def _sound_lips(self) -> Stage:
        torch.manual_seed(0)
        checkpoint.save(TTSF(self.preset.model), self.runs / "known")
        options = SoundLipsOptions(self.speech, self.runs / "known")
        return SoundLipsStage(options, self.preset)

    def _joint(self) -> Stage:
        sync = load_syncnet(self.run("syncnet"), self.preset.syncnet.network)
        return JointStage(JointOptions(self.corpus), self.preset, 0, Experts(None, None, sync))
