"""Sec. 4's tables as Markdown and CSV, with definitions and numbers of clips."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ttsf.media.files import csv_text, write_new
from ttsf.research.evaluation.metrics.metric import Figure, Metric, check_alike

ARROWS = {"higher": "↑", "lower": "↓", "reference": "≈"}
GRADES = {
    "public": "public judges, as papers use them",
    "offline": "offline judges, not comparable with the paper's figures",
    "none": "no network",
}


class Row(NamedTuple):
    """Figures of one system; None where a measure does not apply."""

    system: str
    figures: tuple[Figure | None, ...]
    used: int
    """Number of scored clips."""
    refused: int

    def cells(self) -> list[str]:
        """Format the figures, with a count in brackets if not all clips have the figure."""
        return [_cell(figure, self.used) for figure in self.figures]


class Table(NamedTuple):
    """One table of one grade."""

    key: str
    """File name stem."""
    title: str
    columns: tuple[Metric, ...]
    rows: tuple[Row, ...]

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
        head = ["", *(f"{m.name} {ARROWS[m.better]}" for m in metrics), "clips", "refused"]
        lines = [f"### {self.title}", "", _line(head), _line(["---"] * len(head))]
        for row in self.rows:
            lines.append(_line([row.system, *row.cells(), str(row.used), str(row.refused)]))
        grades = sorted({GRADES[m.grade] for m in metrics if m.grade != "none"})
        lines += ["", f"Judges: {'; '.join(grades) or GRADES['none']}.", ""]
        lines += [
            f"- **{m.name}** {m.definition} {f'Judge: {m.scorer}.' if m.scorer else ''}".rstrip()
            for m in metrics
        ]
        small = "A number in brackets is how many clips have that figure, where not all have it."
        return "\n".join([*lines, "", small, ""])

    def csv(self) -> str:
        """Format in long form: one line per figure, with its definition."""
        columns = ("system", "metric", "value", "used", "refused", "grade", "judge", "definition")
        rows: list[tuple[object, ...]] = [("table", *columns)]
        for row in self.rows:
            for figure in filter(None, row.figures):
                m = figure.metric
                value = "" if math.isnan(figure.value) else f"{figure.value:.6g}"
                place = (self.key, row.system, m.name, value, figure.used, figure.refused)
                rows.append((*place, m.grade, m.scorer, m.definition))
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


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
