"""Score every clip of every system with the offline scorers, in several processes.

Offline scorers come with libraries and need no download. They are not the paper's: their figures
must not share a column with those of `research.evaluation.public_tables`. Each refusal has a
reason.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ttsf.config import FPS
from ttsf.errors import TtsfError
from ttsf.parallel import Progress, worker_pool
from ttsf.research.data.manifest import Register
from ttsf.research.data.speech.alignment import Phone, align
from ttsf.research.data.speech.speech_files import register_of
from ttsf.research.data.synthetic.visemes import spoken_mouth
from ttsf.research.evaluation.cases import Case
from ttsf.research.evaluation.clips import VideoClip, read_clip
from ttsf.research.evaluation.metrics import (
    c_sim,
    div,
    f0_rmse,
    fid,
    id_sim,
    mcd,
    wer,
)
from ttsf.research.evaluation.metrics.face import expression, lips, motion
from ttsf.research.evaluation.metrics.face.landmarks import (
    FaceTrack,
    LandmarkScorer,
    Scaled,
    at_one_scale,
)
from ttsf.research.evaluation.metrics.metric import Measure, Metric
from ttsf.research.evaluation.systems import System
from ttsf.text.normalize import clean, spell_out

SEEN = (
    *(Measure.OPENING, Measure.LOUDNESS, Measure.DIV, Measure.YAW, Measure.JERK),
    *(Measure.WITH_VOICE, Measure.BLINKS, Measure.FLICKER, Measure.SHARPNESS),
    *(Measure.BROWS, Measure.BROW_MOTION, Measure.BROWS_VOICE, Measure.SMILE, Measure.GAZE),
    Measure.LIP_MOTION,
    *(Measure.SILENT_LIPS, Measure.MOUTH_SHARPNESS),
)
FOLLOWED = (Measure.PHONES, Measure.BEST, Measure.LIPS, Measure.LAG, Measure.CLOSED)
"""Figures of the picture alone (above), and those that also need phone times."""


class Scorers:
    """The libraries' networks, loaded once per process."""

    def __init__(self) -> None:
        self.landmarks = LandmarkScorer()
        self.identity = id_sim.IdentityScorer()
        self.voice = c_sim.VoiceScorer()


class Known(NamedTuple):
    """Reference data of a clip."""

    text: str | None
    """The spoken text, as written."""
    source: np.ndarray | None
    """dlib's face embedding of the portrait, [128]."""
    truth: VideoClip | None
    """The real clip of the same person and text; None for that clip itself."""
    register: Register | None = None
    """Register of the voice that a viewer would expect."""


class Measured(NamedTuple):
    """The figures of one clip."""

    values: dict[Measure, float]
    reasons: dict[str, str]
    """Why a figure is missing, by its measure."""
    faces: np.ndarray
    """dlib's face embeddings of every tenth frame, [N, 128]."""
    opening: np.ndarray
    """Mouth opening in e, [T]; empty if no face could be followed."""
    expected: np.ndarray
    """Opening expected from the phones, [T]; empty if their times are unknown."""
    yaw: np.ndarray
    """Yaw in degrees, [T] or empty."""


class Scored(NamedTuple):
    """Scores of one system."""

    system: System
    clips: dict[str, Measured]
    """Scores by case."""
    refused: dict[str, str]
    """Reasons by case."""
    missing: frozenset[str] = frozenset()
    """Cases that should have a video and have none."""


def metrics() -> dict[Measure, Metric]:
    """Return the definition of every measure; raises MissingPackage."""
    found: dict[str, Metric] = {
        **lips.metrics(),
        Measure.FRECHET: fid.offline_fd(),
        Measure.IDENTITY: id_sim.offline_identity(),
        Measure.DIV: div.offline_div(),
        **motion.metrics(),
        **expression.metrics(),
        Measure.WER: wer.offline_wer(),
        Measure.MCD: mcd.metric(),
        **c_sim.metrics(),
        **f0_rmse.metrics(),
    }
    return {Measure(name): metric for name, metric in found.items()}


def score_systems(
    systems: Sequence[System],
    cases: Sequence[Case],
    missing: Mapping[str, Mapping[str, str]],
    workers: int,
    progress: Progress | None,
) -> list[Scored]:
    """Score all clips; `missing`: for each system, cases without a video, with the reason."""
    results, tasks = [], []
    for k, system in enumerate(systems):
        refused = dict(missing.get(system.name, {}))
        expected = {case.name for case in cases} if system.expected is None else system.expected
        tasks += [(k, c, system.videos[c.name]) for c in cases if c.name in system.videos]
        lacking = expected - system.videos.keys() - refused.keys()
        results.append(Scored(system, {}, refused, frozenset(lacking)))
    with worker_pool(workers, quiet=True) as pool:
        futures = [
            (k, case.name, pool.submit(_score, case, video, systems[k].is_real))
            for k, case, video in tasks
        ]
        for done, (k, name, future) in enumerate(futures, start=1):
            result = future.result()
            if isinstance(result, str):
                results[k].refused[name] = result
            else:
                results[k].clips[name] = result
            if progress is not None:
                progress(done, len(futures))
    return results


@lru_cache(maxsize=1)
def _scorers() -> Scorers:
    return Scorers()


def _score(case: Case, video: Path, real: bool) -> Measured | str:
    """Score one clip, or return why it is refused; real: it is the ground truth."""
    try:
        clip, scorers = read_clip(video), _scorers()
        known = Known(
            text=case.text if case.recorded or not real else None,
            source=scorers.identity.embed(case.picture()),
            truth=read_clip(case.video) if case.recorded and case.video and not real else None,
            register=case.register,
        )
        return measure(clip, known, scorers)
    except TtsfError as error:
        return str(error)


def measure(clip: VideoClip, known: Known, scorers: Scorers) -> Measured:
    """Compute all offline figures of a clip; `Measured.reasons` tells why one is missing."""
    values: dict[Measure, float] = {}
    reasons: dict[str, str] = {}
    track, faces = None, np.empty((0, 128))
    level = lips.loudness(clip.samples, len(clip.frames))
    with _refused(reasons, *SEEN, Measure.IDENTITY, Measure.FRECHET):
        track = scorers.landmarks.track(clip.frames)
        scaled = _watch(values, track, clip, level)
        values |= _express(track, clip, level)
        if np.isnan(values[Measure.SILENT_LIPS]):
            reasons[Measure.SILENT_LIPS] = "no silence of .3 s"
        with _refused(reasons, Measure.IDENTITY, Measure.FRECHET):
            faces = scorers.identity.embed_clip(scaled.frames)
            if known.source is None:
                reasons[Measure.IDENTITY] = "dlib sees no face in the portrait"
            else:
                values[Measure.IDENTITY] = id_sim.distance(faces, known.source)
    values[Measure.F0] = f0_rmse.median_f0(clip.samples)
    if known.register in ("low", "high") and np.isfinite(values[Measure.F0]):
        values[Measure.REGISTER] = float(register_of(values[Measure.F0]) == known.register)
    expected = np.empty(0)
    if known.text is not None:
        values[Measure.WER] = wer.word_error_rate(known.text, wer.transcribe(clip.samples))
        if track is not None:
            with _refused(reasons, *FOLLOWED):
                phones = align(clip.samples, spell_out(clean(known.text)))
                expected = _follow(values, reasons, track.opening, clip.samples, phones)
    if known.truth is not None:
        real = known.truth.samples
        with _refused(reasons, Measure.C_SIM):
            voices = (scorers.voice.embed(samples) for samples in (clip.samples, real))
            values[Measure.C_SIM] = c_sim.cosine(*voices)
        for name, compare in ((Measure.MCD, mcd.mcd), (Measure.F0_RMSE, f0_rmse.f0_rmse)):
            with _refused(reasons, name):
                values[name] = compare(real, clip.samples)
    for name in [name for name, value in values.items() if not np.isfinite(value)]:
        del values[name]
        reasons.setdefault(name, "no frame to measure")
    opening, yaw = (track.opening, track.angles[:, 0]) if track else (np.empty(0), np.empty(0))
    return Measured(values, reasons, faces, opening, expected, yaw)


@contextmanager
def _refused(reasons: dict[str, str], *figures: Measure) -> Iterator[None]:
    """Note an error in the block as the reason why these figures are missing."""
    try:
        yield
    except TtsfError as error:
        reasons |= dict.fromkeys(figures, str(error))


def _watch(
    values: dict[Measure, float], track: FaceTrack, clip: VideoClip, level: np.ndarray
) -> Scaled:
    """Add the figures of mouth, head, eyes and picture; return the clip at one scale."""
    values[Measure.OPENING] = lips.usual_range(track.opening)
    values[Measure.LOUDNESS] = _moving(values, lips.correlation(track.opening, level))
    values[Measure.DIV] = div.spread(track.angles)
    values[Measure.YAW], values[Measure.JERK] = motion.head_motion(track.angles)
    values[Measure.WITH_VOICE] = motion.with_voice(track.angles, level)
    minutes = len(clip.frames) / FPS / 60
    values[Measure.BLINKS] = motion.blinks(track.aperture) / minutes
    scaled = at_one_scale(clip.frames, track)
    values[Measure.FLICKER] = motion.flicker(scaled.frames)
    values[Measure.SHARPNESS] = motion.sharpness(*scaled)
    return scaled


def _express(track: FaceTrack, clip: VideoClip, level: np.ndarray) -> dict[Measure, float]:
    """Compute the figures of brows, gaze, corners, and moving and resting lips."""
    return {
        Measure.BROWS: expression.brow_range(track.frontal),
        Measure.BROW_MOTION: expression.brow_motion(track.frontal),
        Measure.BROWS_VOICE: expression.brows_with_voice(track.frontal, level),
        Measure.SMILE: expression.smile_range(track.frontal),
        Measure.GAZE: expression.gaze_range(track.gaze, track.aperture),
        Measure.LIP_MOTION: expression.lip_motion(track.frontal),
        Measure.SILENT_LIPS: expression.silent_lips(track.opening, level),
        Measure.MOUTH_SHARPNESS: expression.mouth_sharpness(clip.frames, track.lips),
    }


def _moving(values: dict[Measure, float], figure: float) -> float:
    """Return the figure, or 0 if the mouth does not move."""
    return figure if values[Measure.OPENING] >= lips.STILL_E else 0.0


def _follow(
    values: dict[Measure, float],
    reasons: dict[str, str],
    opening: np.ndarray,
    samples: np.ndarray,
    phones: list[Phone],
) -> np.ndarray:
    """Compare the lips with the phone times; return the opening by phonetics [T]."""
    expected = lips.opening_of(phones, len(opening))
    lag = lips.find_lag(opening, expected)
    values[Measure.PHONES], values[Measure.BEST] = (
        _moving(values, lag.now),
        _moving(values, lag.best),
    )
    target = spoken_mouth(phones, samples).curve[:, 0]
    values[Measure.LIPS] = _moving(values, lips.correlation(opening, target))
    if values[Measure.OPENING] >= lips.STILL_E:
        values[Measure.LAG] = lag.ms
    else:
        reasons[Measure.LAG] = "the mouth does not move"
    shut = lips.closures(opening, phones)
    if shut.all:
        values[Measure.CLOSED] = _moving(values, shut.closed / shut.all)
    return expected
