"""The harmonic vocoder: pulses at F0, F0 read from a mel, and sound at a rate of its own."""

import math

import pytest
import torch

from ttsf.config import AudioConfig, ModelConfig, VocoderConfig
from ttsf.model.speech.harmonic import HarmonicVocoder, pulse_train
from ttsf.model.speech.pitch import BINS, BINS_PER_OCTAVE, LOWEST_HZ, Pitch, carry_over, pitch_loss

SMALL = VocoderConfig(
    kind="harmonic", sample_rate=24_000, channels=16, layers=2, istft_n_fft=960, istft_hop=240,
    pitch_channels=16,
)  # fmt: skip


def test_pulses_hold_every_harmonic_alike() -> None:
    sound = pulse_train(torch.full((1, 100), 200.0), 240, 24_000)
    assert sound.shape == (1, 24_000)
    power = torch.fft.rfft(sound[0]).abs() / 12_000
    harmonics = power[200:12_000:200]
    assert torch.allclose(harmonics, torch.full_like(harmonics, math.sqrt(2 / 60)), rtol=0.02)
    power[0:12_000:200] = 0
    assert power[:11_900].max() < 0.01
    assert sound.square().mean() == pytest.approx(1, abs=0.03)


def test_a_gliding_pitch_leaves_no_jump() -> None:
    f0 = torch.linspace(100, 300, 200)[None]
    sound = pulse_train(f0, 240, 24_000)
    low = torch.fft.irfft(torch.fft.rfft(sound)[..., :2_000], n=sound.shape[-1])
    assert low.diff().abs().max() < 3 * low.abs().max() * 2 * math.pi * 1_000 / 24_000


def test_values_are_carried_over_unknown_places() -> None:
    values = torch.tensor([[9.0, 2.0, 9.0, 9.0, 5.0, 9.0], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]])
    known = torch.tensor([[False, True, False, False, True, False], [False] * 6])
    wanted = torch.tensor([[2.0, 2.0, 3.0, 4.0, 5.0, 5.0], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]])
    assert torch.allclose(carry_over(values, known), wanted)


def test_f0_is_read_between_the_classes() -> None:
    wanted = torch.tensor([[75.0, 110.0, 233.0, 480.0]])
    place = BINS_PER_OCTAVE * (wanted / LOWEST_HZ).log2()
    logits = -0.5 * (place[:, None] - torch.arange(BINS)[None, :, None]) ** 2
    pitch = Pitch(logits, torch.full((1, 4), 9.0))
    assert torch.allclose(pitch.f0(), wanted, rtol=0.003)
    assert pitch_loss(pitch, wanted) < 0.01
    assert pitch_loss(pitch, wanted * 1.1) > 1 and pitch_loss(pitch, wanted * 0) > 5


def test_sound_has_the_vocoders_rate_and_is_the_same_every_time() -> None:
    torch.manual_seed(0)
    vocoder, mel = HarmonicVocoder(SMALL, AudioConfig()).eval(), torch.randn(2, 80, 21) - 5
    with torch.no_grad():
        sound = vocoder(mel)
        torch.manual_seed(1)
        assert torch.equal(vocoder(mel), sound)
    assert sound.shape == (2, 21 * 240) and torch.isfinite(sound).all()


def test_a_model_has_one_frame_rate() -> None:
    ModelConfig(vocoder=SMALL)
    with pytest.raises(ValueError, match="only a vocoder of kind"):
        ModelConfig(vocoder=VocoderConfig(sample_rate=24_000))
    with pytest.raises(ValueError, match="multiple of the mel's frame rate"):
        ModelConfig(vocoder=VocoderConfig(kind="harmonic", sample_rate=24_010, istft_n_fft=960))
