"""Tables 1, 2, 3 and 5 of Sec. 4 with the offline scorers."""

from collections.abc import Collection, Mapping, Sequence
from enum import Enum
from statistics import fmean, median

import numpy as np

from ttsf.errors import TtsfError
from ttsf.research.evaluation.metrics.c_sim import consistency
from ttsf.research.evaluation.metrics.fid import frechet_of
from ttsf.research.evaluation.metrics.metric import Figure, Measure, Metric, average
from ttsf.research.evaluation.scoring import Scored
from ttsf.research.evaluation.table import Row, Table

VIDEO = (
    *(Measure.IDENTITY, Measure.LIPS, Measure.LOUDNESS, Measure.LAG, Measure.CLOSED, Measure.DIV),
)
MOTION = (
    *(Measure.OPENING, Measure.YAW, Measure.JERK, Measure.WITH_VOICE, Measure.BLINKS),
    *(Measure.FLICKER, Measure.SHARPNESS, Measure.REGISTER),
)
SPEECH = (Measure.WER, Measure.MCD, Measure.C_SIM, Measure.F0_RMSE, Measure.F0)
MAPPED = (Measure.IDENTITY, Measure.LIPS, Measure.LOUDNESS, Measure.CLOSED, Measure.DIV)
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
        frozenset(name for system in scored for name in {**system.clips, **system.refused})
        - recorded
    )
    voiced, drawn = (
        [one for one in scored if changed in ablations.get(one.system.name, tuple(Ablated))]
        for changed in (Ablated.VOICE, Ablated.PICTURE)
    )
    build = TableBuilder(metrics, real, voices)
    found = [
        build.table("1", "Table 1: people who say their own sentence", compared, recorded,
                    (Measure.FRECHET, *VIDEO)),
        build.table("2", "Table 2: other people and sentences", compared, others, VIDEO),
        build.table("motion", "Motion, picture and register, all clips", compared,
                    recorded | others, MOTION),
        build.table("3", "Table 3: speech", voiced, recorded, (*SPEECH, Measure.CONSISTENCY)),
        build.table("5", "Table 5: what the audio mapper needs",
                    [one for one in drawn if one is not real], others, MAPPED),
    ]  # fmt: skip
    return [table for table in found if any(row.used or row.refused for row in table.rows)]


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
            rows.append(Row(system.system.name, tuple(figures), len(used), len(refused)))
        return Table(key, title, tuple(self.metrics[name] for name in measures), tuple(rows))

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
