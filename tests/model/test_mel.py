"""Mel-spectrogram against an independent implementation with scipy."""

import numpy as np
import pytest
import scipy.signal
import torch

from ttsf.config import AudioConfig
from ttsf.model.mel import hz_to_mel, mel_filters, mel_spectrogram, mel_to_hz

AUDIO = AudioConfig()


def independent_log_mel(samples: np.ndarray) -> np.ndarray:
    left = (AUDIO.n_fft - AUDIO.hop) // 2
    padded = np.pad(samples, left, mode="reflect")
    window = np.zeros(AUDIO.n_fft)
    start = (AUDIO.n_fft - AUDIO.window) // 2
    window[start : start + AUDIO.window] = scipy.signal.get_window("hann", AUDIO.window)
    frames = np.stack(
        [
            padded[i * AUDIO.hop : i * AUDIO.hop + AUDIO.n_fft] * window
            for i in range(len(samples) // AUDIO.hop)
        ]
    )
    mel = np.abs(np.fft.rfft(frames)) @ mel_filters(AUDIO).T
    return np.log(np.maximum(mel, AUDIO.log_floor)).T


def test_mel_equals_independent_implementation() -> None:
    samples = np.random.default_rng(0).standard_normal(16_000) * 0.1
    ours = mel_spectrogram(torch.from_numpy(samples).float()[None], AUDIO)[0].numpy()
    np.testing.assert_allclose(ours, independent_log_mel(samples), atol=2e-4)


@pytest.mark.parametrize("length", [160, 1_600, 1_700, 16_000])
def test_frame_count_is_samples_over_hop(length: int) -> None:
    assert mel_spectrogram(torch.zeros(2, length), AUDIO).shape == (2, 80, length // 160)


def test_silence_is_the_floor() -> None:
    mel = mel_spectrogram(torch.zeros(1, 3_200), AUDIO)
    assert torch.allclose(mel, torch.tensor(AUDIO.log_floor).log())


def test_a_tone_peaks_in_its_band() -> None:
    tone = torch.sin(2 * torch.pi * 1_000 * torch.arange(16_000) / 16_000)[None]
    centres = mel_to_hz(np.linspace(0, hz_to_mel(np.array(8_000.0)), 82)[1:-1])
    peak = int(mel_spectrogram(tone, AUDIO)[0].mean(1).argmax())
    assert abs(centres[peak] - 1_000) < 40


def test_mel_scale_round_trip_and_area() -> None:
    hz = np.array([0.0, 300.0, 999.0, 1_000.0, 4_000.0, 8_000.0])
    np.testing.assert_allclose(mel_to_hz(hz_to_mel(hz)), hz, atol=1e-6)
    areas = mel_filters(AUDIO)[20:].sum(1) * 16_000 / AUDIO.n_fft
    np.testing.assert_allclose(areas, 1.0, atol=0.05)


def test_training_can_follow_inference_in_one_process() -> None:
    audio = AudioConfig(mel_bins=40)  # no other test asks for this one
    with torch.inference_mode():
        mel_spectrogram(torch.zeros(1, 1600), audio)
    samples = torch.randn(1, 1600, requires_grad=True)
    mel_spectrogram(samples, audio).sum().backward()
    assert samples.grad is not None and samples.grad.abs().sum() > 0
