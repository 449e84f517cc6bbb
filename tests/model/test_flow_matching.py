"""Eq. 4-6 against closed forms."""

import torch

from ttsf.config import FlowMatchingConfig
from ttsf.model.flow_matching import euler, ot_cfm_loss, start_noise


def test_euler_is_exact_for_a_constant_field_and_converges_for_decay():
    x_0 = torch.randn(2, 3, 5)
    torch.testing.assert_close(euler(lambda x, t: torch.ones_like(x), x_0, 7), x_0 + 1)
    exact = x_0 * torch.exp(torch.tensor(-1.0))
    errors = [(euler(lambda x, t: -x, x_0, n) - exact).abs().max() for n in (10, 20)]
    assert errors[1] < 0.6 * errors[0]


def test_euler_takes_exactly_the_steps_asked_for():
    times = []
    euler(lambda x, t: times.append(float(t[0])) or torch.zeros_like(x), torch.zeros(1, 1, 1), 4)
    assert times == [0.0, 0.25, 0.5, 0.75]


def test_loss_is_zero_for_the_true_field_of_one_point():
    """With one data point the optimal field is u_t = x_1 - (1 - s) x_0, x_0 solved from phi_t."""
    config, x_1 = FlowMatchingConfig(), torch.randn(4, 3, 6)
    s = config.sigma_min

    def field(x, t):
        t = t[:, None, None]
        x_0 = (x - t * x_1) / (1 - (1 - s) * t)
        return x_1 - (1 - s) * x_0

    mask = torch.ones(4, 1, 6)
    assert ot_cfm_loss(field, x_1, torch.zeros_like(x_1), mask, config) < 1e-3


def test_masked_frames_do_not_count():
    config, x_1 = FlowMatchingConfig(), torch.randn(2, 3, 6)
    mask = torch.ones(2, 1, 6)
    mask[..., 3:] = 0
    spoiled = x_1.clone()
    spoiled[..., 3:] = 1e6
    losses = []
    for data in (x_1, spoiled):
        torch.manual_seed(0)
        losses.append(ot_cfm_loss(lambda x, t: 0 * x, data, 0 * data, mask, config))
    torch.testing.assert_close(losses[0], losses[1])


def test_noise_centre():
    mu, noise = torch.ones(1, 1, 2), torch.zeros(1, 1, 2)
    assert start_noise(mu, noise, FlowMatchingConfig()).sum() == 0
    assert start_noise(mu, noise, FlowMatchingConfig(noise_centre="mu")).sum() == 2
