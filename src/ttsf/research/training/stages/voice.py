"""Voice choice by face, Sec. 3.3: a mixture of known speakers' voices, fitted to f_id.

Portraits are paired with voices by the register that a viewer would expect (`voice_register`).
Fisher's discriminant gives the register; losses of the register and of its stability between two
motions of a portrait refine it. Within a register the true voice is unknown; it should only be
stable per person and differ between people. So people are grouped where f_id separates them best,
and each group gets a voice.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ttsf.config import VoiceConfig
from ttsf.errors import TtsfError
from ttsf.model.speech.voice import VoiceMixture
from ttsf.model.ttsf import TTSF
from ttsf.research.data.rendered_faces import RenderedFaces
from ttsf.research.hyperparameters import VoiceTraining
from ttsf.research.presets import Preset
from ttsf.research.training.journal import Validation
from ttsf.research.training.parts import FACE, VOICE, Parts, load_parts, read_speakers
from ttsf.research.training.schedule import Scheduled
from ttsf.research.training.settings import VoiceOptions

MIXED = "+"
"""Separator between the speakers of a mixed voice."""
AXES = 4
"""Directions of f_id in which people are grouped: with 2, fewer keep their voice; 8 omit voices."""
TRIES, ROUNDS = 20, 50
"""Starts of k-means, and rounds of each."""
MOST = 1e3
"""Largest score of a voice or register."""
REGISTERS: tuple[Literal["low"], Literal["high"]] = ("low", "high")


class NamedSpeaker(NamedTuple):
    """A training speaker, and the name and language of the voice made of it."""

    speaker: str
    name: str
    language: str | None
    """As `VoiceConfig.language`."""


class VoiceBatch(NamedTuple):
    """Portraits in several motions, and their target registers."""

    style: Tensor
    """Voice style, see `TTSF.voice_style`: [B, motions, S]."""
    high: Tensor
    """[B], 1 where the register is high."""
    names: tuple[str, ...]


class Portraits:
    """Voice styles of rendered frames, with the registers of their people."""

    def __init__(self, folder: Path, model: TTSF) -> None:
        faces = RenderedFaces(folder)
        self.register, self.names = np.array(faces.registers), faces.names
        styles = []
        with torch.inference_mode():
            for person in range(faces.people):
                pixels = torch.from_numpy(np.array(faces.images[person]))
                image = pixels.permute(0, 3, 1, 2).float() / 127.5 - 1
                styles.append(model.voice_style(model.read_faces(image)))
        self.style = torch.stack(styles).clone()  # [people, frames, S]


class VoiceStage(Scheduled[VoiceTraining]):
    """The stage for `training.loop.train`; the order of voices is fixed at the start."""

    def __init__(self, options: VoiceOptions, preset: Preset) -> None:
        self.training = preset.voice
        self.weights = {"register": 1.0, "steady": self.training.steady}
        voices = {"low": options.low, "high": options.high}
        pairs = [(named_speaker(t), register) for register in REGISTERS for t in voices[register]]
        names = [named.speaker for named, _ in pairs]
        speakers = read_speakers(options.tts)
        unknown = sorted({part for name in names for part in name.split(MIXED)} - speakers.keys())
        if unknown:
            raise TtsfError(f"unknown voices {unknown}; the TTS knows {sorted(speakers)}")
        self.voices = tuple(VoiceConfig(n.name, register, n.language) for n, register in pairs)
        if len({voice.name for voice in self.voices}) < len(self.voices):
            raise TtsfError("two voices have the same name")
        speech = replace(preset.model.speech, voices=self.voices)
        model = TTSF(replace(preset.model, speech=speech))
        load_parts(model, options.face, FACE)
        self.net = Parts(model, (VOICE,))
        self.portraits = Portraits(options.data, model)
        self.held_out = Portraits(options.valid, model)
        assert isinstance(model.speech.voice_projection, VoiceMixture)
        self.mixture = model.speech.voice_projection
        self.mixture.voices.requires_grad_(False)
        self.mixture.choose.requires_grad_(False)
        self.people = [np.flatnonzero(self.portraits.register == name) for name in REGISTERS]
        for register, people in zip(REGISTERS, self.people, strict=True):
            if len(people) == 0:
                raise TtsfError(
                    f"{options.data}: no portrait of the register '{register}'; render portraits "
                    "whose manifest.csv has a voice_register of low and of high"
                )
        with torch.no_grad():
            mixed = [
                torch.stack([speakers[part] for part in name.split(MIXED)]).mean(0)
                for name in names
            ]
            self.mixture.voices.weight.copy_(torch.stack(mixed).T)
            everybody = self.portraits.style.flatten(0, 1)
            self.mixture.centre.copy_(everybody.mean(0))
            self.mixture.spread.copy_(everybody.std(0).clamp_min(1e-6))
            rows = [
                voices_of_people(
                    self.mixture.standardised(self.portraits.style[people]), len(voices[register]),
                    self.training.ridge, self.training.sharpness,
                )
                for register, people in zip(REGISTERS, self.people, strict=True)
            ]  # fmt: skip
            self.mixture.choose.weight.copy_(torch.cat([weight for weight, _ in rows]))
            self.mixture.choose.bias.copy_(torch.cat([bias for _, bias in rows]))
            known = np.concatenate(self.people)
            high = torch.from_numpy(self.portraits.register[known] == "high")
            x = self.mixture.standardised(self.portraits.style[known])
            weight, bias = register_of_people(x, high, self.training.ridge)
            self.mixture.register.weight.copy_(weight[None])
            self.mixture.register.bias.copy_(bias[None])
        self.batches_per_epoch = -(-sum(map(len, self.people)) // self.training.batch)

    def optimizer(self) -> torch.optim.Optimizer:
        """AdamW."""
        t, learned = self.training, self.mixture.register.parameters()
        return torch.optim.AdamW(learned, lr=t.learning_rate, weight_decay=t.weight_decay)

    def batch(self, number: int) -> VoiceBatch:
        """Return random portraits, balanced by register, with two motions each."""
        rng, size = np.random.default_rng((0, number)), self.training.batch
        high = rng.integers(len(self.people), size=size)
        people = np.array([rng.choice(self.people[k]) for k in high])
        frames = rng.integers(self.portraits.style.shape[1], size=(size, 2))
        names = tuple(self.portraits.names[i] for i in people)
        style = self.portraits.style[people[:, None], frames]
        return VoiceBatch(style, torch.from_numpy(high).float(), names)

    def losses(self, batch: VoiceBatch) -> dict[str, Tensor]:
        """Cross-entropy of the register; variance of its logit within a person."""
        logit = self.mixture.register(self.mixture.standardised(batch.style))[..., 0]
        wanted = batch.high[:, None].expand_as(logit)
        return {
            "register": F.binary_cross_entropy_with_logits(logit, wanted),
            "steady": logit.var(1).mean(),
        }

    def held_out_batches(self) -> Iterator[VoiceBatch]:
        """Yield all portraits in all motions: training people, then held-out people."""
        for portraits in (self.portraits, self.held_out):
            style = portraits.style
            yield VoiceBatch(style, style[:0, 0, 0], tuple(portraits.names))

    def validate(self, step: int, batches: Iterable[VoiceBatch]) -> Validation:
        """Measure register accuracy, and how often a person keeps the main voice."""
        figures = {}
        sets = (("train", self.portraits), ("held_out", self.held_out))
        for (title, portraits), batch in zip(sets, batches, strict=True):
            people, motions, size = batch.style.shape
            shares = self.mixture.shares(batch.style.reshape(-1, size)).cpu()
            shares = shares.reshape(people, motions, -1)
            known = np.isin(portraits.register, REGISTERS)
            high = shares[known][..., self.mixture.high].sum(-1) > 0.5
            wanted = torch.from_numpy(portraits.register[known] == "high")
            figures[f"register_{title}"] = share(high[:, 0] == wanted)
            lead = shares.argmax(-1)
            figures[f"kept_{title}"] = share(lead[:, 1:] == lead[:, :1])
            figures[f"voices_{title}"] = len(lead[:, 0].unique())
        return Validation(figures)


def share(true: Tensor) -> float:
    """Return the fraction of true values, to three decimals."""
    return round(float(true.float().mean()), 3)


def named_speaker(text: str) -> NamedSpeaker:
    """Parse SPEAKER, SPEAKER=NAME or SPEAKER=NAME@LANGUAGE.

    SPEAKER may be a mean of several: A+B is halfway, A+A+B a third of the way to B.
    """
    text, _, language = text.partition("@")
    speaker, equals, name = text.partition("=")
    return NamedSpeaker(speaker, name if equals else speaker, language or None)


def register_of_people(x: Tensor, high: Tensor, ridge: float) -> tuple[Tensor, Tensor]:
    """Fisher's discriminant: weights [S] and bias of the log-odds that the register is high.

    x: standardised f_id [people, motions, S]; high: bool [people].
    """
    means = torch.stack([x[high].mean((0, 1)), x[~high].mean((0, 1))])
    rest = (x - means[(~high).long()][:, None]).flatten(0, 1)
    weight = torch.linalg.solve(_scatter(rest, ridge), means[0] - means[1])
    return _bounded(weight, -(means.mean(0) @ weight), x)


def voices_of_people(
    x: Tensor, voices: int, ridge: float, sharpness: float
) -> tuple[Tensor, Tensor]:
    """Fit weights [voices, S] and biases [voices] of scores whose maximum selects the voice.

    x: standardised f_id [people, motions, S]. People are grouped by k-means in the AXES directions
    that maximise the variance between people relative to that within a person (Fisher), in units of
    the latter; each group gets a voice. `sharpness` multiplies the squared distances.
    """
    person = x.mean(1)
    scatter = _scatter((x - person[:, None]).flatten(0, 1), ridge)
    root = torch.linalg.cholesky(scatter)
    centre = person.mean(0)
    whitened = torch.linalg.solve_triangular(root, (person - centre).T, upper=False)
    axes = torch.linalg.svd(whitened, full_matrices=False).U[:, :AXES]
    directions = torch.linalg.solve_triangular(root.T, axes, upper=True)
    groups = k_means((person - centre) @ directions, voices)
    groups = groups[groups[:, 0].argsort()]
    weight = 2 * groups @ directions.T
    bias = -weight @ centre - groups.square().sum(1)
    return _bounded(sharpness * weight, sharpness * bias, x)


def k_means(points: Tensor, count: int) -> Tensor:
    """Centres [count, D] of groups of points [N >= count, D], the best of TRIES starts."""
    dice = torch.Generator().manual_seed(0)
    best, least = points[:count], torch.inf
    for _ in range(TRIES):
        centres = points[torch.randperm(len(points), generator=dice)[:count]]
        for _ in range(ROUNDS):
            own = F.one_hot(torch.cdist(points, centres).argmin(1), count).to(points)
            sizes = own.sum(0)[:, None]
            centres = torch.where(sizes > 0, own.T @ points / sizes.clamp_min(1), centres)
        error = float(torch.cdist(points, centres).amin(1).square().sum())
        if error < least:
            best, least = centres, error
    return best


def _bounded(weight: Tensor, bias: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
    """Scale down scores too large for half precision, which people without any motion give."""
    most = (torch.inner(x, weight) + bias).abs().max()
    scale = (MOST / most).clamp_max(1.0)
    return scale * weight, scale * bias


def _scatter(rest: Tensor, ridge: float) -> Tensor:
    """Covariance of rest [N, S], with `ridge` of its mean variance added."""
    scatter = rest.T @ rest / len(rest)
    return scatter + ridge * scatter.trace() / len(scatter) * torch.eye(len(scatter)).to(rest)
