"""Speech is trimmed and levelled; its pitch tells the register."""

import numpy as np
import pytest

from ttsf.research.data.speech.speech_files import median_pitch, register_of, trim_and_level

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


def test_trim_and_level() -> None:
    rng = np.random.default_rng(0)
    speech = 0.05 * rng.standard_normal(16_000)
    samples = np.concatenate([np.zeros(8_000), speech, np.zeros(9_000)]).astype(np.float32)
    cut = trim_and_level(samples)
    assert abs(len(cut) - (16_000 + 2 * 960)) <= 160
    loud = 20 * np.log10(np.sqrt((cut[2_000:-2_000] ** 2).mean()))
    assert abs(loud + 23) < 0.5
    assert len(trim_and_level(np.zeros(1_000, np.float32))) == 0
