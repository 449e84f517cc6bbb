"""C-SIM: closed forms, and the scorer itself only where it is installed."""

import math
import sys

import numpy as np
import pytest

from tests.support.sounds import sung
from ttsf.errors import TtsfError
from ttsf.research.evaluation.metrics import c_sim
from ttsf.research.evaluation.metrics.c_sim import VoiceScorer, consistency, cosine


@pytest.fixture(scope="module")
def scorer():
    pytest.importorskip("resemblyzer", reason="needs ttsf[eval]")
    return VoiceScorer()


def test_cosine():
    assert cosine(np.array([3.0, 4.0]), np.array([8.0, 6.0])) == pytest.approx(0.96)
    for bad in (np.zeros(2), np.array([np.nan, 1])):
        with pytest.raises(TtsfError, match="embedding"):
            cosine(bad, np.ones(2))


def test_consistency_of_hand_made_voices():
    """Ann at 0, 60 and 90 degrees, Bob at 0 and 180, Cem at 90; lengths do not count."""
    east, north, west = np.array([2.0, 0]), np.array([0, 0.5]), np.array([-1.0, 0])
    half = np.array([0.5, math.sqrt(0.75)])
    seen = consistency({"ann": [east, half, north], "bob": [east, west], "cem": [north]})
    root = math.sqrt(0.75)
    within = (0.5 + 0 + root - 1) / 4  # ann's three pairs, bob's one
    across = (1 - 1 + 0.5 - 0.5 + 0 + 0 + 0 + root + 1 + 0 + 0) / 11  # a-b 6, a-c 3, b-c 2
    assert seen.within == pytest.approx(within)
    assert seen.across == pytest.approx(across)
    assert seen.margin == pytest.approx(within - across)
    assert seen.clips == 6


def test_consistency_needs_two_people_and_two_clips_of_one():
    one = np.ones(3)
    with pytest.raises(TtsfError, match="two people"):
        consistency({"ann": [one, one], "bob": []})
    with pytest.raises(TtsfError, match="two clips"):
        consistency({"ann": [one], "bob": [one]})


def test_the_scorer_hears_neither_loudness_nor_earlier_clips(scorer, capfd):
    clip, other = sung(120, 2.0), sung(220, 1.0, tract=1.2)
    first = scorer.embed(clip)
    scorer.embed(other)
    assert first.shape == (256,) and np.linalg.norm(first) == pytest.approx(1, abs=1e-6)
    np.testing.assert_array_equal(scorer.embed(clip), first)
    assert cosine(scorer.embed(0.1 * clip), first) > 0.999
    assert cosine(scorer.embed(clip[:24_000]), first) > cosine(scorer.embed(other), first)
    assert capfd.readouterr() == ("", "")


def test_the_scorer_refuses_clips_without_speech(scorer):
    with pytest.raises(TtsfError, match="silent"):
        scorer.embed(np.zeros(16_000, dtype=np.float32))
    click = np.zeros(16_000, dtype=np.float32)
    click[8_000] = 0.5
    with pytest.raises(TtsfError, match="no speech"):
        scorer.embed(click)
    heard = scorer.hear(click)
    assert not heard.speech and np.linalg.norm(heard.embedding) == pytest.approx(1, abs=1e-6)
    assert scorer.hear(sung(120, 2.0)).speech


def test_metrics_of_the_scorer_are_offline(scorer):
    metrics = c_sim.metrics().values()
    assert [metric.grade for metric in metrics] == ["offline", "offline"]
    assert all("resemblyzer" in metric.scorer for metric in metrics)


def test_a_missing_scorer_is_one_line_that_needs_no_compiler(monkeypatch):
    monkeypatch.setitem(sys.modules, "resemblyzer", None)
    with pytest.raises(TtsfError, match="pip install --no-deps resemblyzer"):
        VoiceScorer()
