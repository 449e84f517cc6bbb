"""Sec. 4.4: the user study. Pages that raters open from disk, and the table of what they said.

A study is a folder: `pages` (`index.html`, `clips`) goes to the raters, `key.json`, which says
which system made which clip, stays with the organiser.
"""

import csv
import io
import json
import math
import random
import secrets
import shutil
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from importlib import resources
from itertools import chain
from pathlib import Path
from statistics import fmean, stdev
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass
from scipy.stats import t as student_t

from ttsf.config import STRICT
from ttsf.data.manifest import describe
from ttsf.errors import TtsfError
from ttsf.jobs import Refusal
from ttsf.media.files import new_file, read_text

QUESTIONS = {"lip_sync": "lip sync", "motion": "motion naturalness", "realness": "video realness"}
"""The column of a sheet and its name in the table."""
DEFINITION = (
    "Mean opinion score, 1 (bad) to 5 (excellent), ± half of Student's 95 % confidence interval. "
    "The first table takes all ratings for independent, although each rater gives many. The second "
    "is over the raters: each counts once, with the mean of that rater's own ratings."
)
COLUMNS = ("rater", "id", *QUESTIONS)
Score = Annotated[int, Field(strict=True, ge=1, le=5)]


class Made(NamedTuple):
    """A new study."""

    page: Path
    """Its folder is what raters get."""
    key: Path
    clips: int
    """Of each system."""
    systems: int
    refused: list[Refusal]
    """Files that not every system has, and empty ones."""


@dataclass(frozen=True, config=STRICT)
class KeyClip:
    """Where an anonymous clip came from."""

    system: str
    clip: str


@dataclass(frozen=True, config=STRICT)
class Key:
    """The organiser's `key.json`."""

    format: Literal["ttsf-study-key-1"]
    study: str
    seed: int
    clips: Annotated[dict[str, KeyClip], Field(min_length=1)]
    """By id; the systems come in the order of the table."""


@dataclass(frozen=True, config=STRICT)
class Rating:
    """One rater's answers about one clip."""

    id: str
    lip_sync: Score
    motion: Score
    realness: Score


@dataclass(frozen=True, config=STRICT)
class Sheet:
    """All that a rater said: the content of `ratings_<rater>.json`."""

    format: Literal["ttsf-study-ratings-1"]
    study: str
    rater: Annotated[str, Field(min_length=1)]
    ratings: list[Rating]


class Interval(NamedTuple):
    """A mean and its 95 % confidence interval."""

    mean: float
    """1 to 5; NaN of no values."""
    half_width: float
    """NaN for fewer than two values."""
    number: int


class Opinion(NamedTuple):
    """What was said of one system to one question."""

    ratings: Interval
    """Over all ratings, as if they were independent."""
    raters: Interval
    """Over the raters' own means."""


class StudyTable(NamedTuple):
    """What the raters said."""

    opinions: dict[tuple[str, str], Opinion]
    """By system and key of `QUESTIONS`, in the order of the table."""
    raters: int
    clips: int
    """Different sentences that were rated."""
    ratings: int
    """Rated clips, three answers each."""
    unfinished: list[Refusal]
    """Sheets that lack some clips; they count with what they hold."""
    refused: list[Refusal]
    """Sheets that are left out."""


def make_study(
    systems: Mapping[str, Path], out: Path, seed: int = 0, clips: int | None = None
) -> Made:
    """Make a study of folders of .mp4 in the new folder `out`; it appears whole or not at all.

    Clips pair by file name. `clips` of them are drawn with the seed (None: all). The same files
    and seed give the same study. Raises TtsfError where `out` exists, a folder has no .mp4, fewer
    than `clips` files pair up, or a file cannot be read or written.
    """
    if not systems or not all(name.strip() for name in systems):
        raise TtsfError("a study needs at least one system, each with a name")
    names, refused = _pair({system: _videos(folder) for system, folder in systems.items()})
    if clips is not None and not 1 <= clips <= len(names):
        raise TtsfError(f"{clips} clips asked for, but {len(names)} pair up by file name")
    if out.exists():
        raise TtsfError(f"{out} exists already: a study is never overwritten, choose a new folder")
    template = (resources.files(__package__) / "study_page.html").read_text("utf-8")
    with _new_folder(out) as folder:
        videos = {(system, name): systems[system] / name for name in names for system in systems}
        # Seeded with the content, so that ids and kept answers of two studies never meet.
        hashes = [[*place, sha256(path.read_bytes()).hexdigest()] for place, path in videos.items()]
        chance = random.Random(json.dumps([seed, hashes]))
        chosen = names if clips is None else sorted(chance.sample(names, clips))
        key, sentences = _anonymise(list(systems), chosen, seed, chance)
        (folder / "pages" / "clips").mkdir(parents=True)
        for identifier, clip in sorted(key.clips.items()):  # times tell nothing
            target = folder / "pages" / "clips" / f"{identifier}.mp4"
            shutil.copyfile(videos[clip.system, clip.clip], target)
        page = template.replace('"@CLIPS@"', json.dumps(sentences)).replace("@STUDY@", key.study)
        (folder / "pages" / "index.html").write_text(page, encoding="utf-8")
        (folder / "key.json").write_bytes(TypeAdapter(Key).dump_json(key, indent=1) + b"\n")
    return Made(out / "pages" / "index.html", out / "key.json", len(chosen), len(systems), refused)


def _videos(folder: Path) -> set[str]:
    """Names of the .mp4 that are not empty; raises TtsfError for none."""
    try:
        found = {
            path.name
            for path in folder.iterdir()
            if path.suffix.lower() == ".mp4" and not path.name.startswith(".")
            if path.is_file() and path.stat().st_size
        }
    except OSError as error:
        raise TtsfError(f"{folder}: {error.strerror}") from error
    if not found:
        raise TtsfError(f"{folder}: no .mp4 in this folder")
    return found


def _pair(videos: Mapping[str, set[str]]) -> tuple[list[str], list[Refusal]]:
    """The names that all systems have, and why each other one is left out; raises TtsfError."""
    refused = []
    for name in sorted(set().union(*videos.values())):
        missing = [system for system, names in videos.items() if name not in names]
        if missing:
            refused.append(Refusal(name, f"missing or empty in {', '.join(missing)}"))
    names = sorted(set.intersection(*videos.values()))
    if not names:
        raise TtsfError(f"no file is in all systems: {refused[0].source} {refused[0].reason}")
    return names, refused


def _anonymise(
    systems: list[str], names: list[str], seed: int, chance: random.Random
) -> tuple[Key, list[tuple[str, int]]]:
    """The key, and what the page may know: each id and which of them say the same sentence."""
    study = f"{chance.getrandbits(48):012x}"
    made = [KeyClip(system, name) for name in names for system in systems]
    identifiers: dict[str, None] = {}
    while len(identifiers) < len(made):
        identifiers[f"{chance.getrandbits(40):010x}"] = None
    key = dict(zip(identifiers, made, strict=True))
    numbers = dict(zip(names, chance.sample(range(len(names)), len(names)), strict=True))
    sentences = sorted((identifier, numbers[clip.clip]) for identifier, clip in key.items())
    return Key("ttsf-study-key-1", study, seed, key), sentences


@contextmanager
def _new_folder(out: Path) -> Iterator[Path]:
    """A temporary folder beside `out` that becomes it when the block ends well, else goes."""
    temporary = out.with_name(f".ttsf-{secrets.token_hex(6)}.part")
    try:
        temporary.mkdir(parents=True)
        yield temporary
        temporary.rename(out)
    except BaseException as error:
        shutil.rmtree(temporary, ignore_errors=True)
        if isinstance(error, OSError):
            raise TtsfError(f"cannot make the study {out}: {error}") from error
        raise


def analyse(key: Path, ratings: Sequence[Path]) -> StudyTable:
    """Mean opinion scores of the sheets: .json of the page, or .csv with the columns `COLUMNS`.

    A sheet with anything wrong in it (an id that the key lacks or that comes twice, a value that
    is not 1 to 5, another study's page) is left out whole. A rater who has two sheets is left out:
    nothing tells which one counts, so give one. Unfinished sheets count with what they hold.
    Raises TtsfError for a broken key and where no sheet is left.
    """
    try:
        known = TypeAdapter(Key).validate_json(read_text(key))
    except ValidationError as error:
        raise TtsfError(f"{key} is not the key of a study: {describe(error)}") from None
    sheets, refused = _read_sheets(known, ratings)
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


def _read_sheets(key: Key, paths: Sequence[Path]) -> tuple[list[tuple[str, Sheet]], list[Refusal]]:
    """The usable sheets, each with its source, and the others with what is wrong."""
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
    """The first thing that speaks against a sheet; empty for none."""
    if sheet.study != key.study:
        return f"a sheet of another study, {sheet.study} and not {key.study}"
    for identifier, count in Counter(rating.id for rating in sheet.ratings).items():
        if identifier not in key.clips:
            return f"the key has no clip '{identifier}'"
        if count > 1:
            return f"clip '{identifier}' is rated {count} times"
    return "" if sheet.ratings else "holds no ratings"


def _same_name(rater: str) -> str:
    """As the page tells raters apart: without regard to case and spaces."""
    return " ".join(unicodedata.normalize("NFC", rater).lower().split())


def _csv_sheets(path: Path, study: str) -> list[tuple[str, Sheet]]:
    """A sheet for each rater of a CSV; rows without any answer are skipped.

    Raises TtsfError for a row that cannot be read: then nothing of the file counts.
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


def interval(values: Sequence[float]) -> Interval:
    """The mean with the 95 % interval of Student's t."""
    count = len(values)
    if count < 2:
        return Interval(values[0] if values else math.nan, math.nan, count)
    half = float(student_t.ppf(0.975, count - 1)) * stdev(values) / math.sqrt(count)
    return Interval(fmean(values), half, count)


def score_text(score: Interval) -> str:
    """As the paper prints it, "4.09±.07"; a dash for what too few values leave open."""
    half = "-" if math.isnan(score.half_width) else f"{score.half_width:.2f}".removeprefix("0")
    return f"{score.mean:.2f}±{half}" if score.number else "-"


def to_markdown(table: StudyTable) -> str:
    """The table with its definitions, and what was left out."""
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
    """One line for each system and question, with four digits."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    over = [f"{over}_{field}" for over in Opinion._fields for field in Interval._fields]
    writer.writerow(("system", "question", *over))
    for place, opinion in table.opinions.items():
        values = [value for score in opinion for value in score]
        writer.writerow((*place, *(f"{v:.4f}" if isinstance(v, float) else v for v in values)))
    return text.getvalue()


def write_table(table: StudyTable, out: Path) -> Path:
    """Write the Markdown to `out` and the CSV beside it; returns the CSV's path."""
    beside = out.with_suffix(".csv")
    for path, content in ((out, to_markdown(table)), (beside, to_csv(table))):
        with new_file(path) as temporary:
            temporary.write_text(content, encoding="utf-8")
    return beside
