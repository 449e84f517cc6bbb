"""Table 4, Sec. 4.4: mean opinion scores with their 95 % intervals from the raters' sheets."""

import math
from collections import defaultdict
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from statistics import fmean, stdev
from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError
from scipy.stats import t as student_t

from ttsf.errors import TtsfError, describe
from ttsf.media.files import csv_text, read_text, write_new
from ttsf.research.data.records import Refusal
from ttsf.research.evaluation.study.make import Key
from ttsf.research.evaluation.study.sheets import QUESTIONS, read_sheets

DEFINITION = (
    "Mean opinion score, 1 (bad) to 5 (excellent), ± half of Student's 95 % confidence interval. "
    "The first table takes all ratings for independent, although each rater gives many. The second "
    "is over the raters: each counts once, with the mean of that rater's own ratings."
)


class Interval(NamedTuple):
    """A mean and its 95 % confidence interval."""

    mean: float
    """1 to 5; NaN without values."""
    half_width: float
    """NaN for fewer than two values."""
    number: int


class Opinion(NamedTuple):
    """Mean opinion of one system on one question."""

    ratings: Interval
    """Over all ratings, as if they were independent."""
    raters: Interval
    """Over the means of the raters."""


class StudyTable(NamedTuple):
    """Results of a study."""

    opinions: dict[tuple[str, str], Opinion]
    """By system and key of `QUESTIONS`, in the order of the table."""
    raters: int
    clips: int
    """Number of different sentences."""
    ratings: int
    """Number of rated clips, three answers each."""
    unfinished: list[Refusal]
    """Incomplete sheets; their answers count."""
    refused: list[Refusal]
    """Refused sheets."""


def analyse(key: Path, ratings: Sequence[Path]) -> StudyTable:
    """Compute mean opinion scores from sheets: .json of the page, or .csv with `COLUMNS`.

    A sheet with any error (an unknown or repeated id, a value that is not 1 to 5, another study's
    page) is refused as a whole, and so are two sheets of one rater. Answers of unfinished sheets
    count. Raises TtsfError for a broken key, and if no sheet is left.
    """
    try:
        known = TypeAdapter(Key).validate_json(read_text(key))
    except ValidationError as error:
        raise TtsfError(f"{key} is not the key of a study: {describe(error)}") from None
    sheets, refused = read_sheets(known, ratings)
    if not sheets:
        why = "".join(f"; {sheet.source}: {sheet.reason}" for sheet in refused[:1])
        raise TtsfError(f"none of {len(refused)} sheets of ratings is usable{why}")
    unfinished = [
        Refusal(source, f"{len(sheet.ratings)} of {len(known.clips)} clips rated")
        for source, sheet in sheets
        if len(sheet.ratings) < len(known.clips)
    ]
    systems = dict.fromkeys(clip.system for clip in known.clips.values())
    scores: dict[tuple[str, str], dict[str, list[int]]] = {
        (system, question): defaultdict(list) for system in systems for question in QUESTIONS
    }
    for source, sheet in sheets:
        for rating in sheet.ratings:
            for question in QUESTIONS:
                system = known.clips[rating.id].system
                scores[system, question][source].append(getattr(rating, question))
    return StudyTable(
        {
            place: Opinion(interval([*chain(*own.values())]), interval([*map(fmean, own.values())]))
            for place, own in scores.items()
        },
        len(sheets),
        len({known.clips[rating.id].clip for _, sheet in sheets for rating in sheet.ratings}),
        sum(len(sheet.ratings) for _, sheet in sheets),
        unfinished,
        refused,
    )


def interval(values: Sequence[float]) -> Interval:
    """Return the mean with its 95 % interval by Student's t."""
    count = len(values)
    if count < 2:
        return Interval(values[0] if values else math.nan, math.nan, count)
    half = float(student_t.ppf(0.975, count - 1)) * stdev(values) / math.sqrt(count)
    return Interval(fmean(values), half, count)


def score_text(score: Interval) -> str:
    """Format as in the paper, "4.09±.07"; a dash for too few values."""
    half = "-" if math.isnan(score.half_width) else f"{score.half_width:.2f}".removeprefix("0")
    return f"{score.mean:.2f}±{half}" if score.number else "-"


def to_markdown(table: StudyTable) -> str:
    """Format the table with its definitions and refusals."""
    systems = dict.fromkeys(system for system, _ in table.opinions)
    lines = [
        "# User study\n",
        f"{table.raters} raters, {len(systems)} systems, {table.clips} clips of each, "
        f"{table.ratings} rated clips with {len(QUESTIONS)} answers each.",
    ]
    for over in Opinion._fields:
        lines += ["", f"| system | {' | '.join(QUESTIONS.values())} | {over} |"]
        lines += ["|---" * (len(QUESTIONS) + 2) + "|"]
        for system in systems:
            scores = [getattr(table.opinions[system, question], over) for question in QUESTIONS]
            name, cells = system.replace("|", "\\|"), " | ".join(map(score_text, scores))
            lines += [f"| {name} | {cells} | {scores[0].number} |"]
    lines += ["", DEFINITION]
    for title, sheets in (("Unfinished", table.unfinished), ("Left out", table.refused)):
        if sheets:
            lines += ["", f"## {title}", ""]
            lines += [f"- {sheet.source}: {' '.join(sheet.reason.split())}" for sheet in sheets]
    return "\n".join(lines) + "\n"


def to_csv(table: StudyTable) -> str:
    """Format as CSV: one line per system and question, with four digits."""
    over = [f"{over}_{field}" for over in Opinion._fields for field in Interval._fields]
    rows: list[tuple[object, ...]] = [("system", "question", *over)]
    for place, opinion in table.opinions.items():
        values = [value for score in opinion for value in score]
        rows.append((*place, *(f"{v:.4f}" if isinstance(v, float) else v for v in values)))
    return csv_text(rows)


def write_table(table: StudyTable, out: Path) -> Path:
    """Write the Markdown to `out` and the CSV beside it; returns the CSV's path."""
    beside = out.with_suffix(".csv")
    write_new(out, to_markdown(table))
    write_new(beside, to_csv(table))
    return beside
