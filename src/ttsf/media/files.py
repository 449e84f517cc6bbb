"""Read texts and tables strictly, and write files atomically."""

import contextlib
import csv
import errno
import io
import os
import re
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
except ImportError:  # Windows: no locks, so nothing can be swept safely
    fcntl = None  # type: ignore[assignment]

MAX_TEXT_BYTES = 1_000_000
DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+:/|data:", re.IGNORECASE)
"""Beginning of a URL, also where `Path` made one slash of two; a Windows drive is one letter."""
LEFT_OVER = ".ttsf-*.part"
"""Name pattern of temporary files and folders."""


class Stream(Protocol):
    """A non-seekable output, such as a socket."""

    def write(self, content: bytes, /) -> int | None:
        """Write all of `content`."""


def read_text(path: Path | None, guess: bool = False) -> str:
    """Read a UTF-8 text (None: standard input); raises TtsfError for anything else.

    guess: also accept UTF-16, and Windows-1252 with a warning.
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


def local_path(given: str | os.PathLike[str] | os.PathLike[bytes]) -> Path:
    """Return a user's path, with a leading `~` or `~name` expanded as a shell would.

    Raises TtsfError for a URL, for an empty path and for a NUL character.
    """
    text = os.fsdecode(given)
    if not text:
        raise TtsfError("the path of a file is empty")
    if "\0" in text:
        raise TtsfError(f"{text!r}: a path cannot hold a NUL character")
    if ADDRESS.match(text):
        shown = re.sub(":/+", "://", text, count=1)[:80]
        raise TtsfError(
            f"{shown}: addresses are neither fetched nor written to; give the path of a file"
        )
    return Path(os.path.expanduser(text))


def home_folder(instead: str) -> Path:
    """Return the home directory; where there is none, raise TtsfError that ends with `instead`."""
    try:
        return Path.home()
    except RuntimeError:
        raise TtsfError(f"there is no home directory; {instead}") from None


@contextlib.contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """Yield a temporary file beside `path`, which replaces `path` when the block succeeds.

    Missing folders are created at once, so that an unwritable path fails before long work. Links
    are followed, and the mode of an existing file is kept. On any exception, Ctrl-C included, the
    temporary file and new folders are removed, and an existing file at `path` stays. Leftovers of
    killed processes are removed with the next write in the same folder. Raises TtsfError if the
    file cannot be written, including an OSError (such as a full disk) raised by the block.
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
            with contextlib.suppress(OSError):  # unless others have put something there
                folder.rmdir()
        if isinstance(error, OSError):
            raise cannot_write(path, error) from error
        raise


@contextlib.contextmanager
def held(target: Path, folder: bool = False) -> Iterator[Path]:
    """Create a locked temporary file (or folder) beside `target`, which `sweep` leaves alone.

    It is removed on any exception. Raises OSError if it cannot be created.
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
    """Remove temporary files of dead processes from a folder, once per process and folder."""
    with contextlib.suppress(OSError):
        for path in folder.glob(LEFT_OVER):
            with _lock(path, wait=False) as ours:
                if ours:
                    _delete(path)


def _delete(path: Path) -> None:
    """Delete a file or folder if it exists, ignoring errors."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()


def refuse_inputs(outputs: Iterable[Path | None], inputs: Iterable[Path | None]) -> None:
    """Raise TtsfError if an output is also an input."""
    for output in filter(None, outputs):
        for given in filter(None, inputs):
            with contextlib.suppress(OSError):
                if output.samefile(given):
                    raise TtsfError(f"cannot write {output}: it is an input, {given}")


def read_table(
    path: Path, columns: Sequence[str], others: bool = True
) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the rows of a UTF-8 CSV by column name, each with its location for messages.

    others: accept further columns. Raises TtsfError for an unreadable file, missing columns and
    rows that are too long; short rows are filled with "".
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, restval="")
            found = reader.fieldnames or ()
            missing = [name for name in columns if name not in found]
            if missing and others:
                raise TtsfError(f"{path}: no column '{missing[0]}'")
            if not others and set(found) != set(columns):
                raise TtsfError(f"{path}: the columns must be {', '.join(columns)}")
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
    """Load an HTML template from a package; values are escaped."""
    from jinja2 import Environment

    text = (resources.files(package) / name).read_text("utf-8")
    return Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(text)


def csv_text(rows: Iterable[Sequence[object]]) -> str:
    """Format rows as CSV with LF line ends."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def write_new(path: Path, content: str | bytes) -> None:
    """Write a file atomically; text as UTF-8, with its line ends unchanged."""
    with new_file(path) as temporary:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)


def cannot_write(path: Path, error: OSError) -> CannotWrite:
    """Build the error for a path that could not be written."""
    return CannotWrite(f"cannot write {path}: {error.strerror or error}")


def _end_of_links(path: Path) -> Path:
    if not path.is_symlink():
        return path
    try:
        return path.resolve()
    except RuntimeError:
        raise TtsfError(f"cannot write {path}: its symbolic links form a loop") from None


def _mode_of(path: Path) -> int | None:
    """Return the mode of the file to be replaced.

    Raises TtsfError if it is write-protected, or not a regular file.
    """
    if not path.exists():
        return None
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise TtsfError(f"cannot write {path}: it is a directory")
    if not stat.S_ISREG(mode):
        raise TtsfError(f"cannot write {path}: it is a device or a pipe")
    if not os.access(path, os.W_OK):
        raise TtsfError(f"cannot write {path}: it is write-protected")
    return stat.S_IMODE(mode)


@contextlib.contextmanager
def _lock(path: Path, wait: bool) -> Iterator[bool]:
    """Try to hold an exclusive lock during the block; yield whether it was acquired.

    The lock also ends with the process. wait: block until it is free, and raise OSError if the
    path cannot be opened.
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
