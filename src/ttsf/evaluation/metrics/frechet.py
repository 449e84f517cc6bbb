"""Frechet distance of two Gaussians, the arithmetic of FID (Heusel et al. 2017)."""

import numpy as np
from scipy.linalg import eigh

from ttsf.errors import TtsfError


def frechet(mean_a: np.ndarray, cov_a: np.ndarray, mean_b: np.ndarray, cov_b: np.ndarray) -> float:
    """|mean_a - mean_b|^2 + tr(cov_a + cov_b - 2 (cov_a cov_b)^(1/2)), never below 0.

    mean: [D], cov: [D, D], symmetric without negative eigenvalues; exactly 0 for equal ones. The
    root's trace is that of (root_a cov_b root_a)^(1/2), which stays symmetric, so that singular
    covariances (fewer rows than features) need no offset. Raises TtsfError for shapes that do not
    fit or are not finite.
    """
    width = len(mean_a)
    shapes = [(width,), (width, width)] * 2
    parts = [np.asarray(part, np.float64) for part in (mean_a, cov_a, mean_b, cov_b)]
    if [part.shape for part in parts] != shapes or not all(np.isfinite(p).all() for p in parts):
        raise TtsfError("the Frechet distance needs two finite means [D] and covariances [D, D]")
    first, spread_a, second, spread_b = parts
    if np.array_equal(first, second) and np.array_equal(spread_a, spread_b):
        return 0.0  # the roots would leave a remainder
    values, vectors = eigh(spread_a)
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    inner = root @ spread_b @ root
    shared = np.sqrt(eigh((inner + inner.T) / 2, eigvals_only=True).clip(0)).sum()
    gap = first - second
    return max(0.0, float(gap @ gap + np.trace(spread_a) + np.trace(spread_b) - 2 * shared))


def frechet_of(features_a: np.ndarray, features_b: np.ndarray) -> float:
    """The distance of the Gaussians fitted to rows [N, D] and [M, D] (covariance over N - 1).

    Biased: two samples of one distribution lie apart, the more so the fewer the rows, and with
    fewer rows than D the covariance is singular. Compare only figures of equal numbers of rows;
    papers take 10 000 and more. Raises TtsfError for fewer than 2 rows on a side.
    """
    statistics = []
    for features in (features_a, features_b):
        rows = np.asarray(features, np.float64)
        if rows.ndim != 2 or len(rows) < 2:
            raise TtsfError(f"the Frechet distance needs 2 rows of features, not {rows.shape}")
        statistics += [rows.mean(0), np.cov(rows, rowvar=False).reshape(rows.shape[1], -1)]
    return frechet(*statistics)
