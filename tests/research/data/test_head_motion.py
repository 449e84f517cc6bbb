"""Synthetic head motion: as large as a speaker's, and with blinks."""

import numpy as np
import pytest

from ttsf.model.labels import BLINK
from ttsf.research.data.synthetic.head_motion import BLINKS_PER_S, head_track
from ttsf.research.evaluation.metrics.face.motion import head_motion

FRAMES, DEGREES = 2_000, 10


@pytest.fixture(scope="module")
def track() -> np.ndarray:
    return head_track(FRAMES, np.zeros(7), np.random.default_rng(0))


def test_the_head_moves_as_far_as_a_speakers(track: np.ndarray) -> None:
    found = head_motion(DEGREES * track[:, :3].astype(np.float64))
    assert 4 < found.yaw_range < 15 and found.jerk < 0.4


def test_blinks_shut_the_eyes_for_two_frames(track: np.ndarray) -> None:
    shut = track[:, BLINK] == 1
    begins = np.flatnonzero(np.diff(shut.astype(int)) == 1)
    assert 0.7 < len(begins) / (len(track) / 25) / BLINKS_PER_S < 1.3
    assert shut.sum() >= 2 * len(begins)


def test_it_begins_where_the_portrait_stands() -> None:
    start = np.array([0.8, -0.5, 0.2, 0, 0, 0, 0])
    found = head_track(FRAMES, start, np.random.default_rng(1))
    assert np.allclose(found[0, :3], start[:3], atol=0.25)
