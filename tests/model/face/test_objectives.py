"""Eq. 3, L_id and L_sync in closed form."""

import math

import pytest
import torch
from torch import Tensor

from ttsf.model.face import objectives


def test_perceptual_is_the_mean_over_maps_of_their_root_mean_square_difference():
    a = [torch.zeros(2, 3, 4, 4), torch.zeros(2, 8, 2, 2)]
    b = [torch.full((2, 3, 4, 4), 2.0), torch.full((2, 8, 2, 2), -0.5)]
    torch.testing.assert_close(objectives.perceptual(a, b), torch.tensor((2.0 + 0.5) / 2))


def test_perceptual_is_the_printed_norm_up_to_the_size_of_the_map():
    torch.manual_seed(0)
    a, b = torch.randn(2, 1, 3, 4, 5)
    want = (a - b).flatten().norm() / math.sqrt(60)
    torch.testing.assert_close(objectives.perceptual([a], [b]), want)


def test_perceptual_of_equal_maps_is_zero_with_a_finite_gradient():
    a = torch.randn(1, 2, 3, 3, requires_grad=True)
    loss = objectives.perceptual([a], [a.detach().clone()])
    loss.backward()
    assert loss == 0
    assert a.grad is not None and a.grad.isfinite().all()


def test_perceptual_needs_the_same_maps():
    with pytest.raises(ValueError):
        objectives.perceptual([torch.zeros(1, 1, 1, 1)], [])


def test_reconstruction_adds_pixels_and_features():
    image = torch.zeros(2, 3, 4, 4, requires_grad=True)
    target = torch.full((2, 3, 4, 4), 0.5, requires_grad=True)

    def features_of(x: Tensor) -> list[Tensor]:
        return [2 * x, x.mean(1, keepdim=True)]

    loss = objectives.reconstruction(image, target, features_of)
    torch.testing.assert_close(loss, torch.tensor(0.5 + (1.0 + 0.5) / 2))
    loss.backward()
    assert image.grad is not None


def test_only_the_drawn_picture_asks_for_the_gradients_of_its_features():
    graphs = []

    def features_of(x: Tensor) -> list[Tensor]:
        feature = x * torch.ones(1, requires_grad=True)
        graphs.append(feature.requires_grad)
        return [feature]

    picture = torch.zeros(1, 3, 4, 4)
    objectives.reconstruction(picture, picture, features_of)
    assert sorted(graphs) == [False, True]


@pytest.mark.parametrize("loss", [objectives.identity, objectives.synchronisation])
def test_one_minus_cosine(loss):
    a = torch.tensor([[3.0, 0.0], [0.0, 2.0], [1.0, 0.0], [1.0, 1.0]])
    b = torch.tensor([[5.0, 0.0], [0.0, -1.0], [0.0, 4.0], [1.0, 0.0]])
    torch.testing.assert_close(loss(a, a), torch.tensor(0.0), atol=1e-6, rtol=0)
    each = torch.tensor([0.0, 2.0, 1.0, 1 - math.sqrt(0.5)])
    torch.testing.assert_close(loss(a, b), each.mean())
    torch.testing.assert_close(loss(7 * a, 0.1 * b), each.mean())
