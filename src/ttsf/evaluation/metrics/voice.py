"""Sec. 4.1's speech figures: F0 RMSE and MCD by WORLD, voice similarity with an offline judge.

Samples are float32 [N] in [-1, 1] at 16 kHz everywhere. The similarity judge (resemblyzer) is not
the paper's (x-vectors): compare its figures only with its own.
"""

import functools
import itertools
import warnings
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import NamedTuple

import numpy as np

from ttsf.errors import TtsfError
from ttsf.evaluation.metric import Metric, version

SAMPLE_RATE = 16_000
FRAME_MS = 5.0
F0_RANGE = (71.0, 500.0)
"""Hz; the floor is the lowest that WORLD's envelope of 1024 points resolves."""
ORDER = 13
"""Mel-cepstra are c0 .. c13."""
WARP = 0.42
"""All-pass constant whose warped axis follows the mel scale at 16 kHz."""
DB = 10 / np.log(10) * np.sqrt(2)
"""Distance of natural-log cepstra to dB of amplitude."""
JUDGE_LEVEL = -30.0
"""dB of full scale: the RMS that resemblyzer raises quiet clips to."""
SHORTEST = SAMPLE_RATE // 10
"""A shorter clip holds no F0 to speak of."""


class Analysis(NamedTuple):
    """What WORLD says about T frames, 200 a second."""

    f0: np.ndarray
    """Hz, 0 where unvoiced: float64 [T]."""
    cepstra: np.ndarray
    """float64 [T, 14], c0 first."""


class Consistency(NamedTuple):
    """How much nearer the clips of one person are to each other than to other people's."""

    within: float
    """Mean cosine over all pairs of clips of the same person."""
    across: float
    """Mean cosine over all pairs of clips of different people."""
    margin: float
    """within - across."""
    persons: int
    clips: int


def f0_rmse(reference: np.ndarray, sample: np.ndarray) -> float:
    """RMSE of F0 in Hz over the pairs of the DTW path that are voiced in both.

    Raises TtsfError where no pair is, for a bad clip and without pyworld.
    """
    a, b = analyse(reference), analyse(sample)
    path = dtw(a.cepstra[:, 1:], b.cepstra[:, 1:])
    f0 = np.stack([a.f0[path[:, 0]], b.f0[path[:, 1]]])
    voiced = (f0 > 0).all(0)
    if not voiced.any():
        raise TtsfError("no frame is voiced in both clips, so their F0 cannot be compared")
    return float(np.sqrt(np.mean((f0[0] - f0[1])[voiced] ** 2)))


def mcd(reference: np.ndarray, sample: np.ndarray) -> float:
    """Mel-cepstral distortion in dB; raises TtsfError for a bad clip and without pyworld."""
    return distortion(analyse(reference).cepstra, analyse(sample).cepstra)


def median_f0(samples: np.ndarray) -> float:
    """Median F0 in Hz over the voiced frames, NaN without; raises TtsfError as `mcd` does."""
    f0 = _f0(_checked(samples), _world())[0]
    return float(np.median(f0[f0 > 0])) if f0.any() else float("nan")


def analyse(samples: np.ndarray) -> Analysis:
    """F0 and mel-cepstra every 5 ms; raises TtsfError for a bad clip and without pyworld."""
    world, wave = _world(), _checked(samples)
    f0, times = _f0(wave, world)
    envelope = world.cheaptrick(wave, f0, times, SAMPLE_RATE, f0_floor=F0_RANGE[0])
    return Analysis(f0, mel_cepstra(envelope))


def mel_cepstra(envelope: np.ndarray) -> np.ndarray:
    """Power spectra [T, K] at 0 .. 8 kHz -> mel-cepstra [T, 14] of the log amplitude.

    c_m such that ln|H| = sum of c_m cos(m w') on the warped axis w', cut off after c13. The dB
    constant presumes this scale; WORLD's own `code_spectral_envelope` has another one.
    """
    return np.log(envelope) @ _cosines(envelope.shape[1])


def distortion(reference: np.ndarray, sample: np.ndarray) -> float:
    """Mean dB over the DTW path of mel-cepstra [Ta, 14] and [Tb, 14], c0 left out of both."""
    a, b = reference[:, 1:], sample[:, 1:]
    path = dtw(a, b)
    return float(DB * np.linalg.norm(a[path[:, 0]] - b[path[:, 1]], axis=1).mean())


def dtw(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The cheapest path [L, 2] of frame pairs from the first to the last of [Ta, D] and [Tb, D].

    The cost is the sum of Euclidean distances over the pairs; each step advances one side or both
    by one frame, all at equal weight, both where equal. Needs about 9 Ta Tb bytes.
    """
    ta, tb = len(a), len(b)
    if not ta or not tb:
        raise TtsfError("an empty clip cannot be aligned")
    cost = _distances(a, b)
    moves = np.zeros((ta, tb), dtype=np.int8)
    # Row i of the table stands at i + 1; cells of one anti-diagonal do not depend on each other.
    before, last = np.full(ta + 1, np.inf), np.full(ta + 1, np.inf)
    before[0] = 0
    for diagonal in range(ta + tb - 1):
        i = np.arange(max(0, diagonal - tb + 1), min(diagonal, ta - 1) + 1)
        choices = np.stack([before[i], last[i], last[i + 1]])
        best = choices.argmin(0)
        moves[i, diagonal - i] = best
        total = np.full(ta + 1, np.inf)
        total[i + 1] = choices.min(0) + cost[i, diagonal - i]
        before, last = last, total
    row, column = ta - 1, tb - 1
    path = [(row, column)]
    while row or column:
        move = int(moves[row, column])
        row, column = row - (move != 2), column - (move != 1)
        path.append((row, column))
    return np.array(path[::-1])


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    """Of two embeddings [D] of any length; raises TtsfError for zero or non-finite ones."""
    return float(_unit(a) @ _unit(b))


def consistency(embeddings: Mapping[str, Sequence[np.ndarray]]) -> Consistency:
    """Judge the embeddings [D] of each person's clips; every pair of clips counts once.

    Raises TtsfError for fewer than two people with a clip and where nobody has two.
    """
    people = [np.stack([_unit(clip) for clip in clips]) for clips in embeddings.values() if clips]
    if len(people) < 2:
        raise TtsfError("voice consistency needs clips of two people or more")
    if max(map(len, people)) < 2:
        raise TtsfError("voice consistency needs someone with two clips or more")
    same = [(clips @ clips.T)[np.triu_indices(len(clips), 1)] for clips in people]
    other = [(a @ b.T).ravel() for a, b in itertools.combinations(people, 2)]
    within, across = (float(np.concatenate(pairs).mean()) for pairs in (same, other))
    return Consistency(within, across, within - across, len(people), sum(map(len, people)))


class VoiceJudge:
    """resemblyzer's speaker encoder with its bundled weights, on the CPU; needs no network."""

    def __init__(self) -> None:
        """Raises TtsfError where resemblyzer is missing."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                from resemblyzer import VoiceEncoder, preprocess_wav
            except ImportError:
                raise TtsfError(
                    "the voice judge is missing (or setuptools<81 is); install ttsf[eval]"
                ) from None
            self.encoder = VoiceEncoder("cpu", verbose=False)
        self.preprocess = preprocess_wav

    def embed(self, samples: np.ndarray) -> np.ndarray:
        """float32 [256] of unit length for one clip; raises TtsfError for one without speech.

        The level is set first, because the encoder hears loudness (cosine .89 between a clip and
        its quiet copy). Long silences are then trimmed by a voice detector that resemblyzer makes
        anew for every clip: the result depends on these samples only, never on earlier clips.
        Less than 1.6 s of speech is filled up with zeros.
        """
        wave = _checked(samples)
        rms = np.sqrt(np.mean(wave**2))
        if rms < 1e-5:
            raise TtsfError("the clip is silent, so its voice cannot be judged")
        level = np.clip(wave * 10 ** (JUDGE_LEVEL / 20) / rms, -1, 1).astype(np.float32)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            speech = self.preprocess(level)
            if not len(speech):
                raise TtsfError("no speech is heard in the clip, so its voice cannot be judged")
            return _unit(self.encoder.embed_utterance(speech)).astype(np.float32)


def f0_rmse_metric() -> Metric:
    """F0 RMSE; raises TtsfError without pyworld."""
    return Metric(
        "F0 RMSE",
        "lower",
        "Root mean square error in Hz of F0 over the frame pairs voiced in both clips on the DTW "
        f"path. F0 by WORLD's DIO and StoneMask, {F0_RANGE[0]:.0f}-{F0_RANGE[1]:.0f} Hz every "
        f"{FRAME_MS:.0f} ms of 16 kHz sound; path over mel-cepstra c1-c{ORDER} as in MCD. "
        "Mean over clips.",
        version("pyworld", "numpy"),
        "none",
        2,
    )


def mcd_metric() -> Metric:
    """MCD; raises TtsfError without pyworld."""
    return Metric(
        "MCD",
        "lower",
        "Mel-cepstral distortion in dB: 10 / ln 10 * sqrt 2 times the mean Euclidean distance of "
        f"c1-c{ORDER} over the DTW path, silence included; neither the path nor the distance has "
        f"c0, so loudness does not count. Order-{ORDER} mel-cepstra of WORLD's CheapTrick envelope "
        f"every {FRAME_MS:.0f} ms of 16 kHz sound by all-pass warping, alpha {WARP:.2f} (the mel "
        "scale at 16 kHz; not WORLD's coded envelope, whose scale does not yield dB). "
        "Mean over clips.",
        version("pyworld", "numpy"),
        "none",
        2,
    )


def c_sim_metric() -> Metric:
    """C-SIM; raises TtsfError without resemblyzer."""
    return Metric(
        "C-SIM",
        "higher",
        "Cosine of the speaker embeddings of a generated clip and of its reference clip, both at "
        f"{JUDGE_LEVEL:.0f} dBFS with long silences trimmed. Not the paper's x-vectors: the range "
        "differs, since these embeddings have no negative parts. Mean over clips.",
        version("resemblyzer", "webrtcvad", "librosa"),
        "offline",
    )


def consistency_metric() -> Metric:
    """The margin of `consistency`; raises TtsfError without resemblyzer."""
    return Metric(
        "voice consistency",
        "higher",
        "Mean cosine of speaker embeddings over all pairs of clips of the same person, less that "
        "over all pairs of clips of different people; clips at "
        f"{JUDGE_LEVEL:.0f} dBFS with long silences trimmed.",
        version("resemblyzer", "webrtcvad", "librosa"),
        "offline",
    )


def _world() -> ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            import pyworld
        except ImportError:
            raise TtsfError(
                "pyworld is missing (or setuptools<81 is); install ttsf[eval]"
            ) from None
    return pyworld


def _checked(samples: np.ndarray) -> np.ndarray:
    wave = np.ascontiguousarray(samples, dtype=np.float64)
    if wave.ndim != 1 or len(wave) < SHORTEST:
        raise TtsfError("a clip to be measured needs 0.1 s of sound or more, on one channel")
    if not np.isfinite(wave).all():
        raise TtsfError("a clip to be measured holds samples that are not numbers")
    return wave


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


def _distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Euclidean [Ta, Tb]; by rows, for exact zeros between equal frames and little memory."""
    cost = np.empty((len(a), len(b)))
    for i, frame in enumerate(a):
        cost[i] = np.sqrt(((b - frame) ** 2).sum(1))
    return cost


def _unit(vector: np.ndarray) -> np.ndarray:
    exact = np.asarray(vector, dtype=np.float64)
    length = np.linalg.norm(exact)
    if not 0 < length < np.inf:
        raise TtsfError("a voice embedding is zero or not finite")
    return exact / length
