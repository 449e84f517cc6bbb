"""Score every clip of every system with the offline scorers, in several processes.

Offline scorers come with libraries and need no download. They are not the paper's: their figures
must not share a column with those of `research.evaluation.public_tables`. Each refusal has a
reason.
"""

from collections.abc import Mapping, Sequence
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
    lips,
    mcd,
    motion,
    wer,
)
from ttsf.research.evaluation.metrics.landmarks import LandmarkScorer
from ttsf.research.evaluation.metrics.metric import Measure, Metric
from ttsf.research.evaluation.systems import System
from ttsf.text.normalize import clean, spell_out


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
    """The real clip of the same person and text."""
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
    """Mouth opening in e, [T]."""
    expected: np.ndarray
    """Opening expected from the text, [T]; empty if its times are unknown."""
    yaw: np.ndarray
    """Yaw in degrees, [T]."""


class Scored(NamedTuple):
    """Scores of one system."""

    system: System
    clips: dict[str, Measured]
    """Scores by case."""
    refused: dict[str, str]
    """Reasons by case."""


def metrics() -> dict[Measure, Metric]:
    """Return the definition of every measure; raises MissingPackage."""
    found: dict[str, Metric] = {
        **lips.metrics(),
        Measure.FRECHET: fid.offline_fd(),
        Measure.IDENTITY: id_sim.offline_identity(),
        Measure.DIV: div.offline_div(),
        **motion.metrics(),
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
        for case in cases:
            if case.name in system.videos:
                tasks.append((k, case, system.videos[case.name]))
            elif case.name not in refused and case.name in expected:
                refused[case.name] = "no video of this name"
        results.append(Scored(system, {}, refused))
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
            truth=read_clip(case.video) if case.recorded and case.video else None,
            register=case.register,
        )
        return measure(clip, known, scorers)
    except TtsfError as error:
        return str(error)


def measure(clip: VideoClip, known: Known, scorers: Scorers) -> Measured:
    """Compute all offline figures of a clip; raises TtsfError if no face can be tracked."""
    values: dict[Measure, float] = {}
    reasons: dict[str, str] = {}
    track = scorers.landmarks.track(clip.frames)
    faces = scorers.identity.embed_clip(clip.frames)
    voice = scorers.voice.embed(clip.samples)
    if known.source is not None:
        values[Measure.IDENTITY] = id_sim.distance(faces, known.source)
    else:
        reasons[Measure.IDENTITY] = "dlib sees no face in the portrait"
    level = lips.loudness(clip.samples, len(clip.frames))
    values[Measure.OPENING] = lips.opening_range(track.opening)
    values[Measure.LOUDNESS] = _moving(values, lips.correlation(track.opening, level))
    values[Measure.DIV] = div.spread(track.angles)
    values[Measure.YAW], values[Measure.JERK] = motion.head_motion(track.angles)
    values[Measure.WITH_VOICE] = motion.with_voice(track.angles, level)
    minutes = len(clip.frames) / FPS / 60
    values[Measure.BLINKS] = motion.blinks(track.aperture) / minutes
    values[Measure.FLICKER] = motion.flicker(clip.frames)
    values[Measure.SHARPNESS] = motion.sharpness(clip.frames, track.box)
    values[Measure.F0] = f0_rmse.median_f0(clip.samples)
    if known.register in ("low", "high") and np.isfinite(values[Measure.F0]):
        values[Measure.REGISTER] = float(register_of(values[Measure.F0]) == known.register)
    expected = np.empty(0)
    if known.text is not None:
        values[Measure.WER] = wer.word_error_rate(known.text, wer.transcribe(clip.samples))
        try:
            phones = align(clip.samples, spell_out(clean(known.text)))
            expected = _follow(values, reasons, track.opening, clip.samples, phones)
        except TtsfError as error:
            reasons |= dict.fromkeys((Measure.LIPS, Measure.LAG, Measure.CLOSED), str(error))
    if known.truth is not None:
        real = known.truth.samples
        values[Measure.C_SIM] = c_sim.cosine(voice, scorers.voice.embed(real))
        for name, compare in ((Measure.MCD, mcd.mcd), (Measure.F0_RMSE, f0_rmse.f0_rmse)):
            try:
                values[name] = compare(real, clip.samples)
            except TtsfError as error:
                reasons[name] = str(error)
    for name in [name for name, value in values.items() if not np.isfinite(value)]:
        del values[name]
        reasons[name] = "no frame to measure"
    return Measured(values, reasons, faces, track.opening, expected, track.angles[:, 0])


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
    """Compare the lips with the phone times; return the expected opening [T]."""
    expected = spoken_mouth(phones, samples).curve[:, 0]
    lag = lips.find_lag(opening, expected)
    values[Measure.LIPS] = _moving(values, lag.now)
    if values[Measure.OPENING] >= lips.STILL_E:
        values[Measure.LAG] = float(lag.frames)
    else:
        reasons[Measure.LAG] = "the mouth does not move"
    shut = lips.closures(opening, phones)
    if shut.all:
        values[Measure.CLOSED] = _moving(values, shut.closed / shut.all)
    return expected
