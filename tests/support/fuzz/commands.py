"""Commands run one after the other in a process of their own, and what each of them did.

As a program, `python commands.py`: reads a list of arguments as JSON from each line of its standard
input, runs them, and answers with a line of JSON.
"""

import json
import os
import select
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

MOST_S, MOST_MB = 30, 1_500


class Outcome(NamedTuple):
    """Of one command."""

    code: int | None
    """None: the process died, or took far too long."""
    out: str
    err: str
    seconds: float
    memory_mb: float


class Commands:
    """The process; it is started again where it dies."""

    def __init__(self) -> None:
        self._start()

    def run(self, *arguments: str) -> Outcome:
        """Do it there."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(arguments) + "\n")
        self._process.stdin.flush()
        began = time.monotonic()
        ready, _, _ = select.select([self._process.stdout], [], [], 4 * MOST_S)
        answer = self._process.stdout.readline() if ready else ""
        if answer:
            return Outcome(*json.loads(answer))
        self.close()
        code = self._process.returncode
        self._start()
        return Outcome(None, "", f"ended with {code}", time.monotonic() - began, 0.0)

    def close(self) -> None:
        """Stop it."""
        self._process.kill()
        self._process.wait()

    def _start(self) -> None:
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8:strict"}
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )


def _serve() -> None:
    from ttsf.cli.main import main

    answers = os.fdopen(os.dup(1), "w")
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        os.dup2(out.fileno(), 1)  # what libraries of C print is caught too
        os.dup2(err.fileno(), 2)
        for line in sys.stdin:
            Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
            began = time.monotonic()
            code = main(json.loads(line))
            seconds = time.monotonic() - began
            said = []
            for stream, file in ((sys.stdout, out), (sys.stderr, err)):
                stream.flush()
                file.seek(0)
                said.append(file.read().decode(errors="replace"))
                file.seek(0)
                file.truncate()
            status = Path("/proc/self/status").read_text()
            peak = int(status.partition("VmHWM:")[2].split()[0]) / 1_000
            print(json.dumps((code, *said, seconds, peak)), file=answers, flush=True)


if __name__ == "__main__":
    _serve()
