"""The face chooses the voice, Sec. 3.3: fits the mixture of known speakers' voices to f_id.

Portraits are paired with voices by the register that a viewer would expect (`voice_register`).
Within a register nobody knows the true voice; faces that are alike get voices that are alike: all
stand in a row, along the direction of f_id that tells people apart best, beside the row of voices.
Several motions of one portrait share the target, so the mixture learns to ignore what motion is
left in f_id.
"""

import argparse
import json
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from ttsf.data.rendered_faces import RenderedFaces
from ttsf.errors import TtsfError
from ttsf.presets import PRESETS
from ttsf.speech.voice import VoiceMixture
from ttsf.training.command import run_stage, stage_parser
from ttsf.training.journal import Validation
from ttsf.training.schedule import warm_up_cosine
from ttsf.training.stages.face import FaceNet
from ttsf.training.stages.tts import SpeakerTts
from ttsf.training.state import load_average

BATCH = 64  # portraits
RIDGE = 0.1  # added to the scatter within people, of its mean
OVERLAP = 0.4  # standard deviation of a person's share, in voices


class VoiceBatch(NamedTuple):
    """Portraits and the voices they are to have."""

    f_id: Tensor
    """[B, S]; f_id + f_m in the comparison "with motion" of Table 3."""
    shares: Tensor
    """[B, voices]."""
    names: tuple[str, ...]


class Portraits:
    """f_id of rendered frames, and which register its person's voice has.

    mirrored: the frames' mirror images as well.
    """

    def __init__(self, folder: Path, face: FaceNet, with_motion: bool, mirrored: bool) -> None:
        faces = RenderedFaces(folder)
        names = json.loads((folder / "names.json").read_text())
        self.register = np.array([entry["voice_register"] for entry in names])
        self.names = [entry["file"] for entry in names]
        features = []
        with torch.inference_mode():
            for person in range(faces.people):
                pixels = torch.from_numpy(np.array(faces.images[person]))
                image = pixels.permute(0, 3, 1, 2).float() / 127.5 - 1
                if mirrored:
                    image = torch.cat([image, image.flip(-1)])
                style = face.encoder(image).style
                f_m = face.extractor(style).feature
                features.append(style if with_motion else style - f_m)
        self.f_id = torch.stack(features).clone()  # [people, frames, S]


class VoiceStage:
    """Cross-entropy of the mixture's shares."""

    weights: ClassVar = {"voice": 1.0}

    def __init__(
        self, face: Path, tts: Path, data: Path, valid: Path, voices: dict[str, list[str]],
        preset: str,
    ) -> None:  # fmt: skip
        config = PRESETS[preset].model
        names = [name for group in voices.values() for name in group]
        face_net = FaceNet(config.face)
        load_average(face / "state.safetensors", face_net)
        face_net.eval()
        speakers = json.loads((tts / "speakers.json").read_text())
        speech = SpeakerTts(config, len(speakers))
        load_average(tts / "state.safetensors", speech)
        unknown = set(names) - set(speakers)
        if unknown:
            raise TtsfError(f"unknown voices {sorted(unknown)}; the TTS knows {speakers}")
        motion = config.speech.voice_from == "id+motion"
        self.portraits = Portraits(data, face_net, motion, mirrored=True)
        self.held_out = Portraits(valid, face_net, motion, mirrored=False)
        self.net = VoiceMixture(
            config.face.style_channels, len(names), config.speech.voice_channels
        )
        table = speech.table.weight.detach()
        with torch.no_grad():
            self.net.voices.weight.copy_(table[[speakers.index(name) for name in names]].T)
        self.net.voices.requires_grad_(False)
        self.places = {
            register: slice(names.index(group[0]), names.index(group[0]) + len(group))
            for register, group in voices.items()
        }
        self.targets = torch.zeros(len(self.portraits.register), len(names))
        self.people: list[np.ndarray] = []
        for register, place in self.places.items():
            people = np.flatnonzero(self.portraits.register == register)
            if len(people) == 0:
                raise TtsfError(f"{data}: no portrait of the register '{register}'")
            shares = row_of_voices(self.portraits.f_id[people], place.stop - place.start)
            self.targets[people, place] = shares
            self.people.append(people)

    @property
    def batches_per_epoch(self) -> int:
        """Portraits over those of a batch."""
        return -(-sum(map(len, self.people)) // BATCH)

    def optimizer(self) -> torch.optim.Optimizer:
        """AdamW: 300 people cannot pin down every direction of f_id."""
        return torch.optim.AdamW(self.net.choose.parameters(), lr=2e-2, weight_decay=0.01)

    def learning_rate(self, step: int, steps: int) -> float:
        """A cosine to a tenth."""
        return warm_up_cosine(step, steps, warm_up=20, last=0.1)

    def batch(self, number: int) -> VoiceBatch:
        """Random portraits, as many of each register, one motion each, and their shares."""
        rng = np.random.default_rng((0, number))
        chosen = rng.integers(len(self.people), size=BATCH)
        people = np.array([rng.choice(self.people[k]) for k in chosen])
        frames = rng.integers(self.portraits.f_id.shape[1], size=BATCH)
        names = tuple(self.portraits.names[i] for i in people)
        return VoiceBatch(self.portraits.f_id[people, frames], self.targets[people], names)

    def losses(self, batch: VoiceBatch) -> dict[str, Tensor]:
        """Cross-entropy of the mixture's shares."""
        return {"voice": nn.functional.cross_entropy(self.net.choose(batch.f_id), batch.shares)}

    def validate(self, step: int) -> Validation:
        """Share of people whose register gets most of the mixture; voices chosen, held out."""
        figures = {}
        for title, portraits in (("train", self.portraits), ("held_out", self.held_out)):
            shares = self.net.choose(portraits.f_id[:, 0]).softmax(-1)
            right = [
                float(shares[i, self.places[register]].sum()) > 0.5
                for i, register in enumerate(portraits.register)
                if register in self.places
            ]
            figures[f"register_{title}"] = round(float(np.mean(right)), 3)
        figures["voices_held_out"] = len(shares.argmax(1).unique())
        return Validation(figures)


def row_of_voices(f_id: Tensor, voices: int) -> Tensor:
    """Shares [people, voices] by a person's place in the row; f_id: [people, motions, S].

    The row follows the direction with the largest variance between people for its variance within
    one person's motions (Fisher); neighbouring voices share a person.
    """
    person = f_id.mean(1)
    within = (f_id - person[:, None]).flatten(0, 1)
    between = person - person.mean(0)
    scatter = within.T @ within / len(within)
    scatter += RIDGE * scatter.trace() / len(scatter) * torch.eye(len(scatter))
    root = torch.linalg.cholesky(scatter)
    whitened = torch.linalg.solve_triangular(root, between.T, upper=False)
    direction = torch.linalg.svd(whitened, full_matrices=False).U[:, 0]
    place = (direction @ whitened).argsort().argsort() / len(person)
    distance = place[:, None] * voices - torch.arange(voices) - 0.5
    return (-(distance**2) / (2 * OVERLAP**2)).softmax(-1)


def build(chosen: argparse.Namespace) -> VoiceStage:
    """The stage of a command line."""
    voices = {"low": chosen.low, "high": chosen.high}
    return VoiceStage(chosen.face, chosen.tts, chosen.data, chosen.valid, voices, chosen.preset)


def main() -> None:
    """Command line of the stage."""
    parser = stage_parser(__doc__, steps=6_000)
    parser.add_argument("--data", type=Path, required=True, help="rendered training portraits")
    parser.add_argument("--valid", type=Path, required=True, help="rendered held-out portraits")
    parser.add_argument("--face", type=Path, required=True, help="run folder of the face stage")
    parser.add_argument("--tts", type=Path, required=True, help="run folder of the TTS stage")
    parser.add_argument("--low", nargs="+", required=True, help="speakers for the low register")
    parser.add_argument("--high", nargs="+", required=True, help="speakers for the high register")
    run_stage(parser, build)


if __name__ == "__main__":
    main()
