"""How far long work is, on standard error."""

import sys
import time

from ttsf.cli.streams import tell

LINE_EVERY_S = 10.0


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
