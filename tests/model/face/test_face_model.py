"""E_v, E_m, Eq. 1 and G."""

from dataclasses import replace

import pytest
import torch

from ttsf.config import FaceConfig
from ttsf.model.face import objectives
from ttsf.model.face.encoder import VisualEncoder
from ttsf.model.face.generator import Generator, ModulatedConv, fuse_motion
from ttsf.model.face.motion_extractor import MotionExtractor
from ttsf.model.face.warping import identity_grid, warp

SMALL = FaceConfig(
    style_channels=32,
    channels=((4, 16), (8, 16), (16, 16), (32, 8), (64, 8)),
    drawn_side=64,
    motion_codes=6,
    rgb_path="mixed",
)


def test_motion_codes_are_orthonormal_and_invertible():
    extractor = MotionExtractor(SMALL)
    q = extractor.codes()
    torch.testing.assert_close(q.T @ q, torch.eye(6), atol=1e-5, rtol=0)
    alpha = torch.randn(3, 6)
    torch.testing.assert_close(
        extractor.coordinates(extractor.compose(alpha)), alpha, atol=1e-5, rtol=1e-4
    )


def test_the_head_part_has_no_lip_codes():
    extractor = MotionExtractor(replace(SMALL, lip_codes=(1, 4)))
    kept = extractor.coordinates(extractor.head_part(extractor.compose(torch.ones(1, 6))))
    want = torch.tensor([[1.0, 0.0, 1.0, 1.0, 0.0, 1.0]])
    torch.testing.assert_close(kept, want, atol=1e-5, rtol=0)


def test_codes_vary_with_the_picture_at_initialisation():
    torch.manual_seed(0)
    style = VisualEncoder(SMALL)(torch.randn(8, 3, 64, 64)).style
    assert MotionExtractor(SMALL)(style).alpha.std(0).mean() > 0.01


def test_eq_1_gives_each_layer_its_style():
    f_id, f_m, f_lip = (torch.full((1, 512), v) for v in (1.0, 10.0, 100.0))
    styles = fuse_motion(f_id, f_m, f_lip, FaceConfig())[0, :, 0].tolist()
    assert len(styles) == 14
    assert styles == [11.0] * 5 + [101.0] * 2 + [11.0] * 7
    rest = fuse_motion(f_id, f_m, f_lip, FaceConfig(rest_style="id"))[0, :, 0].tolist()
    assert rest == [11.0] * 5 + [101.0] * 2 + [1.0] * 7


@pytest.mark.parametrize("side", [8, 64])
def test_zero_flow_is_an_exact_identity(side):
    image = torch.randn(2, 3, side, side)
    grid = identity_grid(side, image).expand(2, -1, -1, -1)
    torch.testing.assert_close(warp(image, grid), image, atol=1e-5, rtol=0)


def test_warp_moves_by_whole_pixels():
    image = torch.randn(1, 1, 16, 16)
    grid = identity_grid(16, image).clone()
    grid[..., 0] += 2 * 3 / 16
    torch.testing.assert_close(warp(image, grid)[..., :13], image[..., 3:], atol=1e-5, rtol=0)


def test_modulated_activations_equal_modulated_weights():
    torch.manual_seed(0)
    layer = ModulatedConv(4, 5, 8)
    x, style = torch.randn(2, 4, 6, 6), torch.randn(2, 8)
    for i in range(2):
        weight = layer.weight * layer.scale(style)[i][None, :, None, None]
        weight = weight / (weight.square().sum((1, 2, 3), keepdim=True) + 1e-8).sqrt()
        reference = torch.nn.functional.conv2d(x[i : i + 1], weight, padding=1)
        y, gain = layer(x[i : i + 1], style[i : i + 1])
        torch.testing.assert_close(y * gain, reference, atol=1e-5, rtol=1e-4)


def test_generator_stops_at_a_smaller_side_and_keeps_the_source_at_first():
    torch.manual_seed(0)
    encoder, generator = VisualEncoder(SMALL), Generator(SMALL)
    source = torch.rand(2, 3, 64, 64) * 2 - 1
    features = encoder(source)
    styles = fuse_motion(features.style, 0 * features.style, 0 * features.style, SMALL)
    assert styles.shape == (2, 10, 32)
    full = generator(styles, features.skips, source)
    half = generator(styles, features.skips, source, side=32)
    assert full.image.shape == (2, 3, 64, 64)
    assert half.image.shape == (2, 3, 32, 32)
    assert full.mask.mean() > 0.7


def test_losses_closed_forms():
    weight = objectives.box_weight(torch.tensor([[2.0, 4.0, 6.0, 8.0]]), 16, 16, 5.0)
    assert weight[0, 0, 5, 3] == 5 and weight[0, 0, 0, 0] == 1
    assert (weight == 5).sum() == 16
    a = torch.zeros(1, 3, 16, 16)
    flat = torch.ones(1, 1, 16, 16)
    torch.testing.assert_close(objectives.pyramid_l1(a + 0.5, a, flat), torch.tensor(0.5))
    assert objectives.gradient_l1(a + 0.5, a, flat) == 0
    grid = identity_grid(16, a)
    known = identity_grid(8, a)
    valid = torch.ones(1)
    torch.testing.assert_close(objectives.flow_l1(grid, known, valid, flat), torch.tensor(0.0))
    shifted = objectives.flow_l1(grid + 0.25, known, valid, weight)
    torch.testing.assert_close(shifted, torch.tensor(0.25))
    read, labels = torch.tensor([[1.0, 5.0]]), torch.tensor([[0.0, 0.0]])
    assert objectives.code_mse(read, labels, torch.tensor([[1.0, 0.0]])) == 1
