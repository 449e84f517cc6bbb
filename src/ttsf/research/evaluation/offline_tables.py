"""Tables 1, 2, 3 and 5 of Sec. 4 from scored systems, each in one grade."""

from collections.abc import Collection, Mapping, Sequence
from statistics import fmean, median

import numpy as np

from ttsf.errors import TtsfError
from ttsf.research.evaluation.metrics.c_sim import consistency
from ttsf.research.evaluation.metrics.fid import frechet_of
from ttsf.research.evaluation.metrics.metric import Figure, Metric, average
from ttsf.research.evaluation.scoring import Scored
from ttsf.research.evaluation.table import Row, Table

VIDEO = ("identity", "lips", "loudness", "lag", "closed", "div")
MOTION = ("opening", "yaw", "jerk", "with_voice", "blinks", "flicker", "sharpness", "register")
SPEECH = ("wer", "mcd", "c_sim", "f0_rmse", "f0")
BY_MEDIAN = frozenset({"lag"})


def tables(
    scored: Sequence[Scored],
    ablations: Mapping[str, Collection[str]],
    recorded: frozenset[str],
    metrics: Mapping[str, Metric],
    voices: Mapping[str, Mapping[str, Sequence[np.ndarray]]],
) -> list[Table]:
    """The offline tables; those without a case are left out.

    scored: the real clips first, then ours, then the others; `ablations` names those that stand in
    Table "3", "5" or both; recorded: cases whose real clip says the text (Table 1), all others
    are Table 2's. voices: system -> person -> speaker embeddings under several motions.
    """
    compared = [system for system in scored if system.system.name not in ablations]
    others = (
        frozenset(name for system in scored for name in {**system.clips, **system.refused})
        - recorded
    )
    voiced, seen = (
        [system for system in scored if key in ablations.get(system.system.name, "35")]
        for key in "35"
    )
    build = TableBuilder(metrics, scored[0], voices)
    found = [
        build.table("1", "Table 1: people who say their own sentence", compared, recorded,
                    ("fd", *VIDEO)),
        build.table("2", "Table 2: other people and sentences", compared, others, VIDEO),
        build.table("motion", "Motion, picture and register, all clips", compared,
                    recorded | others, MOTION),
        build.table("3", "Table 3: speech", voiced, recorded, (*SPEECH, "consistency")),
        build.table("5", "Table 5: what the audio mapper needs", seen[1:], others,
                    ("identity", "lips", "loudness", "closed", "div")),
    ]  # fmt: skip
    return [table for table in found if any(row.used or row.refused for row in table.rows)]


class TableBuilder:
    """Rows of one evaluation; voices: see `tables`."""

    def __init__(
        self,
        metrics: Mapping[str, Metric],
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
        names: Sequence[str],
    ) -> Table:
        """One table of the figures `names` over `cases`."""
        rows = []
        for system in systems:
            used = system.clips.keys() & cases
            refused = system.refused.keys() & cases
            figures = [self._figure(name, system, cases) for name in names]
            rows.append(Row(system.system.name, tuple(figures), len(used), len(refused)))
        return Table(key, title, tuple(self.metrics[name] for name in names), tuple(rows))

    def _figure(self, name: str, system: Scored, cases: frozenset[str]) -> Figure | None:
        if name == "fd":
            return self._distance(system, cases)
        if name == "consistency":
            return self._margin(system.system.name)
        clips = {case: clip for case, clip in system.clips.items() if case in cases}
        values = {c: m.values[name] for c, m in clips.items() if name in m.values}
        over = median if name in BY_MEDIAN else fmean
        total = len(clips) + len(system.refused.keys() & cases)
        return average(self.metrics[name], values, total, over) if values else None

    def _distance(self, system: Scored, cases: frozenset[str]) -> Figure | None:
        """Frechet distance to the real clips of the same cases."""
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
        return Figure(self.metrics["fd"], value, len(shared), total - len(shared))

    def _margin(self, system: str) -> Figure | None:
        """Of the voices under several motions."""
        try:
            found = consistency(self.voices.get(system, {}))
        except TtsfError:
            return None
        return Figure(self.metrics["consistency"], found.margin, found.clips)
