"""Closed forms of the evaluation's own arithmetic; the judges themselves only where installed."""

import numpy as np
import pytest
from skimage.data import astronaut

from ttsf.evaluation.face import correlation, loudness, track


def test_loudness_is_the_level_of_each_picture_in_db():
    quiet, loud = np.full(640, 0.01), np.full(640, 0.1)
    level = loudness(np.concatenate([quiet, loud, 0 * loud]), 3)
    np.testing.assert_allclose(level, [-40, -20, -60], atol=0.01)


def test_correlation_ignores_frames_without_a_face_and_refuses_a_still_mouth():
    level = np.array([1.0, 2.0, 3.0, 4.0])
    assert correlation(np.array([2.0, np.nan, 6.0, 8.0]), level) == pytest.approx(1.0)
    assert correlation(-level, level) == pytest.approx(-1.0)
    assert correlation(np.ones(4), level) == 0.0


def test_the_landmark_judge_finds_the_astronaut_and_not_noise():
    pytest.importorskip("mediapipe", reason="needs ttsf[eval]")
    noise = np.random.default_rng(0).integers(0, 255, (256, 256, 3)).astype(np.uint8)
    seen = track(np.stack([astronaut()[0:256, 96:352], noise]))
    assert np.isnan(seen.opening).tolist() == [False, True]


def test_word_error_rate():
    pytest.importorskip("jiwer", reason="needs ttsf[eval]")
    pytest.importorskip("whisper_normalizer", reason="needs ttsf[eval]")
    from ttsf.evaluation.speech import word_error_rate

    assert word_error_rate("The train leaves.", "the train leaves") == 0
    assert word_error_rate("The train leaves.", "the plane leaves") == pytest.approx(1 / 3)
    assert word_error_rate("The train leaves.", "") == 1
