"""A command whose workers sleep for a minute: `python sleeping_workers.py OUT`."""

import sys
import time
from dataclasses import dataclass
from pathlib import Path

from ttsf.cli import main as command
from ttsf.parallel import Parallel, run_jobs

MINUTE_S = 60.0


@dataclass(frozen=True)
class Nap:
    key: str


def nap(job: Nap, out: Path) -> str:
    (out / job.key).touch()
    time.sleep(MINUTE_S)
    return ""


def main() -> int:
    run_jobs(nap, [Nap("a"), Nap("b"), Nap("c")], Path(sys.argv[1]), Parallel(2))
    return 0


if __name__ == "__main__":
    command.main = main
    command.run_process()
