"""LSE-C and LSE-D: offsets equal explicit slices, and late sound moves them by its frames."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from ttsf.research.evaluation.metrics.lse import best_offset, lse
from ttsf.research.experts.public_syncnet import LipSyncNet


def test_offsets_equal_explicit_slices():
    torch.manual_seed(4)
    seen, heard = torch.randn(40, 8), torch.randn(40, 8)
    means = []
    for shift in range(-15, 16):
        gaps = []
        for k in range(40):
            inside = 0 <= k + shift < 40
            other = heard[k + shift] if inside else torch.zeros(8)
            gaps.append(F.pairwise_distance(seen[k : k + 1], other[None]))
        means.append(float(torch.stack(gaps).mean()))
    found = best_offset(seen, heard)
    assert found.lse_d == pytest.approx(min(means), rel=1e-5)
    assert found.lse_c == pytest.approx(sorted(means)[15] - min(means), rel=1e-4)
    assert found.offset == 15 - int(np.argmin(means))


@pytest.mark.parametrize("late", [-3, 0, 3])
def test_late_sound_moves_the_offset(late):
    torch.manual_seed(5)
    content = torch.randn(100, 16)
    seen, heard = content[20:80], content[20 - late : 80 - late]
    found = best_offset(seen, heard)
    assert found.offset == -late
    assert found.lse_c > 1


class Stub(LipSyncNet):
    """Hears and sees the loudness of a window alone."""

    def see(self, frames: Tensor) -> Tensor:
        level = frames.mean((1, 2, 3)).unfold(0, 5, 1)
        return (level / 255 * 2 - 1).repeat(1, 4)

    def hear(self, cepstra: Tensor) -> Tensor:
        return ((cepstra[:, 0, 1::4] > 15).float() * 2 - 1).repeat(1, 4)


@pytest.mark.parametrize("late", [0, 3])
def test_sound_three_frames_late_is_found_in_a_clip(late):
    rng = np.random.default_rng(6)
    speaks = rng.random(90) < 0.5
    frames = np.broadcast_to(speaks[:, None, None, None] * np.uint8(255), (90, 8, 8, 3))
    loud = np.roll(np.repeat(speaks, 640), late * 640)
    samples = np.where(loud, rng.normal(0, 0.1, loud.size), 1e-5 * rng.normal(size=loud.size))
    assert lse(Stub().eval(), frames, samples.astype(np.float32)).offset == -late
