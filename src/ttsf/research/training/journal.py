"""Log of a run: JSON lines, pictures and sounds, and TensorBoard if it is installed."""

import json
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import soundfile
import torch
from PIL import Image
from torch import Tensor

from ttsf.config import SAMPLE_RATE
from ttsf.model.speech.tts import SpokenText
from ttsf.model.speech.vocoder import GriffinLim
from ttsf.model.ttsf import TTSF


class Validation(NamedTuple):
    """Measurements of a stage on held-out data."""

    figures: dict[str, float] = {}  # noqa: RUF012
    pictures: dict[str, Tensor] = {}  # noqa: RUF012
    """[3, H, W] in [-1, 1]."""
    sounds: dict[str, Tensor] = {}  # noqa: RUF012
    """[N] in [-1, 1]."""
    rate: int = SAMPLE_RATE
    """Sampling rate of the sounds, Hz."""


def sheet(rows: list[Tensor]) -> Tensor:
    """Tile rows of pictures [N, 3, s, s] into one picture [3, H, W]."""
    return torch.cat([torch.cat(list(row), dim=-1) for row in rows], dim=-2)


def speak_first(model: TTSF, spoken: SpokenText, voice: Tensor) -> Tensor:
    """Synthesise the first text with its voice, by Griffin-Lim: samples [N] on the CPU."""
    config, speech = model.config, model.speech
    flow = config.speech.flow
    features = speech.encode(spoken.ids[:1], spoken.id_lengths[:1], voice[:1])
    mel = speech.decode(features, voice[:1], flow.steps, flow.temperature)
    return GriffinLim(config.vocoder, config.audio)(mel.cpu())[0]


EVERY_S = 60.0
"""A line is written at least this often, s, however few steps were taken."""


class Journal:
    """Writes `log.jsonl`, `valid/` and, with ttsf[train], `tensorboard/` in a run's folder."""

    def __init__(self, out: Path, first: int) -> None:
        self.out, self.first, self.begun = out, first, time.monotonic()
        self.told = self.begun
        self.sums: dict[str, float] = {}
        self.count = 0
        self.board = _tensorboard(out, first)

    def add(self, done: int, losses: dict[str, float], waited_s: float, every: int) -> None:
        """Count a step's losses; their means are logged every `every` steps, and every minute.

        waited_s: total time spent waiting for batches; logged as a fraction of the run time.
        """
        self.count += 1
        for name, value in losses.items():
            self.sums[name] = self.sums.get(name, 0.0) + value
        now = time.monotonic()
        if done % every and now - self.told < EVERY_S:
            return
        self.told, spent = now, now - self.begun
        pace = {"s_per_step": spent / (done - self.first), "waiting": waited_s / spent}
        if torch.cuda.is_available():
            pace["memory_gib"] = torch.cuda.max_memory_allocated() / 2**30
        means = {name: value / self.count for name, value in self.sums.items()}
        self._write({"step": done} | _rounded(pace | means))
        self._plot("train", means, done)
        self.sums, self.count = {}, 0

    def show(self, done: int, found: Validation) -> None:
        """Log a validation."""
        self._write({"step": done, "valid": _rounded(found.figures)})
        self._plot("valid", found.figures, done)
        folder = self.out / "valid"
        folder.mkdir(exist_ok=True)
        for name, picture in found.pictures.items():
            pixels = ((picture.clamp(-1, 1) + 1) * 127.5).round().byte().cpu()
            Image.fromarray(pixels.permute(1, 2, 0).numpy()).save(folder / f"{done:07d}_{name}.png")
            if self.board is not None:
                self.board.add_image(name, pixels, done)
        rate = found.rate
        for name, sound in found.sounds.items():
            samples = sound.clamp(-1, 1).cpu().numpy().astype(np.float32)
            soundfile.write(folder / f"{done:07d}_{name}.wav", samples, rate)
            if self.board is not None:
                self.board.add_audio(name, sound.clamp(-1, 1)[None], done, rate)

    def close(self) -> None:
        """Close the files."""
        if self.board is not None:
            self.board.close()

    def _plot(self, group: str, values: dict[str, float], done: int) -> None:
        if self.board is not None:
            for name, value in values.items():
                self.board.add_scalar(f"{group}/{name}", value, done)

    def _write(self, record: dict[str, Any]) -> None:
        line = json.dumps(record)
        print(line, flush=True)
        with (self.out / "log.jsonl").open("a") as file:
            file.write(line + "\n")


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {name: round(float(value), 5) for name, value in values.items()}


def _tensorboard(out: Path, first: int) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(str(out / "tensorboard"), purge_step=first)
