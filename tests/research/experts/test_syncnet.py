"""SyncNet: its windows, its mouth, its lags, its file."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ttsf.errors import TtsfError
from ttsf.research.experts.syncnet import SyncNet, best_lag, load_syncnet, lower_half, windows
from ttsf.research.hyperparameters import SyncNetConfig, SyncNetTraining
from ttsf.research.training.stages.syncnet import SyncNetNet
from ttsf.research.training.state import save_state

SMALL = SyncNetConfig(side=48, channels=4, embedding=16)


def test_five_pictures_are_twenty_mel_frames() -> None:
    frames = torch.arange(2 * 9).reshape(2, 9, 1, 1, 1).float()
    mel = torch.arange(2 * 36).reshape(2, 1, 36).float()
    seen, heard = windows(frames, mel, pictures=5, ratio=4)
    assert seen.shape == (2, 5, 5, 1, 1, 1) and heard.shape == (2, 5, 1, 20)
    for w in range(5):
        assert torch.equal(seen[:, w], frames[:, w : w + 5])
        assert torch.equal(heard[:, w], mel[:, :, 4 * w : 4 * w + 20])


def test_the_lower_half_is_the_mouth_of_the_corpus_crop() -> None:
    frames = torch.zeros(1, 3, 200, 200)
    frames[..., 140:150, 90:110] = 1  # where the mouth lies in the crop
    mouth = lower_half(frames, 48)
    assert mouth.shape == (1, 3, 24, 48)
    rows, columns = mouth[0, 0].sum(1), mouth[0, 0].sum(0)
    assert 8 <= int(rows.argmax()) <= 16 and 20 <= int(columns.argmax()) <= 27
    forehead = torch.zeros(1, 3, 200, 200)
    forehead[..., :100, :] = 1
    assert lower_half(forehead, 48).abs().max() == 0


def cosines(net: SyncNet, frames: Tensor, mel: Tensor) -> Tensor:
    v, a = net.embed(frames, mel)
    return (v * a).sum(-1)


def test_gradients_reach_the_pictures_and_a_score_is_its_own() -> None:
    torch.manual_seed(0)
    net = SyncNet(SMALL)
    frames, mel = torch.randn(3, 7, 3, 64, 64, requires_grad=True), torch.randn(3, 80, 28)
    score = cosines(net, frames, mel)
    assert score.shape == (3, 3) and score.abs().max() <= 1
    score.sum().backward()
    assert frames.grad is not None and frames.grad.abs().sum() > 0
    alone = cosines(net, frames[:1], mel[:1])
    torch.testing.assert_close(alone, score[:1], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("late", [-4, 0, 3])
def test_a_planted_lag_is_found(late: int) -> None:
    torch.manual_seed(0)
    events = F.normalize(torch.randn(2, 60, 8), dim=-1)
    v, a = events[:, 10:50], events[:, 10 - late : 50 - late]  # the sound comes `late` windows late
    assert best_lag(v, a).tolist() == [late, late]


def test_a_run_loads_back_frozen_with_the_same_scores(tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = SyncNetNet(SyncNetTraining(network=SMALL))
    average = {k: v.clone() for k, v in net.state_dict().items()}
    save_state(tmp_path, 1, net, average, torch.optim.Adam(net.parameters()))
    loaded = load_syncnet(tmp_path, SMALL)
    frames, mel = torch.randn(1, 6, 3, 64, 64), torch.randn(1, 80, 24)
    assert torch.equal(cosines(loaded, frames, mel), cosines(net.syncnet, frames, mel))
    assert not any(p.requires_grad for p in loaded.parameters())
    with pytest.raises(TtsfError, match="not a SyncNet of this preset's size"):
        load_syncnet(tmp_path, SyncNetConfig())
    with pytest.raises(TtsfError, match="train one with"):
        load_syncnet(tmp_path / "nothing", SMALL)


def test_parameters_are_small_enough_to_ship_with_a_run() -> None:
    assert sum(p.numel() for p in nn.Module.parameters(SyncNet(SyncNetConfig()))) < 6_000_000
