"""Lips against sound: known shifts are found to the picture, closures on hand-made curves."""

# ruff: noqa: RUF001 (the letters of IPA look like others)

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from ttsf.research.data.speech.alignment import Phone
from ttsf.research.evaluation.metrics.face.lips import (
    Closures,
    Lag,
    closures,
    correlation,
    find_lag,
    loudness,
    opening_of,
    usual_range,
)

FRAMES = 120


def smooth(frames: int = FRAMES, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=frames)
    return gaussian_filter1d(noise, 2.0)


def test_loudness_is_the_level_of_each_picture_in_db() -> None:
    quiet, loud = np.full(640, 0.01), np.full(640, 0.1)
    level = loudness(np.concatenate([quiet, loud, 0 * loud]), 3)
    np.testing.assert_allclose(level, [-40, -20, -60], atol=0.01)


def test_ten_times_the_amplitude_is_twenty_db() -> None:
    samples = 0.02 * np.random.default_rng(0).normal(size=20 * 640)
    np.testing.assert_allclose(loudness(10 * samples, 20), loudness(samples, 20) + 20, atol=0.01)


def test_loudness_of_a_sine_and_of_silence() -> None:
    sine = 0.5 * np.sin(2 * np.pi * 200 * np.arange(5 * 640) / 16_000)  # 8 periods a picture
    np.testing.assert_allclose(loudness(sine, 5), 20 * np.log10(0.5 / np.sqrt(2)), atol=0.001)
    assert np.ptp(loudness(np.zeros(5 * 640), 5)) == 0


def test_correlation() -> None:
    level = np.array([1.0, 2.0, 3.0, 4.0])
    assert correlation(level, level) == pytest.approx(1)
    assert correlation(7 + 2 * level, level) == pytest.approx(1)
    assert correlation(-level, level) == pytest.approx(-1)
    assert correlation(np.array([1.0, -1.0, -1.0, 1.0]), level) == pytest.approx(0)


def test_correlation_of_what_stands_still_or_is_too_short_is_nothing() -> None:
    level = np.array([1.0, 2.0, 3.0, 4.0])
    assert correlation(np.ones(4), level) == 0
    assert correlation(level, np.ones(4)) == 0
    assert correlation(level[:2], level[:2]) == 0


def test_identical_curves_have_no_lag() -> None:
    lag = find_lag(smooth(), smooth())
    assert lag.frames == 0
    assert (lag.now, lag.best) == pytest.approx((1, 1))


@pytest.mark.parametrize("late", [3, -3, 1, -1, 10, -10])
@pytest.mark.parametrize("seed", [0, 1])
def test_a_known_shift_is_found_exactly(late: int, seed: int) -> None:
    """The sound comes `late` pictures after the mouth, in another unit."""
    longer = smooth(FRAMES + 20, seed)
    mouth, sound = longer[10 : 10 + FRAMES], longer[10 - late : 10 - late + FRAMES]
    lag = find_lag(mouth, 40 * sound - 30)
    assert lag.frames == late
    assert lag.best == pytest.approx(1) and lag.now == pytest.approx(correlation(mouth, sound))
    assert lag.now < 0.96


@pytest.mark.parametrize("ms", [-30, -12, 0, 5, 20, 75])
def test_a_lag_is_found_between_the_pictures(ms: float) -> None:
    clock = np.arange(FRAMES)[:, None] / 25
    waves = np.array([[0.7, 1.3, 2.1, 3.2], [0.3, 1.9, 4.0, 0.5]])
    mouth, sound = (
        np.sin(2 * np.pi * waves[0] * (clock - late) + waves[1]).sum(1) for late in (ms / 1e3, 0)
    )
    assert find_lag(mouth, sound).ms == pytest.approx(ms, abs=4)


@pytest.mark.parametrize("late", [3, -3])
def test_a_shift_adds_to_what_was_there_under_noise(late: int) -> None:
    longer = smooth(FRAMES + 20)
    mouth = longer[8 : 8 + FRAMES] + 0.1 * smooth(seed=5)
    before, after = (longer[10 - k : 10 - k + FRAMES] for k in (0, late))
    assert find_lag(mouth, after).frames == find_lag(mouth, before).frames + late


def test_sound_that_is_delayed_by_samples_is_late_by_pictures() -> None:
    rng = np.random.default_rng(3)
    level = np.repeat(np.exp(smooth(60, 3)) / 20, 640)
    samples = level * rng.normal(size=60 * 640)
    late = np.concatenate([np.zeros(3 * 640), samples])[: 60 * 640]
    assert find_lag(loudness(samples, 60), loudness(late, 60)).frames == 3


def test_the_range_of_an_opening_leaves_out_five_in_a_hundred_on_both_sides() -> None:
    assert usual_range(np.linspace(0, 1, 101)) == pytest.approx(0.9)
    assert usual_range(np.full(50, 0.3)) == 0


def test_a_still_mouth_has_no_lag() -> None:
    assert find_lag(np.ones(FRAMES), smooth()) == Lag(0, 0, 0)


def test_short_clips_are_shifted_by_a_third_at_most() -> None:
    mouth = smooth(13)
    assert abs(find_lag(mouth, smooth(13, 1)).frames) <= 4
    assert find_lag(mouth, mouth).frames == 0


def test_the_expected_opening_is_phonetics_alone() -> None:
    """An open vowel, a closure and a diphthong that closes, at their times; silence is shut."""
    phones = [Phone("ɑ", 0.4, 0.8, 0), Phone("m", 0.8, 1.2, 0), Phone("aɪ", 1.2, 1.6, 0)]
    curve = opening_of(phones, 50)
    assert curve.shape == (50,) and curve[:8].max() == 0 and curve[42:].max() == 0
    np.testing.assert_allclose(curve[12:18], 1)
    np.testing.assert_allclose(curve[22:28], 0)
    assert curve[32] == pytest.approx(1) and curve[37] == pytest.approx(0.35)


def open_mouth(*shut: int) -> np.ndarray:
    """Open by .5 but in the given pictures, and at the end, where it is shut."""
    opening = np.full(100, 0.5)
    opening[[*shut, *range(90, 100)]] = 0
    return opening


def phone(symbols: str, start: float = 0.4, end: float = 0.48) -> Phone:
    return Phone(symbols, start, end, 0)


@pytest.mark.parametrize(("at", "closed"), [(8, 0), (9, 1), (11, 1), (13, 1), (14, 0)])
def test_lips_close_within_a_picture_of_the_phone(at: int, closed: int) -> None:
    """The phone lasts from picture 10 to 12."""
    assert closures(open_mouth(at), [phone("m")]) == Closures(closed, 1)


def test_a_quarter_of_the_range_is_closed() -> None:
    opening = open_mouth()
    for gap, closed in ((0.12, 1), (0.13, 0)):
        opening[11] = gap
        assert closures(opening, [phone("b")]).closed == closed
        assert closures(3 * opening + 1, [phone("b")]).closed == closed


def test_only_bilabials_within_the_clip_count() -> None:
    phones = [
        phone("p"), phone("b", 0.8, 0.88), phone("m", 1.2, 1.28), phone("f"), phone("aʊ"),
        phone("m", 8, 8.1),
    ]  # fmt: skip
    assert closures(open_mouth(11, 31), phones) == Closures(2, 3)
    assert closures(open_mouth(11), [phone("f")]) == Closures(0, 0)
    assert closures(open_mouth(), []) == Closures(0, 0)


def test_a_phone_at_either_end_is_looked_at() -> None:
    opening = open_mouth(0)
    ends = [phone("m", 0.0, 0.02), phone("m", 3.96, 4.0)]
    assert closures(opening, ends) == Closures(2, 2)
