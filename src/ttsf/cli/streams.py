"""Standard streams that may be closed or full, Ctrl-C, and progress on standard error.

A stream that cannot be written never makes a finished video fail.
"""

import contextlib
import os
import signal
import sys
import time
from types import FrameType

LINE_EVERY_S = 10.0
interrupts: list[int] = []
"""SIGINTs received; a library may have replaced KeyboardInterrupt with its own exception."""


class Progress:
    """Progress display: redrawn in place on a terminal, else a line every ten seconds."""

    def __init__(self, what: str) -> None:
        self.what, self.terminal, self.last = what, sys.stderr.isatty(), time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        """Show `done` of `total`."""
        line = f"ttsf: {done} of {total} {self.what}"
        if self.terminal:
            tell(f"\r{line}", end="\n" if done == total else "")
        elif time.monotonic() - self.last >= LINE_EVERY_S and done < total:
            self.last = time.monotonic()
            tell(line)


def settle_streams() -> None:
    """Open /dev/null for closed standard streams, so that no opened file gets their descriptors."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free descriptor
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115


def listen_for_interrupts() -> None:
    """Let the first Ctrl-C raise KeyboardInterrupt, and ignore later ones during clean-up."""
    signal.signal(signal.SIGINT, _interrupt)


def tell(line: str, end: str = "\n") -> None:
    """Print a line on standard error, ignoring write errors."""
    with contextlib.suppress(OSError, ValueError):
        print(line, end=end, file=sys.stderr, flush=True)


def show(line: str) -> None:
    """Print the final result line; if stdout is closed, say so on stderr and still succeed."""
    try:
        print(line, flush=True)
    except OSError as error:
        tell(f"ttsf: done, but standard output cannot be written: {error.strerror}")
        give_up_output()


def give_up_output() -> None:
    """Discard further output on stdout, including the flush at exit."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    interrupts.append(number)
    raise KeyboardInterrupt
