"""Standard streams that may be closed or full, and Ctrl-C: neither spoils a video that is whole."""

import contextlib
import os
import signal
import sys
from types import FrameType

interrupts: list[int] = []
"""Signals of Ctrl-C so far; a library may turn the exception into one of its own."""


def settle_streams() -> None:
    """Give closed standard streams a place, so that no file that is opened takes their numbers."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115


def listen_for_interrupts() -> None:
    """Ctrl-C raises KeyboardInterrupt once; from then on the command ends as it is."""
    signal.signal(signal.SIGINT, _interrupt)


def tell(line: str, end: str = "\n") -> None:
    """A line on standard error, if it takes one."""
    with contextlib.suppress(OSError, ValueError):
        print(line, end=end, file=sys.stderr, flush=True)


def show(line: str) -> None:
    """The last word on work that is done; where it cannot be printed, that is said, no more."""
    try:
        print(line, flush=True)
    except OSError as error:
        tell(f"ttsf: done, but standard output cannot be written: {error.strerror}")
        give_up_output()


def give_up_output() -> None:
    """Nothing more is printed: not at the end of the process either."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    interrupts.append(number)
    raise KeyboardInterrupt
