"""Speech of flite, where it is installed, as recordings whose words are known."""

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import soundfile

from ttsf.config import SAMPLE_RATE


def speak(text: str, voice: str, folder: Path) -> np.ndarray:
    """Read `text` with a voice of flite's: float32 [N] at 16 kHz; folder: for its file."""
    path = folder / "spoken.wav"
    command = ["flite", "-voice", voice, "-t", text, "-o", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    samples, rate = soundfile.read(path, dtype="float32")
    assert rate == SAMPLE_RATE
    return samples


def installed_voices() -> list[str]:
    """Voices of flite's; one that is not there is replaced by another without a word."""
    if shutil.which("flite") is None:
        return []
    asked = subprocess.run(["flite", "-lv"], capture_output=True, text=True)
    return re.findall(r"\w+", asked.stdout)
