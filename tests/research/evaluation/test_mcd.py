"""Closed forms of MCD and F0 RMSE; WORLD and librosa themselves only where installed."""

import math
import re
import sys

import numpy as np
import pytest

from tests.support.sounds import sung
from ttsf.errors import TtsfError
from ttsf.research.evaluation.metrics import f0_rmse, mcd

DB = 10 / math.log(10) * math.sqrt(2)


@pytest.fixture
def librosa():
    return pytest.importorskip("librosa", reason="needs ttsf[eval]")


@pytest.fixture
def world(librosa):
    return pytest.importorskip("pyworld", reason="needs ttsf[eval]")


def cheapest(cost: np.ndarray) -> float:
    """The least cost over all warping paths, each walked explicitly."""

    def walk(i: int, j: int) -> float:
        if (i, j) == (cost.shape[0] - 1, cost.shape[1] - 1):
            return cost[i, j]
        steps = [(i + 1, j), (i, j + 1), (i + 1, j + 1)]
        inside = [(p, q) for p, q in steps if p < cost.shape[0] and q < cost.shape[1]]
        return cost[i, j] + min(walk(p, q) for p, q in inside)

    return walk(0, 0)


@pytest.mark.parametrize("ta, tb", [(1, 1), (1, 5), (5, 1), (2, 2), (4, 6), (6, 5), (3, 7)])
def test_dtw_finds_the_cheapest_of_all_paths(librosa, ta, tb):
    rng = np.random.default_rng(ta * 10 + tb)
    for _ in range(5):
        a, b = rng.normal(size=(ta, 3)), rng.normal(size=(tb, 3))
        cost = np.linalg.norm(a[:, None] - b[None], axis=2)
        path = mcd.warp(a, b)
        assert path[0].tolist() == [0, 0] and path[-1].tolist() == [ta - 1, tb - 1]
        steps = {tuple(step) for step in np.diff(path, axis=0).tolist()}
        assert steps <= {(0, 1), (1, 0), (1, 1)}
        assert cost[path[:, 0], path[:, 1]].sum() == pytest.approx(cheapest(cost))


def test_dtw_goes_straight_between_equals_and_undoes_a_stretch_at_no_cost(librosa):
    a = np.random.default_rng(0).normal(size=(40, 13))
    assert (mcd.warp(a, a) == np.arange(40)[:, None]).all()
    times = np.random.default_rng(1).integers(1, 4, 40)
    path = mcd.warp(a, a.repeat(times, axis=0))
    np.testing.assert_array_equal(path[:, 0], np.arange(40).repeat(times))


def test_distortion_of_a_stretched_copy_is_zero_whatever_its_loudness(librosa):
    cepstra = np.random.default_rng(0).normal(size=(30, 14))
    louder = cepstra.repeat(2, axis=0)
    louder[:, 0] += 5
    assert mcd.distortion(cepstra, louder) == 0


def test_distortion_of_a_scaled_cepstrum(librosa):
    frame = np.random.default_rng(0).normal(size=14)
    still = np.tile(frame, (20, 1))
    expected = DB * 0.25 * math.sqrt(sum(float(c) ** 2 for c in frame[1:]))
    assert mcd.distortion(still, 0.75 * still[:15]) == pytest.approx(expected)


def test_mel_cepstra_return_the_coefficients_that_made_the_envelope():
    """ln|H| = sum c_m cos(m w'), at 16 kHz and 1024 points."""
    wanted = np.random.default_rng(0).normal(size=(3, 14)) * 0.3
    warped = bent(513)
    log_amplitude = wanted @ np.cos(np.arange(14)[:, None] * warped)
    found = mcd.mel_cepstra(np.exp(2 * log_amplitude))
    np.testing.assert_allclose(found, wanted, atol=1e-9)


def test_distortion_is_the_rms_of_the_log_amplitude_over_the_warped_axis(librosa):
    wanted = np.random.default_rng(0).normal(size=(3, 14)) * 0.3
    fine = np.linspace(0, np.pi, 20_001)
    shape = (wanted[0, 1:] - wanted[1, 1:]) @ np.cos(np.arange(1, 14)[:, None] * fine)
    square = (shape[1:] ** 2 + shape[:-1] ** 2).mean() / 2
    rms_db = 20 / math.log(10) * math.sqrt(square)
    assert mcd.distortion(wanted[:1], wanted[1:2]) == pytest.approx(rms_db, rel=1e-6)


def bent(bins: int) -> np.ndarray:
    """The phase of the all-pass (z^-1 - .42) / (1 - .42 z^-1), negated: [bins]."""
    delay = np.exp(-1j * np.linspace(0, np.pi, bins))
    return np.unwrap(-np.angle((delay - 0.42) / (1 - 0.42 * delay)))


def test_mel_cepstra_equal_the_recursion_of_the_all_pass():
    """Oppenheim and Johnson's recursion over the plain cepstrum, coefficient by coefficient."""
    power = np.exp(np.random.default_rng(0).normal(size=9).cumsum())
    smooth = np.exp(np.interp(np.linspace(0, 8, 513), np.arange(9), np.log(power)))
    np.testing.assert_allclose(
        mcd.mel_cepstra(smooth[None])[0], warped_by_recursion(smooth), atol=2e-5
    )


def warped_by_recursion(power: np.ndarray) -> list[float]:
    plain = np.fft.irfft(np.log(power))[: len(power)]
    plain[[0, -1]] /= 2
    old = [0.0] * 14
    for coefficient in plain[::-1]:
        new = [coefficient + 0.42 * old[0], (1 - 0.42**2) * old[0] + 0.42 * old[1]]
        for m in range(2, 14):
            new.append(old[m - 1] + 0.42 * (old[m] - new[m - 1]))
        old = new
    return old


def test_identical_clips_differ_in_nothing(world):
    clip = sung(150)
    assert mcd.mcd(clip, clip) == 0
    assert f0_rmse.f0_rmse(clip, clip) == 0
    assert mcd.mcd(clip, 0.5 * clip) < 0.1


def test_a_higher_voice_is_off_by_the_difference(world):
    high = 120 * 2 ** (2 / 12)
    assert f0_rmse.median_f0(sung(120)) == pytest.approx(120, abs=0.5)
    assert f0_rmse.median_f0(sung(high)) == pytest.approx(high, abs=0.5)
    assert f0_rmse.f0_rmse(sung(120), sung(high)) == pytest.approx(high - 120, abs=1)


def test_mcd_equals_explicit_loops_over_worlds_envelope(world):
    a, b = sung(120), sung(120, tract=1.05)
    cepstra = []
    for clip in (a, b):
        wave = clip.astype(np.float64)
        coarse, times = world.dio(wave, 16_000, f0_floor=71.0, f0_ceil=500.0, frame_period=5.0)
        f0 = world.stonemask(wave, coarse, times, 16_000)
        envelope = world.cheaptrick(wave, f0, times, 16_000)
        cepstra.append([warped_by_recursion(frame) for frame in envelope])
    (x, y), (height, width) = cepstra, map(len, cepstra)
    cost = [[math.dist(p[1:], q[1:]) for q in y] for p in x]
    total = [[(math.inf, 0)] * (width + 1) for _ in range(height + 1)]
    total[0][0] = (0.0, 0)
    for i in range(1, height + 1):
        for j in range(1, width + 1):
            best = min(
                total[i - 1][j - 1], total[i - 1][j], total[i][j - 1], key=lambda cell: cell[0]
            )
            total[i][j] = (best[0] + cost[i - 1][j - 1], best[1] + 1)
    whole, pairs = total[height][width]
    assert whole / pairs > 0.1
    assert mcd.mcd(a, b) == pytest.approx(DB * whole / pairs, rel=1e-3)


def test_clips_without_a_voice_are_refused(world):
    noise = 0.1 * np.random.default_rng(0).normal(size=4_000).astype(np.float32)
    silence = np.zeros(4_000, dtype=np.float32)
    assert math.isnan(f0_rmse.median_f0(silence))
    with pytest.raises(TtsfError, match="no frame is voiced"):
        f0_rmse.f0_rmse(sung(120), silence)
    for bad, reason in (
        (noise[:100], "needs 0.1 s"),
        (noise[None], "needs 0.1 s"),
        (noise * np.nan, "not finite"),
    ):
        with pytest.raises(TtsfError, match=re.escape(reason)):
            mcd.mcd(noise, bad)


def test_metrics_name_their_scorers(world):
    metrics = [*f0_rmse.metrics().values(), mcd.metric()]
    assert [metric.grade for metric in metrics] == ["none"] * 4
    assert all("pyworld" in metric.scorer for metric in metrics)


def test_a_missing_package_is_named_in_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyworld", None)
    with pytest.raises(TtsfError, match=r"pyworld: pip install 'ttsf\[eval\]'"):
        mcd.mcd(sung(120), sung(120))
