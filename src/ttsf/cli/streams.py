"""Standard streams that may be closed or full, and Ctrl-C: neither spoils a video that is whole.
And how far long work is, on standard error."""

import contextlib
import os
import signal
import sys
import time
from types import FrameType

LINE_EVERY_S = 10.0
interrupts: list[int] = []
"""Signals of Ctrl-C so far; a library may turn the exception into one of its own."""


class Progress:
    """What is done so far: redrawn on a terminal, else a line every ten seconds."""

    def __init__(self, what: str) -> None:
        self.what, self.terminal, self.last = what, sys.stderr.isatty(), time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        """Show that `done` of `total` are done."""
        line = f"ttsf: {done} of {total} {self.what}"
        if self.terminal:
            tell(f"\r{line}", end="\n" if done == total else "")
        elif time.monotonic() - self.last >= LINE_EVERY_S and done < total:
            self.last = time.monotonic()
            tell(line)


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
