"""What is evaluated: people, their pictures, and what they are to say.

A case has one name, and every system's video of it is called so. Cases come from `cases.csv` in a
folder (columns name, person, portrait, video, text, register; paths within the folder) or from a
parts folder's `manifest.csv` (`data.parts`).
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import get_args

import numpy as np
from PIL import Image

from ttsf.errors import TtsfError
from ttsf.media.files import csv_text, new_file, read_table, write_new
from ttsf.media.images import read_image
from ttsf.media.recording import read_video
from ttsf.research.data.manifest import Register
from ttsf.research.data.parts import PARTS, Use, read_parts
from ttsf.research.data.report import spread

CASES = "cases.csv"
COLUMNS = ("name", "person", "portrait", "video", "text", "register")
PLAIN = (
    "The train to the city leaves at nine in the morning.",
    "She put the keys on the table and closed the door.",
    "We had soup and bread for dinner last night.",
    "The children played in the garden until it was dark.",
    "He wrote a long letter to his brother in the army.",
    "There is a small house on the other side of the river.",
    "My sister works in a hospital near the station.",
    "The weather will be cold and dry tomorrow.",
    "They walked along the beach and talked about the future.",
    "Please open the window, it is very hot in here.",
    "The teacher asked the students to read the first page.",
    "A black dog was sleeping in front of the fire.",
    "The farmer sold his horses and bought some land.",
    "You can find the answer at the end of the book.",
    "Our neighbors are going to paint their house next week.",
    "The old man told a story about the war.",
    "It takes about an hour to drive to the airport.",
    "The doctor said that I should drink more water.",
    "Nobody knew where the money had gone.",
    "The music was so loud that we could not speak.",
)
"""Plain sentences for listening tests; none is in any training corpus of the project."""


@dataclass(frozen=True)
class Case:
    """One video that a system is to give."""

    name: str
    person: str
    portrait: Path | None
    """None: the first frame of `video`."""
    video: Path | None
    """A real clip of this person; the ground truth."""
    text: str
    recorded: bool
    """The real clip says this text."""
    register: Register | None = None
    """Of the voice that a viewer would expect."""

    def picture(self) -> np.ndarray:
        """The portrait, RGB uint8 [H, W, 3]; raises TtsfError."""
        if self.portrait is not None:
            return read_image(self.portrait)
        if self.video is None:
            raise TtsfError(f"{self.name}: neither a portrait nor a video")
        return next(read_video(self.video))


def read_cases(root: Path, uses: Collection[Use], per_person: int, limit: int | None) -> list[Case]:
    """The cases in `root`; at most `per_person` of each person and `limit` of each sort.

    Sorts are recorded sentences, real clips without a text and portraits alone; a limit picks
    evenly. Raises TtsfError for an unreadable list and where nothing is left.
    """
    if (root / CASES).is_file():
        cases = _read_list(root)
    elif (root / PARTS).is_file():
        cases = _from_parts(root, uses)
    else:
        raise TtsfError(f"{root}: neither {CASES} nor {PARTS} (docs/evaluation.md)")
    counts: Counter[str] = Counter()
    kept = []
    for case in cases:
        counts[case.person] += 1
        if counts[case.person] <= per_person:
            kept.append(case)
    sorts = [
        [case for case in kept if case.recorded],
        [case for case in kept if case.video is not None and not case.recorded],
        [case for case in kept if case.video is None],
    ]
    chosen = [case for sort in sorts for case in spread(sort, limit or len(sort))]
    if not chosen:
        raise TtsfError(f"{root}: no case to evaluate")
    return chosen


def save_portraits(cases: list[Case], folder: Path) -> None:
    """Write every case's portrait and `cases.csv`: what other systems need for the same cases.

    Raises TtsfError where the folder holds other cases.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows = [(c.name, c.person, f"{c.name}.png", "", c.text, c.register or "") for c in cases]
    table, listed = csv_text([COLUMNS, *rows]).encode(), folder / CASES
    if listed.exists() and listed.read_bytes() != table:
        raise TtsfError(
            f"{folder.parent} holds an evaluation of other cases; choose another folder"
        )
    for case in cases:
        path = folder / f"{case.name}.png"
        if not path.exists():
            with new_file(path) as temporary:
                Image.fromarray(case.picture()).save(temporary, "PNG")
    write_new(listed, table)


def _from_parts(root: Path, uses: Collection[Use]) -> list[Case]:
    """Videos first; those without text, and portraits, say plain sentences in turn."""
    videos, portraits = (read_parts(root, kind, uses) for kind in ("video", "portrait"))
    cases = []
    for i, part in enumerate([*videos, *portraits]):
        path, is_video = root / part.file, part.kind == "video"
        cases.append(
            Case(
                name=path.stem,
                person=part.speaker if is_video else path.stem,
                portrait=None if is_video else path,
                video=path if is_video else None,
                text=part.transcript or PLAIN[i % len(PLAIN)],
                recorded=is_video and part.transcript is not None,
                register=part.voice_register,
            )
        )
    twice = [name for name, count in Counter(case.name for case in cases).items() if count > 1]
    if twice:
        raise TtsfError(f"{root}: two files are called '{twice[0]}'")
    return cases


def _read_list(root: Path) -> list[Case]:
    cases: dict[str, Case] = {}
    for place, row in read_table(root / CASES, COLUMNS, others=False):
        case = _read_row(root, row, place)
        if case.name in cases:
            raise TtsfError(f"{place}: a second case is called '{case.name}'")
        cases[case.name] = case
    return list(cases.values())


def _read_row(root: Path, row: dict[str, str], place: str) -> Case:
    name = row["name"].strip()
    person = row["person"].strip() or name
    for word in (name, person):
        if not word or "/" in word or word.startswith("."):
            raise TtsfError(f"{place}: '{word}' cannot be the name of a file")
    for column in ("portrait", "video"):
        within = PurePosixPath(row[column])
        if within.is_absolute() or ".." in within.parts:
            raise TtsfError(f"{place}: '{row[column]}' leaves the folder")
        if row[column] and not (root / within).is_file():
            raise TtsfError(f"{place}: there is no file {row[column]}")
    portrait, video = (root / row[k] if row[k] else None for k in ("portrait", "video"))
    if portrait is None and video is None:
        raise TtsfError(f"{place}: neither a portrait nor a video")
    if row["register"] not in ("", *get_args(Register)):
        known = ", ".join(get_args(Register))
        raise TtsfError(f"{place}: register '{row['register']}' is none of {known}")
    text = row["text"].strip()
    return Case(
        name=name,
        person=person,
        portrait=portrait,
        video=video,
        text=text or PLAIN[len(name) % len(PLAIN)],
        recorded=bool(text) and video is not None,
        register=row["register"] or None,  # type: ignore[arg-type]
    )
