"""Case lists are read completely, or refused with the line of the mistake."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support.recordings import empty_picture, write_recording
from ttsf.errors import TtsfError
from ttsf.research.evaluation.cases import CASES, COLUMNS, PLAIN, Case, read_cases, save_portraits

HEAD = ",".join(COLUMNS)
PARTS_HEAD = "file,kind,use,speaker,dataset,licence,transcript,voice_register"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A portrait and the real clip, as files that nobody needs to open."""
    for name in ("ann.png", "bob.png", "ann.mp4", "bob.mp4"):
        (tmp_path / name).touch()
    return tmp_path


def listed(folder: Path, *rows: str, per_person: int = 9, limit: int | None = None) -> list[Case]:
    (folder / CASES).write_text("\n".join([HEAD, *rows]) + "\n", encoding="utf-8")
    return read_cases(folder, ("valid",), per_person, limit)


def test_a_row_becomes_a_case(folder: Path) -> None:
    rows = (
        'a1,ann,ann.png,ann.mp4,"Good morning, all.",high',
        "b1,,bob.png,,,",
        "a2,ann,,ann.mp4,,",
        "b2,bob,bob.png,,Good night.,low",
    )
    cases = {case.name: case for case in listed(folder, *rows)}
    assert list(cases) == ["a1", "a2", "b1", "b2"]  # by sort: recorded, real clip, portrait alone
    assert cases["a1"] == Case(
        "a1", "ann", folder / "ann.png", folder / "ann.mp4", "Good morning, all.", True, "high"
    )
    assert not any(cases[name].recorded for name in ("a2", "b1", "b2"))
    assert cases["b1"].person == "b1" and cases["b1"].register is None
    assert {cases["a2"].text, cases["b1"].text} <= set(PLAIN)
    assert cases["b2"].text == "Good night." and cases["a2"].portrait is None


def test_a_spreadsheets_byte_order_mark_is_no_column(folder: Path) -> None:
    text = f"\ufeff{HEAD}\r\na,ann,ann.png,,Café.,\r\n"
    (folder / CASES).write_bytes(text.encode())
    (case,) = read_cases(folder, (), 1, None)
    assert (case.name, case.text) == ("a", "Café.")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",ann,ann.png,,Hi.,", "line 3: '' cannot be the name of a file"),
        ("x/y,ann,ann.png,,Hi.,", "line 3: 'x/y' cannot be the name of a file"),
        (".x,ann,ann.png,,Hi.,", "line 3: '.x' cannot be the name of a file"),
        ("a,ann,ann.png,,Hi.,", "line 3: a second case is called 'a'"),
        ("b,ann,cat.png,,Hi.,", "line 3: there is no file cat.png"),
        ("b,ann,ann.png,cat.mp4,Hi.,", "line 3: there is no file cat.mp4"),
        ("b,ann,,,Hi.,", "line 3: neither a portrait nor a video"),
        ("b", "line 3: neither a portrait nor a video"),
        ("b,ann,ann.png,,Hi.,alto", "line 3: register 'alto' is none of low, high, unsure"),
    ],
)
def test_a_bad_row_is_named_by_its_line(folder: Path, row: str, reason: str) -> None:
    with pytest.raises(TtsfError) as told:
        listed(folder, "a,ann,ann.png,,Hi.,", row)
    assert str(told.value) == f"{folder / CASES}, {reason}"


@pytest.mark.parametrize("head", ["", "name,person", f"{HEAD},mood", HEAD.replace("text", "words")])
def test_the_columns_are_named(folder: Path, head: str) -> None:
    (folder / CASES).write_text(f"{head}\n")
    with pytest.raises(
        TtsfError, match="the columns must be name, person, portrait, video, text, reg"
    ):
        read_cases(folder, (), 1, None)


def test_what_is_no_list(folder: Path) -> None:
    with pytest.raises(TtsfError, match=r"neither cases\.csv nor manifest\.csv"):
        read_cases(folder, (), 1, None)
    with pytest.raises(TtsfError, match="neither"):
        read_cases(folder / "nowhere", (), 1, None)
    with pytest.raises(TtsfError, match="no case to evaluate"):
        listed(folder)
    (folder / CASES).write_bytes(HEAD.encode() + b"\na,\xff\xfe,,,,\n")
    with pytest.raises(TtsfError, match="not a table of UTF-8 text"):
        read_cases(folder, (), 1, None)


def test_limits(folder: Path) -> None:
    """Per person first, then evenly of each sort."""
    rows = [f"ann{i},ann,,ann.mp4,Hello.," for i in range(4)]
    rows += [f"p{i},p{i},,ann.mp4,Hello.," for i in range(8)]
    rows += [f"q{i},q{i},bob.png,,Hello.," for i in range(3)]
    names = [case.name for case in listed(folder, *rows, per_person=2)]
    assert names == ["ann0", "ann1", *(f"p{i}" for i in range(8)), "q0", "q1", "q2"]
    names = [case.name for case in listed(folder, *rows, per_person=2, limit=5)]
    assert names == ["ann0", "p0", "p2", "p4", "p6", "q0", "q1", "q2"]
    names = [case.name for case in listed(folder, *rows, per_person=1, limit=1)]
    assert names == ["ann0", "q0"]


def in_parts(folder: Path, *rows: str) -> Path:
    for name in ("video/a.mp4", "video/b.mp4", "portrait/c.png", "portrait/d.png", "speech/e.flac"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    (folder / "manifest.csv").write_text("\n".join([PARTS_HEAD, *rows]) + "\n")
    return folder


def test_cases_of_a_parts_folder(tmp_path: Path) -> None:
    root = in_parts(
        tmp_path,
        "portrait/c.png,portrait,valid,photos,photos,CC0,,low",
        "video/a.mp4,video,valid,ann,films,CC0,Good morning.,high",
        "video/b.mp4,video,evaluate_only,bob,films,CC0,,",
        "portrait/d.png,portrait,train,photos,photos,CC0,,",
        "speech/e.flac,speech,valid,eve,books,CC0,Good night.,",
    )
    a, b, c = read_cases(root, ("valid", "evaluate_only"), 2, None)
    assert a == Case("a", "ann", None, root / "video/a.mp4", "Good morning.", True, "high")
    assert b == Case("b", "bob", None, root / "video/b.mp4", PLAIN[1], False, None)
    assert c == Case("c", "c", root / "portrait/c.png", None, PLAIN[2], False, "low")
    assert [case.name for case in read_cases(root, ("train",), 2, None)] == ["d"]
    assert [case.name for case in read_cases(root, ("valid",), 2, None)] == ["a", "c"]


def test_a_bad_row_of_a_parts_folder(tmp_path: Path) -> None:
    root = in_parts(tmp_path, "video/z.mp4,video,valid,ann,films,CC0,,")
    with pytest.raises(TtsfError, match=r"manifest\.csv, line 2: there is no file video/z\.mp4"):
        read_cases(root, ("valid",), 2, None)
    root = in_parts(tmp_path, "video/a.mp4,video,test,ann,films,CC0,,")
    with pytest.raises(TtsfError, match=r"manifest\.csv, line 2: use 'test' is none of"):
        read_cases(root, ("valid",), 2, None)


def test_cases_come_before_parts(tmp_path: Path) -> None:
    root = in_parts(tmp_path, "video/a.mp4,video,valid,ann,films,CC0,,")
    (case,) = listed(root, "mine,ann,portrait/c.png,,Hi.,")
    assert case.name == "mine"


@pytest.fixture
def shown(tmp_path: Path) -> list[Case]:
    """One case with a portrait, one with a video."""
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 256, (60, 64, 3)).astype(np.uint8)).save(tmp_path / "a.png")
    pictures = [empty_picture(64, 48) // (i + 1) for i in range(3)]
    video = write_recording(tmp_path / "b.mp4", pictures)
    portrait = Case("one", "ann", tmp_path / "a.png", None, 'Say "hi", please.', False, "high")
    return [portrait, Case("two", "bob", None, video, "Café.", True)]


def test_pictures(shown: list[Case]) -> None:
    portrait, first = (case.picture() for case in shown)
    np.testing.assert_array_equal(portrait, np.asarray(Image.open(shown[0].portrait)))
    assert np.abs(first.astype(int) - empty_picture(64, 48)).mean() < 3
    with pytest.raises(TtsfError, match="three: neither a portrait nor a video"):
        Case("three", "ann", None, None, "Hi.", False).picture()


def test_saved_portraits_are_cases_once_more(shown: list[Case], tmp_path: Path) -> None:
    out = tmp_path / "out" / "cases"
    save_portraits(shown, out)
    assert sorted(path.name for path in out.iterdir()) == ["cases.csv", "one.png", "two.png"]
    again = read_cases(out, (), 9, None)
    for case, old in zip(again, shown, strict=True):
        assert (case.name, case.person, case.text) == (old.name, old.person, old.text)
        assert (case.portrait, case.video) == (out / f"{case.name}.png", None)
        assert not case.recorded and case.register == old.register
        np.testing.assert_array_equal(case.picture(), old.picture())
    with (out / CASES).open(newline="") as file:
        assert tuple(next(csv.reader(file))) == COLUMNS


def test_saving_twice_changes_nothing(shown: list[Case], tmp_path: Path) -> None:
    out = tmp_path / "cases"
    save_portraits(shown, out)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    times = {path.name: path.stat().st_mtime_ns for path in out.glob("*.png")}
    save_portraits(shown, out)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert {path.name: path.stat().st_mtime_ns for path in out.glob("*.png")} == times


def test_a_folder_of_other_cases_is_left_alone(shown: list[Case], tmp_path: Path) -> None:
    save_portraits(shown, tmp_path / "out" / "cases")
    with pytest.raises(TtsfError, match="out holds an evaluation of other cases"):
        save_portraits(shown[:1], tmp_path / "out" / "cases")
    assert len(read_cases(tmp_path / "out" / "cases", (), 9, None)) == 2
