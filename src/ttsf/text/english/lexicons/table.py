"""Read the tables of this folder."""

from functools import cache
from pathlib import Path


@cache
def rows(name: str) -> tuple[tuple[str, ...], ...]:
    """Return the rows of NAME.tsv below its header, padded to the header's number of cells.

    Lines that begin with "# " are comments. Raises ValueError for a row with too many cells.
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
    """Return a table's first two columns as a dictionary."""
    return {row[0]: row[1] for row in rows(name)}
