"""Normaliser, prior (Eq. 7) and sampler of head motion."""

import math
from dataclasses import replace

import torch

from ttsf.config import MotionConfig
from ttsf.model.layers import rotate
from ttsf.model.motion.normalizer import MotionNormalizer
from ttsf.model.motion.prior import LocalAttention, MotionPrior, prior_nll
from ttsf.model.motion.sampler import MotionSampler

SMALL = MotionConfig(
    compressed_channels=4,
    normalizer_hidden=16,
    prior_channels=16,
    prior_heads=2,
    prior_kernel=5,
    prior_layers=2,
    sampler_channels=16,
    sampler_layers=2,
    attention_reach=3,
    dropout=0.0,
)


def test_prior_nll_is_that_of_a_unit_gaussian():
    f_c, mu = torch.randn(2, 5, 3), torch.randn(2, 5, 3)
    normal = torch.distributions.Normal(mu, 1.0)
    torch.testing.assert_close(prior_nll(f_c, mu), -normal.log_prob(f_c).mean())
    assert abs(float(prior_nll(mu, mu)) - 0.5 * math.log(2 * math.pi)) < 1e-6


def test_rotary_scores_depend_on_distance_alone():
    q, k = torch.randn(1, 1, 1, 8), torch.randn(1, 1, 1, 8)
    a, b = (rotate(x.expand(-1, -1, 6, -1), 8) for x in (q, k))
    scores = (a @ b.transpose(-1, -2))[0, 0]
    torch.testing.assert_close(scores[0, 2], scores[3, 5], atol=1e-5, rtol=1e-4)


def test_attention_reaches_no_further_than_its_reach():
    attention = LocalAttention(16, 2, 3, 0.0).eval()
    x = torch.randn(1, 12, 16)
    changed = x.clone()
    changed[0, 0, 0] += 1
    moved = (attention(x) - attention(changed)).abs().sum(-1)[0]
    assert moved[4:].max() == 0
    assert moved[:4].min() > 0


def test_compressed_motion_is_standardised():
    torch.manual_seed(0)
    normalizer = MotionNormalizer(SMALL, 8)
    f_c = normalizer.compress(3 * torch.randn(64, 10, 8) + 2)
    assert f_c.shape == (64, 10, 4)
    assert f_c.mean((0, 1)).abs().max() < 1e-4
    assert (f_c.std((0, 1)) - 1).abs().max() < 1e-2


def test_emphasised_directions_add_their_share_of_the_error():
    torch.manual_seed(0)
    normalizer = MotionNormalizer(replace(MotionConfig(), normalizer_noise=0.0), 16)
    f_m, emphasis = torch.randn(3, 20, 16), torch.randn(16, 2)
    f_c = normalizer.compress(f_m)
    added = normalizer.loss(f_m, f_c, emphasis) - normalizer.loss(f_m, f_c)
    along = (normalizer.restore(f_c) - f_m) @ emphasis
    torch.testing.assert_close(added, along.square().sum(-1).mean() / 16)


def test_prior_runs_at_lengths_it_was_not_trained_on():
    prior = MotionPrior(SMALL, 8).eval()
    for frames in (1, 32, 300):
        assert prior(torch.randn(1, 8), torch.randn(1, frames, 8)).shape == (1, frames, 4)


def test_sampler_learns_a_point_and_draws_by_seed():
    torch.manual_seed(0)
    sampler = MotionSampler(SMALL, 8)
    optimizer = torch.optim.Adam(sampler.parameters(), lr=5e-3)
    wanted, mu = torch.full((16, 8, 4), 0.7), torch.zeros(16, 8, 4)
    first = float(sampler.loss(wanted, mu).detach())
    for _ in range(150):
        optimizer.zero_grad()
        loss = sampler.loss(wanted, mu)
        loss.backward()
        optimizer.step()
    assert float(loss.detach()) < 0.3 * first
    sampler.eval()
    with torch.no_grad():
        draws = [
            sampler.sample(mu[:1], 10, 1.0, torch.Generator().manual_seed(s)) for s in (0, 0, 1)
        ]
    torch.testing.assert_close(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])
    assert abs(float(draws[0].mean()) - 0.7) < 0.2


def test_known_frames_are_drawn_as_they_are_known():
    torch.manual_seed(0)
    sampler = MotionSampler(SMALL, 8).eval()
    mu, known = torch.randn(1, 20, 4), torch.randn(1, 7, 4)
    with torch.no_grad():
        free, bound = (
            sampler.sample(mu, 5, 1.0, torch.Generator().manual_seed(0), given)
            for given in (None, known)
        )
    torch.testing.assert_close(bound[:, :7], known, atol=1e-3, rtol=1e-3)
    assert bound.shape == free.shape and not torch.equal(bound[:, 7:], free[:, 7:])
