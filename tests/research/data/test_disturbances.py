"""Disturbed speech keeps its time, its length and its range."""

import numpy as np
import pytest

from tests.support.recorded import syllables
from ttsf.research.data.speech.disturbances import disturbed, played, speechless


@pytest.mark.parametrize("seed", range(12))
def test_speech_keeps_its_time(seed: int) -> None:
    speech = syllables(3)[:, 0]
    changed = disturbed(speech, np.random.default_rng(seed))
    assert changed.shape == speech.shape and changed.dtype == np.float32
    assert np.isfinite(changed).all() and 0.05 < np.abs(changed).max() <= 1
    levels = [np.abs(x).reshape(-1, 160).mean(1) for x in (speech, changed)]
    late = np.correlate(levels[1] - levels[1].mean(), levels[0][20:-20] - levels[0].mean())
    assert abs(int(late.argmax()) - 20) <= 2
    assert np.array_equal(changed, disturbed(speech, np.random.default_rng(seed)))


def test_a_tape_at_another_speed() -> None:
    tone = np.sin(2 * np.pi * 400 * np.arange(16_000) / 16_000).astype(np.float32)
    fast = played(tone, 1.25)
    assert len(fast) == pytest.approx(12_800, abs=20)
    assert np.abs(np.fft.rfft(fast[:8_000])).argmax() == 250  # 500 Hz


@pytest.mark.parametrize("seed", range(6))
def test_noise_and_music_have_a_level(seed: int) -> None:
    x = speechless(32_000, np.random.default_rng(seed))
    assert np.sqrt((x**2).mean()) == pytest.approx(0.05, rel=1e-3)
