"""Sec. 4.4: make a rating study: anonymous clips, with a page that raters open from disk.

A study is a folder: `pages` (`index.html`, `clips`) goes to the raters; `key.json`, which maps
clips to systems, stays with the organiser.
"""

import json
import random
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, TypeAdapter
from pydantic.dataclasses import dataclass

from ttsf.config import STRICT
from ttsf.errors import TtsfError
from ttsf.media.files import held, page_template
from ttsf.research.data.records import Refusal


class Study(NamedTuple):
    """A new study."""

    page: Path
    """The page; its folder goes to the raters."""
    key: Path
    clips: int
    """Number of clips per system."""
    systems: int
    refused: list[Refusal]
    """Files that are empty, or missing in a system."""


@dataclass(frozen=True, config=STRICT)
class KeyClip:
    """Origin of an anonymous clip."""

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


def make_study(
    systems: Mapping[str, Path], out: Path, seed: int = 0, clips: int | None = None
) -> Study:
    """Make a study from folders of .mp4 in the new folder `out`, atomically.

    Clips are matched by file name; `clips` of them are drawn at random (None: all). The same files
    and seed give the same study. Raises TtsfError if `out` exists, a folder has no .mp4, fewer
    than `clips` files pair up, or a file cannot be read or written.
    """
    if not systems or not all(name.strip() for name in systems):
        raise TtsfError("a study needs at least one system, each with a name")
    names, refused = _pair({system: _videos(folder) for system, folder in systems.items()})
    if clips is not None and not 1 <= clips <= len(names):
        raise TtsfError(f"{clips} clips asked for, but {len(names)} pair up by file name")
    if out.exists():
        raise TtsfError(f"{out} exists already: a study is never overwritten, choose a new folder")
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
        page = page_template(__package__, "page.html").render(study=key.study, clips=sentences)
        (folder / "pages" / "index.html").write_text(page, encoding="utf-8")
        (folder / "key.json").write_bytes(TypeAdapter(Key).dump_json(key, indent=1) + b"\n")
    return Study(out / "pages" / "index.html", out / "key.json", len(chosen), len(systems), refused)


def _videos(folder: Path) -> set[str]:
    """Return the names of non-empty .mp4 files; raises TtsfError if there are none."""
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
    """Return the names common to all systems, and refusals of the others; raises TtsfError."""
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
    """Return the key, and for the page each id with the number of its sentence."""
    study = f"{chance.getrandbits(48):012x}"
    clips = [KeyClip(system, name) for name in names for system in systems]
    identifiers: dict[str, None] = {}
    while len(identifiers) < len(clips):
        identifiers[f"{chance.getrandbits(40):010x}"] = None
    key = dict(zip(identifiers, clips, strict=True))
    numbers = dict(zip(names, chance.sample(range(len(names)), len(names)), strict=True))
    sentences = sorted((identifier, numbers[clip.clip]) for identifier, clip in key.items())
    return Key("ttsf-study-key-1", study, seed, key), sentences


@contextmanager
def _new_folder(out: Path) -> Iterator[Path]:
    """Yield a temporary folder that becomes `out` if the block succeeds, else is removed."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with held(out, folder=True) as temporary:
            yield temporary
            temporary.rename(out)
    except OSError as error:
        raise TtsfError(f"cannot write the study {out}: {error}") from error
