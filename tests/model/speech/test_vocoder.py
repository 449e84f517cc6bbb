"""Vocoders: exact lengths, the inverse STFT, and Griffin-Lim bringing a mel back."""

from dataclasses import replace

import pytest
import torch

from ttsf.config import AudioConfig, ModelConfig, VocoderConfig
from ttsf.model.mel import mel_spectrogram
from ttsf.model.speech.vocoder import (
    GriffinLim,
    HifiGan,
    Vocos,
    build_vocoder,
    overlap_add,
    spectrum_of,
)
from ttsf.research.presets import MINI

AUDIO = AudioConfig()
TINY = VocoderConfig(
    channels=16, upsample_rates=(10, 4, 2, 2), upsample_kernels=(20, 8, 4, 4),
    resblock_kernels=(3,), resblock_dilations=(1, 3),
)  # fmt: skip
VOCOS = VocoderConfig(kind="vocos", channels=16, layers=2, istft_n_fft=640)
ISTFT = replace(VOCOS, kind="hifigan", channels=32, istft_hop=160)


def chirp(seconds: float = 1.0) -> torch.Tensor:
    t = torch.arange(int(seconds * 16_000)) / 16_000
    voice = sum(torch.sin(2 * torch.pi * h * (150 * t + 30 * t**2)) / h for h in range(1, 12))
    return (0.1 * voice * (1 + torch.sin(2 * torch.pi * 4 * t)))[None]


@torch.no_grad()
@pytest.mark.parametrize(
    "config",
    [
        TINY,
        replace(TINY, upsample_rates=(5, 4, 4, 2), upsample_kernels=(11, 8, 8, 4)),
        replace(MINI.model.vocoder, channels=16),
        replace(VocoderConfig(), channels=16),
        VocoderConfig(kind="griffin_lim", griffin_lim_iterations=2),
        VOCOS,
    ],
)
@pytest.mark.parametrize("frames", [4, 21])
def test_length_is_frames_times_hop(config: VocoderConfig, frames: int) -> None:
    samples = build_vocoder(config, AUDIO).eval()(torch.randn(2, 80, frames) - 5)
    hop = (config.sample_rate or AUDIO.sample_rate) // 100
    assert samples.shape == (2, frames * hop) and torch.isfinite(samples).all()


def test_build_chooses_the_kind() -> None:
    assert isinstance(build_vocoder(ISTFT, AUDIO), HifiGan)
    assert isinstance(build_vocoder(VocoderConfig(kind="griffin_lim"), AUDIO), GriffinLim)
    assert isinstance(build_vocoder(VOCOS, AUDIO), Vocos)
    with pytest.raises(ValueError, match="needs istft_n_fft"):
        VocoderConfig(kind="vocos")


def test_an_stft_that_reaches_higher_gives_sound_at_its_own_rate() -> None:
    config = replace(VOCOS, sample_rate=24_000, istft_n_fft=960)
    samples = build_vocoder(config, AUDIO).eval()(torch.randn(2, 80, 21) - 5)
    assert samples.shape == (2, 21 * 240) and torch.isfinite(samples).all()
    ModelConfig(vocoder=config)
    with pytest.raises(ValueError, match="only a vocoder of kind"):
        ModelConfig(vocoder=VocoderConfig(sample_rate=24_000))
    with pytest.raises(ValueError, match="multiple of the mel's frame rate"):
        ModelConfig(vocoder=replace(config, sample_rate=24_010))


def test_inverse_stft_head_round_trip() -> None:
    head, samples = HifiGan(ISTFT, AUDIO), chirp(0.4)
    n_fft, hop = ISTFT.istft_n_fft, ISTFT.istft_hop
    spectrum = torch.stft(samples, n_fft, hop, window=head.window, return_complex=True)[..., :-1]
    x = torch.cat([spectrum.abs().clamp_min(1e-9).log(), spectrum.angle()], dim=1)
    back = head._inverse_stft(x, samples.shape[-1])
    assert (back - samples)[:, :-n_fft].abs().max() < 1e-4


@torch.no_grad()
def test_griffin_lim_brings_the_mel_back() -> None:
    mel = mel_spectrogram(chirp(), AUDIO)
    vocoder = GriffinLim(VocoderConfig(kind="griffin_lim"), AUDIO)
    samples = vocoder(mel)
    assert torch.equal(samples, vocoder(mel))
    error = (mel_spectrogram(samples, AUDIO) - mel).clamp(-2, 2)
    assert error[..., 5:-5].abs().mean() < 0.25


@torch.no_grad()
def test_griffin_lim_overlap_add_inverts_the_stft() -> None:
    from ttsf.model.mel import stft

    samples = chirp(0.5)
    vocoder = GriffinLim(VocoderConfig(kind="griffin_lim"), AUDIO)
    back = vocoder._samples(stft(samples, AUDIO))
    assert (back - samples)[:, 640:-640].abs().max() < 1e-4


def test_one_step_lowers_the_mel_error() -> None:
    torch.manual_seed(0)
    vocoder = HifiGan(ISTFT, AUDIO)
    optimizer = torch.optim.Adam(vocoder.parameters(), 1e-3)
    mel, errors = mel_spectrogram(chirp(0.4), AUDIO), []
    for _ in range(8):
        loss = (mel_spectrogram(vocoder(mel), AUDIO) - mel).abs().mean()
        errors.append(float(loss.detach()))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert errors[-1] < errors[0]


@torch.no_grad()
def test_vocos_frames_lie_where_those_of_the_mel_do() -> None:
    """Magnitude and phase of a sound's own chunks, centred as the mel's frames, give it back."""
    samples, size, hop = chirp(0.3), 640, 160
    window, left = torch.hann_window(size), (size - hop) // 2
    padded = torch.nn.functional.pad(samples, (left, left))
    spectrum = torch.fft.rfft(padded.unfold(1, size, hop) * window).transpose(1, 2)
    x = torch.cat([spectrum.abs().clamp_min(1e-9).log(), spectrum.angle()], dim=1)
    chunks = torch.fft.irfft(spectrum_of(x), n=size, dim=1) * window[:, None]
    torch.testing.assert_close(overlap_add(chunks, window, hop), samples, atol=1e-5, rtol=0)
    assert chunks.shape[-1] == mel_spectrogram(samples, AUDIO).shape[-1]
