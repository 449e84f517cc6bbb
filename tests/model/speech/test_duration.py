"""Alignment search against brute force; durations and upsampling in closed form."""

import itertools

import pytest
import torch

from ttsf.config import DurationConfig
from ttsf.model.speech.duration import (
    SymbolPredictor,
    give_pauses_to_marks,
    log_likelihood,
    repeat_by_durations,
    search_alignment,
    whole_durations,
)
from ttsf.model.speech.text_encoder import length_mask
from ttsf.symbols import SYMBOL_ID


def brute_force(scores: torch.Tensor, symbols: int, frames: int) -> list[int]:
    best, best_durations = -float("inf"), []
    for cuts in itertools.combinations(range(1, frames), symbols - 1):
        edges = (0, *cuts, frames)
        total = sum(
            float(scores[j, a:b].sum()) for j, (a, b) in enumerate(itertools.pairwise(edges))
        )
        if total > best:
            best, best_durations = total, [b - a for a, b in itertools.pairwise(edges)]
    return best_durations


@pytest.mark.parametrize("seed", range(5))
def test_search_finds_the_best_path(seed: int) -> None:
    torch.manual_seed(seed)
    scores = torch.randn(3, 5, 9)
    symbols, frames = torch.tensor([5, 3, 1]), torch.tensor([9, 7, 4])
    durations = search_alignment(scores, symbols, frames)
    for i in range(3):
        n, t = int(symbols[i]), int(frames[i])
        assert durations[i, :n].tolist() == brute_force(scores[i], n, t)
        assert durations[i, n:].sum() == 0


def test_search_needs_a_frame_for_each_symbol() -> None:
    with pytest.raises(ValueError, match="fewer mel frames"):
        search_alignment(torch.zeros(1, 5, 4), torch.tensor([5]), torch.tensor([4]))


@pytest.mark.parametrize("spoken", [1, 3, 5])
def test_search_may_stop_where_it_is_allowed(spoken: int) -> None:
    """Of five symbols only the first are in the sound, two frames each."""
    scores = torch.full((1, 5, 2 * spoken), -9.0)
    for k in range(spoken):
        scores[0, k, 2 * k : 2 * k + 2] = 0
    size, ends = torch.tensor([5]), torch.tensor([True, False, True, False, True])
    if 2 * spoken < 5:
        size, ends, scores = torch.tensor([2]), ends[:2], scores[:, :2]
    found = search_alignment(scores, size, torch.tensor([2 * spoken]), ends)[0].tolist()
    assert found == [2 if k < spoken else 0 for k in range(len(found))]


def test_pauses_belong_to_marks() -> None:
    """A mark takes the silence around it, once for several marks; spaces alone keep theirs."""
    text = "_a_,_ _b_ _c_?_!_"
    ids = torch.tensor([[SYMBOL_ID[s] for s in text] + [0, 0]] * 2)
    durations = torch.tensor([2, 3, 4, 5, 6, 7, 8, 3, 2, 3, 2, 3, 4, 5, 6, 7, 8, 0, 0])
    wanted = torch.tensor([2, 3, 1, 26, 1, 1, 1, 3, 2, 3, 2, 3, 1, 26, 1, 1, 1, 0, 0])
    assert (give_pauses_to_marks(torch.stack([durations] * 2), ids) == wanted).all()


def test_log_likelihood_is_half_squared_distance() -> None:
    mel, mu = torch.randn(2, 80, 7), torch.randn(2, 80, 4)
    expected = -0.5 * torch.cdist(mu.transpose(1, 2), mel.transpose(1, 2)) ** 2
    assert torch.allclose(log_likelihood(mel, mu), expected, atol=1e-3)


@pytest.mark.parametrize("rate", [0.5, 1.0, 3.0])
def test_whole_durations_are_positive_and_fill_the_multiple(rate: float) -> None:
    mask = length_mask(torch.tensor([6, 3]), 6)
    durations = whole_durations(torch.randn(2, 6) + 1, mask, rate, 4)
    assert (durations.sum(1) % 4 == 0).all()
    assert (durations[0] >= 1).all() and (durations[1, :3] >= 1).all()
    assert durations[1, 3:].sum() == 0


def test_whole_durations_keep_the_tempo() -> None:
    log_durations = torch.full((1, 40), 2.5).log()
    totals = [
        int(whole_durations(log_durations, torch.ones(1, 1, 40), rate, 4).sum())
        for rate in (1.0, 1.2, 0.75)
    ]
    assert totals == [120, 100, 160]


def test_repeat_by_durations() -> None:
    x = torch.tensor([[[1.0, 2.0, 3.0]], [[4.0, 5.0, 0.0]]])
    y = repeat_by_durations(x, torch.tensor([[2, 1, 1], [1, 1, 0]]), 4)
    assert y[:, 0].tolist() == [[1, 1, 2, 3], [4, 5, 0, 0]]


def test_predictor_is_zero_outside_the_mask() -> None:
    predictor = SymbolPredictor(DurationConfig(channels=8), 12)
    out = predictor(torch.randn(2, 12, 5), length_mask(torch.tensor([5, 2]), 5))
    assert out.shape == (2, 1, 5) and out[1, 0, 2:].abs().sum() == 0
