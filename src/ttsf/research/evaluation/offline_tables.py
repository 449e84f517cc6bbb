"""Tables 1, 2, 3 and 5 of Sec. 4 with the offline scorers."""

import math
from collections.abc import Collection, Mapping, Sequence
from enum import Enum
from statistics import fmean, median, stdev

import numpy as np

from ttsf.errors import TtsfError
from ttsf.research.evaluation.metrics.c_sim import consistency
from ttsf.research.evaluation.metrics.fid import frechet_of
from ttsf.research.evaluation.metrics.metric import Figure, Measure, Metric, average
from ttsf.research.evaluation.scoring import Scored
from ttsf.research.evaluation.table import Paired, Row, Table

VIDEO = (
    *(Measure.IDENTITY, Measure.PHONES, Measure.BEST, Measure.LAG, Measure.LIPS),
    *(Measure.LOUDNESS, Measure.CLOSED, Measure.DIV),
)
MOTION = (
    *(Measure.OPENING, Measure.YAW, Measure.JERK, Measure.WITH_VOICE, Measure.BLINKS),
    *(Measure.FLICKER, Measure.SHARPNESS, Measure.REGISTER),
)
EXPRESSION = (
    *(Measure.BROWS, Measure.BROW_MOTION, Measure.BROWS_VOICE, Measure.SMILE, Measure.GAZE),
    Measure.LIP_MOTION,
    *(Measure.SILENT_LIPS, Measure.MOUTH_SHARPNESS),
)
SPEECH = (Measure.WER, Measure.MCD, Measure.C_SIM, Measure.F0_RMSE, Measure.F0)
MAPPED = tuple(measure for measure in VIDEO if measure is not Measure.LAG)
OF_SYSTEM = frozenset({Measure.FRECHET, Measure.CONSISTENCY})
"""Measures of a whole system rather than of single clips."""
BY_MEDIAN = frozenset({Measure.LAG})


class Ablated(Enum):
    """What an ablation changes, which decides its table."""

    VOICE = "Table 3"
    PICTURE = "Table 5"


def tables(
    scored: Sequence[Scored],
    ablations: Mapping[str, Collection[Ablated]],
    recorded: frozenset[str],
    metrics: Mapping[Measure, Metric],
    voices: Mapping[str, Mapping[str, Sequence[np.ndarray]]],
) -> list[Table]:
    """Build the offline tables; tables without cases are omitted.

    scored: real clips, ours, others; ablations: what each of some systems changes; recorded: cases
    whose real clip speaks the text (Table 1); all others belong to Table 2. voices:
    system -> person -> speaker embeddings under several motions.
    """
    (real,) = (system for system in scored if system.system.is_real)
    compared = [system for system in scored if system.system.name not in ablations]
    others = (
        frozenset(name for one in scored for name in {*one.clips, *one.refused, *one.missing})
        - recorded
    )
    voiced = with_voices(scored, ablations)
    drawn = [one for one in scored if Ablated.PICTURE in ablations.get(one.system.name, ())]
    build = TableBuilder(metrics, real, voices)
    found = [
        build.table("1", "Table 1: people who say their own sentence", compared, recorded,
                    (Measure.FRECHET, *VIDEO)),
        build.table("2", "Table 2: other people and sentences", compared, others, VIDEO),
        build.table("motion", "Motion, picture and register, all clips", compared,
                    recorded | others, MOTION),
        build.table("expression", "Brows, smile, gaze and lips, all clips", compared,
                    recorded | others, EXPRESSION),
        build.table("3", "Table 3: speech", voiced, recorded, (*SPEECH, Measure.CONSISTENCY)),
    ]  # fmt: skip
    if drawn:
        title = "Table 5: what the audio mapper needs"
        found.append(build.table("5", title, [*scored[1:2], *drawn], others, MAPPED))
    return [t for t in found if any(row.used or row.refused or row.missing for row in t.rows)]


def with_voices(
    scored: Sequence[Scored], ablations: Mapping[str, Collection[Ablated]]
) -> list[Scored]:
    """Return the systems of Table 3: all but ablations that leave the voice alone."""
    everything = tuple(Ablated)
    return [one for one in scored if Ablated.VOICE in ablations.get(one.system.name, everything)]


class TableBuilder:
    """Builds tables from one evaluation; voices: see `tables`."""

    def __init__(
        self,
        metrics: Mapping[Measure, Metric],
        real: Scored,
        voices: Mapping[str, Mapping[str, Sequence[np.ndarray]]],
    ) -> None:
        self.metrics, self.real, self.voices = metrics, real, voices

    def table(
        self,
        key: str,
        title: str,
        systems: Sequence[Scored],
        cases: frozenset[str],
        measures: Sequence[Measure],
    ) -> Table:
        """Build one table of these measures over `cases`."""
        rows = []
        for system in systems:
            used = system.clips.keys() & cases
            refused = system.refused.keys() & cases
            figures = [self._figure(name, system, cases) for name in measures]
            counts = len(used), len(refused), len(system.missing & cases)
            rows.append(Row(system.system.name, tuple(figures), *counts))
        columns = tuple(self.metrics[name] for name in measures)
        made = [one for one in systems if one is not self.real]
        against = made[0].system.name if made else ""
        paired = paired_figures(systems, cases, measures, against) if len(systems) > 1 else {}
        real = self.real.system.name
        return Table(key, title, columns, tuple(rows), paired, against, real)

    def _figure(self, name: Measure, system: Scored, cases: frozenset[str]) -> Figure | None:
        if name is Measure.FRECHET:
            return self._distance(system, cases)
        if name is Measure.CONSISTENCY:
            return self._margin(system.system.name)
        clips = {case: clip for case, clip in system.clips.items() if case in cases}
        values = {c: m.values[name] for c, m in clips.items() if name in m.values}
        over = median if name in BY_MEDIAN else fmean
        total = len(clips) + len(system.refused.keys() & cases)
        return average(self.metrics[name], values, total, over) if values else None

    def _distance(self, system: Scored, cases: frozenset[str]) -> Figure | None:
        """Compute the Frechet distance to the real clips of the same cases."""
        shared = sorted(system.clips.keys() & self.real.clips.keys() & cases)
        total = len((system.clips.keys() | system.refused.keys()) & cases)
        try:
            ours, real = (
                np.concatenate([side.clips[case].faces for case in shared])
                for side in (system, self.real)
            )
            value = frechet_of(ours, real)
        except (TtsfError, ValueError):
            return None
        return Figure(self.metrics[Measure.FRECHET], value, len(shared), total - len(shared))

    def _margin(self, system: str) -> Figure | None:
        """Compute the consistency of a system's voices under several motions."""
        try:
            found = consistency(self.voices.get(system, {}))
        except TtsfError:
            return None
        return Figure(self.metrics[Measure.CONSISTENCY], found.margin, found.clips)


def paired_figures(
    systems: Sequence[Scored], cases: frozenset[str], measures: Sequence[Measure], against: str
) -> dict[str, tuple[Paired | None, ...]]:
    """Compare systems on the cases that all of them have, measure by measure.

    A system without any value of a measure takes no part in it; differences are from `against`.
    """
    columns = []
    for name in measures:
        values = {
            one.system.name: {c: m.values[name] for c, m in one.clips.items() if name in m.values}
            for one in systems
        }
        values = {k: {c: v for c, v in found.items() if c in cases} for k, found in values.items()}
        there = [found.keys() for found in values.values() if found]
        shared = sorted(frozenset.intersection(*map(frozenset, there))) if len(there) > 1 else []
        columns.append({k: _pair(found, values[against], shared, k != against)
                        for k, found in values.items() if found and shared
                        and name not in OF_SYSTEM})  # fmt: skip
    return {
        one.system.name: tuple(column.get(one.system.name) for column in columns) for one in systems
    }


def _pair(
    values: Mapping[str, float], others: Mapping[str, float], shared: Sequence[str], differs: bool
) -> Paired:
    mean = fmean(values[case] for case in shared)
    if not differs or not others:
        return Paired(mean, len(shared))
    differences = [values[case] - others[case] for case in shared]
    error = stdev(differences) / math.sqrt(len(shared)) if len(shared) > 1 else None
    return Paired(mean, len(shared), fmean(differences), error)
