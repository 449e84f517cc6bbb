"""What brows and eyes do over time, and that options say it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from ttsf import pipeline
from ttsf.config import ExpressionConfig
from ttsf.engine.expression import FARTHEST, HIGHEST, LOWEST, SIDE_X, expression
from ttsf.engine.options import GenerateOptions
from ttsf.errors import TtsfError
from ttsf.model.ttsf import TTSF

CONFIG, OPTIONS = ExpressionConfig(), GenerateOptions()


def track(options: GenerateOptions = OPTIONS, first: int = 0, count: int = 500, asks: bool = False):
    """Expression of a voice that is loud for a fifth of every two seconds."""
    frames = torch.arange(first, first + count)
    loudness = 0.3 + 0.6 * (frames % 50 < 10).float()
    return expression(CONFIG, options, loudness, first, asks)


def test_brows_rise_with_the_voice_and_return() -> None:
    brows = track()[:, 0]
    steady = expression(CONFIG, OPTIONS, torch.full((500,), 0.5), 0, False)[:, 0]
    assert brows.std() > 2 * steady.std() > 0, "a steady voice leaves the slow drift"
    loud = np.arange(500) % 50 < 10
    assert brows[loud].mean() > brows[~loud].mean() + 0.2
    assert brows.min() >= LOWEST and brows.max() <= HIGHEST
    assert np.abs(np.diff(brows)).max() < 0.4, "a raise takes some frames"
    assert not np.array_equal(brows[:50], brows[50:100]), "not at every stress alike"


def test_a_question_ends_with_raised_brows() -> None:
    said = torch.cat([torch.full((80,), 0.7), torch.zeros(10)])
    told, asked = (expression(CONFIG, OPTIONS, said, 0, asks)[:, 0] for asks in (False, True))
    assert (asked - told)[:40].max() < 0.1 and (asked - told)[75:85].min() > 0.3


def test_glances_leave_and_return_and_go_on_from_utterance_to_utterance() -> None:
    gaze = track(count=5_000)[:, 2:]
    away = np.abs(gaze).max(1) > 1
    assert 0.05 < away.mean() < 0.6 and (np.abs(gaze).max(0) <= FARTHEST).all()
    assert 5 < np.diff(away.astype(int)).clip(0).sum() < 150
    pieces = [track(first=first, count=count)[:, 2:] for first, count in ((0, 70), (70, 130))]
    assert np.array_equal(np.concatenate(pieces), gaze[:200])
    assert not np.array_equal(track(OPTIONS._replace(seed=1), count=5_000)[:, 2:], gaze)


def test_options_of_expression() -> None:
    still = track(OPTIONS._replace(still=True, smile=0.5, gaze="left"))
    assert (still == np.array([0, 0.5, -SIDE_X, 0], np.float32)).all()
    assert (track(OPTIONS._replace(gaze="camera"))[:, 2:] == 0).all()
    assert (track(OPTIONS._replace(brows=0))[:, 0] == 0).all()
    twice = track(OPTIONS._replace(brows=2))[:, 0]
    assert twice.max() > track()[:, 0].max(), "up to what brows can"


@pytest.mark.parametrize(
    ("chosen", "reason"),
    [
        (GenerateOptions(smile=2), "smile must be from -1 to 1"),
        (GenerateOptions(brows=-1), "brows must be from 0 to 2"),
        (GenerateOptions(gaze="away"), "gaze must be natural, camera, left, right, up or down"),  # type: ignore[arg-type]
        (GenerateOptions(still=True, brows=1.5), "leave out brows or still"),
        (GenerateOptions(as_sampled=True, smile=0.5), "leave out smile or as_sampled"),
    ],
)
def test_options_that_cannot_be(chosen: GenerateOptions, reason: str) -> None:
    with pytest.raises(TtsfError, match=reason):
        chosen.check()


def test_a_model_without_the_rules_says_so(
    tiny_model: TTSF, astronaut: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    motion = replace(tiny_model.config.motion, expression=None)
    monkeypatch.setattr(tiny_model, "config", replace(tiny_model.config, motion=motion))
    made = pipeline.Pipeline(tiny_model)
    with pytest.raises(TtsfError, match="no rules of expression; leave out smile"):
        made.speak(astronaut, "Hello.", GenerateOptions(smile=1))
