"""Figures of groups of people."""

import csv
import subprocess
import sys
from pathlib import Path

from tests.support.paths import ROOT

RECIPE = ROOT / "recipes" / "figures_by_group.py"


def _write(path: Path, rows: list[tuple[str, ...]]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)


def test_a_group_that_is_worse_is_marked(tmp_path: Path) -> None:
    rows = [("system", "clip", "figure", "value")]
    for k in range(20):
        rows.append(("ours", f"c{k}", "identity", str(0.17 + 0.01 * (k % 2) + 0.1 * (k < 5))))
        rows.append(("ours", f"c{k}", "lips", str(0.8 + 0.01 * (k % 2))))
        rows.append(("theirs", f"c{k}", "lips", "0"))
    _write(tmp_path / "clips.csv", rows)
    groups = [("clip", "group"), *((f"c{k}", "glasses") for k in range(5)), ("c7", "one")]
    _write(tmp_path / "groups.csv", groups)
    command = [sys.executable, str(RECIPE), str(tmp_path), str(tmp_path / "groups.csv")]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(found) == 4  # two lines of head; a single clip is no group
    assert "| glasses | 5 | identity | 0.274 | 0.175 | +0.099" in found[2] and "**" in found[2]
    assert "| glasses | 5 | lips | 0.804 | 0.805 |" in found[3] and "**" not in found[3]
