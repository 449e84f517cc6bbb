"""The offline figures of a clip: what each means, and how it is taken.

Offline judges come with libraries and need no download. They are not the paper's: no figure of this
file may stand in a column with one of `ttsf.evaluation.metrics.public`.
"""

from typing import NamedTuple

import numpy as np

from ttsf.config import FPS
from ttsf.data.alignment import Phone, align
from ttsf.data.synthetic.visemes import spoken_mouth
from ttsf.errors import TtsfError
from ttsf.evaluation.clips import JudgedClip
from ttsf.evaluation.metric import Metric, version
from ttsf.evaluation.metrics import identity, landmarks, lips, motion, voice, words
from ttsf.speech.normalize import clean, spell_out


class Judges:
    """The libraries' networks, loaded once a process."""

    def __init__(self) -> None:
        self.landmarks = landmarks.LandmarkJudge()
        self.identity = identity.IdentityJudge()
        self.voice = voice.VoiceJudge()


class Known(NamedTuple):
    """What is known of a clip beside the clip itself."""

    text: str | None
    """What is said in it, as written."""
    source: np.ndarray | None
    """dlib's 128 numbers of the portrait."""
    truth: JudgedClip | None
    """The real clip in which the same person says the same text."""


class Measured(NamedTuple):
    """The figures of one clip."""

    values: dict[str, float]
    """By the names of `metrics`."""
    reasons: dict[str, str]
    """Why a figure is missing."""
    faces: np.ndarray
    """dlib's numbers of every tenth picture, [N, 128]."""
    speaker: np.ndarray
    """resemblyzer's 256 numbers of the sound."""
    opening: np.ndarray
    """Of the mouth in e, [T]."""
    expected: np.ndarray
    """What the text lets expect, [T]; empty where its times are unknown."""
    yaw: np.ndarray
    """Degrees, [T]."""


def measure(clip: JudgedClip, known: Known, judges: Judges) -> Measured:
    """All offline figures of a clip; raises TtsfError where no face can be followed."""
    values: dict[str, float] = {}
    reasons: dict[str, str] = {}
    track = judges.landmarks.track(clip.frames)
    faces = judges.identity.embed_clip(clip.frames)
    speaker = judges.voice.embed(clip.samples)
    if known.source is not None:
        values["identity"] = identity.distance(faces, known.source)
    else:
        reasons["identity"] = "dlib sees no face in the portrait"
    level = lips.loudness(clip.samples, len(clip.frames))
    values["opening"] = lips.opening_range(track.opening)
    values["loudness"] = _moving(values, lips.correlation(track.opening, level))
    head = motion.head_motion(track.angles)
    values |= {"div": head.spread, "yaw": head.yaw_range, "jerk": head.jerk}
    minutes = len(clip.frames) / FPS / 60
    values["blinks"] = motion.blinks(track.aperture) / minutes
    values["flicker"] = motion.flicker(clip.frames)
    values["sharpness"] = motion.sharpness(clip.frames, track.box)
    values["f0"] = voice.median_f0(clip.samples)
    expected = np.empty(0)
    if known.text is not None:
        values["wer"] = words.word_error_rate(known.text, words.transcribe(clip.samples))
        try:
            phones = align(clip.samples, spell_out(clean(known.text)))
            expected = _follow(values, reasons, track.opening, clip.samples, phones)
        except TtsfError as error:
            reasons |= dict.fromkeys(("lips", "lag", "closed"), str(error))
    if known.truth is not None:
        values["c_sim"] = voice.cosine(speaker, judges.voice.embed(known.truth.samples))
        _against_truth(values, reasons, clip, known.truth)
    for name in [name for name, value in values.items() if not np.isfinite(value)]:
        del values[name]
        reasons[name] = "no frame to measure"
    yaw = track.angles[:, 0]
    return Measured(values, reasons, faces, speaker, track.opening, expected, yaw)


def _moving(values: dict[str, float], figure: float) -> float:
    """The figure; 0 of a mouth that does not move."""
    return figure if values["opening"] >= lips.STILL_E else 0.0


def _follow(
    values: dict[str, float],
    reasons: dict[str, str],
    opening: np.ndarray,
    samples: np.ndarray,
    phones: list[Phone],
) -> np.ndarray:
    """Lips against phone times; returns the expected opening [T]."""
    expected = spoken_mouth(phones, samples).curve[:, 0]
    lag = lips.find_lag(opening, expected)
    values["lips"] = _moving(values, lag.now)
    if values["opening"] >= lips.STILL_E:
        values["lag"] = float(lag.frames)
    else:
        reasons["lag"] = "the mouth does not move"
    shut = lips.closures(opening, phones)
    if shut.all:
        values["closed"] = _moving(values, shut.closed / shut.all)
    return expected


def _against_truth(
    values: dict[str, float],
    reasons: dict[str, str],
    clip: JudgedClip,
    truth: JudgedClip,
) -> None:
    """The voice against the real one that says the same."""
    for name, compare in (("mcd", voice.mcd), ("f0_rmse", voice.f0_rmse)):
        try:
            values[name] = compare(truth.samples, clip.samples)
        except TtsfError as error:
            reasons[name] = str(error)


def metrics() -> dict[str, Metric]:
    """What every figure means, by its name in `Measured.values`; raises TtsfError without the
    judges' libraries."""
    return {**_of_lips(), **_of_pictures(), **_of_speech()}


def _of_lips() -> dict[str, Metric]:
    """The mouth against the sound."""
    faces = landmarks.judge_name()
    aligned = f"{faces}; phone times: {version('pocketsphinx')}"
    return {
        "lips": Metric(
            "lips r", "higher",
            "Pearson's r of the mouth's opening with the opening that the phones let expect, mean "
            "over clips.", aligned, "offline", 2,
        ),
        "loudness": Metric(
            "loudness r", "higher",
            "Pearson's r of the mouth's opening with the sound's level in dB, mean over clips.",
            faces, "offline", 2,
        ),
        "opening": Metric(
            "mouth range",
            "reference",
            "5-95 % range of the gap of the inner lips in a clip, in distances of the outer eye "
            "corners, mean over clips. Below .005 a mouth counts as still.",
            faces,
            "offline",
        ),
        "lag": Metric(
            "lag", "reference",
            "Shift of the sound against the mouth, within 10 pictures of 40 ms, that gives the "
            "best r with the expected opening; positive: the sound is late; median over clips.",
            aligned, "offline", 1,
        ),
        "closed": Metric(
            "closed", "higher",
            "Share of /p b m/ at which the mouth's opening falls below a quarter of the clip's "
            "5-95 % range, mean over clips.", aligned, "offline", 2,
        ),
    }  # fmt: skip


def _of_pictures() -> dict[str, Metric]:
    """Identity, head and picture."""
    faces, dlib = landmarks.judge_name(), identity.judge_name()
    return {
        "fd": Metric(
            "FD", "lower",
            "Frechet distance of dlib's 128 face numbers of every tenth picture, all clips of a "
            "system against all real ones. Not FID: it sees faces only, and is biased with few "
            "clips.", dlib, "offline",
        ),
        "identity": Metric(
            "ID distance", "lower",
            "dlib's face distance of every tenth picture to the portrait, median over the clip, "
            "mean over clips. One person is below .6.", dlib, "offline",
        ),
        "div": Metric(
            "DIV (degrees)", "reference",
            "Standard deviation of yaw, pitch and roll over a clip, mean of the three and over "
            "clips. Not the paper's DIV, which is of Hopenet's features.", faces, "offline", 2,
        ),
        "yaw": Metric(
            "yaw range", "reference", "5-95 % range of yaw in a clip, degrees, mean over clips.",
            faces, "offline", 1,
        ),
        "jerk": Metric(
            "jerk", "reference",
            "Mean absolute second difference of yaw, pitch and roll, degrees a picture squared, "
            "mean over clips.", faces, "offline", 2,
        ),
        "blinks": Metric(
            "blinks a minute", "reference",
            "Times that the lids come below .75 of their median distance within half a second and "
            "rise again within .4 s, mean over clips.", faces, "offline", 1,
        ),
        "flicker": Metric(
            "flicker", "reference",
            "Mean absolute deviation of a picture from the mean of its neighbours, of 255 levels, "
            "mean over clips.", "", "none", 2,
        ),
        "sharpness": Metric(
            "sharpness", "reference",
            "Mean absolute Laplacian in the face's box, of 255 levels, mean over clips.",
            faces, "offline", 1,
        ),
    }  # fmt: skip


def _of_speech() -> dict[str, Metric]:
    """The voice."""
    ear = words.judge_name()
    return {
        "wer": Metric(
            "WER", "lower", "Word error rate, mean over clips.", ear, "offline",
        ),
        "mcd": voice.mcd_metric(),
        "c_sim": voice.c_sim_metric(),
        "f0_rmse": voice.f0_rmse_metric(),
        "f0": Metric(
            "F0 (Hz)", "reference", "Median F0 of a clip, mean over clips.", version("pyworld"),
            "none", 0,
        ),
        "consistency": voice.consistency_metric(),
    }  # fmt: skip
