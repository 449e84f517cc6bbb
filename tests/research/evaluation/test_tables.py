"""Tables define each figure and its number of clips; refused clips are counted."""

import csv
import io
from collections.abc import Mapping
from statistics import fmean, median

import numpy as np
import pytest

from ttsf.errors import TtsfError
from ttsf.research.evaluation import scoring
from ttsf.research.evaluation.metrics.metric import Figure, Measure, Metric, average, check_alike
from ttsf.research.evaluation.offline_tables import (
    EXPRESSION,
    MOTION,
    OF_SYSTEM,
    SPEECH,
    VIDEO,
    Ablated,
    TableBuilder,
    tables,
)
from ttsf.research.evaluation.scoring import Measured, Scored
from ttsf.research.evaluation.systems import System
from ttsf.research.evaluation.table import Paired, Row, Table

WER = Metric("WER", "lower", "Word error rate.", "sphinx 5", "offline")
SIZE = Metric("size", "reference", "Pixels, with a comma.", "", "none", 0)
NAMES = ("fd", *VIDEO, *MOTION, *EXPRESSION, *SPEECH, "consistency")
METRICS = {name: WER._replace(name=name, definition=f"What {name} is.") for name in NAMES}


def test_mean_and_median_count_what_is_missing() -> None:
    values = {"a": 1.0, "b": 2.0, "c": 6.0}
    assert average(WER, values, 5) == Figure(WER, 3, 3, 2)
    assert average(WER, values, 3, median) == Figure(WER, 2, 3, 0)
    for over in (fmean, median):
        nothing = average(WER, {}, 2, over)
        assert np.isnan(nothing.value) and nothing.refused == 2


@pytest.mark.parametrize(
    "other",
    [
        {"definition": "Letter error rate."}, {"scorer": "sphinx 6"}, {"grade": "public"},
        {"name": "CER"}, {"better": "higher"}, {"digits": 1},
    ],
)  # fmt: skip
def test_unlike_figures_are_never_compared(other: dict[str, str]) -> None:
    figures = Figure(WER, 0.1, 3), Figure(WER._replace(**other), 0.1, 3)
    with pytest.raises(TtsfError, match=r"these figures cannot be compared: .*WER: Word error"):
        check_alike(*(figure.metric for figure in figures))
    check_alike(WER, WER)
    table = Table("1", "One", (WER,), tuple(Row(f.metric.name, (f,), 3, 0) for f in figures))
    for write in (table.markdown, table.metrics):
        with pytest.raises(TtsfError, match="cannot be compared"):
            write()


TABLE = Table(
    "1",
    "Table 1: speech",
    (WER, SIZE),
    (
        Row("real clips", (None, Figure(SIZE, 255.6, 4)), 4, 0),
        Row("ours", (Figure(WER, 0.12345, 3, 1), Figure(SIZE, 256, 4)), 4, 1),
        Row("theirs", (Figure(WER, float("nan"), 0, 4), None), 0, 3, 1),
    ),
)


def test_markdown() -> None:
    lines = TABLE.markdown().splitlines()
    assert lines[0] == "### Table 1: speech"
    assert lines[2:7] == [
        "|  | WER ↓ | size ≈ | clips | refused | missing |",
        "| --- | --- | --- | --- | --- | --- |",
        "| real clips | - | 256 | 4 | 0 | 0 |",
        "| ours | 0.123 (3) | 256 | 4 | 1 | 0 |",
        "| theirs | - | - | 0 | 3 | 1 |",
    ]
    assert "Judges: offline judges, not comparable with the paper's figures." in lines
    assert "- **WER** Word error rate. Judge: sphinx 5." in lines
    assert "- **size** Pixels, with a comma." in lines
    assert any("in brackets is how many clips have that figure" in line for line in lines)


def test_a_table_without_a_scorer_says_so() -> None:
    table = Table("m", "Motion", (SIZE,), (Row("ours", (Figure(SIZE, 1, 1),), 1, 0),))
    assert "Judges: no network." in table.markdown().splitlines()


def test_a_column_that_nobody_fills_stays() -> None:
    rows = (Row("ours", (None, Figure(SIZE, 1, 1)), 1, 0), Row("theirs", (None, None), 0, 1))
    table = Table("m", "Motion", (WER, SIZE), rows)
    assert "| ours | - | 1 | 1 | 0 | 0 |" in table.markdown()
    assert table.metrics() == (WER, SIZE) and table.csv().count("\n") == 2
    with pytest.raises(ValueError, match="shorter"):
        table._replace(columns=(WER, SIZE, SIZE)).markdown()


def test_csv_repeats_what_every_figure_is() -> None:
    rows = list(csv.DictReader(io.StringIO(TABLE.csv())))
    assert list(rows[0]) == [
        "table", "system", "metric", "value", "used", "refused", "grade", "judge", "definition",
        "same_cases", "same_value", "difference", "error",
    ]  # fmt: skip
    assert [tuple(row.values())[1:6] for row in rows] == [
        ("real clips", "size", "255.6", "4", "0"),
        ("ours", "WER", "0.12345", "3", "1"),
        ("ours", "size", "256", "4", "0"),
        ("theirs", "WER", "", "0", "4"),
    ]
    for row in rows:
        metric = WER if row["metric"] == "WER" else SIZE
        assert row["table"] == "1"
        said = row["grade"], row["judge"], row["definition"]
        assert said == (metric.grade, metric.scorer, metric.definition)


def measured(value: float, seed: int = 0, **values: float) -> Measured:
    """All figures at one value, but for those given; NaN takes one away."""
    found = dict.fromkeys((*VIDEO, *MOTION, *EXPRESSION, *SPEECH), value) | values
    kept = {name: v for name, v in found.items() if not np.isnan(v)}
    faces = np.random.default_rng(seed).normal(size=(4, 8))
    return Measured(kept, {}, faces, np.zeros(4), np.empty(0), np.zeros(4))


def scored(
    name: str,
    clips: Mapping[str, Measured],
    refused: Mapping[str, str] = {},
    missing: frozenset[str] = frozenset(),
) -> Scored:
    return Scored(System(name, {}), dict(clips), dict(refused), missing)


RECORDED = frozenset({"a", "b", "c"})
REAL = scored("real clips", {"a": measured(1, 1), "b": measured(3, 2), "x": measured(5, 3)})
NAN = float("nan")


def row_of(table: Table, system: str) -> dict[str, Figure | None]:
    (row,) = (row for row in table.rows if row.system == system)
    names = [metric.name for metric in table.metrics()]
    return dict(zip(names, row.figures, strict=True))


def test_real_clips_are_no_distance_from_themselves_and_others_are() -> None:
    copy = scored("copy", REAL.clips)
    other = scored("other", {"a": measured(1, 7), "b": measured(1, 8), "x": measured(1, 9)})
    first = tables([REAL, copy, other], {}, RECORDED, METRICS, {})[0]
    assert first.key == "1"
    for system in ("real clips", "copy"):
        figure = row_of(first, system)["fd"]
        assert figure is not None and figure.value == 0 and figure.used == 2
    figure = row_of(first, "other")["fd"]
    assert figure is not None and figure.value > 0.1


def test_refused_clips_are_counted_and_never_averaged() -> None:
    ours = scored(
        "ours",
        {"a": measured(1, lips=0.2), "b": measured(3, lips=NAN), "x": measured(100)},
        {"c": "no face", "y": "no video of this name"},
    )
    one, two = tables([REAL, ours], {}, RECORDED, METRICS, {})[:2]
    row = one.rows[1]
    assert (row.system, row.used, row.refused) == ("ours", 2, 1)
    figures = row_of(one, "ours")
    assert figures["identity"] == Figure(METRICS["identity"], 2, 2, 1)
    assert figures["lips"] == Figure(METRICS["lips"], 0.2, 1, 2)
    assert "| 0.200 (1) |" in one.markdown()
    assert (two.key, two.rows[1].used, two.rows[1].refused) == ("2", 1, 1)
    assert row_of(two, "ours")["identity"] == Figure(METRICS["identity"], 100, 1, 1)


def test_a_system_without_a_clip_has_no_figure() -> None:
    gone = scored("gone", {}, dict.fromkeys("abcx", "no face"))
    one = tables([REAL, gone], {}, RECORDED, METRICS, {})[0]
    assert (one.rows[1].used, one.rows[1].refused) == (0, 3)
    assert set(one.rows[1].figures) == {None}
    assert "| gone | - | - | - | - | - | - | - | - | - | 0 | 3 | 0 |" in one.markdown()


def test_the_lag_of_a_system_is_the_median() -> None:
    clips = {name: measured(0, lag=lag) for name, lag in zip("abc", (0, 1, 8), strict=True)}
    one = tables([REAL, scored("ours", clips)], {}, RECORDED, METRICS, {})[0]
    figure = row_of(one, "ours")["lag"]
    assert figure is not None and figure.value == 1


def test_which_table_has_which_systems_and_cases() -> None:
    ours, other, without = (scored(n, REAL.clips) for n in ("ours", "other", "without E_m"))
    voices = {
        name: {"ann": [np.array([1.0, 0.1]), np.array([1.0, 0])], "bob": [np.array([0, 1.0])]}
        for name in ("ours", "without E_m")
    }
    ablations = {"without E_m": tuple(Ablated)}
    found = {
        table.key: table
        for table in tables([REAL, ours, without, other], ablations, RECORDED, METRICS, voices)
    }
    assert list(found) == ["1", "2", "motion", "expression", "3", "5"]
    for key in ("1", "2", "motion", "expression"):
        assert [row.system for row in found[key].rows] == ["real clips", "ours", "other"]
    voiced = ["real clips", "ours", "without E_m", "other"]
    assert [row.system for row in found["3"].rows] == voiced
    assert [row.system for row in found["5"].rows] == ["ours", "without E_m"]  # no other system
    assert [found[key].rows[0].used for key in found] == [2, 1, 3, 3, 2, 1]
    assert "fd" in row_of(found["1"], "ours") and "fd" not in row_of(found["2"], "ours")
    margins = [row.figures[-1] for row in found["3"].rows]
    assert margins[0] is margins[3] is None and margins[1] == margins[2]
    assert margins[1] is not None and margins[1].value > 0.9 and margins[1].used == 3
    for table in found.values():
        assert table.markdown() and table.csv()


def test_tables_without_a_case_are_left_out() -> None:
    found = tables([scored("real clips", {"a": measured(1)})], {}, RECORDED, METRICS, {})
    assert [table.key for table in found] == ["1", "motion", "expression", "3"]
    assert tables([scored("real clips", {})], {}, RECORDED, METRICS, {}) == []
    gone = scored("gone", {}, {"x": "no face"})
    found = tables([scored("real clips", {}), gone], {}, RECORDED, METRICS, {})
    assert [(table.key, table.rows[-1].refused) for table in found] == [
        ("2", 1), ("motion", 1), ("expression", 1),
    ]  # fmt: skip


def test_one_table_of_chosen_figures() -> None:
    table = TableBuilder(METRICS, REAL, {}).table("k", "Chosen", [REAL], frozenset("ab"), ("jerk",))
    assert table.rows == (Row("real clips", (Figure(METRICS["jerk"], 2, 2, 0),), 2, 0),)


def test_systems_are_compared_on_the_same_cases() -> None:
    """Ours is worse on every case that both have, and better by its own mean."""
    ours = scored("ours", {"a": measured(0.25), "b": measured(0.24), "c": measured(0.1)})
    other = scored("other", {"a": measured(0.23), "b": measured(0.2)}, {}, frozenset("c"))
    one = tables([scored("real clips", {}), ours, other], {}, RECORDED, METRICS, {})[0]
    own = [row_of(one, name)["identity"] for name in ("ours", "other")]
    assert own[0] is not None and own[1] is not None and own[0].value < own[1].value
    place = [metric.name for metric in one.columns].index("identity")
    assert one.against == "ours" and one.paired["real clips"][place] is None
    assert one.paired["ours"][place] == Paired(pytest.approx(0.245), 2)
    error = pytest.approx(0.01)
    assert one.paired["other"][place] == Paired(
        pytest.approx(0.215), 2, pytest.approx(-0.03), error
    )
    assert "| other | - | 0.215 (-0.030 ± 0.010; 2) |" in one.markdown()
    assert (one.rows[2].used, one.rows[2].refused, one.rows[2].missing) == (2, 0, 1)
    rows = list(csv.DictReader(io.StringIO(one.csv())))
    (row,) = (r for r in rows if (r["system"], r["metric"]) == ("other", "identity"))
    assert (row["same_cases"], row["difference"], row["error"]) == ("2", "-0.03", "0.01")


def test_figures_are_set_against_real_clips_of_the_same_cases() -> None:
    """Half of the real clips' range on the two shared cases, whatever the others say."""
    real = scored("real clips", {"a": measured(1), "b": measured(3), "x": measured(50)})
    ours = scored("ours", {"a": measured(1.2), "b": measured(0.8), "y": measured(9)})
    referred = {"jerk": METRICS["jerk"]._replace(better="reference")}
    table = TableBuilder(METRICS | referred, real, {}).table(
        "k", "Chosen", [real, ours], frozenset("abxy"), ("jerk", "wer")
    )
    assert table.against_real() == {"ours": ["0.50 (2)", "-"]}
    assert "| ours | 0.50 (2) | - |" in table.markdown()
    alone = TableBuilder(METRICS, real, {}).table("k", "Chosen", [ours], frozenset("ab"), ("jerk",))
    assert alone.against_real() == {} and "Against real" not in alone.markdown()


def test_every_measure_has_a_definition_and_a_column() -> None:
    """What docs/training.md asks of a new metric; x-vectors have a table of their own."""
    for package in ("mediapipe", "pyworld", "resemblyzer"):
        pytest.importorskip(package, reason="needs ttsf[eval]")
    own = {Measure.X_VECTORS}
    assert set(scoring.metrics()) == set(Measure) - own
    columns = {*VIDEO, *MOTION, *EXPRESSION, *SPEECH, *OF_SYSTEM}
    assert columns == set(Measure) - own
