"""Disturbed speech keeps its time and its shape."""

import numpy as np
import pytest
import torch

from tests.support.recorded import syllables
from ttsf.config import AudioConfig
from ttsf.model.mel import mel_spectrogram
from ttsf.research.data.speech.disturbances import (
    SILENCE,
    Disturbances,
    speechless,
    stretched,
)

AUDIO = AudioConfig()


@pytest.fixture(scope="module")
def disturbances() -> Disturbances:
    return Disturbances.of(AUDIO, 300, 0)


def test_speech_keeps_its_time(disturbances: Disturbances) -> None:
    speech = mel_spectrogram(torch.from_numpy(syllables(3)[:, 0])[None], AUDIO)[:, :, :300]
    before = speech.expand(12, -1, -1).clone()
    changed = disturbances.on(before, np.random.default_rng(1))
    assert changed.shape == before.shape and changed.dtype == torch.float32
    assert torch.isfinite(changed).all() and changed.min() >= SILENCE
    assert torch.equal(before, speech.expand(12, -1, -1)), "what is given stays"
    level = speech[0].exp().mean(0).numpy()
    for one in changed:
        other = one.exp().mean(0).numpy()
        assert (one - speech[0]).abs().mean() > 0.1
        late = np.correlate(other - other.mean(), level[10:-10] - level.mean())
        assert abs(int(late.argmax()) - 10) <= 1
    assert torch.equal(changed, disturbances.on(before, np.random.default_rng(1)))


def test_silence_stays_silent_and_finite(disturbances: Disturbances) -> None:
    quiet = torch.full((8, AUDIO.mel_bins, 300), -11.5)
    changed = disturbances.on(quiet, np.random.default_rng(0))
    assert torch.isfinite(changed).all() and changed.mean() < -8


def test_noise_alone_has_the_shape_of_a_window(disturbances: Disturbances) -> None:
    noise = disturbances.alone(np.random.default_rng(0))
    assert noise.shape == (AUDIO.mel_bins, 300) and torch.isfinite(noise).all()


def test_another_pace_moves_what_happens_in_the_middle_to_the_middle() -> None:
    there = torch.zeros(2, 100)
    there[:, 50] = 1
    assert stretched(there, 80)[0].argmax() == pytest.approx(40, abs=1)
    assert torch.equal(stretched(there, 100), there)


@pytest.mark.parametrize("seed", range(6))
def test_noise_and_music_have_a_level(seed: int) -> None:
    x = speechless(32_000, np.random.default_rng(seed))
    assert np.sqrt((x**2).mean()) == pytest.approx(0.05, rel=1e-3)
