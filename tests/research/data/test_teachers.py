"""Teacher voices speak if their engine is installed; otherwise the message asks for it."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.support.optional import needs_voice
from ttsf.errors import TtsfError
from ttsf.research.data.speech.speech_files import median_pitch, register_of
from ttsf.research.data.synthetic.teachers import (
    VOICES,
    installed_voices,
    require,
    speak,
)

RATE = 16_000


def buzz(pitch: float, seconds: float = 1.0) -> np.ndarray:
    """A voice-like sound of many overtones in a little noise."""
    time = np.arange(int(seconds * RATE)) / RATE
    tones = sum(np.sin(2 * np.pi * k * pitch * time) / k for k in range(1, 12))
    noise = np.random.default_rng(0).standard_normal(len(time))
    return (0.1 * tones + 0.005 * noise).astype(np.float32)


@pytest.mark.parametrize("pitch", [85.0, 120.0, 170.0, 210.0, 250.0])
def test_median_pitch(pitch: float) -> None:
    assert median_pitch(buzz(pitch)) == pytest.approx(pitch, rel=0.03)


def test_registers() -> None:
    found = [register_of(hz) for hz in (100.0, 134.9, 135.0, 210.0, None)]
    assert found == ["low", "low", "high", "high", "unsure"]
    assert median_pitch(np.zeros(RATE, np.float32)) is None
    assert median_pitch(buzz(100.0)[:900]) is None
    noise = np.random.default_rng(0).standard_normal(RATE).astype(np.float32)
    assert median_pitch(noise) is None


def test_missing_engines_are_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert installed_voices() == []
    with pytest.raises(TtsfError, match="'slt' needs flite; install it with: apt-get"):
        speak("Hello.", "slt", tmp_path)
    with pytest.raises(TtsfError, match="apt-get install festival festvox-kdlpc16k"):
        require(["ked"])


@pytest.mark.parametrize(
    ("printed", "installed"),
    [
        ("echo '(kal_diphone ked_diphone)'", ["ked"]),
        ("echo '(kal_diphone)'", []),  # Debian's festival: its voices are packages of their own
        ("echo nil", []),
        ("echo '(ked_diphone)'; exit 1", []),
        (
            "echo 'Voices available: kal awb_time slt '",
            ["slt", "slt_low", "slt_large", "slt_small"],
        ),
        ("echo 'Voices available: kal'", []),
        ("echo no list >&2", []),
    ],
)
def test_a_program_without_its_voices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, printed: str, installed: list[str]
) -> None:
    for name in ("festival", "text2wave", "flite"):
        (tmp_path / name).write_text(f"#!/bin/sh\n{printed}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert installed_voices() == installed
    for name, packages in (("ked", "festival festvox-kdlpc16k"), ("slt", "flite")):
        if name not in installed:
            with pytest.raises(TtsfError, match=f"apt-get install {packages}$"):
                require([name])


def test_unknown_voices_are_refused() -> None:
    with pytest.raises(TtsfError, match="no teacher voice 'anna'"):
        require(["anna"])


@pytest.mark.parametrize("name", VOICES)
def test_a_voice_says_the_same_every_time(name: str, tmp_path: Path) -> None:
    needs_voice(name)
    samples = speak("Good morning to all of you.", name, tmp_path)
    assert samples.dtype == np.float32 and samples.ndim == 1
    assert RATE < len(samples) < 5 * RATE and 0.01 < np.abs(samples).max() <= 1
    assert register_of(median_pitch(samples)) == VOICES[name].register
    assert np.array_equal(samples, speak("Good morning to all of you.", name, tmp_path))
