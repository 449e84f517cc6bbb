"""The face chooses the voice, Sec. 3.3: fits the projection of f_id to the known speakers' voices.

Portraits are paired with voices by the register that a viewer would expect (`voice_register`); each
portrait gets its own mixture of that register's voices. Several motions of one portrait share the
target, so the projection learns to ignore what motion is left in f_id.
"""

import argparse
import json
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from ttsf.config import PRESETS
from ttsf.data.faces import RenderedFaces
from ttsf.errors import TtsfError
from ttsf.training.command import run_stage, stage_parser
from ttsf.training.face import FaceNet
from ttsf.training.journal import Validation
from ttsf.training.state import load_average
from ttsf.training.tts import SpeakerTts

BATCH = 64  # portraits


class VoiceBatch(NamedTuple):
    """Portraits and the voices they are to have."""

    f_id: Tensor
    """[B, S]; f_id + f_m in the comparison "with motion" of Table 3."""
    voice: Tensor
    """[B, voice channels]."""
    names: tuple[str, ...]


class Portraits:
    """f_id of every rendered frame, and which register its person's voice has."""

    def __init__(self, folder: Path, face: FaceNet, with_motion: bool) -> None:
        faces = RenderedFaces(folder)
        names = json.loads((folder / "names.json").read_text())
        self.register = np.array([entry["voice_register"] for entry in names])
        self.names = [entry["file"] for entry in names]
        kept = range(0, faces.frames, max(1, faces.frames // 6))
        features = []
        with torch.inference_mode():
            for person in range(faces.people):
                pixels = torch.from_numpy(faces.images[person][list(kept)].copy())
                image = pixels.permute(0, 3, 1, 2).float() / 127.5 - 1
                style = face.encoder(image).style
                f_m = face.extractor(style).feature
                features.append(style if with_motion else style - f_m)
        self.f_id = torch.stack(features).clone()  # [people, frames, S]


class VoiceStage:
    """Least squares towards mixed voices, and the register itself as a margin."""

    weights: ClassVar = {"voice": 1.0}

    def __init__(
        self, face: Path, tts: Path, data: Path, valid: Path, voices: dict[str, list[str]],
        preset: str,
    ) -> None:  # fmt: skip
        config = PRESETS[preset]
        face_net = FaceNet(config.face)
        load_average(face / "state.safetensors", face_net)
        face_net.eval()
        speakers = json.loads((tts / "speakers.json").read_text())
        speech = SpeakerTts(config, len(speakers))
        load_average(tts / "state.safetensors", speech)
        unknown = {v for group in voices.values() for v in group} - set(speakers)
        if unknown:
            raise TtsfError(f"unknown voices {sorted(unknown)}; the TTS knows {speakers}")
        motion = config.speech.voice_from == "id+motion"
        self.portraits = Portraits(data, face_net, motion)
        self.held_out = Portraits(valid, face_net, motion)
        table = speech.table.weight.detach()
        self.voices = {k: table[[speakers.index(v) for v in g]] for k, g in voices.items()}
        self.net = nn.Linear(config.face.style_channels, config.speech.voice_channels)
        with torch.no_grad():  # start at the middle of all voices
            self.net.weight.zero_()
            self.net.bias.copy_(torch.cat(list(self.voices.values())).mean(0))
        rng = np.random.default_rng(0)
        self.targets = [self._voice(register, rng) for register in self.portraits.register]

    def _voice(self, register: str, rng: np.random.Generator) -> Tensor:
        group = self.voices.get(register)
        if group is None:
            group = torch.cat(list(self.voices.values()))
        share = torch.from_numpy(rng.dirichlet(np.full(len(group), 0.3))).float()
        return share @ group

    @property
    def batches_per_epoch(self) -> int:
        """Portraits over those of a batch."""
        return -(-len(self.targets) // BATCH)

    def optimizer(self) -> torch.optim.Optimizer:
        """AdamW: 300 people cannot pin down every direction of f_id."""
        return torch.optim.AdamW(self.net.parameters(), lr=3e-3, weight_decay=0.1)

    def learning_rate(self, step: int, steps: int) -> float:
        """Constant."""
        return 1.0

    def batch(self, number: int) -> VoiceBatch:
        """Random portraits, one motion each, and their voices."""
        rng = np.random.default_rng((0, number))
        people = rng.integers(len(self.targets), size=BATCH)
        frames = rng.integers(self.portraits.f_id.shape[1], size=BATCH)
        f_id = self.portraits.f_id[people, frames]
        names = tuple(self.portraits.names[i] for i in people)
        return VoiceBatch(f_id, torch.stack([self.targets[i] for i in people]), names)

    def losses(self, batch: VoiceBatch) -> dict[str, Tensor]:
        """Mean squared error of the voice vector."""
        return {"voice": (self.net(batch.f_id) - batch.voice).square().mean()}

    def validate(self, step: int) -> Validation:
        """Share of held-out portraits whose voice is nearer to their register's mean voice."""
        means = {k: group.mean(0) for k, group in self.voices.items()}
        figures = {}
        for title, portraits in (("train", self.portraits), ("held_out", self.held_out)):
            voice = self.net(portraits.f_id[:, 0])
            distance = {k: (voice - m).square().sum(1) for k, m in means.items()}
            names = sorted(means)
            nearest = torch.stack([distance[k] for k in names]).argmin(0)
            labelled = [i for i, r in enumerate(portraits.register) if r in means]
            right = [names[int(nearest[i])] == portraits.register[i] for i in labelled]
            figures[f"register_{title}"] = round(float(np.mean(right)), 3)
        return Validation(figures)


def build(chosen: argparse.Namespace) -> VoiceStage:
    """The stage of a command line."""
    voices = {"low": chosen.low, "high": chosen.high}
    return VoiceStage(chosen.face, chosen.tts, chosen.data, chosen.valid, voices, chosen.preset)


def main() -> None:
    """Command line of the stage."""
    parser = stage_parser(__doc__, steps=1_500)
    parser.add_argument("--data", type=Path, required=True, help="rendered training portraits")
    parser.add_argument("--valid", type=Path, required=True, help="rendered held-out portraits")
    parser.add_argument("--face", type=Path, required=True, help="run folder of the face stage")
    parser.add_argument("--tts", type=Path, required=True, help="run folder of the TTS stage")
    parser.add_argument("--low", nargs="+", required=True, help="speakers for the low register")
    parser.add_argument("--high", nargs="+", required=True, help="speakers for the high register")
    run_stage(parser, build)


if __name__ == "__main__":
    main()
