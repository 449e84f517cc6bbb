"""Sec. 4: definitions of figures; different definitions, scorers or grades never mix."""

import importlib.metadata
import statistics
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Literal, NamedTuple

from ttsf.errors import MissingPackage, TtsfError
from ttsf.research.experts.files import ExpertFile

Grade = Literal["public", "offline", "none"]
"""Kind of scorer: a network used by papers, one shipped with a library, or no network."""
Better = Literal["higher", "lower", "reference"]
"""`reference`: best when closest to real clips."""


class Measure(StrEnum):
    """Measures of a clip or system; their names appear in `clips.csv` and `refused.csv`."""

    IDENTITY = "identity"
    PHONES = "phones"
    BEST = "best"
    LIPS = "lips"
    LOUDNESS = "loudness"
    LAG = "lag"
    CLOSED = "closed"
    DIV = "div"
    OPENING = "opening"
    YAW = "yaw"
    JERK = "jerk"
    WITH_VOICE = "with_voice"
    BLINKS = "blinks"
    FLICKER = "flicker"
    SHARPNESS = "sharpness"
    BROWS = "brows"
    BROW_MOTION = "brow_motion"
    BROWS_VOICE = "brows_voice"
    SMILE = "smile"
    GAZE = "gaze"
    LIP_MOTION = "lip_motion"
    SILENT_LIPS = "silent_lips"
    MOUTH_SHARPNESS = "mouth_sharpness"
    REGISTER = "register"
    WER = "wer"
    MCD = "mcd"
    C_SIM = "c_sim"
    X_VECTORS = "x_vectors"
    F0_RMSE = "f0_rmse"
    F0 = "f0"
    FRECHET = "fd"
    CONSISTENCY = "consistency"


class Metric(NamedTuple):
    """A column of a table, with everything needed to reproduce it."""

    name: str
    better: Better
    definition: str
    """One or two sentences: of what, over which frames or clips, with which unit."""
    scorer: str
    """Scorer with version; empty for pure arithmetic."""
    grade: Grade
    digits: int = 3


class Figure(NamedTuple):
    """A metric's value for one system."""

    metric: Metric
    value: float
    """NaN if no clip could be used."""
    used: int
    """Number of clips used."""
    refused: int = 0
    """Number of refused clips; the report lists the reasons."""


def average(
    metric: Metric,
    values: Mapping[str, float],
    clips: int,
    over: Callable[[Iterable[float]], float] = statistics.fmean,
) -> Figure:
    """Average over the clips that have a value; `clips`: expected number of clips."""
    value = over(values.values()) if values else float("nan")
    return Figure(metric, value, len(values), clips - len(values))


def check_alike(*metrics: Metric) -> None:
    """Raise TtsfError if metrics differ in definition, scorer, version or grade."""
    kinds = set(metrics)
    if len(kinds) > 1:
        each = "; ".join(sorted(f"{m.name}: {m.definition} ({m.scorer}, {m.grade})" for m in kinds))
        raise TtsfError(f"these figures cannot be compared: {each}")


def of_file(file: ExpertFile, variant: str) -> str:
    """Describe a public network as a `scorer`: name, file and variant."""
    return f"{file.name} {file.file} (SHA-256 {file.sha256[:8]}), {variant}"


def version(*packages: str) -> str:
    """Describe installed packages with versions, "librosa 0.11.0, numpy 1.26.4".

    Raises MissingPackage, which names the extra, if one is not installed.
    """
    try:
        return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)
    except importlib.metadata.PackageNotFoundError as error:
        raise MissingPackage(
            f"the evaluation needs {error.name}: pip install 'ttsf[eval]'"
        ) from None
