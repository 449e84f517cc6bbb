"""Eq. 2 at the mouth: where it looks, and who learns from which term."""

import pytest
import torch

from ttsf.face.mouth_critic import ROOM, MouthCritic, mouths
from ttsf.presets import DiscriminatorConfig

TINY = DiscriminatorConfig(channels=((16, 4), (8, 4), (4, 4)))
BOXES = torch.tensor([[100.0, 150.0, 150.0, 170.0], [60.0, 180.0, 100.0, 200.0]])


@pytest.mark.parametrize("side", [64, 128, 256])
def test_a_ramp_is_read_at_the_mouth(side: int) -> None:
    """The value of a pixel is where it lies in the frame, from 0 to 256."""
    line = (torch.arange(side) + 0.5) * 256 / side
    image = torch.stack([line.expand(side, -1), line[:, None].expand(-1, side)])
    seen = mouths(torch.cat([image, image[:1]]).expand(2, -1, -1, -1), BOXES, 256, 32)
    assert seen.shape == (2, 3, 32, 32)
    for k, (x0, y0, x1, y1) in enumerate(BOXES.tolist()):
        side_px = ROOM * (x1 - x0)
        step, reach = side_px / 32, side_px / 2 - side_px / 64
        along = torch.linspace((x0 + x1) / 2 - reach, (x0 + x1) / 2 + reach, 32)
        down = torch.linspace((y0 + y1) / 2 - reach, (y0 + y1) / 2 + reach, 32)
        torch.testing.assert_close(seen[k, 0, 0], along, atol=1e-3 * step + 1e-3, rtol=0)
        torch.testing.assert_close(seen[k, 1, :, 0], down, atol=1e-3 * step + 1e-3, rtol=0)


def test_the_drawn_mouth_and_the_critic_learn_from_terms_of_their_own() -> None:
    torch.manual_seed(0)
    critic = MouthCritic(TINY)
    image = torch.randn(2, 3, 64, 64, requires_grad=True)
    found = critic.losses(image, torch.randn(2, 3, 64, 64), BOXES, 256)
    (found["mouth_gan"] + found["mouth_features"]).backward(retain_graph=True)
    assert image.grad is not None and image.grad.abs().sum() > 0
    assert all(p.grad is None for p in critic.parameters())
    at_mouths = image.grad.abs().sum(1) > 0
    assert not at_mouths[:, :30].any() and not at_mouths[:, :, 45:].any()
    image.grad = None
    (found["mouth_critic"] + found["mouth_r1"]).backward()
    assert image.grad is None
    assert any(p.grad is not None and p.grad.abs().sum() > 0 for p in critic.parameters())


def test_a_critic_learns_to_tell_stripes_from_their_mean() -> None:
    torch.manual_seed(0)
    critic = MouthCritic(TINY)
    stripes = torch.sin(torch.arange(64) * 2.0).expand(2, 3, 64, 64)
    optimizer = torch.optim.Adam(critic.parameters(), 1e-3)
    losses = []
    for _ in range(60):
        found = critic.losses(torch.zeros(2, 3, 64, 64), stripes, BOXES, 256)
        loss = found["mouth_critic"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.5 * losses[0]
