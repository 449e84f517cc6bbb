"""Eq. 2's losses in closed form."""

import math

import pytest
import torch
from torch import Tensor

from ttsf.config import DiscriminatorConfig
from ttsf.model.face import adversarial
from ttsf.model.face.discriminator import Discriminator


def test_an_undecided_discriminator_costs_log_2_each():
    zero = torch.zeros(3)
    torch.testing.assert_close(adversarial.generator_loss(zero), torch.tensor(math.log(2)))
    torch.testing.assert_close(
        adversarial.discriminator_loss(zero, zero), torch.tensor(2 * math.log(2))
    )


def test_losses_are_those_of_the_probabilities():
    real, fake = torch.tensor([0.3, -1.2]), torch.tensor([2.0, -0.7])
    want = -(real.sigmoid().log() + (1 - fake.sigmoid()).log()).mean()
    torch.testing.assert_close(adversarial.discriminator_loss(real, fake), want)
    torch.testing.assert_close(adversarial.generator_loss(fake), -fake.sigmoid().log().mean())


def test_sure_verdicts_stay_finite_and_the_generator_keeps_its_gradient():
    fake = torch.tensor([-200.0], requires_grad=True)
    adversarial.generator_loss(fake).backward()
    torch.testing.assert_close(fake.grad, torch.tensor([-1.0]))
    sure = adversarial.discriminator_loss(torch.tensor([200.0]), torch.tensor([-200.0]))
    assert sure == 0


def test_r1_of_a_linear_discriminator_is_its_squared_weight():
    weight = torch.randn(3, 8, 8, requires_grad=True)
    images = torch.randn(5, 3, 8, 8, requires_grad=True)
    penalty = adversarial.r1_penalty((images * weight).sum((1, 2, 3)), images)
    torch.testing.assert_close(penalty, weight.square().sum())
    penalty.backward()
    torch.testing.assert_close(weight.grad, 2 * weight.detach())


def test_r1_is_the_mean_over_pictures():
    images = torch.tensor([1.0, 2.0, 4.0])[:, None, None, None].expand(3, 3, 1, 1)
    images = images.clone().requires_grad_()
    # D(I) = |I|^2 / 2 has the gradient I, of squared norm 3, 12 and 48
    penalty = adversarial.r1_penalty(images.square().sum((1, 2, 3)) / 2, images)
    torch.testing.assert_close(penalty, torch.tensor(21.0))


def test_r1_of_the_real_discriminator_equals_finite_differences():
    torch.manual_seed(0)
    judge = Discriminator(DiscriminatorConfig(channels=((8, 4), (4, 4)), group=1)).double()
    image = torch.randn(1, 3, 8, 8, dtype=torch.float64, requires_grad=True)
    penalty = adversarial.r1_penalty(judge(image).logits, image)

    def logit(x: Tensor) -> float:
        return judge(x[None]).logits.item()

    with torch.no_grad():
        steps = torch.eye(192, dtype=torch.float64).reshape(192, 3, 8, 8) * 1e-6
        slopes = [(logit(image[0] + step) - logit(image[0] - step)) / 2e-6 for step in steps]
    assert penalty.item() == pytest.approx(sum(x**2 for x in slopes), rel=1e-5)


def test_feature_matching_closed_form_and_only_the_drawn_side_learns():
    fake = [torch.full((1, 2, 4, 4), 3.0, requires_grad=True), torch.zeros(1, 5, 2, 2)]
    real = [torch.ones(1, 2, 4, 4, requires_grad=True), torch.ones(1, 5, 2, 2)]
    loss = adversarial.feature_matching(fake, real)
    torch.testing.assert_close(loss, torch.tensor(1.5))
    loss.backward()
    torch.testing.assert_close(fake[0].grad, torch.full((1, 2, 4, 4), 1 / 64))
    assert real[0].grad is None


def test_feature_matching_needs_the_same_levels():
    with pytest.raises(ValueError):
        adversarial.feature_matching([torch.zeros(1)], [torch.zeros(1)] * 2)
