"""The one error that a user may see: a single line that says what is wrong and what to do."""

from collections.abc import Iterator
from contextlib import contextmanager


class TtsfError(Exception):
    """Bad input or environment. `str(error)` is one clear line without a traceback."""


class CannotWrite(TtsfError):
    """A place that takes no file, or no more of it: no fault of what was read."""


class MissingPackage(TtsfError, ImportError):
    """A package of an extra is not installed."""


@contextmanager
def needing(what: str, package: str, extra: str) -> Iterator[None]:
    """Around imports: raises MissingPackage, "`what` needs `package`: pip install ...", if they
    fail."""
    try:
        yield
    except ImportError:
        raise MissingPackage(f"{what} needs {package}: pip install 'ttsf[{extra}]'") from None
