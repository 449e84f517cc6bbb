"""Sec. 4.1, open data: synthetic voices that read texts aloud, and the register of any voice.

The engines' voices are those of flite and festival as Debian packs them (flite; festival and
festvox-kdlpc16k): five, and one woman's. The others are made from flite's: at another pitch, and
from a head of another size (all frequencies divided by it), which a speaker recogniser hears as
other people. They are teachers of plain articulation, not of natural prosody.
"""

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile
import soxr

from ttsf.config import SAMPLE_RATE
from ttsf.data.manifest import Register
from ttsf.errors import TtsfError

RATE = SAMPLE_RATE
TIME_LIMIT_S = 120.0
FRAME, HOP = 640, 320  # samples of a look at the pitch
LOWEST_HZ, HIGHEST_HZ = 70.0, 350.0
LOW_BELOW_HZ, HIGH_ABOVE_HZ = 150.0, 165.0
LEAST_PERIODIC, NEARLY = 0.6, 0.9
LEAST_VOICED = 10  # looks


class Voice(NamedTuple):
    """A synthetic voice."""

    engine: str
    """flite or festival."""
    register: Register
    share: float
    """How often it speaks."""
    licence: str
    made_from: str | None = None
    """The engine's voice; None: the one of the same name."""
    pitch_hz: float | None = None
    """Median; None: the engine's own, divided by the size."""
    size: float = 1.0
    """Of the head, against the engine's voice; 0.9 moves all formants up by a ninth."""


FLITE_LICENCE = "flite (BSD-like, Carnegie Mellon University)"
VOICES = {
    "slt": Voice("flite", "high", 0.20, FLITE_LICENCE),
    "rms": Voice("flite", "low", 0.13, FLITE_LICENCE),
    "awb": Voice("flite", "low", 0.10, FLITE_LICENCE),
    "kal16": Voice("flite", "low", 0.05, FLITE_LICENCE),
    "ked": Voice("festival", "low", 0.04, "festvox-kdlpc16k (BSD-like, University of Edinburgh)"),
    "rms_small": Voice("flite", "low", 0.07, FLITE_LICENCE, "rms", None, 1 / 1.14),
    "awb_small": Voice("flite", "low", 0.07, FLITE_LICENCE, "awb", 134, 1 / 1.10),
    "kal16_small": Voice("flite", "low", 0.06, FLITE_LICENCE, "kal16", 115, 1 / 1.12),
    "slt_low": Voice("flite", "low", 0.07, FLITE_LICENCE, "slt", 115, 1 / 0.86),
    "slt_large": Voice("flite", "high", 0.07, FLITE_LICENCE, "slt", 180, 1 / 0.93),
    "slt_small": Voice("flite", "high", 0.05, FLITE_LICENCE, "slt", 200, 1 / 1.06),
    "awb_high": Voice("flite", "high", 0.05, FLITE_LICENCE, "awb", 180, 1 / 1.08),
    "kal16_high": Voice("flite", "high", 0.04, FLITE_LICENCE, "kal16", 200, 1 / 1.12),
}
"""Median pitch of the engines' own: 165, 101, 119, 90 and 100 Hz. rms keeps its own."""
PROGRAMS = {"flite": "flite", "festival": "text2wave"}
PACKAGES = {"flite": "flite", "festival": "festival festvox-kdlpc16k"}


def require(voices: Iterable[str]) -> None:
    """Raises TtsfError for an unknown voice, or one whose engine is missing."""
    for name in voices:
        if name not in VOICES:
            raise TtsfError(f"no teacher voice '{name}'; there are {', '.join(VOICES)}")
        engine = VOICES[name].engine
        if not shutil.which(PROGRAMS[engine]):
            raise TtsfError(
                f"the teacher voice '{name}' needs {engine}; "
                f"install it with: apt-get install {PACKAGES[engine]}"
            )


def installed_voices() -> list[str]:
    """The voices whose engine is on this machine."""
    return [name for name, voice in VOICES.items() if shutil.which(PROGRAMS[voice.engine])]


def speak(text: str, voice: str, folder: Path) -> np.ndarray:
    """A voice of `VOICES` reading `text`, float32 [N] at 16 kHz; `folder` holds its files.

    Raises TtsfError where the engine is missing or fails.
    """
    require([voice])
    path = folder / "spoken.wav"
    path.unlink(missing_ok=True)
    chosen = VOICES[voice]
    if chosen.engine == "flite":
        command = ["flite", "-voice", chosen.made_from or voice, "-t", text, "-o", str(path)]
        # spoken slower and lower, or faster and higher, for the resampling below
        command += ["--setf", f"duration_stretch={1 / chosen.size:g}"]
        if chosen.pitch_hz is not None:
            command += ["--setf", f"int_f0_target_mean={chosen.pitch_hz * chosen.size:g}"]
    else:
        script = folder / "spoken.txt"
        script.write_text(text, encoding="utf-8")
        command = ["text2wave", "-eval", f"(voice_{voice}_diphone)", str(script), "-o", str(path)]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=TIME_LIMIT_S)
        samples, rate = soundfile.read(path, dtype="float32")
    except (OSError, subprocess.SubprocessError, soundfile.LibsndfileError):
        raise TtsfError(f"the teacher voice '{voice}' could not read \"{text}\"") from None
    heard_at = rate / chosen.size
    return samples if heard_at == RATE else soxr.resample(samples, heard_at, RATE)


def median_pitch(samples: np.ndarray) -> float | None:
    """Median pitch in Hz of the voiced parts of float [N] at 16 kHz, or None without any."""
    count = (len(samples) - FRAME) // HOP + 1
    if count < LEAST_VOICED:
        return None
    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::HOP].astype(np.float64)
    frames = (frames - frames.mean(1, keepdims=True)) * np.hanning(FRAME)
    power = np.abs(np.fft.rfft(frames, 2 * FRAME)) ** 2
    echo = np.fft.irfft(power)[:, :FRAME]
    window = np.fft.irfft(np.abs(np.fft.rfft(np.hanning(FRAME), 2 * FRAME)) ** 2)[:FRAME]
    shortest, longest = int(RATE / HIGHEST_HZ), int(RATE / LOWEST_HZ)
    likeness = echo / np.maximum(echo[:, :1], 1e-9) * (window[0] / np.maximum(window, 1e-3))
    before, part, after = (likeness[:, shortest + k : longest + k] for k in (-1, 0, 1))
    peaks = np.where((part >= before) & (part >= after), part, 0.0)
    best = peaks.max(1)
    # the shortest period that is nearly as good as the best: octave errors go down otherwise
    lag = (peaks >= NEARLY * best[:, None]).argmax(1) + shortest
    loud = echo[:, 0] > 0.05 * np.percentile(echo[:, 0], 95)
    voiced = loud & (best > LEAST_PERIODIC)
    return float(RATE / np.median(lag[voiced])) if voiced.sum() >= LEAST_VOICED else None


def register_of(pitch: float | None) -> Register:
    """The register of a voice by its median pitch in Hz."""
    if pitch is None or LOW_BELOW_HZ <= pitch <= HIGH_ABOVE_HZ:
        return "unsure"
    return "low" if pitch < LOW_BELOW_HZ else "high"
