"""D of Eq. 2: any configured side, every level's map, and what it sees of a batch."""

import pytest
import torch

from ttsf.config import DiscriminatorConfig
from ttsf.model.face.discriminator import Discriminator, append_deviation
from ttsf.research.presets import MINI

SMALL = DiscriminatorConfig(channels=((32, 4), (16, 6), (8, 8), (4, 8)))


@pytest.mark.parametrize(("side", "levels"), [(32, 4), (16, 3), (8, 2), (4, 1)])
def test_any_side_of_the_configuration_gives_logits_and_a_map_per_level(side, levels):
    seen = Discriminator(SMALL)(torch.randn(4, 3, side, side))
    assert seen.logits.shape == (4,)
    assert [tuple(x.shape[1:]) for x in seen.maps] == [
        (channels, s, s) for s, channels in SMALL.channels[-levels:]
    ]


def test_another_side_is_refused():
    with pytest.raises(ValueError, match="no level of 12 px"):
        Discriminator(SMALL)(torch.randn(1, 3, 12, 12))


def test_deviation_channel_closed_form():
    spread = torch.tensor([-1.0, 5.0, 1.0, 5.0])[:, None, None, None].expand(4, 2, 3, 3)
    out = append_deviation(spread, 2)
    torch.testing.assert_close(out[:, :2], spread)
    # pictures 0 and 2 are a group of deviation 1, pictures 1 and 3 one without any
    want = torch.tensor([1.0, 1e-4, 1.0, 1e-4])[:, None, None].expand(4, 3, 3)
    torch.testing.assert_close(out[:, 2], want)


@pytest.mark.parametrize(("batch", "group", "size"), [(4, 4, 4), (10, 4, 2), (9, 4, 3), (5, 4, 1)])
def test_group_is_the_largest_that_divides_the_batch(batch, group, size):
    x = torch.arange(float(batch))[:, None, None, None]
    members = torch.arange(float(batch)).reshape(size, -1)
    want = (members.var(0, unbiased=False) + 1e-8).sqrt().repeat(size)
    torch.testing.assert_close(append_deviation(x, group)[:, 1, 0, 0], want)


def test_a_picture_is_judged_by_its_group():
    torch.manual_seed(0)
    judge, x = Discriminator(SMALL), torch.randn(1, 3, 16, 16)
    alone = judge(x).logits
    torch.testing.assert_close(judge(x.repeat(4, 1, 1, 1)).logits, alone.expand(4))
    others = torch.cat([x, torch.randn(3, 3, 16, 16)])
    assert (judge(others).logits[0] - alone[0]).abs() > 1e-4


def test_logits_start_in_the_slope_of_the_sigmoid():
    torch.manual_seed(0)
    with torch.no_grad():
        discriminator = Discriminator(MINI.joint.discriminator)
        seen = discriminator(torch.rand(4, 3, 256, 256) * 2 - 1)
    assert seen.logits.abs().max() < 5


def test_every_weight_of_the_levels_in_use_learns():
    judge = Discriminator(SMALL)
    judge(torch.randn(4, 3, 32, 32)).logits.sum().backward()
    idle = {name for name, value in judge.named_parameters() if value.grad is None}
    assert idle == {f"from_rgb.{k}.{part}" for k in (1, 2, 3) for part in ("weight", "bias")}


def test_it_learns_to_tell_two_kinds_of_pictures_apart():
    torch.manual_seed(0)
    judge = Discriminator(DiscriminatorConfig(channels=((16, 8), (8, 8), (4, 8))))
    adam = torch.optim.Adam(judge.parameters(), 2e-3)
    for _ in range(60):
        dark, light = (
            torch.rand(2, 8, 3, 16, 16) - torch.tensor([1.0, 0.0])[:, None, None, None, None]
        )
        loss = torch.nn.functional.softplus(judge(dark).logits - judge(light).logits).mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
    assert loss < 0.1
