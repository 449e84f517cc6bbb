"""Counts of portraits that came out right."""

import csv
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT

pytest.importorskip("pocketsphinx")

GOOD = {"identity": ".2", "lips": ".8", "phones": ".7", "closed": "1.0", "opening": ".1"}


@pytest.fixture
def strangers(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(ROOT / "recipes"))
    import strangers

    yield strangers
    sys.modules.pop("strangers")


def write(folder: Path, columns: tuple[str, ...], **changes: dict[str, str]) -> None:
    with (folder / "figures.csv").open("w", newline="") as file:
        rows = csv.DictWriter(file, columns, restval="")
        rows.writeheader()
        for clip, other in changes.items():
            rows.writerow({"clip": clip, "kind": "a", **GOOD, **other})


def count(table: str, name: str) -> str:
    (line,) = [line for line in table.splitlines() if line.startswith(f"| {name} |")]
    return line.split("|")[2].strip()


def test_each_rule_can_fail(tmp_path: Path, strangers) -> None:
    write(
        tmp_path, strangers.COLUMNS, fine={}, other_person={"identity": ".26"}, late={"lips": ".5"},
        open_lips={"closed": ".7"}, still={"opening": ".05"}, unseen={"identity": ""},
        refused={"refused": "no face", **dict.fromkeys(GOOD, "")},
    )  # fmt: skip
    table = strangers.table(tmp_path)
    assert [count(table, name) for name in ("portraits", *strangers.RIGHT, "all of these")] == [
        "7", "6", "5", "4", "5", "5", "1",
    ]  # fmt: skip
    assert "right" not in table  # nobody has looked


def test_what_was_seen_is_counted_once_for_a_portrait(tmp_path: Path, strangers) -> None:
    write(tmp_path, strangers.COLUMNS, fine={}, grey={}, bent={"lips": ".5"})
    (tmp_path / "faults.csv").write_text("clip,fault\ngrey,teeth\ngrey,lids\nbent,teeth\n")
    table = strangers.table(tmp_path)
    assert count(table, "no fault seen") == "1" and count(table, "**right**") == "1"
    assert table.splitlines()[-2:] == ["2 teeth", "1 lids"]


def test_a_fault_of_no_clip_is_refused(tmp_path: Path, strangers) -> None:
    write(tmp_path, strangers.COLUMNS, fine={})
    (tmp_path / "faults.csv").write_text("clip,fault\nfin,teeth\n")
    with pytest.raises(SystemExit, match="no clip is called fin"):
        strangers.table(tmp_path)
