"""Closed forms of the Frechet distance, and its bias with few rows."""

import numpy as np
import pytest
from scipy.linalg import sqrtm

from ttsf.errors import TtsfError
from ttsf.research.evaluation.metrics.fid import frechet, frechet_of


def test_two_gaussians_on_a_line():
    """(m_a - m_b)^2 + (s_a - s_b)^2."""
    found = frechet(np.array([1.0]), np.array([[4.0]]), np.array([-2.0]), np.array([[9.0]]))
    assert found == pytest.approx(9 + 1)


def test_two_diagonal_gaussians():
    rng = np.random.default_rng(0)
    m, n = rng.normal(size=(2, 6))
    s, t = rng.uniform(0, 3, (2, 6))
    expected = ((m - n) ** 2).sum() + ((s - t) ** 2).sum()
    assert frechet(m, np.diag(s**2), n, np.diag(t**2)) == pytest.approx(expected)


def test_full_covariances_equal_the_matrix_root():
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 40, 7)) @ rng.normal(size=(2, 7, 7))
    spread_a, spread_b = np.cov(a.T), np.cov(b.T)
    shared = np.trace(sqrtm(spread_a @ spread_b)).real
    gap = a.mean(0) - b.mean(0)
    expected = gap @ gap + np.trace(spread_a) + np.trace(spread_b) - 2 * shared
    assert frechet_of(a, b) == pytest.approx(expected)
    assert frechet_of(b, a) == pytest.approx(expected)


def test_turning_both_changes_nothing():
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=(2, 9, 5))
    turn = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    assert frechet_of(a @ turn, b @ turn) == pytest.approx(frechet_of(a, b))


def test_equal_features_are_exactly_nothing_apart():
    a = np.random.default_rng(3).normal(size=(20, 50)).astype(np.float32)
    assert frechet_of(a, a.copy()) == 0.0


def test_fewer_rows_than_features_need_no_offset():
    rng = np.random.default_rng(4)
    a = rng.normal(size=(5, 60))
    assert frechet_of(a, a + 2) == pytest.approx(4 * 60, rel=1e-6)


def test_few_rows_lie_further_apart():
    rng = np.random.default_rng(5)
    far, near = (frechet_of(*rng.normal(size=(2, rows, 20))) for rows in (30, 3000))
    assert far > 10 * near > 0


def test_what_cannot_be_compared_is_refused():
    rows = np.ones((3, 4))
    for few in (rows[:1], rows[0], rows[:0]):
        with pytest.raises(TtsfError, match="needs 2 rows"):
            frechet_of(rows, few)
    with pytest.raises(TtsfError, match="two finite means"):
        frechet_of(rows, np.ones((3, 5)))
    with pytest.raises(TtsfError, match="two finite means"):
        frechet_of(rows, np.full((3, 4), np.nan))
