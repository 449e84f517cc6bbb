"""Texts whose spoken words were written down before any rule saw them.

Their files never change: an expectation that proves mistaken stays counted as wrong. What is said
is compared as in `test_spoken`. docs/speech.md has the figures of the first run and of today.
"""

import hashlib
import re

import pytest

from tests.support.spoken_words import REFERENCE, read_out, said, table

SEALED = {
    "kinds.tsv": "32c06cca049ff1cc3ef4f03e93b9c5cf1eaf8d1f9d4f805715e3c2d3485935dc",
    "texts.tsv": "6f868e16a281b0e388d5e3ada18cc69afd48dae5209490c4f97ca41b84592a58",
    "chat_answers.txt": "9cc796e4acc4163223efa5781b38ba0d94b362deee249bd013958857afd8754d",
}
"""File -> SHA-256."""
RIGHT = {"kinds.tsv": (143, 150), "texts.tsv": (96, 100), "chat_answers.txt": (48, 50)}
"""File -> rows that are right at least, and rows of the file."""


def rows(name: str) -> list[tuple[str, str, str]]:
    """Kind, text and spoken words."""
    if name.endswith(".tsv"):
        return table(f"sealed/{name}")
    text = (REFERENCE / "sealed" / name).read_text(encoding="utf-8")
    return re.findall(r"^@@ (\w+)\n((?s:.*?))\n@@ said\n(.*)$", text, re.M)


def wrong(name: str) -> list[str]:
    """Texts of a file that are not said as expected."""
    return [written for _, written, spoken in rows(name) if said(written) != read_out(spoken)]


@pytest.mark.parametrize("name", SEALED)
def test_the_file_is_as_it_was_sealed(name: str) -> None:
    content = (REFERENCE / "sealed" / name).read_bytes()
    assert hashlib.sha256(content).hexdigest() == SEALED[name]


@pytest.mark.parametrize("name", RIGHT)
def test_no_fewer_are_right_than_recorded(name: str) -> None:
    right, total = RIGHT[name]
    missed = wrong(name)
    assert len(rows(name)) == total
    assert total - len(missed) >= right, missed
