"""Discriminators: HiFi-GAN's layout and sizes, the folding by period, and narrow ones for tests."""

from itertools import pairwise

import pytest
import torch

from ttsf.research.training.adversarial.vocoder_discriminators import (
    PERIODS,
    HifiGanDiscriminators,
    PeriodDiscriminator,
    SpectrogramDiscriminators,
    build_discriminators,
    magnitude,
)


@pytest.mark.parametrize("period", PERIODS)
@pytest.mark.parametrize("length", [330, 331, 337])
def test_rows_hold_every_periodth_sample(period: int, length: int) -> None:
    samples = torch.randn(2, length)
    rows = PeriodDiscriminator(period, divisor=8).rows(samples)
    assert rows.shape == (2, 1, -(-length // period), period)
    for row in range(rows.shape[2]):
        for column in range(period):
            at = row * period + column
            if at >= length:
                at = 2 * (length - 1) - at  # reflected about the last sample
            assert torch.equal(rows[:, 0, row, column], samples[:, at])


def test_a_period_discriminator_never_mixes_columns() -> None:
    discriminator = PeriodDiscriminator(5, divisor=8)
    samples = torch.randn(1, 500)
    changed = samples.clone()
    changed[:, 3::5] += 1
    one, other = discriminator(samples).features[-1], discriminator(changed).features[-1]
    moved = (one != other).flatten(0, 2).any(0)
    assert moved.tolist() == [False, False, False, True, False]


def test_hifigan_has_the_published_number_of_weights() -> None:
    """Counted by hand from the published layer table: convolutions with weight_norm's g and v."""
    discriminators = HifiGanDiscriminators()
    count = sum(p.numel() for p in discriminators.periods[0].parameters())
    layers = [(a, b, 5) for a, b in pairwise((1, 32, 128, 512, 1024, 1024))] + [(1024, 1, 3)]
    assert count == sum(a * b * k + 2 * b for a, b, k in layers)  # v, g, bias
    table = [
        (1, 128, 15, 1), (128, 128, 41, 4), (128, 256, 41, 16), (256, 512, 41, 16),
        (512, 1024, 41, 16), (1024, 1024, 41, 16), (1024, 1024, 5, 1), (1024, 1, 3, 1),
    ]  # fmt: skip
    plain = sum(a // g * b * k + b for a, b, k, g in table)
    gains = sum(b for _, b, _, _ in table)
    sizes = [sum(p.numel() for p in scale.parameters()) for scale in discriminators.scales]
    assert sizes == [plain, plain + gains, plain + gains]  # spectral norm has no g


def test_scales_hear_half_the_rate_each() -> None:
    discriminators = HifiGanDiscriminators(divisor=8)
    found = discriminators(torch.randn(2, 8_000))
    assert len(found) == 8
    lengths = [seen.features[0].shape[-1] for seen in found[5:]]
    assert lengths == [8_000, 4_001, 2_001]
    assert [len(seen.features) for seen in found] == [6] * 5 + [8] * 3
    for seen in found:
        assert seen.score.ndim == 2
        assert torch.equal(seen.score, seen.features[-1].flatten(1))


def test_the_first_scale_has_unit_spectral_norm() -> None:
    torch.manual_seed(0)
    first = HifiGanDiscriminators(divisor=8).scales[0]
    for _ in range(30):
        first(torch.randn(1, 2_000))
    first.eval()
    for layer in (*first.layers, first.last):
        largest = float(torch.linalg.matrix_norm(layer.weight.detach().flatten(1), 2))
        assert largest == pytest.approx(1, abs=0.1)


def test_spectrogram_set_and_kinds() -> None:
    found = build_discriminators("spectrogram")(torch.randn(2, 8_000))
    assert [len(seen.features) for seen in found] == [5, 5, 5]
    assert isinstance(build_discriminators("hifigan", divisor=8), HifiGanDiscriminators)
    assert isinstance(build_discriminators("spectrogram"), SpectrogramDiscriminators)
    assert build_discriminators("none") is None


def test_magnitude_of_a_tone_peaks_in_its_bin() -> None:
    tone = torch.sin(2 * torch.pi * 1_000 * torch.arange(8_000) / 16_000)[None]
    spectrum = magnitude(tone, 512, 128)
    assert spectrum.shape == (1, 257, 63)
    assert spectrum[0, :, 30].argmax() == 32
    assert spectrum[0, 32, 30] == pytest.approx(128, rel=1e-3)  # half the window's sum of 256
    assert magnitude(torch.zeros(1, 8_000), 512, 128).min() > 0
