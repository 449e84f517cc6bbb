"""Pulses at F0: where their harmonics lie, whose phases voiced sound takes, and what stays."""

from dataclasses import replace

import torch

from ttsf.config import AudioConfig, VocoderConfig
from ttsf.model.speech.harmonics import (
    LOWEST_HZ,
    Pitch,
    PitchHead,
    harmonic_spectrum,
    minimum_phase,
    pulses,
    spectrum,
)
from ttsf.model.speech.vocoder import Vocos, overlap_add

RATE, HOP, SIZE = 24_000, 240, 960
WINDOW = torch.hann_window(SIZE)
VOCOS = VocoderConfig(
    kind="vocos", channels=16, layers=2, istft_n_fft=SIZE, sample_rate=RATE, harmonics_hz=1_000.0
)


def steady(hertz: float, frames: int = 60) -> Pitch:
    return Pitch(torch.full((1, frames), hertz), torch.ones(1, frames, dtype=torch.bool))


def periodicity(sound: torch.Tensor, period: int) -> float:
    """Correlation of a sound [N] with itself one period later."""
    a, b = sound[4 * SIZE : -4 * SIZE - period], sound[4 * SIZE + period : -4 * SIZE]
    return float((a * b).sum() / (a.norm() * b.norm()))


def test_pulses_have_all_harmonics_up_to_the_limit() -> None:
    sound = pulses(steady(200.0, 100), HOP, RATE, 2_000)[0]
    levels = torch.fft.rfft(sound).abs() / (len(sound) / 2)  # one bin is 1 Hz
    at = torch.arange(1, 11) * 200
    torch.testing.assert_close(levels[at], torch.ones(10), atol=0.02, rtol=0)
    levels[at] = 0
    assert levels.max() < 0.02


def test_a_voice_comes_back_where_it_would_have_been() -> None:
    gap = steady(150.0)
    gap.voiced[:, 20:40] = False
    gap.f0[:, 20:40] = 333.0
    torch.testing.assert_close(
        pulses(gap, HOP, RATE, 1_500), pulses(steady(150.0), HOP, RATE, 1_500)
    )
    late = Pitch(torch.tensor([[90.0, 90.0, 150.0]]), torch.tensor([[False, False, True]]))
    torch.testing.assert_close(
        pulses(late, HOP, RATE, 1_500), pulses(steady(150.0, 3), HOP, RATE, 1_500)
    )


def test_pulses_follow_a_glide() -> None:
    f0 = torch.linspace(100, 200, 60)[None]
    sound = pulses(Pitch(f0, f0 > 0), HOP, RATE, 150)[0]  # the fundamental alone, then nothing
    crossings = ((sound[:-1] < 0) & (sound[1:] >= 0)).nonzero()[:, 0]
    middle = crossings[(crossings > 10 * HOP) & (crossings < 29 * HOP)]
    expected = f0[0, (middle[:-1] // HOP)]
    assert ((RATE / middle.diff()) / expected - 1).abs().max() < 0.03


def test_the_head_reads_what_it_is_taught() -> None:
    torch.manual_seed(0)
    head, f0 = PitchHead(8), torch.tensor([[0.0, 60.0, 133.0, 311.0, 480.0]])
    features = torch.randn(1, 5, 8)
    optimizer = torch.optim.Adam(head.parameters(), 1e-2)
    for _ in range(300):
        loss = head.loss(head(features), f0)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    found = head.read(head(features))
    assert found.voiced.tolist() == [[False, True, True, True, True]]
    assert (1200 * torch.log2(found.f0 / f0))[:, 1:].abs().max() < 15  # cents
    assert LOWEST_HZ < 60


def test_minimum_phase_is_that_of_an_all_pole_filter() -> None:
    z = torch.exp(-1j * torch.linspace(0, torch.pi, SIZE // 2 + 1))
    response = 1 / (1 - 1.2 * z + 0.6 * z**2)
    phase = minimum_phase(response.abs()[None, :, None], 64)[0, :, 0]
    torch.testing.assert_close(phase, response.angle(), atol=2e-3, rtol=0)


def test_scrambled_harmonics_become_a_voice_again() -> None:
    torch.manual_seed(0)
    true = pulses(steady(160.0, 100), HOP, RATE, 1_000)
    own = spectrum(true, WINDOW, HOP)
    scrambled = torch.polar(own.abs(), 2 * torch.pi * torch.rand(own.shape))

    def sound(x: torch.Tensor) -> torch.Tensor:
        return overlap_add(torch.fft.irfft(x, n=SIZE, dim=1) * WINDOW[:, None], WINDOW, HOP)

    draft = sound(scrambled)
    mended = sound(harmonic_spectrum(draft, steady(160.0, 100), WINDOW, HOP, RATE, 1_200))
    assert periodicity(draft[0], 150) < 0.8
    assert periodicity(mended[0], 150) > 0.93


def test_unvoiced_frames_and_higher_bins_stay() -> None:
    torch.manual_seed(0)
    draft, pitch = (
        torch.randn(2, 50 * HOP),
        Pitch(torch.full((2, 50), 120.0), torch.zeros(2, 50) > 0),
    )
    own = spectrum(draft, WINDOW, HOP)
    assert torch.equal(harmonic_spectrum(draft, pitch, WINDOW, HOP, RATE, 1_200), own)
    pitch.voiced[:, 10:30] = True
    found, edge = harmonic_spectrum(draft, pitch, WINDOW, HOP, RATE, 1_200), 1_200 * SIZE // RATE
    assert torch.equal(found[:, edge:], own[:, edge:])
    assert torch.equal(found[:, :, :10], own[:, :, :10])
    assert not torch.equal(found[:, :edge, 10:30], own[:, :edge, 10:30])
    torch.testing.assert_close(found.abs(), own.abs())


@torch.no_grad()
def test_a_vocoder_without_voiced_frames_is_the_plain_one() -> None:
    torch.manual_seed(0)
    vocoder = Vocos(VOCOS, AudioConfig()).eval()
    plain = Vocos(replace(VOCOS, harmonics_hz=0.0), AudioConfig()).eval()
    plain.load_state_dict({k: v for k, v in vocoder.state_dict().items() if "pitch" not in k})
    mel = torch.randn(2, 80, 30) - 5
    assert vocoder.pitch is not None and plain.pitch is None
    last = vocoder.pitch.layers[-1]
    last.bias.fill_(-50)  # nothing is voiced
    torch.testing.assert_close(vocoder(mel), plain(mel), atol=1e-5, rtol=0)
    last.bias.fill_(50)  # everything is
    found = vocoder(mel)
    assert not torch.allclose(found, plain(mel), atol=1e-3)
    torch.testing.assert_close(vocoder(mel[1:]), found[1:], atol=1e-5, rtol=0)
