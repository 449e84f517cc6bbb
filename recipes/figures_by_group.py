"""Whether anybody is served worse: an evaluation's figures of each group of people and of the rest.

    python recipes/figures_by_group.py REPORT GROUPS [--system ours]

REPORT is the folder of a `ttsf evaluate`; GROUPS a CSV with columns `clip` and `group`, a line for
each group that a clip belongs to. A difference of more than two standard errors is marked.
"""

import argparse
import csv
from collections import defaultdict
from pathlib import Path

import numpy as np

FIGURES = (
    "identity", "lips", "closed", "opening", "blinks", "jerk", "with_voice", "register",
)  # fmt: skip


def read_rows(path: Path) -> list[dict[str, str]]:
    """The lines of a CSV by its columns."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def compare(values: dict[str, float], members: set[str]) -> tuple[float, float, float, int] | None:
    """Mean of a group, of the others, the difference's standard error, and how many it counts.

    None where either has fewer than two.
    """
    inside = np.array([v for clip, v in values.items() if clip in members])
    outside = np.array([v for clip, v in values.items() if clip not in members])
    if min(len(inside), len(outside)) < 2:
        return None
    error = np.sqrt(inside.var(ddof=1) / len(inside) + outside.var(ddof=1) / len(outside))
    return float(inside.mean()), float(outside.mean()), float(error), len(inside)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("report", type=Path)
    parser.add_argument("groups", type=Path)
    parser.add_argument("--system", default="ours")
    chosen = parser.parse_args()
    figures: dict[str, dict[str, float]] = defaultdict(dict)
    for row in read_rows(chosen.report / "clips.csv"):
        if row["system"] == chosen.system:
            figures[row["figure"]][row["clip"]] = float(row["value"])
    groups: dict[str, set[str]] = defaultdict(set)
    for row in read_rows(chosen.groups):
        groups[row["group"]].add(row["clip"])
    print("| group | clips | figure | group | others | difference |\n|---|---|---|---|---|---|")
    for group, members in groups.items():
        for name in FIGURES:
            found = compare(figures[name], members)
            if found is not None:
                mean, others, error, count = found
                mark = " **" if abs(mean - others) > 2 * error else ""
                difference = f"{mean - others:+.3f} +- {error:.3f}{mark}"
                print(f"| {group} | {count} | {name} | {mean:.3f} | {others:.3f} | {difference} |")


if __name__ == "__main__":
    main()
