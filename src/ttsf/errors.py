"""The error for users: a single line that says what is wrong and what to do."""

from collections.abc import Iterator
from contextlib import contextmanager


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
