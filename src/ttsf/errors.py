"""The error for users: a single line that says what is wrong and what to do."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError


class TtsfError(Exception):
    """Bad input or environment. `str(error)` is one clear line without a traceback."""


class CannotWrite(TtsfError):
    """The output could not be written (permissions, full disk); the input is fine."""


class MissingPackage(TtsfError, ImportError):
    """An optional dependency is not installed."""


@contextmanager
def needing(what: str, package: str, extra: str) -> Iterator[None]:
    """Turn ImportErrors in the block into MissingPackage, which says what to install."""
    try:
        yield
    except ImportError:
        raise MissingPackage(f"{what} needs {package}: pip install 'ttsf[{extra}]'") from None


def describe(error: "ValidationError") -> str:
    """Name the first wrong key and what is wrong with it, and how many more are wrong."""
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    unknown = first["type"] == "unexpected_keyword_argument"
    reason = "unknown key" if unknown else first["msg"].removeprefix("Value error, ")
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    return ": ".join(filter(None, (key, reason))) + more
