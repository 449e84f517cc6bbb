"""Closed forms of head motion, DIV, blinks, flicker and sharpness."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from ttsf.research.evaluation.metrics.div import spread
from ttsf.research.evaluation.metrics.face.motion import (
    blinks,
    flicker,
    head_motion,
    sharpness,
    with_voice,
)

PERIOD = 25
AMPLITUDES = np.array([8.0, 5.0, 2.0])


def nodding(frames: int, period: int = PERIOD) -> np.ndarray:
    """Yaw, pitch and roll as sines of different amplitudes."""
    times = np.arange(frames)[:, None]
    return AMPLITUDES * np.sin(2 * np.pi * times / period)


def test_a_sine_spreads_by_its_amplitude_over_the_root_of_two() -> None:
    assert spread(nodding(4 * PERIOD)) == pytest.approx(AMPLITUDES.mean() / np.sqrt(2))


def test_the_range_of_a_sine() -> None:
    """A sine lies below A sin(.45 pi) for 95 % of its time."""
    found = head_motion(nodding(10_000, 10_000))
    assert found.yaw_range == pytest.approx(2 * 8 * np.sin(0.45 * np.pi), rel=1e-3)


def test_the_jerk_of_a_sine() -> None:
    """Second differences are 4 sin^2(w / 2) of the sine; over an odd period N, the mean of |sin| is
    cot(pi / 2N) / N."""
    mean = 1 / np.tan(np.pi / (2 * PERIOD)) / PERIOD
    expected = 4 * np.sin(np.pi / PERIOD) ** 2 * AMPLITUDES.mean() * mean
    assert head_motion(nodding(4 * PERIOD + 2)).jerk == pytest.approx(expected)


def test_a_still_head_and_one_that_turns_evenly() -> None:
    still = np.tile([10.0, -4.0, 1.0], (50, 1))
    assert head_motion(still) == pytest.approx((0, 0)) and spread(still) == 0
    turning = still + np.arange(50)[:, None]
    found = head_motion(turning)
    assert found.jerk == pytest.approx(0, abs=1e-12)
    assert found.yaw_range == pytest.approx(0.9 * 49)


def test_where_a_head_looks_does_not_count_and_twice_the_motion_is_twice_the_figures() -> None:
    once, moved, twice = (
        (*head_motion(angles), spread(angles))
        for angles in (nodding(60), nodding(60) + 20, 2 * nodding(60))
    )
    assert moved == pytest.approx(once)
    assert twice == pytest.approx(tuple(2 * value for value in once))


def test_a_head_that_moves_with_the_voice_and_one_that_moves_against_it() -> None:
    loudness = 1 + np.sin(2 * np.pi * np.arange(400) / 60)
    angles = np.cumsum(loudness)[:, None] * [0.2, 0.1, 0]
    assert with_voice(angles, loudness) > 0.99
    assert with_voice(angles, -loudness) < -0.99
    assert with_voice(3 * angles + 20, 7 * loudness - 2) == pytest.approx(
        with_voice(angles, loudness)
    )
    assert with_voice(np.zeros((400, 3)), loudness) == 0
    noise = np.random.default_rng(0).normal(size=(400, 3)).cumsum(0)
    assert abs(with_voice(noise, loudness)) < 0.3


def eyes(*closures: tuple[int, int], frames: int = 120) -> np.ndarray:
    """Open but from each first picture for so many."""
    aperture = np.full(frames, 0.1)
    for first, length in closures:
        aperture[first : first + length] = 0.04
    return aperture


def test_four_dips_are_four_blinks() -> None:
    dips = eyes((20, 3), (45, 4), (70, 2), (95, 5))
    assert blinks(dips) == 4
    assert blinks(1000 * dips) == 4
    assert blinks(eyes()) == 0


@pytest.mark.parametrize(("length", "count"), [(1, 1), (10, 1), (11, 0), (12, 0), (13, 0), (40, 0)])
def test_a_long_closure_is_no_blink(length: int, count: int) -> None:
    """.4 s are ten pictures."""
    assert blinks(eyes((40, length))) == count


@pytest.mark.parametrize("length", [1, 4, 9])
def test_blinks_that_the_clip_cuts_off_do_not_count(length: int) -> None:
    assert blinks(eyes((0, length))) == 0
    assert blinks(eyes((120 - length, length))) == 0
    assert blinks(eyes((0, length), (60, 4), (120 - length, length))) == 1


def test_narrow_lids_and_slow_change_are_no_blinks() -> None:
    assert blinks(np.linspace(0.05, 0.12, 200)) == 0
    assert blinks(0.1 + 0.02 * np.sin(np.arange(200) / 20)) == 0
    slow = np.linspace(0.06, 0.12, 120)
    slow[[30, 31, 80, 81]] *= 0.5
    assert blinks(slow) == 2


def grey(*levels: float) -> np.ndarray:
    """Even pictures of these levels."""
    column = np.array(levels, dtype=np.uint8)[:, None, None, None]
    return np.broadcast_to(column, (len(levels), 6, 8, 3))


def test_flicker() -> None:
    assert flicker(grey(*[90] * 10)) == pytest.approx(0)
    assert flicker(grey(*[107, 93] * 5)) == pytest.approx(14, rel=1e-5)
    assert flicker(grey(*range(10, 130, 10))) == pytest.approx(0, abs=1e-4)
    # A picture that jumps by 40 counts itself, and half with each neighbour, over 8 pictures.
    assert flicker(grey(*[90] * 4, 130, *[90] * 5)) == pytest.approx(80 / 8, rel=1e-5)


def test_flicker_of_one_colour_counts_by_its_luma() -> None:
    green = np.zeros((10, 4, 4, 3), np.uint8)
    green[::2, :, :, 1] = 100
    assert flicker(green) == pytest.approx(58.7, rel=1e-5)


def test_sharpness_of_a_chessboard() -> None:
    board = 100 + 10 * (np.indices((12, 12)).sum(0) % 2)
    frames = np.repeat(board[None, :, :, None], 6, axis=0).repeat(3, axis=3).astype(np.uint8)
    assert sharpness(frames, (0, 0, 12, 12)) == pytest.approx(40, rel=1e-4)
    assert sharpness(grey(*[90] * 6), (0, 0, 8, 6)) == pytest.approx(0, abs=1e-4)


def test_blur_takes_sharpness_away() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3)).astype(np.uint8)
    box = (4, 4, 28, 28)
    blurred = [gaussian_filter(noise, (0, sigma, sigma, 0)) for sigma in (0.5, 1, 2)]
    levels = [sharpness(frames, box) for frames in (noise, *blurred)]
    assert levels == sorted(levels, reverse=True) and levels[3] < 0.1 * levels[0]


def test_sharpness_is_of_the_face_alone() -> None:
    frames = np.random.default_rng(0).integers(0, 256, (6, 40, 60, 3)).astype(np.uint8)
    frames[:, 10:30, 15:45] = 77
    assert sharpness(frames, (15, 10, 45, 30)) == pytest.approx(0, abs=1e-4)
    assert sharpness(frames, (14, 10, 45, 30)) > 1
