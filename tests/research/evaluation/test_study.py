"""The rating study: anonymous systems, no lost answers, correct statistics."""

import csv
import io
import json
import math
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from ttsf.cli.main import parse
from ttsf.errors import TtsfError
from ttsf.research.evaluation.study import analysis, make
from ttsf.research.evaluation.study.analysis import Interval, analyse, interval, score_text
from ttsf.research.evaluation.study.make import Study, make_study

SYSTEMS = ("plum", "teal", "oracle")
NODE = shutil.which("node")


@pytest.fixture
def systems(tmp_path: Path) -> dict[str, Path]:
    """Three systems with four clips of nonsense bytes."""
    for system in SYSTEMS:
        (tmp_path / system).mkdir()
        for number in range(4):
            (tmp_path / system / f"s{number}.mp4").write_bytes(f"{system} {number}".encode())
    return {system: tmp_path / system for system in SYSTEMS}


@pytest.fixture
def made(systems: dict[str, Path], tmp_path: Path) -> Study:
    return make_study(systems, tmp_path / "study")


def write_sheet(made: Study, name: str, rater: str, **changes: object) -> Path:
    """A finished sheet; answers depend on the system, the clip and the rater."""
    key = json.loads(made.key.read_text())
    ratings = [
        {
            "id": identifier,
            "lip_sync": 1 + SYSTEMS.index(clip["system"]),
            "motion": 1 + (int(clip["clip"][1]) + len(rater)) % 5,
            "realness": 5,
        }
        for identifier, clip in key["clips"].items()
    ]
    sheet = {"format": "ttsf-study-ratings-1", "study": key["study"], "rater": rater}
    path = made.key.parent.parent / name
    path.write_text(json.dumps(sheet | {"ratings": ratings} | changes))
    return path


def sheet_rows(made: Study) -> list[dict]:
    return json.loads(write_sheet(made, "rows.json", "Rows").read_text())["ratings"]


def run_script(made: Study, code: str) -> object:
    script = made.page.read_text().split("<script>")[1].split("</script>")[0]
    assert NODE is not None
    told = subprocess.run([NODE, "-"], input=script + code, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout)


def test_a_study_holds_every_clip_once_and_hides_the_systems(
    made: Study, systems: dict[str, Path]
) -> None:
    assert made[2:] == (4, 3, [])
    folder = made.key.parent
    assert sorted(path.name for path in folder.iterdir()) == ["key.json", "pages"]
    assert sorted(path.name for path in (folder / "pages").iterdir()) == ["clips", "index.html"]
    clips = json.loads(made.key.read_text())["clips"]
    files = {path.stem: path.read_bytes() for path in (folder / "pages" / "clips").iterdir()}
    assert files == {
        identifier: (systems[clip["system"]] / clip["clip"]).read_bytes()
        for identifier, clip in clips.items()
    }
    page = made.page.read_text(encoding="utf-8")
    assert all(f'"{identifier}"' in page and len(identifier) == 10 for identifier in clips)
    for secret in (*SYSTEMS, "s0.mp4", "key.json", "@CLIPS@", "@STUDY@"):
        assert secret not in page
    ranks = [SYSTEMS.index(clip["system"]) for _, clip in sorted(clips.items())]
    assert ranks not in (sorted(ranks), sorted(ranks, reverse=True), [0, 1, 2] * 4)


def test_the_page_loads_nothing_from_elsewhere(made: Study) -> None:
    page = made.page.read_text(encoding="utf-8")
    for loader in ("http://", "https://", 'src="', "href=", "import ", "fetch(", "@import"):
        assert loader not in page.lower()
    for named in ("Lip sync", "Motion naturalness", "Video realness", '"bad"', '"excellent"'):
        assert named in page


def test_the_same_seed_gives_the_same_study(systems: dict[str, Path], tmp_path: Path) -> None:
    contents = []
    for folder, seed in (("a", 3), ("b", 3), ("c", 4)):
        made = make_study(systems, tmp_path / folder, seed, clips=2)
        kept = {clip["clip"] for clip in json.loads(made.key.read_text())["clips"].values()}
        assert made.clips == len(kept) == 2
        paths = sorted(path for path in (tmp_path / folder).rglob("*") if path.is_file())
        contents.append([(p.relative_to(tmp_path / folder), p.read_bytes()) for p in paths])
    assert contents[0] == contents[1] != contents[2]
    (systems["plum"] / "s0.mp4").write_bytes(b"made anew")
    made = make_study(systems, tmp_path / "d", 3, clips=2)
    assert made.key.read_bytes() != (tmp_path / "a" / "key.json").read_bytes()


def test_files_that_do_not_pair_up_are_reported(systems: dict[str, Path], tmp_path: Path) -> None:
    (systems["plum"] / "s1.mp4").unlink()
    (systems["teal"] / "s2.mp4").write_bytes(b"")
    (systems["oracle"] / "extra.mp4").write_bytes(b"x")
    (systems["oracle"] / "._s0.mp4").write_bytes(b"of a file manager")
    made = make_study(systems, tmp_path / "study")
    assert made.clips == 2
    assert [(refusal.source, refusal.reason) for refusal in made.refused] == [
        ("extra.mp4", "missing or empty in plum, teal"),
        ("s1.mp4", "missing or empty in plum"),
        ("s2.mp4", "missing or empty in teal"),
    ]


def test_bad_folders_give_one_clear_line(systems: dict[str, Path], tmp_path: Path) -> None:
    empty, lonely = tmp_path / "empty", tmp_path / "lonely"
    for folder in (empty, lonely):
        folder.mkdir()
    (lonely / "other.mp4").write_bytes(b"x")
    out = tmp_path / "study"
    for wrong, complaint in (
        ({}, "at least one system"),
        ({" ": lonely}, "at least one system"),
        ({"a": tmp_path / "none"}, "none: No such file"),
        ({"a": empty}, "empty: no .mp4"),
        (systems | {"a": lonely}, "no file is in all systems: other.mp4"),
    ):
        with pytest.raises(TtsfError, match=complaint) as told:
            make_study(wrong, out)
        assert "\n" not in str(told.value)
    for count in (0, 5):
        with pytest.raises(TtsfError, match=f"{count} clips asked for, but 4 pair up"):
            make_study(systems, out, clips=count)
    assert not out.exists()
    out.mkdir()
    with pytest.raises(TtsfError, match="never overwritten"):
        make_study(systems, out)


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_copy_that_fails_leaves_nothing(
    systems: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    failure: BaseException,
) -> None:
    copied = []

    def copy(source: Path, target: Path) -> None:
        copied.append(target)
        target.write_bytes(source.read_bytes())
        if len(copied) == 5:
            raise failure

    monkeypatch.setattr(make.shutil, "copyfile", copy)
    before = set(tmp_path.iterdir())
    with pytest.raises((TtsfError, KeyboardInterrupt), match=r"No space|^$"):
        make_study(systems, tmp_path / "study")
    assert set(tmp_path.iterdir()) == before and len(copied) == 5


def test_interval_by_hand_and_by_scipy() -> None:
    # 3, 4, 5: deviation 1, t of two degrees of freedom 4.302653, over the root of 3
    assert interval([3, 4, 5]) == pytest.approx((4, 4.302653 / math.sqrt(3), 3), abs=1e-5)
    values = np.random.default_rng(0).integers(1, 6, 200).tolist()
    low, high = stats.t.interval(0.95, 199, np.mean(values), stats.sem(values))
    mean, half, _ = interval(values)
    assert (mean - half, mean + half) == pytest.approx((low, high))
    assert interval([4])[::2] == (4, 1) and math.isnan(interval([4]).half_width)
    assert math.isnan(interval([]).mean)


def test_scores_look_as_in_the_paper() -> None:
    assert score_text(Interval(4.0941, 0.0698, 800)) == "4.09±.07"
    assert score_text(Interval(3.0, 1.234, 3)) == "3.00±1.23"
    assert score_text(Interval(3.0, 0.0, 3)) == "3.00±.00"
    assert score_text(interval([4])) == "4.00±-" and score_text(interval([])) == "-"


def test_sheets_become_the_table(made: Study, tmp_path: Path) -> None:
    sheets = [write_sheet(made, f"{name}.json", name) for name in ("A", "Bo", "Cy")]
    table = analyse(made.key, sheets)
    assert (table.raters, table.clips, table.ratings) == (3, 4, 36)
    assert table.unfinished == table.refused == []
    lips = {system: table.opinions[system, "lip_sync"] for system in SYSTEMS}
    assert [lips[system].ratings for system in SYSTEMS] == [(1, 0, 12), (2, 0, 12), (3, 0, 12)]
    assert lips["plum"].raters == (1, 0, 3)
    own = [[1 + (clip + length) % 5 for clip in range(4)] for length in (1, 2, 2)]
    motion = table.opinions["plum", "motion"]
    assert motion.ratings == pytest.approx(interval([v for values in own for v in values]))
    assert motion.raters == pytest.approx(interval([sum(values) / 4 for values in own]))
    text = analysis.to_markdown(table)
    assert "3 raters, 3 systems, 4 clips of each, 36 rated clips" in text
    assert f"| plum | 1.00±.00 | {score_text(motion.ratings)} | 5.00±.00 | 12 |" in text
    assert f"| plum | 1.00±.00 | {score_text(motion.raters)} | 5.00±.00 | 3 |" in text
    rows = list(csv.DictReader(io.StringIO(analysis.to_csv(table))))
    assert len(rows) == 9 and [row["system"] for row in rows[::3]] == list(SYSTEMS)
    assert float(rows[1]["ratings_half_width"]) == pytest.approx(motion.ratings[1], abs=1e-4)
    assert rows[0]["raters_number"] == "3"
    beside = analysis.write_table(table, tmp_path / "result.md")
    assert (tmp_path / "result.md").read_text(encoding="utf-8") == text
    assert beside.read_text() == analysis.to_csv(table)


def test_unfinished_sheets_count_with_what_they_hold(made: Study) -> None:
    rows = sheet_rows(made)
    whole = write_sheet(made, "a.json", "A")
    part = write_sheet(made, "b.json", "B", ratings=rows[:2])
    table = analyse(made.key, [whole, part])
    assert (table.raters, table.ratings) == (2, 14)
    assert [(r.source, r.reason) for r in table.unfinished] == [(str(part), "2 of 12 clips rated")]
    assert [table.opinions[system, "motion"].raters.number for system in SYSTEMS] == [2, 2, 1]
    alone = analyse(made.key, [part])
    assert "| oracle | - | - | - | 0 |" in analysis.to_markdown(alone)
    assert "oracle,motion,nan,nan,0,nan,nan,0" in analysis.to_csv(alone)


def test_broken_sheets_are_reported_and_left_out(made: Study, tmp_path: Path) -> None:
    row = sheet_rows(made)[0]
    good = write_sheet(made, "good.json", "Good")
    no_json, binary = tmp_path / "no.json", tmp_path / "binary.json"
    no_json.write_text("{")
    binary.write_bytes(b"\xff\xfe\x00")
    broken = {
        write_sheet(made, "id.json", "A", ratings=[row | {"id": "ffff"}]): "no clip 'ffff'",
        write_sheet(made, "six.json", "B", ratings=[row | {"motion": 6}]): "ratings.0.motion",
        write_sheet(made, "half.json", "C", ratings=[row | {"motion": 4.5}]): "ratings.0.motion",
        write_sheet(made, "text.json", "D", ratings=[row | {"motion": "4"}]): "ratings.0.motion",
        write_sheet(made, "true.json", "E", ratings=[row | {"motion": True}]): "ratings.0.motion",
        write_sheet(made, "twice.json", "F", ratings=[row, row]): "is rated 2 times",
        write_sheet(made, "other.json", "Good", study="beef"): "another study, beef",
        write_sheet(made, "none.json", "H", ratings=[]): "holds no ratings",
        write_sheet(made, "more.json", "I", mood="fine"): "mood",
        write_sheet(made, "ann1.json", "Ann Lee"): "has 2 sheets: give one",
        write_sheet(made, "ann2.json", " ann  lee"): "has 2 sheets: give one",
        no_json: "Invalid JSON",
        binary: "not valid UTF-8",
        tmp_path / "missing.json": "No such file",
    }
    table = analyse(made.key, [good, good, *broken])
    assert (table.raters, table.ratings) == (1, 12)
    told = {refusal.source: refusal.reason for refusal in table.refused}
    assert set(told) == {str(path) for path in broken}
    for path, complaint in broken.items():
        assert complaint in told[str(path)], path
    assert f"- {no_json}: Invalid JSON" in analysis.to_markdown(table)
    with pytest.raises(TtsfError, match=r"none of 1 sheets .* holds no ratings"):
        analyse(made.key, [tmp_path / "none.json"])


def test_csv_sheets_say_the_same_as_json(made: Study, tmp_path: Path) -> None:
    rows, lines = sheet_rows(made), ["id,rater,lip_sync,motion,realness"]
    for rater in ("A", "Bo"):
        sheet = json.loads(write_sheet(made, f"{rater}.json", rater).read_text())
        lines += [f"{r['id']},{rater},{r['lip_sync']},{r['motion']}, 5" for r in sheet["ratings"]]
    (tmp_path / "both.csv").write_text("\ufeff" + "\r\n".join(lines) + "\r\n,,,,\r\n", "utf-8")
    expected = analyse(made.key, [tmp_path / "A.json", tmp_path / "Bo.json"])
    assert analyse(made.key, [tmp_path / "both.csv"]) == expected
    first, second = rows[0]["id"], rows[1]["id"]
    (tmp_path / "part.csv").write_text(f"{lines[0]}\n{first},A,1,2,3\n{second},A,,,\n")
    (why,) = analyse(made.key, [tmp_path / "part.csv"]).unfinished
    assert (why.source, why.reason) == (f"{tmp_path / 'part.csv'} (A)", "1 of 12 clips rated")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "must name the columns rater,id,"),
        ("rater,id,lips\n", "must name the columns rater,id,"),
        ("rater,id,lip_sync,motion,realness\nA,x,1,2\n", "line 2: needs a rater and 5 columns"),
        ("rater,id,lip_sync,motion,realness\n,x,1,2,3\n", "line 2: needs a rater and 5 columns"),
        ("rater,id,lip_sync,motion,realness\nA,x,1,2,6\n", "line 2: 1,2,6 are not three"),
        ("rater,id,lip_sync,motion,realness\nA,x,1,,3\n", "line 2: 1,,3 are not three"),
        ("rater,id,lip_sync,motion,realness\nA,x,1,2,3\n", "the key has no clip 'x'"),
        ("rater,id,lip_sync,motion,realness\n", "none of 0 sheets"),
        ('rater,id,lip_sync,motion,realness\n"A,x', "not a CSV"),
    ],
)
def test_broken_csv(made: Study, tmp_path: Path, content: str, complaint: str) -> None:
    (tmp_path / "bad.csv").write_text(content)
    with pytest.raises(TtsfError) as told:
        analyse(made.key, [tmp_path / "bad.csv"])
    assert complaint in str(told.value) and "\n" not in str(told.value)


@pytest.mark.parametrize("content", ["", "[]", '{"format": "ttsf-study-key-1"}'])
def test_a_broken_key(made: Study, tmp_path: Path, content: str) -> None:
    sheet = write_sheet(made, "a.json", "A")
    (tmp_path / "key.json").write_text(content)
    with pytest.raises(TtsfError, match=r"key.json is not the key of a study"):
        analyse(tmp_path / "key.json", [sheet])
    with pytest.raises(TtsfError, match="No such file"):
        analyse(tmp_path / "none.json", [sheet])


@pytest.mark.skipif(NODE is None, reason="needs node")
def test_the_page_orders_clips_by_rater_and_writes_sheets(made: Study, tmp_path: Path) -> None:
    names = ["Ann", " ann ", "Bob", *map(str, range(40))]
    orders = run_script(
        made,
        f"console.log(JSON.stringify({json.dumps(names)}.map((n) => orderFor(CLIPS, n))));",
    )
    clips = json.loads(made.key.read_text())["clips"]
    assert isinstance(orders, list) and orders[0] == orders[1] != orders[2]
    assert len({tuple(order) for order in orders}) == len(names) - 1
    for order in orders:
        assert sorted(order) == sorted(clips)
        said = [clips[identifier]["clip"] for identifier in order]
        assert all(one != other for one, other in pairwise(said))
    sheet = run_script(
        made,
        """const answers = {}, order = orderFor(CLIPS, "Zoë B.");
        for (const id of order) answers[id] = { lip_sync: 4, motion: 2, realness: 5 };
        delete answers[order[0]];
        answers[order[1]] = { lip_sync: 3 };
        console.log(JSON.stringify([fileName("Zoë B."), sheetOf("Zoë B.", order, answers)]));""",
    )
    assert isinstance(sheet, list) and sheet[0] == "ratings_zoë_b_.json"
    (tmp_path / sheet[0]).write_text(json.dumps(sheet[1]))
    table = analyse(made.key, [tmp_path / sheet[0]])
    assert (table.ratings, table.unfinished[0].reason) == (10, "10 of 12 clips rated")
    assert table.opinions["plum", "lip_sync"].ratings.mean == 4


@pytest.mark.skipif(NODE is None, reason="needs node")
def test_clips_of_one_sentence_may_meet_only_where_they_must(made: Study) -> None:
    said = run_script(
        made,
        """const clips = [["a", 0], ["b", 0], ["c", 0], ["d", 1], ["e", 2]];
        const tried = Array.from({ length: 50 }, (_, i) => orderFor(clips, String(i)).join(""));
        console.log(JSON.stringify([tried, orderFor(clips.slice(0, 3), "x").length]));""",
    )
    assert isinstance(said, list) and said[1] == 3
    for order in said[0]:
        assert set(order[::2]) == set("abc") and set(order[1::2]) == set("de")


def run_command(arguments: list[str]) -> None:
    parse(arguments).run()


def test_commands(
    systems: dict[str, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("WARNING")
    (systems["plum"] / "s3.mp4").unlink()
    out = tmp_path / "study"
    given = [f"{name}={folder}" for name, folder in systems.items()]
    run_command(["study", "make", *given, "--out", str(out), "--clips", "2", "--seed", "5"])
    (line,) = capsys.readouterr().out.splitlines()
    assert "2 clips of 3 systems" in line and str(out / "key.json") in line
    assert caplog.messages == ["s3.mp4 is left out: missing or empty in plum"]
    made = Study(out / "pages" / "index.html", out / "key.json", 2, 3, [])
    sheet, broken = write_sheet(made, "a.json", "A"), tmp_path / "b.json"
    analysis = ["study", "analyse", str(made.key), str(sheet), str(broken)]
    run_command(analysis)
    assert capsys.readouterr().out.startswith("# User study\n")
    run_command([*analysis, "--out", str(tmp_path / "table.md")])
    assert "6 rated clips of 1 raters" in capsys.readouterr().out
    assert (tmp_path / "table.md").is_file() and (tmp_path / "table.csv").is_file()
    assert f"{broken} is left out: No such file or directory" in caplog.messages


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["make", "plum", "--out", "x"], "'plum' is not of the form NAME=DIR"),
        (["make", "=a", "--out", "x"], "'=a' is not of the form NAME=DIR"),
        (["make", "a=b", "a=c", "--out", "x"], "the name 'a' is given twice"),
        (["make", "a=none", "--out", "x"], "none: No such file"),
        (["make", "a=b"], "--out"),
        (["make", "--out", "x"], "at least one system"),
        (["analyse", "key.json"], "ratings"),
        (["analyse", "key.json", "a.json", "--out", "t.csv"], "ends in .md"),
        (["analyse", "key.json", "a.csv", "--out", "a.md"], "would be overwritten"),
        (["analyse", "none.json", "a.json"], "none.json: No such file"),
    ],
)
def test_wrong_commands(arguments: list[str], complaint: str) -> None:
    with pytest.raises(TtsfError) as told:
        run_command(["study", *arguments])
    assert complaint in str(told.value)
