"""Files, links and classes named in the documentation exist."""

import re
from pathlib import Path

import pytest

from tests.support.paths import ROOT

PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "dev").glob("*.md")]
FILE = re.compile(r"`((?:[\w-]+/)*[\w-]+\.(?:py|sh|md))`")
LINK = re.compile(r"\]\((?!http|/)([^)#]+)\)")
CODE = re.compile(r"`[^`\n]*`")
SOURCE = "\n".join(path.read_text() for path in (ROOT / "src").rglob("*.py"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = LINK.findall(CODE.sub("", page.read_text()))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", [*(ROOT / "docs").glob("*.md")], ids=lambda page: page.name)
def test_files_are_where_the_page_says(page: Path) -> None:
    places = (ROOT, ROOT / "src" / "ttsf")
    named = [name for name in FILE.findall(page.read_text()) if not name.startswith("FILE.")]
    assert [name for name in named if not any((at / name).exists() for at in places)] == []


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
