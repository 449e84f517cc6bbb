"""Files, links and classes named in the documentation exist."""

import re
import tomllib
from ast import literal_eval
from collections.abc import Iterator
from dataclasses import asdict
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from tests.support.paths import ROOT
from ttsf.research.presets import PRESETS

DOCS = sorted((ROOT / "docs").rglob("*.md"))
PAGES = [*ROOT.glob("*.md"), *DOCS, *(ROOT / "dev").glob("*.md")]
FILE = re.compile(r"`((?:[\w-]+/)*[\w-]+\.(?:py|sh|md))`")
LINK = re.compile(r"\]\((?!http|/)([^)#]+)\)")
CODE = re.compile(r"`[^`\n]*`")
SOURCE = "\n".join(path.read_text() for path in (ROOT / "src").rglob("*.py"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = LINK.findall(CODE.sub("", page.read_text()))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_files_are_where_the_page_says(page: Path) -> None:
    places = (ROOT, ROOT / "src" / "ttsf", page.parent)
    named = [name for name in FILE.findall(page.read_text()) if not name.startswith("FILE.")]
    assert [name for name in named if not any((at / name).exists() for at in places)] == []


def test_the_version_is_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    cited = re.findall(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text(), re.MULTILINE)
    changes = (ROOT / "docs" / "changelog.md").read_text(encoding="utf-8")
    described = re.findall(r"^## (\S+)", changes, re.MULTILINE)
    assert cited == [project["version"]] == described[:1]


def test_the_paper_map_names_what_is_there() -> None:
    text = (ROOT / "docs" / "paper_map.md").read_text()
    symbols, _, _ = text.partition("\n## ")[2].partition("\n## ")
    names = {
        name
        for row in symbols.splitlines()
        if row.startswith("| ") and row.count("|") == 4
        for name in re.findall(r"`([A-Za-z_]+)(?:\.\w+)?`", row.split("|")[2])
    }
    assert len(names) > 20
    assert [n for n in sorted(names) if not re.search(rf"(def|class) {n}\b", SOURCE)] == []


def leaves(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted names and values of a nested configuration."""
    if not isinstance(value, dict):
        yield key, value
        return
    for name in value:
        yield from leaves(value[name], f"{key}.{name}" if key else name)


def stated(text: str) -> Any:
    """A value as the table writes it."""
    try:
        return literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def test_every_value_of_paper_has_a_row_with_its_source() -> None:
    text = (ROOT / "docs" / "paper_map.md").read_text()
    table = text.partition("## Values of the preset `paper`")[2].partition("\n\nParameter counts")[
        0
    ]
    rows = [line.split("|") for line in table.splitlines() if line.startswith("| `")]
    assert all(row[2].strip() for row in rows)
    listed = [item.partition(" = ") for row in rows for item in re.findall(r"`([^`]+)`", row[1])]
    values = dict(leaves(asdict(PRESETS["paper"])))
    for name, value in values.items():
        (_, given, wanted), *further = [item for item in listed if fnmatchcase(name, item[0])]
        assert not further, f"{name} stands twice"
        assert not given or stated(wanted) == value, f"{name} is {value}, not {wanted}"
    dead = [name for name, *_ in listed if not any(fnmatchcase(key, name) for key in values)]
    assert dead == []
