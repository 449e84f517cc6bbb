"""FID, Sec. 4.1: the Frechet distance of generated from real frames (Heusel et al. 2017).

The features are Inception's, whose weights a user fetches, or, offline, dlib's face numbers (FD).
"""

from collections.abc import Iterable

import numpy as np
from scipy.linalg import eigh

from ttsf.errors import TtsfError
from ttsf.research.evaluation.metrics import id_sim
from ttsf.research.evaluation.metrics.metric import Metric, of_file
from ttsf.research.experts.files import over_frames
from ttsf.research.experts.inception import Inception

FID = Metric(
    name="FID",
    better="lower",
    definition="Frechet distance of Inception pool3 features (2048), all frames of all made "
    "clips against all frames of all real clips; biased by the number of frames.",
    scorer=of_file(Inception.FILE, "pytorch-fid's layers, 299 px bilinear, no anti-aliasing"),
    grade="public",
    digits=2,
)


def fid(network: Inception, fake: Iterable[np.ndarray], real: Iterable[np.ndarray]) -> float:
    """FID over all frames of clips, RGB uint8 [T, H, W, 3] each; raises TtsfError for none."""
    sides = [[over_frames(network, frames) for frames in clips] for clips in (fake, real)]
    if not all(sides):
        raise TtsfError("FID needs generated and real clips")
    return frechet_of(*(np.concatenate(side) for side in sides))


def offline_fd() -> Metric:
    """The Frechet distance of dlib's face numbers; raises TtsfError without dlib."""
    return Metric(
        "FD",
        "lower",
        "Frechet distance of dlib's 128 face numbers of every tenth frame, all faces equally "
        "wide, all clips of a system against all real ones. Not FID: it sees faces only, and is "
        "biased with few clips.",
        id_sim.scorer_name(),
        "offline",
    )


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
