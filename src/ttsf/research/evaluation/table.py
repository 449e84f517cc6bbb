"""Sec. 4's tables as Markdown and CSV, with definitions and numbers of clips."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from ttsf.media.files import csv_text, write_new
from ttsf.research.evaluation.metrics.metric import Figure, Metric, check_alike

ARROWS = {"higher": "↑", "lower": "↓", "reference": "≈"}
GRADES = {
    "public": "public judges, as papers use them",
    "offline": "offline judges, not comparable with the paper's figures",
    "none": "no network",
}

RATIOS = "Against real clips of the same cases (1.00: as theirs), and the number of cases:"


class Row(NamedTuple):
    """Figures of one system; None where a measure does not apply."""

    system: str
    figures: tuple[Figure | None, ...]
    used: int
    """Number of scored clips."""
    refused: int
    missing: int = 0
    """Number of cases without a video."""

    def cells(self) -> list[str]:
        """Format the figures, with a count in brackets if not all clips have the figure."""
        return [_cell(figure, self.used) for figure in self.figures]


class Paired(NamedTuple):
    """A system's mean over the cases that every system of the table has."""

    value: float
    clips: int
    difference: float | None = None
    """Mean difference from the system that the table compares with; None for that one."""
    error: float | None = None
    """Standard error of that mean; None for a single case."""


class Table(NamedTuple):
    """One table of one grade."""

    key: str
    """File name stem."""
    title: str
    columns: tuple[Metric, ...]
    rows: tuple[Row, ...]
    paired: Mapping[str, tuple[Paired | None, ...]] = MappingProxyType({})
    """The figures of each system on the same cases."""
    against: str = ""
    """System from which `paired` has differences."""
    real: str = ""
    """System of the real clips."""

    def metrics(self) -> tuple[Metric, ...]:
        """Metrics of the columns; raises TtsfError if a column mixes definitions."""
        for row in self.rows:
            for metric, figure in zip(self.columns, row.figures, strict=True):
                if figure is not None:
                    check_alike(metric, figure.metric)
        return self.columns

    def markdown(self) -> str:
        """Format the table, the definitions of its columns, and the counts."""
        metrics = self.metrics()
        names = [f"{m.name} {ARROWS[m.better]}" for m in metrics]
        head = ["", *names, "clips", "refused", "missing"]
        lines = [f"### {self.title}", "", _line(head), _line(["---"] * len(head))]
        for row in self.rows:
            counts = (row.used, row.refused, row.missing)
            lines.append(_line([row.system, *row.cells(), *map(str, counts)]))
        if self.paired:
            lines += [
                "",
                f"The same cases for all; in brackets the difference from {self.against} with its "
                "standard error, and the number of cases:",
                "",
                _line(["", *names]),
                _line(["---"] * (len(names) + 1)),
            ]
            lines += [
                _line([system, *map(_pair, metrics, figures)])
                for system, figures in self.paired.items()
            ]
        ratios = self.against_real()
        if ratios:
            lines += ["", RATIOS, "", _line(["", *names]), _line(["---"] * (len(names) + 1))]
            lines += [_line([system, *cells]) for system, cells in ratios.items()]
        grades = sorted({GRADES[m.grade] for m in metrics if m.grade != "none"})
        lines += ["", f"Judges: {'; '.join(grades) or GRADES['none']}.", ""]
        lines += [
            f"- **{m.name}** {m.definition} {f'Judge: {m.scorer}.' if m.scorer else ''}".rstrip()
            for m in metrics
        ]
        small = "A number in brackets is how many clips have that figure, where not all have it."
        return "\n".join([*lines, "", small, ""])

    def against_real(self) -> dict[str, list[str]]:
        """Format each system's figure as a multiple of that of real clips, on the same cases.

        Only for measures that are best when close to real clips; empty without real clips.
        """
        real = self.paired.get(self.real, ())
        found = {
            system: [
                _ratio(metric, figure, own)
                for metric, figure, own in zip(self.columns, figures, real, strict=True)
            ]
            for system, figures in self.paired.items()
            if system != self.real and real
        }
        return {system: cells for system, cells in found.items() if set(cells) != {"-"}}

    def csv(self) -> str:
        """Format in long form: one line per figure, with its definition."""
        columns = (
            *("system", "metric", "value", "used", "refused", "grade", "judge", "definition"),
            *("same_cases", "same_value", "difference", "error"),
        )
        rows: list[tuple[object, ...]] = [("table", *columns)]
        for row in self.rows:
            paired = self.paired.get(row.system, (None,) * len(row.figures))
            for figure, pair in zip(row.figures, paired, strict=True):
                if figure is None:
                    continue
                m = figure.metric
                value = "" if math.isnan(figure.value) else f"{figure.value:.6g}"
                place = (self.key, row.system, m.name, value, figure.used, figure.refused)
                same: Sequence[object] = ("", "", "", "")
                if pair is not None:
                    given = (pair.value, pair.difference, pair.error)
                    same = (pair.clips, *("" if v is None else f"{v:.6g}" for v in given))
                rows.append((*place, m.grade, m.scorer, m.definition, *same))
        return csv_text(rows)

    def write(self, stem: Path) -> None:
        """Write `stem`.md and `stem`.csv atomically."""
        write_new(stem.with_name(f"{stem.name}.md"), self.markdown())
        write_new(stem.with_name(f"{stem.name}.csv"), self.csv())


def _cell(figure: Figure | None, used: int) -> str:
    if figure is None or math.isnan(figure.value):
        return "-"
    value = f"{figure.value:.{figure.metric.digits}f}"
    return value if figure.used == used else f"{value} ({figure.used})"


def _pair(metric: Metric, pair: Paired | None) -> str:
    if pair is None:
        return "-"
    value, digits = f"{pair.value:.{metric.digits}f}", metric.digits
    if pair.difference is None:
        return f"{value} ({pair.clips})"
    error = "" if pair.error is None else f" ± {pair.error:.{digits}f}"
    return f"{value} ({pair.difference:+.{digits}f}{error}; {pair.clips})"


def _ratio(metric: Metric, pair: Paired | None, real: Paired | None) -> str:
    """A figure divided by that of real clips, if both are large enough for their printed digits."""
    if metric.better != "reference" or pair is None or real is None:
        return "-"
    if min(pair.value, real.value) < 10**-metric.digits:
        return "-"
    return f"{pair.value / real.value:.2f} ({real.clips})"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
