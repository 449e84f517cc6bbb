"""Speech of a model itself, with its lips."""

import re

import numpy as np
import pytest
import torch

from ttsf import checkpoint
from ttsf.config import SAMPLES_PER_FRAME
from ttsf.model.labels import GAIN, OPEN, PRESS
from ttsf.model.ttsf import TTSF
from ttsf.research.data.speech.own_speech import Said, own_speech, sentence


@pytest.fixture(scope="module")
def model() -> TTSF:
    return checkpoint.load()


@pytest.fixture(scope="module")
def said(model: TTSF) -> list[Said]:
    return list(own_speech(model, 6, 0))


def test_it_lasts_as_long_as_asked_for(said: list[Said]) -> None:
    frames = [len(one.f_lip) for one in said]
    assert sum(frames[:-1]) / 25 < 6 <= sum(frames) / 25
    for one in said:
        assert len(one.samples) == pytest.approx(len(one.f_lip) * SAMPLES_PER_FRAME, abs=40)
        assert one.samples.dtype == np.float16 and 0.05 < np.abs(one.samples).max() <= 1.5


def test_the_same_seed_says_the_same(model: TTSF, said: list[Said]) -> None:
    again, other = (next(own_speech(model, 1, seed)) for seed in (0, 1))
    assert np.array_equal(again.samples, said[0].samples)
    assert torch.equal(again.f_lip, said[0].f_lip)
    assert not np.array_equal(other.samples[:4_000], said[0].samples[:4_000])


@torch.no_grad()
def test_the_mouth_opens_where_it_is_loud_and_shuts(model: TTSF, said: list[Said]) -> None:
    codes = model.motion_extractor.codes()[:, [OPEN, PRESS]]
    r = []
    for one in said:
        opening = (one.f_lip.float() @ codes / GAIN)[:, 0].numpy()
        size = len(opening) * SAMPLES_PER_FRAME
        sound = np.pad(one.samples.astype(np.float32), (0, SAMPLES_PER_FRAME))[:size]
        level = np.sqrt((sound.reshape(-1, SAMPLES_PER_FRAME) ** 2).mean(1))
        r.append(np.corrcoef(opening, level)[0, 1])
        assert opening.min() < 0.2 < opening.max()
    assert np.mean(r) > 0.3


def test_made_up_sentences_are_spelled_as_words() -> None:
    rng = np.random.default_rng(0)
    sentences = [sentence(rng) for _ in range(200)]
    assert len(set(sentences)) == 200
    assert all(re.fullmatch(r"[a-z]+( [a-z]+)*(, [a-z]+( [a-z]+)*)?[.?!]", s) for s in sentences)
    assert all(any(s.count(c) for s in sentences) for c in "bpmfv")
