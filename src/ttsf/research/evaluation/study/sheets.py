"""Sec. 4.4: read rating sheets, .json of the page or .csv; invalid sheets are refused whole."""

import csv
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from ttsf.config import STRICT
from ttsf.errors import TtsfError, describe
from ttsf.media.files import read_text
from ttsf.research.data.records import Refusal
from ttsf.research.evaluation.study.make import Key

QUESTIONS = {"lip_sync": "lip sync", "motion": "motion naturalness", "realness": "video realness"}
"""Column of a sheet -> name in the table."""
COLUMNS = ("rater", "id", *QUESTIONS)
Score = Annotated[int, Field(strict=True, ge=1, le=5)]


@dataclass(frozen=True, config=STRICT)
class Rating:
    """One rater's answers about one clip."""

    id: str
    lip_sync: Score
    motion: Score
    realness: Score


@dataclass(frozen=True, config=STRICT)
class Sheet:
    """All answers of a rater: the content of `ratings_<rater>.json`."""

    format: Literal["ttsf-study-ratings-1"]
    study: str
    rater: Annotated[str, Field(min_length=1)]
    ratings: list[Rating]


def read_sheets(key: Key, paths: Sequence[Path]) -> tuple[list[tuple[str, Sheet]], list[Refusal]]:
    """Read the usable sheets with their sources, and refusals of the others."""
    found: list[tuple[str, Sheet]] = []
    refused: list[Refusal] = []
    for path in {path.resolve(): path for path in paths}.values():
        try:
            if path.suffix.lower() == ".csv":
                found += _csv_sheets(path, key.study)
            else:
                found.append((str(path), TypeAdapter(Sheet).validate_json(read_text(path))))
        except ValidationError as error:
            refused.append(Refusal(str(path), describe(error)))
        except TtsfError as error:
            refused.append(Refusal(str(path), str(error).removeprefix(f"{path}: ")))
    usable: dict[str, list[tuple[str, Sheet]]] = defaultdict(list)
    for source, sheet in found:
        if problem := _problem(key, sheet):
            refused.append(Refusal(source, problem))
        else:
            usable[_same_name(sheet.rater)].append((source, sheet))
    for sheets in usable.values():
        if len(sheets) > 1:
            why = f"rater '{sheets[0][1].rater}' has {len(sheets)} sheets: give one"
            refused += [Refusal(source, why) for source, _ in sheets]
    return [sheets[0] for sheets in usable.values() if len(sheets) == 1], refused


def _problem(key: Key, sheet: Sheet) -> str:
    """Return the first problem of a sheet; empty for none."""
    if sheet.study != key.study:
        return f"a sheet of another study, {sheet.study} and not {key.study}"
    for identifier, count in Counter(rating.id for rating in sheet.ratings).items():
        if identifier not in key.clips:
            return f"the key has no clip '{identifier}'"
        if count > 1:
            return f"clip '{identifier}' is rated {count} times"
    return "" if sheet.ratings else "holds no ratings"


def _same_name(rater: str) -> str:
    """Return the rater's identity as on the page: ignoring case and spaces."""
    return " ".join(unicodedata.normalize("NFC", rater).lower().split())


def _csv_sheets(path: Path, study: str) -> list[tuple[str, Sheet]]:
    """Read a CSV into a sheet per rater; rows without answers are skipped.

    Raises TtsfError for an invalid row, which refuses the whole file.
    """
    try:
        rows = list(csv.reader(read_text(path).splitlines(), strict=True))
    except csv.Error as error:
        raise TtsfError(f"not a CSV: {error}") from None
    if not rows or sorted(rows[0]) != sorted(COLUMNS):
        raise TtsfError(f"the first line must name the columns {','.join(COLUMNS)}")
    sheets: dict[str, Sheet] = {}
    for number, row in enumerate(rows[1:], start=2):
        if not any(row):
            continue
        cells = dict(zip(rows[0], map(str.strip, row), strict=False))
        if len(row) != len(COLUMNS) or not cells["rater"]:
            raise TtsfError(f"line {number}: needs a rater and {len(COLUMNS)} columns")
        rater, values = cells["rater"], [cells[question] for question in QUESTIONS]
        sheet = sheets.setdefault(
            _same_name(rater), Sheet("ttsf-study-ratings-1", study, rater, [])
        )
        if not any(values):
            continue
        if not all(value in ("1", "2", "3", "4", "5") for value in values):
            raise TtsfError(f"line {number}: {','.join(values)} are not three values of 1 to 5")
        sheet.ratings.append(Rating(cells["id"], *map(int, values)))
    return [(f"{path} ({sheet.rater})", sheet) for sheet in sheets.values()]
