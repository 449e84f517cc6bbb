"""The start beside an earlier one: `python -m benchmarks.start [--against REVISION] [--repeat N]`.

Two words spoken from the command line, and two helps: CPU seconds of one thread, medians of the two
trees in turn, each with its own weights. The files are read once before.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.engine import BEFORE, ROOT, checked_out, medians

TEXT = "Good morning."


def seconds(tree: Path, folder: str, arguments: list[str]) -> float:
    """CPU time of a command of a tree, from the first instruction to the end of the process."""
    environment = {**os.environ, "PYTHONPATH": str(tree / "src"), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "ttsf", *arguments]
    child = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{' '.join(command)} failed in {tree}")
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--against", metavar="REVISION", default=BEFORE)
    parser.add_argument("--repeat", type=int, default=5)
    given = parser.parse_args()
    portrait = str(ROOT / "docs" / "pictures" / "astronaut.jpg")
    commands = {
        "speak": ["speak", portrait, TEXT, "--output", "a.mp4", "--quiet"],
        "--help": ["--help"],
        "verify --help": ["verify", "--help"],
    }
    with checked_out(given.against) as before, tempfile.TemporaryDirectory() as folder:
        trees = {"before": before, "now": ROOT}
        rows: dict[str, list[dict[str, float]]] = {name: [] for name in commands}
        for _ in range(given.repeat + 1):
            for name, arguments in commands.items():
                rows[name].append(
                    {when: seconds(tree, folder, arguments) for when, tree in trees.items()}
                )
    found = {name: medians(row[1:]) for name, row in rows.items()}
    for cost in found.values():
        cost["ratio"] = round(cost["now"] / cost["before"], 2)
    print(json.dumps({"against": given.against, **found}, indent=2))


if __name__ == "__main__":
    main()
