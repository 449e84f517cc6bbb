"""MCD, Sec. 4.1: mel-cepstral distortion in dB over the best alignment, by WORLD's envelope.

Samples are float32 [N] in [-1, 1] at 16 kHz everywhere.
"""

import functools
from types import ModuleType
from typing import NamedTuple

import numpy as np

from ttsf.config import SAMPLE_RATE
from ttsf.errors import TtsfError, needing
from ttsf.research.evaluation.metrics.metric import Metric, version

FRAME_MS = 5.0
F0_RANGE = (71.0, 500.0)
"""Hz; the floor is the lowest that WORLD's envelope of 1024 points resolves."""
ORDER = 13
"""Mel-cepstra are c0 .. c13."""
WARP = 0.42
"""All-pass constant whose warped axis follows the mel scale at 16 kHz."""
DB = 10 / np.log(10) * np.sqrt(2)
"""Distance of natural-log cepstra to dB of amplitude."""
SHORTEST = SAMPLE_RATE // 10
"""Minimum length for measuring F0, samples."""


class Analysis(NamedTuple):
    """WORLD's analysis of T frames, 200 per second."""

    f0: np.ndarray
    """Hz, 0 where unvoiced: float64 [T]."""
    cepstra: np.ndarray
    """float64 [T, 14], c0 first."""


def mcd(reference: np.ndarray, sample: np.ndarray) -> float:
    """Mel-cepstral distortion in dB; raises TtsfError for a bad clip and without pyworld."""
    return distortion(analyse(reference).cepstra, analyse(sample).cepstra)


def distortion(reference: np.ndarray, sample: np.ndarray) -> float:
    """Mean dB over the DTW path of mel-cepstra [Ta, 14] and [Tb, 14], c0 left out of both."""
    a, b = reference[:, 1:], sample[:, 1:]
    path = warp(a, b)
    return float(DB * np.linalg.norm(a[path[:, 0]] - b[path[:, 1]], axis=1).mean())


def warp(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the cheapest DTW path [L, 2] of frame pairs between [Ta, D] and [Tb, D].

    The cost is the sum of Euclidean distances over the pairs; each step advances one side or both
    by one frame, all at equal weight, both where equal. Needs about 20 Ta Tb bytes.
    """
    with needing("MCD", "librosa", "eval"):
        from librosa.sequence import dtw
    return dtw(a.T, b.T)[1][::-1]


def analyse(samples: np.ndarray) -> Analysis:
    """F0 and mel-cepstra every 5 ms; raises TtsfError for a bad clip and without pyworld."""
    world, wave = _world(), checked(samples)
    f0, times = _f0(wave, world)
    envelope = world.cheaptrick(wave, f0, times, SAMPLE_RATE, f0_floor=F0_RANGE[0])
    return Analysis(f0, mel_cepstra(envelope))


def find_f0(samples: np.ndarray) -> np.ndarray:
    """Hz every 5 ms, 0 where unvoiced: float64 [T]; raises TtsfError as `analyse` does."""
    return _f0(checked(samples), _world())[0]


def mel_cepstra(envelope: np.ndarray) -> np.ndarray:
    """Power spectra [T, K] at 0 .. 8 kHz -> mel-cepstra [T, 14] of the log amplitude.

    c_m such that ln|H| = sum of c_m cos(m w') on the warped axis w', cut off after c13. The dB
    constant presumes this scale; WORLD's own `code_spectral_envelope` has another one.
    """
    return np.log(envelope) @ _cosines(envelope.shape[1])


def checked(samples: np.ndarray) -> np.ndarray:
    """Convert to float64 [N]; raises TtsfError for a clip without measurable sound."""
    wave = np.ascontiguousarray(samples, dtype=np.float64)
    if wave.ndim != 1 or len(wave) < SHORTEST:
        raise TtsfError("the clip needs 0.1 s of sound or more, on one channel")
    if not np.isfinite(wave).all():
        raise TtsfError("the clip holds samples that are not finite")
    return wave


def metric() -> Metric:
    """MCD; raises TtsfError without pyworld."""
    version("librosa")
    return Metric(
        "MCD",
        "lower",
        "Mel-cepstral distortion in dB: 10 / ln 10 * sqrt 2 times the mean Euclidean distance of "
        f"c1-c{ORDER} over the DTW path, silence included; neither the path nor the distance has "
        f"c0, so loudness does not count. Order-{ORDER} mel-cepstra of WORLD's CheapTrick envelope "
        f"every {FRAME_MS:.0f} ms of 16 kHz sound by all-pass warping, alpha {WARP:.2f} (the mel "
        "scale at 16 kHz; not WORLD's coded envelope, whose scale does not yield dB). "
        "Mean over clips.",
        version("pyworld-prebuilt", "numpy"),
        "none",
        2,
    )


def _world() -> ModuleType:
    with needing("MCD", "pyworld", "eval"):
        import pyworld
    return pyworld


def _f0(wave: np.ndarray, world: ModuleType) -> tuple[np.ndarray, np.ndarray]:
    # DIO calls fewer unsure frames voiced than Harvest does, which fills gaps and takes 30 times
    # as long.
    floor, ceiling = F0_RANGE
    coarse, times = world.dio(
        wave, SAMPLE_RATE, f0_floor=floor, f0_ceil=ceiling, frame_period=FRAME_MS
    )
    return world.stonemask(wave, coarse, times, SAMPLE_RATE), times


@functools.lru_cache(maxsize=2)
def _cosines(bins: int) -> np.ndarray:
    """[bins, 14]: the integral over w' of ln|H|^2 cos(m w') / pi, as a sum over the bins of w."""
    w = np.linspace(0, np.pi, bins)[:, None]
    warped = w + 2 * np.arctan2(WARP * np.sin(w), 1 - WARP * np.cos(w))
    slope = (1 - WARP**2) / (1 + WARP**2 - 2 * WARP * np.cos(w))
    weight = slope / (bins - 1)
    weight[[0, -1]] /= 2
    table = weight * np.cos(warped * np.arange(ORDER + 1))
    table[:, 0] /= 2
    return table
