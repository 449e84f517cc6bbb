"""Sec. 4.1: find the videos of a corpus as distributed, by name alone, in a stable order.

Only the split lists of LRS2 are opened. Hidden files, such as macOS's `._x.mp4`, are skipped.
"""

import os
import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from ttsf.errors import TtsfError
from ttsf.research.data.manifest import Register, Split
from ttsf.research.data.recorded.transcripts import TRANSCRIPT_SUFFIXES
from ttsf.research.data.records import piece_of

VIDEO_SUFFIXES = (".mp4", ".mov", ".mkv", ".avi", ".webm", ".m4v", ".mpg", ".mpeg")
VALID_PERCENT = 1
"""Percentage of held-out speakers for LRS3 and VoxCeleb2, which have no validation split."""
GRID_TEST_SPEAKERS = ("s33", "s34")
GRID_VALID_SPEAKERS = ("s31", "s32")
LRS2_LISTS: dict[str, dict[str, Split]] = {
    "main": {"train.txt": "train", "val.txt": "valid", "test.txt": "test"},
    "pretrain": {"pretrain.txt": "train"},
}
"""Folder -> its lists; a video in several lists goes where the last one says."""
FOLDER_SPLITS: dict[str, Split] = {
    "train": "train",
    "valid": "valid",
    "val": "valid",
    "test": "test",
}


@dataclass(frozen=True)
class SourceVideo:
    """A video of a corpus, with what the corpus says about it."""

    key: str
    """Unique within the corpus: a path without suffix, e.g. `pretrain/0akiEFwtkyA/00001`."""
    video: Path
    """Absolute."""
    source: str
    """The video as shipped, relative to the folder in which the corpus's structure begins."""
    dataset: str
    speaker: str
    split: Split
    licence: str
    sound: Path | None = None
    """Separate sound file, if there is one."""
    transcript: Path | None = None
    words: str | None = None
    """Spoken words, if known without a transcript."""
    voice_register: Register | None = None
    """Register of the voice, if listed."""


def find_videos(layout: str, root: Path) -> list[SourceVideo]:
    """Find all videos of a corpus, sorted by key.

    The corpus's structure may begin in `root` or in one folder of it. Raises TtsfError for an
    unknown layout, a missing or unreadable folder, a folder without the structure, and names
    that cannot be kept apart or written down.
    """
    if layout not in LAYOUTS:
        raise TtsfError(f"unknown layout '{layout}'; choose one of {', '.join(sorted(LAYOUTS))}")
    if not root.is_dir():
        raise TtsfError(f"no folder {root}")
    root = Path(os.path.abspath(root))
    find, structure = LAYOUTS[layout]
    try:
        found = list(find(root))
        if not found:
            inner = {folder: list(find(folder)) for folder in _folders(root)}
            holders = [folder for folder, videos in inner.items() if videos]
            if len(holders) > 1:
                names = ", ".join(folder.name for folder in holders)
                raise TtsfError(f"{root} holds several corpora ({names}); name one of them")
            found = inner[holders[0]] if holders else []
    except OSError as error:
        raise TtsfError(f"cannot read {error.filename}: {error.strerror}") from error
    if not found:
        raise TtsfError(f"no videos in {root}; layout {layout} expects {structure}")
    return sorted(_distinct(found), key=lambda video: video.key)


def find_lrs3(root: Path) -> Iterator[SourceVideo]:
    """`pretrain|trainval|test/<talk's id>/00001.mp4` with `.txt` beside.

    A talk counts as a speaker. VALID_PERCENT of those outside `test`, chosen by a checksum of the
    id, are held out as "valid", the same ones in `pretrain` and `trainval`.
    """
    for part in ("pretrain", "trainval", "test"):
        for talk in _folders(root / part):
            files = _files(talk)
            for video in _of_type(files, (".mp4",)):
                yield SourceVideo(
                    key=f"{part}/{talk.name}/{video.stem}",
                    video=video,
                    source=_relative(video, root),
                    dataset="LRS3",
                    speaker=talk.name,
                    split="test" if part == "test" else _train_or_valid(talk.name),
                    licence="TED terms; withdrawn by its makers",
                    transcript=files.get(f"{video.stem}.txt"),
                )


def find_lrs2(root: Path) -> Iterator[SourceVideo]:
    """`main|pretrain/<id>/00001.mp4` with `.txt` beside, in `mvlrs_v1` or in `root` itself.

    Which videos count and their splits are in `train.txt`, `val.txt`, `test.txt` and
    `pretrain.txt`, beside these folders or one folder up; unlisted videos are left out. The ids
    are programmes, not people, but stand for the speaker. Raises TtsfError where no list is
    found for a folder.
    """
    base = root / "mvlrs_v1" if (root / "mvlrs_v1").is_dir() else root
    for part in LRS2_LISTS:
        folders = _folders(base / part)
        splits = _lrs2_splits(base, part) if folders else {}
        for programme in folders:
            files = _files(programme)
            for video in _of_type(files, (".mp4",)):
                split = splits.get(f"{programme.name}/{video.stem}")
                if split is None:
                    continue
                yield SourceVideo(
                    key=f"{part}/{programme.name}/{video.stem}",
                    video=video,
                    source=_relative(video, base),
                    dataset="LRS2",
                    speaker=programme.name,
                    split=split,
                    licence="BBC, research agreement needed",
                    transcript=files.get(f"{video.stem}.txt"),
                )


def find_voxceleb2(root: Path) -> Iterator[SourceVideo]:
    """`dev|test/mp4/id00012/<YouTube id>/00001.mp4`, sound in `aac/...m4a` beside `mp4`, if there.

    `root` may also be `dev` or `test`, or the `mp4` in it: it is "test" where the folder around
    `mp4` has the word "test" in its name. Of `dev`, VALID_PERCENT of the speakers are held out as
    "valid" by a checksum of their id.
    """
    base = root.parent if root.name == "mp4" else root
    parts = {part: base / part for part in ("dev", "test") if (base / part / "mp4").is_dir()}
    if not parts:
        named_test = re.search(r"(?<![a-z])test(?![a-z])", base.name.lower())
        parts = {"test" if named_test else "dev": base}
    for part, folder in parts.items():
        recordings = [inner for outer in _folders(folder / "mp4") for inner in _folders(outer)]
        for recording in recordings:
            speaker = recording.parent.name
            sounds = _files(folder / "aac" / speaker / recording.name)
            for video in _of_type(_files(recording), (".mp4",)):
                yield SourceVideo(
                    key=f"{part}/{speaker}/{recording.name}/{video.stem}",
                    video=video,
                    source=_relative(video, base),
                    dataset="VoxCeleb2",
                    speaker=speaker,
                    split="test" if part == "test" else _train_or_valid(speaker),
                    licence="CC BY 4.0 metadata; videos remain their owners'",
                    sound=sounds.get(f"{video.stem}.m4a"),
                )


def find_grid(root: Path) -> Iterator[SourceVideo]:
    """Speakers `s1` to `s34`: `s1/NAME.mpg` (Zenodo 3625687) or `s1/video/NAME.mpg`.

    Word times: NAME.align in `alignments/s1`, `align/s1`, `s1/align` or beside the video; sound
    of its own: `audio_25k/s1/NAME.wav`. The speakers of GRID_TEST_SPEAKERS are "test", those of
    GRID_VALID_SPEAKERS "valid", all others "train".
    """
    for speaker in _folders(root):
        name = speaker.name
        if not re.fullmatch(r"s\d{1,2}", name):
            continue
        videos = _files(speaker) | _files(speaker / "video")
        places = (speaker / "align", root / "align" / name, root / "alignments" / name)
        aligns = {k: v for place in places for k, v in _files(place).items()}
        sounds = _files(root / "audio_25k" / name)
        held_out: Split = "valid" if name in GRID_VALID_SPEAKERS else "train"
        for video in _of_type(videos, (".mpg", ".mp4", ".avi")):
            align = f"{video.stem}.align"
            yield SourceVideo(
                key=f"{name}/{video.stem}",
                video=video,
                source=_relative(video, root),
                dataset="GRID",
                speaker=name,
                split="test" if name in GRID_TEST_SPEAKERS else held_out,
                licence="CC BY 4.0 (Cooke et al. 2006)",
                sound=sounds.get(f"{video.stem}.wav"),
                transcript=aligns.get(align, videos.get(align)),
            )


def find_folder(root: Path) -> Iterator[SourceVideo]:
    """Every video below a folder, with the `.srt`, `.align` or `.txt` of its name beside it.

    The speaker is the sub-folder, with a path where it is nested, or for a file outside any
    sub-folder its own name. A first sub-folder `train`, `valid`, `val` or `test` names the split
    and does not count as a speaker; else all is "train". Links to folders are not followed.
    """
    for folder in _walk(root):
        inside = [_composed(part) for part in folder.relative_to(root).parts]
        split = FOLDER_SPLITS.get(inside[0].lower()) if inside else None
        files = _files(folder)
        texts = {
            (_composed(file.stem), file.suffix.lower()): file
            for file in _of_type(files, TRANSCRIPT_SUFFIXES)
        }
        for video in _of_type(files, VIDEO_SUFFIXES):
            stem = _composed(video.stem)
            beside = [texts.get((stem, suffix)) for suffix in TRANSCRIPT_SUFFIXES]
            yield SourceVideo(
                key="/".join([*inside, stem]),
                video=video,
                source=_relative(video, root),
                dataset=_composed(root.name) or "folder",
                speaker="/".join(inside[1:] if split else inside) or stem,
                split=split or "train",
                licence="unknown: the user's own",
                transcript=next((text for text in beside if text), None),
            )


LAYOUTS: dict[str, tuple[Callable[[Path], Iterator[SourceVideo]], str]] = {
    "lrs3": (find_lrs3, "pretrain|trainval|test/ID/00001.mp4"),
    "lrs2": (find_lrs2, "mvlrs_v1/main|pretrain/ID/00001.mp4, named in its lists"),
    "voxceleb2": (find_voxceleb2, "dev|test/mp4/id00012/ID/00001.mp4"),
    "grid": (find_grid, "s1/NAME.mpg or s1/video/NAME.mpg"),
    "folder": (find_folder, "files of type " + " ".join(VIDEO_SUFFIXES)),
}
"""Name -> function that yields the videos of an absolute folder in which the corpus's structure
begins (none for any other folder), and that structure."""


def _distinct(found: list[SourceVideo]) -> list[SourceVideo]:
    """Keys that occur more than once, or as the name of another's piece, get the file's suffix."""
    times = Counter(video.key for video in found)
    longer = [replace(video, key=video.key + video.video.suffix) for video in found]
    keys = times.keys() | {video.key for video in longer}
    distinct = [
        long if times[short.key] > 1 or piece_of(short.key) in keys else short
        for short, long in zip(found, longer, strict=True)
    ]
    taken: dict[str, SourceVideo] = {}
    for video in distinct:
        try:
            str(video.video).encode()
        except UnicodeEncodeError:
            raise TtsfError(f"the name {str(video.video)!a} is not UTF-8; rename it") from None
        other = taken.setdefault(video.key, video)
        if other is not video:
            raise TtsfError(
                f"{other.video} and {video.video} count as the same name; rename one of them"
            )
    return distinct


def _train_or_valid(speaker: str) -> Split:
    return "valid" if zlib.crc32(os.fsencode(speaker)) % 100 < VALID_PERCENT else "train"


def _lrs2_splits(base: Path, part: str) -> dict[str, Split]:
    """`id/number` of each listed video -> its split."""
    splits: dict[str, Split] = {}
    names = LRS2_LISTS[part]
    lists = [
        ((base if (base / name).is_file() else base.parent) / name, split)
        for name, split in names.items()
    ]
    lists = [(path, split) for path, split in lists if path.is_file()]
    if not lists:
        raise TtsfError(
            f"LRS2's lists are missing: put {' '.join(names)} beside the folder {base / part}"
        )
    for path, split in lists:
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except UnicodeDecodeError:
            raise TtsfError(f"{path}: the list is not valid UTF-8") from None
        splits |= {line.split()[0]: split for line in lines if line.strip()}
    return splits


def _visible(folder: Path) -> list[os.DirEntry[str]]:
    """List the visible entries of a folder, sorted; none if it does not exist."""
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        return sorted((e for e in entries if not e.name.startswith(".")), key=lambda e: e.name)


def _folders(folder: Path) -> list[Path]:
    return [folder / entry.name for entry in _visible(folder) if _is_folder(entry)]


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _files(folder: Path) -> dict[str, Path]:
    """Name -> file."""
    return {entry.name: folder / entry.name for entry in _visible(folder) if _is_file(entry)}


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:  # such as a link in a circle: refused by name when it is read
        return True


def _of_type(files: dict[str, Path], suffixes: tuple[str, ...]) -> list[Path]:
    return [path for path in files.values() if path.suffix.lower() in suffixes]


def _walk(root: Path) -> Iterator[Path]:
    """The folder and all below it that are not hidden."""
    yield root
    for folder in _folders(root):
        if not folder.is_symlink():
            yield from _walk(folder)


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()


def _composed(name: str) -> str:
    """One form of accented letters: macOS writes them as two characters (NFC here)."""
    return unicodedata.normalize("NFC", name)
