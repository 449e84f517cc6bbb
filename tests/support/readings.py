"""A folder of synthetic speech with the time of every symbol."""

# ruff: noqa: RUF001 (IPA)

import json
from pathlib import Path

import numpy as np
import soundfile

from ttsf.research.data.clip_files import WIDE_RATE

SILENCE_S, SOUND_S = 0.5, 1.6


def write_reading(folder: Path, name: str = "000000000001") -> Path:
    """A buzz of 1.6 s at 150 Hz between silences of .5 s, as "Hello." by one voice."""
    time = np.arange(int(SOUND_S * WIDE_RATE)) / WIDE_RATE
    buzz = sum(np.sin(2 * np.pi * 150 * h * time) / h for h in range(1, 60))
    quiet = np.zeros(int(SILENCE_S * WIDE_RATE))
    path = folder / "ann" / f"{name}.flac"
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.1 * np.concatenate([quiet, buzz, quiet]), WIDE_RATE)
    ends = [0.5, 0.7, 1.0, 1.3, 1.5, 1.8, 2.1, 2.6]
    row = {"text": "Hello.", "symbols": "_həlˈoʊ."[: len(ends)], "ends_s": ends}
    path.with_suffix(".json").write_text(json.dumps(row), encoding="utf-8")
    (folder / "LICENCE").write_text("CC0\n")
    return folder
