"""Fig. 3: time is kept exactly, nothing leaks in from padding, every variant builds."""

import pytest
import torch

from ttsf.config import AudioMapperConfig
from ttsf.model.face.audio_mapper import AudioMapper

SMALL = AudioMapperConfig(channels=8, kernels=(3, 5), blocks=1)


def test_one_lip_feature_for_four_mel_frames():
    mapper = AudioMapper(SMALL, 6, 7, 5, 16)
    parts = torch.randn(2, 6, 40), torch.randn(2, 7, 40), torch.randn(2, 5, 40)
    assert mapper(*parts, 10).shape == (2, 16, 10)


def test_a_held_input_gives_a_constant_output_up_to_both_ends():
    mapper = AudioMapper(SMALL, 6, 7, 5, 16)
    parts = [torch.randn(1, c, 1).expand(-1, -1, 24) for c in (6, 7, 5)]
    out = mapper(*parts, 6)
    torch.testing.assert_close(out, out[..., :1].expand_as(out), atol=1e-5, rtol=1e-4)


def test_an_event_stays_at_its_time():
    torch.manual_seed(0)
    mapper = AudioMapper(SMALL, 6, 7, 5, 16)
    base = [torch.zeros(1, c, 80) for c in (6, 7, 5)]
    struck = [x.clone() for x in base]
    struck[0][..., 40:44] = 3.0
    change = (mapper(*struck, 20) - mapper(*base, 20)).abs().sum(1)[0]
    centre = (change * torch.arange(20)).sum() / change.sum()
    assert abs(float(centre.detach()) - 10) < 0.3


@pytest.mark.parametrize(
    ("changes", "width"),
    [
        ({}, 6 + 12 + 1),
        ({"feature": "mu"}, 6 + 5 + 1),
        ({"feature": "hidden"}, 6 + 7 + 1),
        ({"energy": "none"}, 6 + 12),
        ({"energy": "none", "use_upsampled": False}, 6),
        ({"energy": "mean"}, 6 + 12 + 1),
    ],
)
def test_variants_of_the_condition(changes, width):
    config = AudioMapperConfig(channels=8, kernels=(3,), blocks=1, **changes)
    mapper = AudioMapper(config, 6, 7, 5, 16)
    parts = torch.randn(1, 6, 8), torch.randn(1, 7, 8), torch.randn(1, 5, 8)
    assert mapper.condition(*parts).shape == (1, width, 8)
    assert mapper(*parts, 2).shape == (1, 16, 2)
