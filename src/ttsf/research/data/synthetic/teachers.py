"""Sec. 4.1, open data: synthetic voices, and clips of their speech.

The engines' voices are those of flite and festival as Debian packs them (flite; festival and
festvox-kdlpc16k): five, and one woman's. The others are made from flite's: at another pitch, and
from a head of another size (all frequencies divided by it), which a speaker recogniser hears as
other people. They are teachers of plain articulation, not of natural prosody.
"""

import hashlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile

from ttsf.config import SAMPLE_RATE, SpeechConfig
from ttsf.errors import TtsfError
from ttsf.research.data.manifest import Clip, Register, Split, Synthesised
from ttsf.research.data.records import Record, Refusal
from ttsf.research.data.settings import SHORTEST_S
from ttsf.research.data.speech.alignment import phone_times
from ttsf.research.data.speech.speech_files import resample, save_speech, trim_and_level
from ttsf.text.front_end import TextFrontEnd

TIME_LIMIT_S = 120.0


class Voice(NamedTuple):
    """A synthetic voice."""

    engine: str
    """flite or festival."""
    register: Register
    share: float
    """Relative frequency of its clips."""
    licence: str
    based_on: str | None = None
    """The engine's voice; None: the one of the same name."""
    pitch_hz: float | None = None
    """Median; None: the engine's own, divided by the size."""
    size: float = 1.0
    """Head size relative to the engine's voice; 0.9 raises all formants by a ninth."""


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
LISTS = {"flite": ("flite", "-lv"), "festival": ("festival", "-b", "(print (voice.list))")}
"""Engine -> what prints the names of its voices; it may be packed without some of them."""
PACKAGES = {"flite": "flite", "festival": "festival festvox-kdlpc16k"}


def require(voices: Iterable[str]) -> None:
    """Raise TtsfError for an unknown voice, or one that is not installed."""
    for name in voices:
        if name not in VOICES:
            raise TtsfError(f"no teacher voice '{name}'; there are {', '.join(VOICES)}")
        engine = VOICES[name].engine
        if not _is_installed(name):
            raise TtsfError(
                f"the teacher voice '{name}' needs {engine}; "
                f"install it with: apt-get install {PACKAGES[engine]}"
            )


def installed_voices() -> list[str]:
    """Return the voices that are installed."""
    return list(filter(_is_installed, VOICES))


def _is_installed(name: str) -> bool:
    """Whether there is the engine and, in it, the voice: flite speaks with another without it."""
    voice = VOICES[name]
    program = shutil.which(PROGRAMS[voice.engine])
    return program is not None and _own_name(name) in _names(program, LISTS[voice.engine])


def _own_name(name: str) -> str:
    """What the engine calls a voice."""
    voice = VOICES[name]
    return f"{name}_diphone" if voice.engine == "festival" else voice.based_on or name


@cache
def _names(_program: str, command: tuple[str, ...]) -> list[str]:
    """Words that a command prints; none where it fails."""
    try:
        asked = subprocess.run(command, capture_output=True, text=True, timeout=TIME_LIMIT_S)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return re.findall(r"\w+", asked.stdout) if asked.returncode == 0 else []


def speak(text: str, voice: str, folder: Path) -> np.ndarray:
    """Synthesise `text` with a voice of `VOICES`, float32 [N] at 16 kHz; folder: for its files.

    Raises TtsfError if the engine is missing or fails.
    """
    require([voice])
    path = folder / "spoken.wav"
    path.unlink(missing_ok=True)
    chosen = VOICES[voice]
    if chosen.engine == "flite":
        command = ["flite", "-voice", _own_name(voice), "-t", text, "-o", str(path)]
        # spoken slower and lower, or faster and higher, for the resampling below
        command += ["--setf", f"duration_stretch={1 / chosen.size:g}"]
        if chosen.pitch_hz is not None:
            command += ["--setf", f"int_f0_target_mean={chosen.pitch_hz * chosen.size:g}"]
    else:
        script = folder / "spoken.txt"
        script.write_text(text, encoding="utf-8")
        command = [
            "text2wave",
            "-eval",
            f"(voice_{_own_name(voice)})",
            str(script),
            "-o",
            str(path),
        ]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=TIME_LIMIT_S)
        samples, rate = soundfile.read(path, dtype="float32")
    except (OSError, subprocess.SubprocessError, soundfile.LibsndfileError):
        raise TtsfError(f"the teacher voice '{voice}' could not read \"{text}\"") from None
    return resample(samples, rate / chosen.size, SAMPLE_RATE)


@dataclass(frozen=True)
class TeacherJob:
    """A sentence for a teacher voice."""

    text: str
    voice: str
    split: Split
    longest_s: float

    @property
    def key(self) -> str:
        """Key by voice and text only, so that further sentences do not change the others."""
        return f"teacher/{self.voice}_{hashlib.sha256(self.text.encode()).hexdigest()[:12]}"


def teach_one(job: TeacherJob, out: Path) -> Record:
    """Make the clip of one sentence; raises TtsfError if it is too short or too long."""
    words, voice = TextFrontEnd(SpeechConfig()).normalize(job.text), VOICES[job.voice]
    with tempfile.TemporaryDirectory() as folder:
        samples = trim_and_level(speak(words, job.voice, Path(folder)))
    length_s = len(samples) / SAMPLE_RATE
    if not SHORTEST_S <= length_s <= job.longest_s:
        raise TtsfError(f"lasts {length_s:.1f} s, not {SHORTEST_S:g} to {job.longest_s:g} s")
    phones, problem = phone_times(samples, words)
    refused = [] if problem is None else [Refusal(f"{job.key} (its phone times)", problem)]
    clip = Clip(
        name=job.key,
        dataset="teacher",
        speaker=f"teacher_{job.voice}",
        split=job.split,
        frames=0,
        samples=len(samples),
        source=f"{voice.engine} {job.voice}",
        licence=voice.licence,
        made=Synthesised(voice.engine, job.voice),
        audio=f"clips/{job.key}.flac",
        text=words,
        voice_register=voice.register,
    )
    return Record(job.key, [save_speech(clip, samples, phones, out)], refused)
