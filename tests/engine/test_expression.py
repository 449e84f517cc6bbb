"""What brows and eyes do over time, and that options say it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import ttsf
from ttsf.config import FPS, ExpressionConfig
from ttsf.engine.expression import (
    FARTHEST,
    HIGHEST,
    LOWEST,
    MARKS,
    SIDE_X,
    SMILING,
    Expressions,
)
from ttsf.engine.options import GenerateOptions
from ttsf.errors import TtsfError
from ttsf.model.ttsf import TTSF
from ttsf.pipeline import Pipeline
from ttsf.timings.words import Mark, Word, WordTimes

CONFIG, OPTIONS = ExpressionConfig(), GenerateOptions()


def track(options: GenerateOptions = OPTIONS, first: int = 0, count: int = 500) -> np.ndarray:
    """Expression of a voice that is loud for a fifth of every two seconds."""
    loudness = 0.3 + 0.6 * (torch.arange(first, first + count) % 50 < 10).float()
    return Expressions(CONFIG, options, FPS).of(loudness, first, WordTimes(()))


def test_brows_rise_with_the_voice_and_return() -> None:
    brows = track(count=2_000)[:, 0]
    even = torch.full((2_000,), 0.5)
    steady = Expressions(CONFIG, OPTIONS, FPS).of(even, 0, WordTimes(()))[:, 0]
    assert steady.std() > 0, "a steady voice leaves the slow drift"
    assert (brows - steady).std() > 1.2 * steady.std()
    loud = np.arange(2_000) % 50 < 10
    assert brows[loud].mean() > brows[~loud].mean() + 0.15
    assert brows.min() >= LOWEST and brows.max() <= HIGHEST
    assert np.abs(np.diff(brows)).max() < 0.4, "a raise takes some frames"
    peaks = brows.reshape(-1, 50).max(1)
    assert (peaks > 0.8).any() and (peaks < 0.3).any(), "at some stresses only"


def test_a_question_ends_with_raised_brows() -> None:
    said = torch.cat([torch.full((80,), 0.7), torch.zeros(10)])
    told, asked = (
        Expressions(CONFIG, OPTIONS, FPS).of(said, 0, WordTimes((Word(text, 0, 1),)))[:, 0]
        for text in ("so.", 'so?"')
    )
    assert (asked - told)[:40].max() < 0.1 and (asked - told)[75:85].min() > 0.3


@pytest.mark.parametrize("text", ["so?!", "so?!)", "(so?)"])
def test_a_question_may_end_with_more_than_its_mark(text: str) -> None:
    assert WordTimes((Word(text, 0, 1),)).asks
    assert not WordTimes((Word(text.replace("?", ""), 0, 1),)).asks


def test_a_silent_question_raises_no_brows() -> None:
    asked, rest = (
        Expressions(CONFIG, OPTIONS, FPS).of(torch.zeros(50), 0, WordTimes(words))
        for words in ((Word("so?", 0, 1),), ())
    )
    assert np.array_equal(asked, rest)


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


def test_marks_ask_for_a_smile_until_they_end_it() -> None:
    made, quiet = Expressions(CONFIG, OPTIONS, FPS), torch.zeros(100)
    first = made.of(quiet, 0, WordTimes((), (), (Mark("smile", 2.0), Mark("else", 3.0))))[:, 1]
    assert (first[:40] == 0).all() and (first[60:] == np.float32(MARKS["smile"])).all()
    assert np.abs(np.diff(first)).max() <= 1 / SMILING + 1e-6
    then = made.of(quiet, 100, WordTimes((), (), (Mark("/smile", 5.0), Mark("serious", 6.0))))[:, 1]
    assert then[0] == np.float32(MARKS["smile"]), "it goes on in the next utterance"
    assert then[38] == 0 and then[-1] == np.float32(MARKS["serious"])
    made.calm()
    assert made.of(quiet, 200, WordTimes(()))[-1, 1] == 0


def test_a_mark_of_the_text_reaches_the_picture(astronaut: np.ndarray) -> None:
    pipeline = ttsf.load()  # a model whose G draws eyes and a mouth
    plain, marked = (
        pipeline.speak(astronaut, text, GenerateOptions(size=256, mark=False))
        for text in ("Hello, and a very good day.", "Hello, and a very [smile]good day.")
    )
    assert np.array_equal(plain.samples, marked.samples), "it is not spoken"
    begins = round(marked.spoken.marks[0].at_s * FPS)
    assert SMILING < begins < len(plain.frames) - SMILING
    differs = (plain.frames != marked.frames).any((1, 2, 3))
    assert not differs[: begins - SMILING].any() and differs[begins + SMILING :].all()


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
    made = Pipeline(tiny_model)
    with pytest.raises(TtsfError, match="no rules of expression; leave out smile"):
        made.speak(astronaut, "Hello.", GenerateOptions(smile=1))
