"""Naturalness of speech by NISQA and DistillMOS, beside Table 3 (not in the paper)."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ttsf.config import SAMPLE_RATE
from ttsf.research.evaluation.clips import read_clip
from ttsf.research.evaluation.metrics.metric import Metric, average, of_file
from ttsf.research.evaluation.scoring import Scored
from ttsf.research.evaluation.table import Row, Table
from ttsf.research.experts.distillmos import LONGEST_S, DistillMos
from ttsf.research.experts.nisqa import RATE, Nisqa

EXPECTED = (
    "Mean opinion score that a network expects of listeners for the sound alone, from 1 to 5;"
)

NATURALNESS = Metric(
    name="naturalness",
    better="higher",
    definition=f"{EXPECTED} real clips show what can be reached. Mean over clips.",
    scorer=of_file(
        Nisqa.FILE,
        f"general quality (MOS), sound raised from {SAMPLE_RATE // 1000} to {RATE // 1000} kHz, "
        "weights CC BY-NC-SA 4.0, never used in training",
    ),
    grade="public",
    digits=2,
)


class Judge(NamedTuple):
    """A network that rates speech."""

    metric: Metric
    score: Callable[[np.ndarray, int], float]
    """float32 [N] in [-1, 1] and its sampling rate in Hz -> 1 to 5."""


def judges(experts: Path | None, distillmos: bool) -> list[Judge]:
    """Load NISQA if its file is in the folder `experts`, and DistillMOS if requested.

    Raises TtsfError for a broken file, MissingPackage if DistillMOS is not installed.
    """
    found = []
    if experts is not None and (experts / Nisqa.FILE.file).is_file():
        found.append(Judge(NATURALNESS, Nisqa.load(experts).score))
    if distillmos:
        found.append(_distillmos())
    return found


def _distillmos() -> Judge:
    network = DistillMos()
    metric = Metric(
        name="DistillMOS",
        better="higher",
        definition=f"{EXPECTED} compare clips of one length only. Mean over clips.",
        scorer=f"distillmos {network.version}, the first {LONGEST_S:g} s at 16 kHz",
        grade="public",
        digits=2,
    )
    return Judge(metric, network.score)


def table(judges: Sequence[Judge], scored: Sequence[Scored]) -> Table:
    """Build the table: a row per system, over all clips that the offline scorers accepted."""
    rows = []
    for system in scored:
        found: list[dict[str, float]] = [{} for _ in judges]
        for name in system.clips:
            samples = read_clip(system.system.videos[name]).samples
            for scores, judge in zip(found, judges, strict=True):
                scores[name] = judge.score(samples, SAMPLE_RATE)
        figures = tuple(
            average(judge.metric, scores, len(scores)) if scores else None
            for judge, scores in zip(judges, found, strict=True)
        )
        rows.append(Row(system.system.name, figures, len(system.clips), len(system.refused)))
    columns = tuple(judge.metric for judge in judges)
    return Table("public_3", "Speech of all clips, public scorers", columns, tuple(rows))
