"""The SyncNet stage: matching windows, repeatable batches, validation."""

from typing import cast

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from tests.support.tiny_stages import TinyStages
from ttsf.research.training.stages.syncnet import SyncBatch, SyncNetStage

RATIO, PICTURES, SPACING, FRAMES = 4, 5, 6, 32


@pytest.fixture(scope="module")
def stage(stages: TinyStages) -> SyncNetStage:
    return cast(SyncNetStage, stages.build("syncnet"))


def numbered(clips: int) -> SyncBatch:
    """Picture and mel frame t of clip c carry 100 c + t, with t in pictures."""
    ticks = 100.0 * torch.arange(clips)[:, None] + torch.arange(FRAMES)
    frames = ticks[:, :, None, None, None].expand(-1, -1, 3, 8, 8)
    mel = ticks.repeat_interleave(RATIO, 1)[:, None].expand(-1, 80, -1)
    return SyncBatch(frames, mel, torch.arange(clips) % SPACING, ("clip",) * clips)


def test_the_windows_of_the_contrast_belong_together_and_lie_apart(
    stage: SyncNetStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage.net.syncnet, "see", lambda mouths: mouths[:, :, 0, 0, 0])
    monkeypatch.setattr(stage.net.syncnet, "hear", lambda mel: mel[:, 0])
    seen, heard = stage._pick(numbered(clips=SPACING))
    assert torch.equal(seen.repeat_interleave(RATIO, 1), heard)
    assert torch.equal(seen - seen[:, :1], torch.arange(float(PICTURES)).expand_as(seen))
    first = seen[:, 0]
    assert (first // 100).unique().tolist() == list(range(SPACING))
    gaps = (first[:, None] - first).abs() + 100 * torch.eye(len(first))
    assert gaps.min() >= PICTURES and (first % 100).max() <= FRAMES - PICTURES


def test_a_batch_depends_on_its_number_alone(stage: SyncNetStage) -> None:
    torch.manual_seed(1)
    a = stage.batch(3)
    torch.manual_seed(2)
    b, other = stage.batch(3), stage.batch(4)
    assert all(torch.equal(x, y) for x, y in zip(a[:3], b[:3], strict=True))
    assert a.names == b.names and len(a.names) == len(a.mouths)
    assert not torch.equal(a.mouths, other.mouths)
    assert a.mouths.abs().max() <= 1 and a.mel.shape[2] == RATIO * FRAMES


def test_a_step_moves_both_sides_and_the_scale(stage: SyncNetStage) -> None:
    before = {k: v.clone() for k, v in stage.net.state_dict().items()}
    optimizer = stage.optimizer()
    stage.losses(stage.batch(0))["contrast"].backward()
    optimizer.step()
    still = [k for k, v in stage.net.state_dict().items() if torch.equal(v, before[k])]
    assert not still
    stage.net.load_state_dict(before)


@pytest.mark.parametrize("late", [0, 3])
def test_validation_of_a_perfect_expert(
    stage: SyncNetStage, monkeypatch: pytest.MonkeyPatch, late: int
) -> None:
    """It hears what it sees, `late` pictures later."""
    torch.manual_seed(0)
    events = F.normalize(torch.randn(1, FRAMES + 3, 16), dim=-1)

    def embed(frames: Tensor, mel: Tensor) -> tuple[Tensor, Tensor]:
        count = frames.shape[1] - PICTURES + 1
        whole = events.expand(len(frames), -1, -1)
        return whole[:, 3 : 3 + count], whole[:, 3 - late : 3 - late + count]

    monkeypatch.setattr(stage.net.syncnet, "embed", embed)
    figures = stage.validate(0, stage.held_out_batches()).figures
    assert figures["lag_right"] == figures["lag_within_1"] == float(late == 0)
    assert (figures["tells_from_shifted"] == 1) == (late == 0)
