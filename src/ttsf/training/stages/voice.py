"""The face chooses the voice, Sec. 3.3: fits the mixture of known speakers' voices to f_id.

Portraits are paired with voices by the register that a viewer would expect (`voice_register`).
Within a register nobody knows the true voice; faces that are alike get voices that are alike: all
stand in a row, along the direction of f_id that tells people apart best, beside the row of voices.
The register has a loss of its own, and the shares count within it. Several motions of one portrait
share the target, so the mixture learns to ignore what motion is left in f_id.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ttsf.config import VoiceConfig
from ttsf.data.rendered_faces import RenderedFaces
from ttsf.errors import TtsfError
from ttsf.model import TTSF
from ttsf.presets import Preset
from ttsf.speech.voice import VoiceMixture
from ttsf.training.journal import Validation
from ttsf.training.parts import FACE, VOICE, Parts, load_parts, read_speakers
from ttsf.training.schedule import warm_up_cosine
from ttsf.training.settings import VoiceOptions

MIXED = "+"
"""Between the speakers of one voice."""
REGISTERS: tuple[Literal["low"], Literal["high"]] = ("low", "high")


class VoiceBatch(NamedTuple):
    """Portraits and the voices they are to have."""

    style: Tensor
    """What chooses the voice, see `SourceFaces`: [B, S]."""
    shares: Tensor
    """[B, voices], all of one register."""
    high: Tensor
    """[B], 1 where the register is high."""
    names: tuple[str, ...]


class Portraits:
    """What chooses the voice in rendered frames, and which register its person's voice has.

    mirrored: the frames' mirror images as well.
    """

    def __init__(self, folder: Path, model: TTSF, mirrored: bool) -> None:
        faces = RenderedFaces(folder)
        self.register, self.names = np.array(faces.registers), faces.names
        styles = []
        with torch.inference_mode():
            for person in range(faces.people):
                pixels = torch.from_numpy(np.array(faces.images[person]))
                image = pixels.permute(0, 3, 1, 2).float() / 127.5 - 1
                if mirrored:
                    image = torch.cat([image, image.flip(-1)])
                styles.append(model.read_faces(image).voice_style)
        self.style = torch.stack(styles).clone()  # [people, frames, S]


class VoiceStage:
    """The stage for `training.loop.train`: cross-entropies of register and shares."""

    weights: ClassVar = {"register": 1.0, "voice": 1.0}

    def __init__(self, options: VoiceOptions, preset: Preset) -> None:
        self.training = preset.voice
        voices = {"low": options.low, "high": options.high}
        pairs = [
            (*named_speaker(text), register) for register in REGISTERS for text in voices[register]
        ]
        names = [speaker for speaker, _, _ in pairs]
        speakers = read_speakers(options.tts)
        unknown = sorted({part for name in names for part in name.split(MIXED)} - speakers.keys())
        if unknown:
            raise TtsfError(f"unknown voices {unknown}; the TTS knows {sorted(speakers)}")
        self.voices = tuple(VoiceConfig(name, register) for _, name, register in pairs)
        if len({voice.name for voice in self.voices}) < len(self.voices):
            raise TtsfError("two voices have the same name")
        speech = replace(preset.model.speech, voices=self.voices)
        model = TTSF(replace(preset.model, speech=speech))
        load_parts(model, options.face, FACE)
        self.net = Parts(model, (VOICE,))
        self.portraits = Portraits(options.data, model, mirrored=True)
        self.held_out = Portraits(options.valid, model, mirrored=False)
        assert isinstance(model.speech.voice_projection, VoiceMixture)
        self.mixture = model.speech.voice_projection
        with torch.no_grad():
            mixed = [
                torch.stack([speakers[part] for part in name.split(MIXED)]).mean(0)
                for name in names
            ]
            self.mixture.voices.weight.copy_(torch.stack(mixed).T)
            everybody = self.portraits.style.flatten(0, 1)
            self.mixture.centre.copy_(everybody.mean(0))
            self.mixture.spread.copy_(everybody.std(0).clamp_min(1e-6))
        self.mixture.voices.requires_grad_(False)
        self.places = {
            "low": slice(0, len(options.low)),
            "high": slice(len(options.low), len(names)),
        }
        self.targets = torch.zeros(len(self.portraits.register), len(names))
        self.people: list[np.ndarray] = []
        for register, place in self.places.items():
            people = np.flatnonzero(self.portraits.register == register)
            if len(people) == 0:
                raise TtsfError(f"{options.data}: no portrait of the register '{register}'")
            self.targets[people, place] = row_of_voices(
                self.portraits.style[people], len(voices[register]), self.training.ridge,
                self.training.overlap,
            )  # fmt: skip
            self.people.append(people)
        self.batches_per_epoch = -(-sum(map(len, self.people)) // self.training.batch)

    def optimizer(self) -> torch.optim.Optimizer:
        """AdamW."""
        t = self.training
        learned = [*self.mixture.register.parameters(), *self.mixture.choose.parameters()]
        return torch.optim.AdamW(learned, lr=t.learning_rate, weight_decay=t.weight_decay)

    def learning_rate(self, step: int, steps: int) -> float:
        """A cosine."""
        return warm_up_cosine(step, steps, self.training.warm_up, self.training.last_rate)

    def batch(self, number: int) -> VoiceBatch:
        """Random portraits, as many of each register, one motion each, and their shares."""
        rng, size = np.random.default_rng((0, number)), self.training.batch
        chosen = rng.integers(len(self.people), size=size)
        people = np.array([rng.choice(self.people[k]) for k in chosen])
        frames = rng.integers(self.portraits.style.shape[1], size=size)
        names = tuple(self.portraits.names[i] for i in people)
        shares = self.targets[people]
        high = shares[:, self.places["high"]].sum(1)
        return VoiceBatch(self.portraits.style[people, frames], shares, high, names)

    def losses(self, batch: VoiceBatch) -> dict[str, Tensor]:
        """Cross-entropies: of the register, and of the shares within the right one."""
        x = self.mixture.standardised(batch.style)
        scores = self.mixture.scores(x, batch.high > 0.5)
        register = self.mixture.register(x)[:, 0]
        return {
            "register": F.binary_cross_entropy_with_logits(register, batch.high),
            "voice": F.cross_entropy(scores, batch.shares),
        }

    def held_out_batches(self) -> Iterator[VoiceBatch]:
        """The first frame of all portraits: of the training people, then of the held-out."""
        for portraits in (self.portraits, self.held_out):
            style = portraits.style[:, 0]
            yield VoiceBatch(style, self.targets[:0], style[:0, 0], tuple(portraits.names))

    def validate(self, step: int, batches: Iterable[VoiceBatch]) -> Validation:
        """Share of people whose register is chosen; how many voices lead a mixture, held out."""
        figures = {}
        sets = (("train", self.portraits), ("held_out", self.held_out))
        for (title, portraits), batch in zip(sets, batches, strict=True):
            shares = self.mixture.shares(batch.style).cpu()
            right = [
                float(shares[i, self.places[register]].sum()) > 0.5
                for i, register in enumerate(portraits.register)
                if register in self.places
            ]
            figures[f"register_{title}"] = round(float(np.mean(right)), 3)
        figures["voices_held_out"] = len(shares.argmax(1).unique())
        return Validation(figures)


def named_speaker(text: str) -> tuple[str, str]:
    """A speaker, and what its voice is to be called, of SPEAKER or SPEAKER=NAME.

    The speaker may be several, SPEAKER+SPEAKER: halfway between them.
    """
    speaker, equals, name = text.partition("=")
    return speaker, name if equals else speaker


def row_of_voices(f_id: Tensor, voices: int, ridge: float, overlap: float) -> Tensor:
    """Shares [people, voices] by a person's place in the row; f_id: [people, motions, S].

    The row follows the direction with the largest variance between people for its variance within
    one person's motions (Fisher); neighbouring voices share a person.
    """
    person = f_id.mean(1)
    within = (f_id - person[:, None]).flatten(0, 1)
    between = person - person.mean(0)
    scatter = within.T @ within / len(within)
    scatter += ridge * scatter.trace() / len(scatter) * torch.eye(len(scatter))
    root = torch.linalg.cholesky(scatter)
    whitened = torch.linalg.solve_triangular(root, between.T, upper=False)
    direction = torch.linalg.svd(whitened, full_matrices=False).U[:, 0]
    place = (direction @ whitened).argsort().argsort() / len(person)
    distance = place[:, None] * voices - torch.arange(voices) - 0.5
    return (-(distance**2) / (2 * overlap**2)).softmax(-1)
