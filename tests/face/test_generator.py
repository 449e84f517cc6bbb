"""G's fields: what moves and what is drawn, for a picture of any size."""

from dataclasses import replace

import pytest
import torch

from ttsf.config import FaceConfig
from ttsf.face.generator import Generator, identity_grid, warp

SMALL = FaceConfig(
    style_channels=24,
    channels=((4, 16), (8, 16), (16, 12), (32, 8), (64, 4)),
    drawn_side=32,
    motion_codes=6,
    rgb_path="mixed",
)
BATCH = 3


def generator(config: FaceConfig = SMALL) -> Generator:
    """With flows, masks and pictures large enough to be wrong."""
    torch.manual_seed(0)
    made = Generator(config).eval()
    for scale in made.scales:
        torch.nn.init.normal_(scale.to_flow.weight, std=0.1)
        torch.nn.init.normal_(scale.to_rgb.weight, std=0.2)
    return made


def inputs(config: FaceConfig = SMALL) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
    styles = torch.randn(BATCH, 2 * len(config.channels), config.style_channels)
    return styles, tuple(torch.randn(BATCH, c, side, side) for side, c in config.channels[1:])


@pytest.mark.parametrize("path", ["mixed", "features"])
def test_the_fields_make_the_picture_that_forward_makes(path):
    config = replace(SMALL, rgb_path=path)
    made, (styles, skips) = generator(config), inputs(config)
    source = torch.rand(BATCH, 3, 32, 32) * 2 - 1
    fields = made.fields(styles, skips)
    assert fields.flow.shape == (BATCH, 2, 32, 32)
    assert fields.mask.shape == (BATCH, 1, 32, 32)
    grid = identity_grid(32, source) + fields.flow.permute(0, 2, 3, 1)
    image = warp(source, grid) * fields.mask + fields.drawn * (1 - fields.mask)
    torch.testing.assert_close(image, made(styles, skips, source).image, atol=1e-6, rtol=0)
    assert fields.flow.abs().max() > 0.1
