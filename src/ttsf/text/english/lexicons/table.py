"""Reads a table of this folder."""

from functools import cache
from pathlib import Path


@cache
def rows(name: str) -> tuple[tuple[str, ...], ...]:
    """The rows of NAME.tsv below its header, each with as many cells as the header.

    Lines that begin with "# " are remarks. Raises ValueError that names a row with too many cells.
    """
    text = (Path(__file__).parent / f"{name}.tsv").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("# ")]
    width = lines[0].count("\t") + 1
    found = []
    for line in lines[1:]:
        cells = [cell.strip(" ") for cell in line.split("\t")]
        if len(cells) > width:
            raise ValueError(f"{name}.tsv: too many cells in '{line}'")
        found.append((*cells, *[""] * (width - len(cells))))
    return tuple(found)


def words(name: str) -> dict[str, str]:
    """The first two cells of each row, as a dictionary."""
    return {row[0]: row[1] for row in rows(name)}
