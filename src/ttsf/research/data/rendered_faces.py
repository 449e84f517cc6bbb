"""Sec. 3.1: batches of the output of `ttsf render`: frames, known motion, known flow."""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ttsf.errors import TtsfError
from ttsf.model.labels import BLINK, FLIPPED

READ = 2  # frames of a person that only E_m reads
SHUT_EYES = 6.0  # how much more often a closed eye is drawn than an open one, less one


class FaceBatch(NamedTuple):
    """P people with one source and N target frames each."""

    source: Tensor
    """[P, 3, size, size] in [-1, 1], as rendered."""
    source_labels: Tensor
    """[P, 11]."""
    source_known: Tensor
    """[P, 11] of 0 and 1: which source labels were measured or rendered."""
    target: Tensor
    """[P, N, 3, side, side]."""
    labels: Tensor
    """[P, N, 11]."""
    flow: Tensor
    """[P, N, 64, 64, 2]: sampling grid of the target into the original portrait, in [-1, 1]."""
    flow_known: Tensor
    """[P] of 0 and 1: the source is the original portrait, so `flow` holds."""
    mouth: Tensor
    """[P, N, 4]: mouth box of each target, px."""
    eyes: Tensor
    """[P, N, 2, 4]: boxes of the eyes of each target, px."""
    read: Tensor
    """[P, READ, 3, size, size]: further frames at full size, for E_m to read."""
    read_labels: Tensor
    """[P, READ, 11]."""
    names: tuple[str, ...]


class RenderedFaces:
    """Memory-mapped frames; every batch is a function of (seed, step)."""

    def __init__(self, folder: Path) -> None:
        try:
            self.images = np.load(folder / "images.npy", mmap_mode="r")
            self.labels = np.load(folder / "labels.npy")
            self.known = np.load(folder / "known.npy").astype(np.float32)
            self.flow = np.load(folder / "flow.npy", mmap_mode="r")
            self.mouth = np.load(folder / "mouth.npy")
            self.eyes = np.load(folder / "eyes.npy")
            people = json.loads((folder / "names.json").read_text())
        except (OSError, ValueError) as error:
            raise TtsfError(
                f"{folder}: no rendered faces; make some with ttsf render ({error})"
            ) from None
        self.people, self.frames = self.images.shape[:2]
        self.names = [person["file"] for person in people]
        self.registers = [person["voice_register"] for person in people]

    def _order(self, person: int, rng: np.random.Generator) -> np.ndarray:
        """Shuffle all frames but the first, with closed eyes preferred."""
        shut = self.labels[person, 1:, BLINK].astype(np.float64)
        weight = 1 + SHUT_EYES * np.clip(shut, 0, 1)
        return 1 + rng.choice(len(shut), len(shut), replace=False, p=weight / weight.sum())

    def batch(self, step: int, seed: int, people: int, targets: int, side: int) -> FaceBatch:
        """Random people, a source each (three times in four the original portrait) and targets.

        Targets are reduced to `side` px.
        """
        rng = np.random.default_rng((seed, step))
        targets = min(targets, self.frames - 2)
        picked, names = [], []
        for person in rng.permutation(self.people)[:people]:
            source = 0 if rng.random() < 0.75 else int(rng.integers(1, self.frames))
            others = self._order(int(person), rng)
            others = others[others != source][:targets]
            picked.append(self._person(int(person), source, others, side, rng))
            names.append(self.names[person])
        stacked = [torch.stack(part) for part in zip(*picked, strict=True)]
        return FaceBatch._make([*stacked, tuple(names)])

    def _person(
        self, person: int, source: int, others: np.ndarray, side: int, rng: np.random.Generator
    ) -> tuple[Tensor, ...]:
        others = np.sort(others)
        frames = np.concatenate([[source], others])
        size = self.images.shape[2]
        cells = (len(others), side, size // side, side, size // side, 3)
        drawn = self.images[person][others]
        if side < size:
            drawn = drawn.reshape(cells).mean((2, 4), dtype=np.float32)
        labels, flow = self.labels[person][frames], self.flow[person][others]
        flow = ((flow.astype(np.float32) + 1) * (size - 1) + 1) / size - 1  # corners -> pixel edges
        mouth, eyes = self.mouth[person][others].copy(), self.eyes[person][others].copy()
        mirror = rng.random() < 0.5
        if mirror:
            labels = labels * FLIPPED
            flow = flow[:, :, ::-1] * np.array([-1, 1], dtype=np.float32)
            for boxes in (mouth, eyes):
                boxes[..., [0, 2]] = size - boxes[..., [2, 0]]
        gain = (rng.uniform(0.75, 1.2, size=3) * rng.uniform(0.8, 1.1)).astype(np.float32)
        lift = np.float32(rng.uniform(-0.1, 0.1))

        def tensor(shown: np.ndarray) -> Tensor:
            if mirror:
                shown = shown[..., ::-1, :]
            exposed = shown.astype(np.float32) * (gain / 127.5) + (lift - 1)
            return torch.from_numpy(exposed.clip(-1, 1)).movedim(-1, -3)

        known = torch.from_numpy(self.known[person, source].copy())
        extra = np.sort(1 + rng.permutation(self.frames - 1)[:READ])
        read_labels = self.labels[person][extra] * (FLIPPED if mirror else 1)
        return (
            tensor(self.images[person, source]),
            torch.from_numpy(labels[0].copy()),
            known,
            tensor(drawn),
            torch.from_numpy(labels[1:].copy()),
            torch.from_numpy(flow.copy()),
            torch.tensor(float(source == 0)),
            torch.from_numpy(mouth.astype(np.float32)),
            torch.from_numpy(eyes.astype(np.float32)),
            tensor(self.images[person][extra]),
            torch.from_numpy(read_labels.astype(np.float32)),
        )
