"""The mel of a sound brought to another: what fits stays, what is lacking comes back."""

import numpy as np
import pytest
import torch

from ttsf.config import AudioConfig
from ttsf.model.mel import mel_spectrogram
from ttsf.model.speech.harmonics import spectrum
from ttsf.model.speech.mel_match import LARGEST, MelMatch
from ttsf.model.speech.vocoder import overlap_add
from ttsf.research.data.speech.speech_files import resample

AUDIO = AudioConfig()


def voice(rate: int, seconds: float = 1.0) -> torch.Tensor:
    t = torch.arange(int(seconds * rate)) / rate
    tones = sum(torch.sin(2 * torch.pi * h * 140 * t + h) / h for h in range(1, 40))
    return (0.1 * tones * (1.2 + torch.sin(2 * torch.pi * 4 * t)))[None]


@pytest.mark.parametrize("rate", [16_000, 24_000])
def test_a_sound_with_its_own_mel_stays(rate: int) -> None:
    window = torch.hann_window(rate // 25)
    match, sound = MelMatch(AUDIO, rate, window), voice(rate)
    heard = torch.from_numpy(resample(sound[0].numpy(), rate, 16_000).astype(np.float32))
    mel = mel_spectrogram(heard[None], AUDIO)
    own = spectrum(sound, window, rate // 100)[..., 5:-5]
    found = match(sound, mel)[..., 5:-5]
    loud = own.abs() > 0.05 * own.abs().max()
    assert ((found / own)[loud].abs().log()).abs().max() < 0.05
    torch.testing.assert_close((found / own)[loud].angle(), torch.zeros(int(loud.sum())))


def test_what_a_band_lacks_comes_back() -> None:
    """Bands of random frames lose up to 6 dB; a round mends most of it, a second more."""
    torch.manual_seed(0)
    window = torch.hann_window(960)
    match, sound = MelMatch(AUDIO, 24_000, window), voice(24_000) + 0.01 * torch.randn(1, 24_000)
    mel = mel_spectrogram(sound, match.heard) - np.log(1.5)
    loss = torch.nn.functional.interpolate(-0.7 * torch.rand(1, 8, 100), size=100)
    factor = torch.nn.functional.interpolate(loss.transpose(1, 2), size=481).transpose(1, 2).exp()

    def heard(x: torch.Tensor) -> torch.Tensor:
        chunks = torch.fft.irfft(x, n=960, dim=1) * window[:, None]
        return overlap_add(chunks, window, 240)

    errors, spoilt = [], heard(spectrum(sound, window, 240) * factor)
    for _ in range(3):
        now = mel_spectrogram(spoilt, match.heard) - np.log(1.5)
        errors.append(float((now - mel).abs()[..., 5:-5].mean()))
        spoilt = heard(match(spoilt, mel))
    assert errors[0] > 0.25
    assert errors[1] < 0.4 * errors[0] and errors[2] < errors[1]


def test_silence_does_not_become_noise() -> None:
    window = torch.hann_window(640)
    match, hiss = MelMatch(AUDIO, 16_000, window), 1e-3 * torch.randn(1, 16_000)
    found, own = match(hiss, torch.full((1, 80, 100), 3.0)), spectrum(hiss, window, 160)
    assert (found.abs() <= own.abs() * np.exp(LARGEST) * 1.001 + 1e-9).all()
