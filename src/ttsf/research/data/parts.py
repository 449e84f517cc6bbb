"""Sec. 4.1, open data: the list of a parts folder, `manifest.csv`: portraits, videos and speech.

A row describes one file. The columns file, kind, use, speaker, dataset and licence must exist;
transcript, voice_register, smile_teeth, pose, problem and align may be missing or empty; any others
are ignored.
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal, cast, get_args

from ttsf.errors import TtsfError
from ttsf.media.files import read_table
from ttsf.research.data.manifest import Register, Split

PARTS = "manifest.csv"
Kind = Literal["video", "portrait", "speech"]
Use = Literal["train", "valid", "evaluate_only"]
NEEDED = ("file", "kind", "use", "speaker", "dataset", "licence")
ALLOWED = {
    "kind": get_args(Kind),
    "use": get_args(Use),
    "voice_register": ("", *get_args(Register)),
    "smile_teeth": ("", "yes", "no"),
    "pose": ("", "frontal", "turned"),
    "align": ("", "yes", "no"),
}


@dataclass(frozen=True)
class Part:
    """One file of the parts folder."""

    file: str
    """Relative to the folder, unique."""
    kind: Kind
    use: Use
    speaker: str
    dataset: str
    licence: str
    transcript: str | None
    voice_register: Register | None
    """Register of the recorded voice, or the one expected of the portrait."""
    smile_teeth: bool
    """Whether the portrait shows teeth in a smile."""
    frontal: bool
    """False for a portrait that is turned or unlabelled."""
    problem: str | None
    """Why a picture is poor, as text."""
    align: bool
    """Whether word times are stored beside the file."""

    @property
    def split(self) -> Split:
        """Split of its clips; parts of other uses are never read."""
        return "train" if self.use == "train" else "valid"

    @property
    def key(self) -> str:
        """File name without suffix: the name of its clips."""
        return str(PurePosixPath(self.file).with_suffix(""))


def read_parts(folder: Path, kind: Kind, uses: Collection[Use]) -> list[Part]:
    """Return the files of one kind and these uses, in the order of the list.

    Raises TtsfError without a list, for a missing column, and for the first bad row by its line.
    """
    path = folder / PARTS
    if not path.is_file():
        raise TtsfError(f"no {PARTS} in {folder}")
    parts: dict[str, Part] = {}
    for place, row in read_table(path, NEEDED):
        part = _read_row(row, place)
        if part.key in parts:
            raise TtsfError(f"{place}: a second file is called '{part.key}'")
        parts[part.key] = part
        chosen = part.kind == kind and part.use in uses
        if chosen and not (folder / part.file).is_file():
            raise TtsfError(f"{place}: there is no file {part.file}")
    return [part for part in parts.values() if part.kind == kind and part.use in uses]


def _read_row(row: dict[str, str], place: str) -> Part:
    if row["kind"] == "portrait" and not row["speaker"].strip():
        row = row | {"speaker": PurePosixPath(row["file"]).stem}  # a separate person
    for name in NEEDED:
        if not row[name].strip():
            raise TtsfError(f"{place}: '{name}' is empty")
    for name, allowed in ALLOWED.items():
        if row.get(name, "") not in allowed:
            raise TtsfError(
                f"{place}: {name} '{row[name]}' is none of {', '.join(filter(None, allowed))}"
            )
    path = PurePosixPath(row["file"])
    if path.is_absolute() or ".." in path.parts:
        raise TtsfError(f"{place}: '{row['file']}' leaves the folder")
    return Part(
        file=row["file"],
        kind=cast(Kind, row["kind"]),
        use=cast(Use, row["use"]),
        speaker=row["speaker"],
        dataset=row["dataset"],
        licence=row["licence"],
        transcript=row.get("transcript", "").strip() or None,
        voice_register=cast(Register | None, row.get("voice_register") or None),
        smile_teeth=row.get("smile_teeth") == "yes",
        frontal=row.get("pose") == "frontal",
        problem=row.get("problem", "").strip() or None,
        align=row.get("align") == "yes",
    )
