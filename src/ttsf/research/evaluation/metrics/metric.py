"""Sec. 4: what a figure is. Figures of unlike definitions, scorers or grades are never compared."""

import importlib.metadata
import statistics
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Literal, NamedTuple

from ttsf.errors import MissingPackage, TtsfError
from ttsf.research.experts.files import ExpertFile

Grade = Literal["public", "offline", "none"]
"""The scorer: a network that papers use; one that a library ships; no network at all."""
Better = Literal["higher", "lower", "reference"]
"""`reference`: nearest to what real clips reach."""


class Measure(StrEnum):
    """What is measured of a clip or a system; the names stand in `clips.csv` and `refused.csv`."""

    IDENTITY = "identity"
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
    REGISTER = "register"
    WER = "wer"
    MCD = "mcd"
    C_SIM = "c_sim"
    F0_RMSE = "f0_rmse"
    F0 = "f0"
    FRECHET = "fd"
    CONSISTENCY = "consistency"


class Metric(NamedTuple):
    """A column of a table, with everything that a reader needs to repeat it."""

    name: str
    better: Better
    definition: str
    """One or two sentences: of what, over which frames or clips, with which unit."""
    scorer: str
    """With its version; empty where arithmetic alone decides."""
    grade: Grade
    digits: int = 3


class Figure(NamedTuple):
    """A metric's value for one system."""

    metric: Metric
    value: float
    """NaN where no clip could be used."""
    used: int
    """Clips behind the value."""
    refused: int = 0
    """Clips that were left out, each with its reason in the report."""


def average(
    metric: Metric,
    values: Mapping[str, float],
    clips: int,
    over: Callable[[Iterable[float]], float] = statistics.fmean,
) -> Figure:
    """Mean or median over the clips that have a value; `clips`: how many there should be."""
    value = over(values.values()) if values else float("nan")
    return Figure(metric, value, len(values), clips - len(values))


def check_alike(*metrics: Metric) -> None:
    """Raises TtsfError where metrics differ in anything: definition, scorer, version or grade."""
    kinds = set(metrics)
    if len(kinds) > 1:
        each = "; ".join(sorted(f"{m.name}: {m.definition} ({m.scorer}, {m.grade})" for m in kinds))
        raise TtsfError(f"these figures cannot be compared: {each}")


def of_file(file: ExpertFile, variant: str) -> str:
    """A public network as a `scorer`: its name, its file and how it is used."""
    return f"{file.name} {file.file} (SHA-256 {file.sha256[:8]}), {variant}"


def version(*packages: str) -> str:
    """The installed packages with their versions, "librosa 0.11.0, numpy 1.26.4".

    Raises MissingPackage that names the extra where one is not installed.
    """
    try:
        return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)
    except importlib.metadata.PackageNotFoundError as error:
        raise MissingPackage(
            f"the evaluation needs {error.name}: pip install 'ttsf[eval]'"
        ) from None
