"""Text read with care, and new files that appear whole or not at all."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ttsf.errors import TtsfError

MAX_TEXT_BYTES = 1_000_000


def read_text(file: BinaryIO, name: str) -> str:
    """All of a UTF-8 text; raises TtsfError where it is something else or endless."""
    content = file.read(MAX_TEXT_BYTES + 1)
    if len(content) > MAX_TEXT_BYTES:
        raise TtsfError(f"{name}: the text is too long")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise TtsfError(f"{name}: the text is not valid UTF-8") from None


@contextlib.contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """A temporary file beside `path` to be filled; it becomes `path` when the block ends well.

    Missing folders are made at once, so that an unwritable place shows before long work. On any
    exception, Ctrl-C included, the temporary file and the folders made are removed and an older
    file at `path` stays. Raises TtsfError where the file cannot be written, also for an OSError
    (such as a full disk) raised by the block.
    """
    temporary = path.with_name(f".{path.name[:200]}.{secrets.token_hex(4)}.part")
    made: list[Path] = []
    try:
        if path.is_dir():
            raise TtsfError(f"cannot write {path}: it is a directory")
        for folder in reversed([path.parent, *path.parent.parents]):
            if not folder.exists():
                folder.mkdir()
                made.append(folder)
        temporary.touch(exist_ok=False)
        yield temporary
        _flush_to_disk(temporary)
        temporary.replace(path)
    except OSError as error:
        _remove(temporary, made)
        reason = error.strerror or str(error)
        raise TtsfError(f"cannot write {path}: {reason}") from error
    except BaseException:
        _remove(temporary, made)
        raise


def _flush_to_disk(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _remove(temporary: Path, folders: list[Path]) -> None:
    with contextlib.suppress(OSError):
        temporary.unlink(missing_ok=True)
    for folder in reversed(folders):
        with contextlib.suppress(OSError):
            folder.rmdir()
