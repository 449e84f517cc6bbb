"""Every stage at a size that steps in a fraction of a second, on generated data."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from tests.conftest import TINY
from tests.data.videos import face_picture
from tests.training.test_face_stage import write_faces
from ttsf.data.clip_files import save_frames, save_samples
from ttsf.data.manifest import Clip, Recorded, Spoken, write_manifest
from ttsf.experts.syncnet import load_syncnet
from ttsf.presets import DiscriminatorConfig, SyncNetConfig
from ttsf.training.frozen_experts import Judges
from ttsf.training.journal import Validation
from ttsf.training.loop import RunSettings, Stage, train
from ttsf.training.stages import vocoder
from ttsf.training.stages.face import FaceStage
from ttsf.training.stages.joint import JointStage
from ttsf.training.stages.motion import CrossingStage
from ttsf.training.stages.syncnet import SyncNetStage
from ttsf.training.stages.tts import TtsStage
from ttsf.training.stages.vocoder import VocoderRecipe, VocoderStage, vocoder_recipe
from ttsf.training.stages.voice import VoiceStage

JOINT = JointConfig(
    batch=1,
    discriminator=DiscriminatorConfig(
        channels=((256, 2), (128, 2), (64, 4), (32, 4), (16, 4), (8, 4), (4, 4))
    ),
    syncnet=SyncNetConfig(side=48, channels=4, embedding=16),
)


def add_tiny_preset() -> None:
    """`tiny` beside the real presets, for this test run."""
    config.PRESETS["tiny"] = replace(TINY, name="tiny")
    config.JOINT["tiny"] = JOINT


def shrink_vocoder() -> None:
    """Two short segments a step."""
    vocoder.BATCH = 2


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
                Spoken("sine", voice), audio=f"{i:02d}.flac", text="Hello.",
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


STAGES = ("vocoder", "syncnet", "tts", "face", "crossing", "voice", "joint")


class TinyStages:
    """Builders of all stages of a preset on generated data."""

    def __init__(self, folder: Path, preset: str = "tiny") -> None:
        add_tiny_preset()
        if preset == "tiny":
            shrink_vocoder()
        self.preset, self.config = preset, config.PRESETS[preset]
        self.small = preset == "tiny"
        self.faces, self.speech = write_faces(folder / "faces"), write_speech(folder / "speech")
        self.corpus, self.runs = write_corpus(folder / "corpus"), folder / "runs"

    def build(self, name: str) -> Stage:
        """A fresh stage; those before it that it reads are run for a step."""
        builders: dict[str, Callable[[], Stage]] = {
            "vocoder": self.vocoder,
            "syncnet": self.syncnet,
            "tts": self.tts,
            "face": self.face,
            "crossing": self.crossing,
            "voice": self.voice,
            "joint": self.joint,
        }
        torch.manual_seed(0)
        return builders[name]()

    def run(self, name: str) -> Path:
        """The run folder of a stage after one step."""
        out = self.runs / name
        if not out.exists():
            stage = self.build(name)
            stage.validate = lambda step: Validation()  # type: ignore[method-assign]
            train(stage, out, RunSettings(1))
        return out

    def vocoder(self) -> Stage:
        kept = VocoderRecipe("spectrogram", stft=2.0) if self.small else vocoder_recipe(self.preset)
        return VocoderStage(self.speech, self.config, kept)

    def syncnet(self) -> Stage:
        return SyncNetStage(self.corpus, self.preset)

    def tts(self) -> Stage:
        return TtsStage(self.speech, self.config)

    def face(self) -> Stage:
        if self.small:
            return FaceStage(self.faces, self.faces, self.preset, side=32, people=2, targets=2)
        return FaceStage(self.faces, self.faces, self.preset, side=128)

    def crossing(self) -> Stage:
        stage = CrossingStage(self.speech, self.run("tts"), self.run("face"), self.preset)
        if self.small:
            stage.size = 2
        return stage

    def voice(self) -> Stage:
        voices = {"low": ["rms"], "high": ["slt"]}
        tts, face = self.run("tts"), self.run("face")
        (tts / "speakers.json").write_text(json.dumps(["rms", "slt"]))
        return VoiceStage(face, tts, self.faces, self.faces, voices, self.preset)

    def joint(self) -> Stage:
        sync = load_syncnet(self.run("syncnet"), config.joint_config(self.preset).syncnet)
        return JointStage(self.corpus, self.preset, Judges(None, None, sync))
