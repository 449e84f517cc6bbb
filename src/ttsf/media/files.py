"""Text read with care, and new files that appear whole or not at all."""

import contextlib
import csv
import errno
import io
import os
import secrets
import shutil
import stat
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ttsf.errors import CannotWrite, TtsfError
from ttsf.media.encodings import decode

if TYPE_CHECKING:
    from jinja2 import Template

try:
    import fcntl
except ImportError:  # Windows: nothing is held, so nothing may be swept
    fcntl = None  # type: ignore[assignment]

MAX_TEXT_BYTES = 1_000_000
DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
LEFT_OVER = ".ttsf-*.part"
"""How temporary files and folders are named."""


class Stream(Protocol):
    """What takes a file while it is written, such as a socket; it is never asked to seek."""

    def write(self, content: bytes, /) -> int | None:
        """Take all of `content`."""


def read_text(path: Path | None, guess: bool = False) -> str:
    """All of a UTF-8 text (None: standard input); raises TtsfError for anything else.

    guess: UTF-16 and Windows-1252 are read as well, the last with a warning.
    """
    name = "standard input" if path is None else str(path)
    try:
        if path is None:
            if sys.stdin is None:
                raise TtsfError("standard input is closed")
            content = sys.stdin.buffer.read(MAX_TEXT_BYTES + 1)
        else:
            with path.open("rb") as file:
                content = file.read(MAX_TEXT_BYTES + 1)
    except OSError as error:
        raise TtsfError(f"{name}: {error.strerror}") from error
    if len(content) > MAX_TEXT_BYTES:
        raise TtsfError(f"{name}: the text is too long")
    if guess:
        return decode(content, name)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise TtsfError(f"{name}: the text is not valid UTF-8") from None


@contextlib.contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """A temporary file beside `path` to be filled; it becomes `path` when the block ends well.

    Missing folders are created at once, so that an unwritable place shows before long work. A link
    is followed to the file that it names, and an older file gives its mode to the new one. On any
    exception, Ctrl-C included, the temporary file and the new folders are removed and an older
    file at `path` stays; what a killed process left goes with the next file beside it. Raises
    TtsfError where the file cannot be written, also for an OSError (such as a full disk) raised by
    the block.
    """
    created: list[Path] = []
    try:
        target = _end_of_links(path)
        mode = _mode_of(target)
        for folder in reversed([target.parent, *target.parent.parents]):
            if not folder.exists():
                folder.mkdir(exist_ok=True)
                created.append(folder)
        with held(target) as temporary:
            yield temporary
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
            if mode is not None:
                temporary.chmod(mode)
            temporary.replace(target)
    except BaseException as error:
        for folder in reversed(created):
            with contextlib.suppress(OSError):  # others may have put something there
                folder.rmdir()
        if isinstance(error, OSError):
            raise cannot_write(path, error) from error
        raise


@contextlib.contextmanager
def held(target: Path, folder: bool = False) -> Iterator[Path]:
    """A new temporary file (or folder) beside `target`, which no `sweep` takes meanwhile.

    It is removed on any exception. Raises OSError where it cannot be made.
    """
    sweep(target.parent)
    while True:
        path = target.with_name(f".ttsf-{secrets.token_hex(6)}.part")
        if folder:
            path.mkdir()
        else:
            path.touch(exist_ok=False)
        with _lock(path, wait=True) as ours:
            if ours and path.exists():
                try:
                    yield path
                except BaseException:
                    _delete(path)
                    raise
                return


@cache
def sweep(folder: Path) -> None:
    """Remove, once in a process, what processes that are no more have left in a folder."""
    with contextlib.suppress(OSError):
        for path in folder.glob(LEFT_OVER):
            with _lock(path, wait=False) as ours:
                if ours:
                    _delete(path)


def _delete(path: Path) -> None:
    """A file or a folder, if it is there and can go."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()


def refuse_inputs(outputs: Iterable[Path | None], inputs: Iterable[Path | None]) -> None:
    """Raises TtsfError where a file to be written is one that is read."""
    for output in filter(None, outputs):
        for given in filter(None, inputs):
            with contextlib.suppress(OSError):
                if output.samefile(given):
                    raise TtsfError(f"cannot write {output}: it is an input, {given}")


def read_table(
    path: Path, columns: Sequence[str], others: bool = True
) -> Iterator[tuple[str, dict[str, str]]]:
    """The rows of a CSV in UTF-8, by its first line's names, each with its place for messages.

    others: whether further columns may stand in it. Raises TtsfError for a file that cannot be
    read, for missing columns and for a row that is too long; a short one is filled up with "".
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, restval="")
            found = reader.fieldnames or ()
            missing = [name for name in columns if name not in found]
            if missing and others:
                raise TtsfError(f"{path}: no column '{missing[0]}'")
            if not others and set(found) != set(columns):
                raise TtsfError(f"{path}: the columns are {', '.join(columns)}")
            for row in reader:
                place = f"{path}, line {reader.line_num}"
                if None in row:
                    raise TtsfError(
                        f"{place}: more fields than columns (quote a text that holds commas)"
                    )
                yield place, row
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TtsfError(f"{path}: not a table of UTF-8 text ({error})") from None


def page_template(package: str, name: str) -> "Template":
    """A page in HTML that lies beside the modules of a package; what is filled in is escaped."""
    from jinja2 import Environment

    text = (resources.files(package) / name).read_text("utf-8")
    return Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(text)


def csv_text(rows: Iterable[Sequence[object]]) -> str:
    """A CSV whose lines end in a line feed."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def write_new(path: Path, content: str | bytes) -> None:
    """A whole file by `new_file`; text in UTF-8, its line ends as they are."""
    with new_file(path) as temporary:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)


def cannot_write(path: Path, error: OSError) -> CannotWrite:
    """What to raise where `path` could not be written."""
    return CannotWrite(f"cannot write {path}: {error.strerror or error}")


def _end_of_links(path: Path) -> Path:
    if not path.is_symlink():
        return path
    try:
        return path.resolve()
    except RuntimeError:
        raise TtsfError(f"cannot write {path}: its links go in a circle") from None


def _mode_of(path: Path) -> int | None:
    """The mode of the file that is to be replaced; raises TtsfError where it is no file."""
    if not path.exists():
        return None
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise TtsfError(f"cannot write {path}: it is a directory")
    if not stat.S_ISREG(mode):
        raise TtsfError(f"cannot write {path}: it is a device or a pipe")
    return stat.S_IMODE(mode)


@contextlib.contextmanager
def _lock(path: Path, wait: bool) -> Iterator[bool]:
    """Whether it is ours alone while the block lasts; it ends with the process too.

    wait: for as long as another has it, and OSError where it is there and cannot be opened.
    """
    if fcntl is None:
        yield wait
        return
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        if wait and path.exists():
            raise
        yield False
        return
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        except OSError:  # a file system without locks
            yield wait
        else:
            yield True
    finally:
        os.close(handle)
