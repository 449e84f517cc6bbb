"""Speech figures with known answers; those that need WORLD or resemblyzer where installed."""

import itertools

import numpy as np
import pytest

from ttsf.errors import TtsfError
from ttsf.evaluation import voice

RNG = np.random.default_rng(0)


def harmonics(pitch: float, seconds: float = 1.0) -> np.ndarray:
    """A voice-like tone with ten harmonics."""
    time = np.arange(round(seconds * 16_000)) / 16_000
    waves = [np.sin(2 * np.pi * k * pitch * time) / k for k in range(1, 11)]
    return (0.1 * np.sum(waves, axis=0)).astype(np.float32)


def cheapest(a: np.ndarray, b: np.ndarray) -> float:
    """Cost of the best path by trying all of them."""
    cost = np.linalg.norm(a[:, None] - b[None], axis=2)

    def rest(i: int, j: int) -> float:
        if (i, j) == (len(a) - 1, len(b) - 1):
            return float(cost[i, j])
        steps = ((i + 1, j), (i, j + 1), (i + 1, j + 1))
        return float(cost[i, j]) + min(rest(x, y) for x, y in steps if x < len(a) and y < len(b))

    return rest(0, 0)


@pytest.mark.parametrize(("ta", "tb"), [(1, 1), (1, 4), (4, 1), (3, 5), (5, 4)])
def test_dtw_is_as_cheap_as_the_best_of_all_paths(ta: int, tb: int) -> None:
    a, b = RNG.normal(size=(ta, 3)), RNG.normal(size=(tb, 3))
    path = voice.dtw(a, b)
    assert path[0].tolist() == [0, 0] and path[-1].tolist() == [ta - 1, tb - 1]
    assert {tuple(step) for step in np.diff(path, axis=0)} <= {(0, 1), (1, 0), (1, 1)}
    cost = np.linalg.norm(a[path[:, 0]] - b[path[:, 1]], axis=1).sum()
    assert cost == pytest.approx(cheapest(a, b))


def test_a_stretched_copy_costs_nothing() -> None:
    cepstra = RNG.normal(size=(20, 14))
    assert voice.distortion(cepstra, np.repeat(cepstra, 3, axis=0)) == 0


def test_distortion_of_a_shifted_cepstrum() -> None:
    cepstra = 10 * np.arange(12.0)[:, None] * np.ones(14)  # far apart, so the path is straight
    other = cepstra.copy()
    other[:, 0] += 5  # loudness does not count
    assert voice.distortion(cepstra, other) == 0
    other[:, 3] += 0.2
    assert voice.distortion(cepstra, other) == pytest.approx(6.14185 * 0.2, abs=1e-4)


def test_consistency_by_hand() -> None:
    east, north, between = np.array([1.0, 0]), np.array([0, 2.0]), np.array([1.0, 1.0])
    found = voice.consistency({"ann": [east, between], "bob": [north, north]})
    half = np.sqrt(0.5)
    assert found.within == pytest.approx((half + 1) / 2)
    assert found.across == pytest.approx((0 + 0 + half + half) / 4)
    assert found.margin == pytest.approx(found.within - found.across)
    assert (found.persons, found.clips) == (2, 4)


def test_consistency_needs_people_and_pairs() -> None:
    one = np.ones(3)
    with pytest.raises(TtsfError, match="two people"):
        voice.consistency({"ann": [one, one]})
    with pytest.raises(TtsfError, match="two clips"):
        voice.consistency({"ann": [one], "bob": [one]})


@pytest.mark.parametrize("wave", [np.zeros(100), np.zeros((2, 9000)), np.full(9000, np.nan)])
def test_what_is_no_clip_is_refused(wave: np.ndarray) -> None:
    pytest.importorskip("pyworld", reason="needs ttsf[eval]")
    with pytest.raises(TtsfError, match="to be measured"):
        voice.mcd(wave, wave)


def test_identical_clips_differ_by_nothing() -> None:
    pytest.importorskip("pyworld", reason="needs ttsf[eval]")
    wave = harmonics(130)
    assert voice.mcd(wave, wave) == 0 and voice.f0_rmse(wave, wave) == 0


def test_two_semitones_are_the_f0_rmse() -> None:
    pytest.importorskip("pyworld", reason="needs ttsf[eval]")
    low, high = 120.0, 120.0 * 2 ** (2 / 12)
    assert voice.median_f0(harmonics(low)) == pytest.approx(low, abs=0.5)
    assert voice.f0_rmse(harmonics(low), harmonics(high)) == pytest.approx(high - low, abs=1)


def test_f0_of_noise_cannot_be_compared() -> None:
    pytest.importorskip("pyworld", reason="needs ttsf[eval]")
    quiet = np.zeros(16_000)
    assert np.isnan(voice.median_f0(quiet))
    with pytest.raises(TtsfError, match="voiced in both"):
        voice.f0_rmse(harmonics(120), quiet)


def test_mel_cepstra_rebuild_a_smooth_spectrum() -> None:
    """c_m are the cosine series of ln|H| on the warped axis: build one, analyse it."""
    true = np.array([0.5, -0.3, 0.2, 0.1, *np.zeros(10)])
    w = np.linspace(0, np.pi, 513)
    warped = w + 2 * np.arctan(0.42 * np.sin(w) / (1 - 0.42 * np.cos(w)))
    log_amplitude = sum(c * np.cos(m * warped) for m, c in enumerate(true))
    found = voice.mel_cepstra(np.exp(2 * log_amplitude)[None])
    np.testing.assert_allclose(found[0], true, atol=1e-3)


def test_mcd_against_explicit_loops() -> None:
    pytest.importorskip("pyworld", reason="needs ttsf[eval]")
    a, b = voice.analyse(harmonics(120, 0.3)).cepstra, voice.analyse(harmonics(180, 0.3)).cepstra
    total, count = 0.0, 0
    for i, j in voice.dtw(a[:, 1:], b[:, 1:]):
        squares = [(a[i, m] - b[j, m]) ** 2 for m in range(1, 14)]
        total += 10 / np.log(10) * np.sqrt(2 * sum(squares))
        count += 1
    assert voice.mcd(harmonics(120, 0.3), harmonics(180, 0.3)) == pytest.approx(total / count)


def test_the_voice_judge_depends_on_one_clip_alone() -> None:
    pytest.importorskip("resemblyzer", reason="needs ttsf[eval]")
    judge = voice.VoiceJudge()
    clips = [harmonics(pitch, 2.0) for pitch in (100, 220)]
    try:
        first = [judge.embed(clip) for clip in clips]
    except TtsfError as error:
        assert "no speech" in str(error)
        return
    again = [judge.embed(clip) for clip in reversed(clips)][::-1]
    for a, b in itertools.chain(zip(first, again, strict=True)):
        np.testing.assert_array_equal(a, b)
    assert voice.cosine(first[0], 3 * first[0]) == pytest.approx(1)
    with pytest.raises(TtsfError, match="silent"):
        judge.embed(np.zeros(16_000))
