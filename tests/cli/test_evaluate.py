"""`ttsf evaluate`: wrong arguments are one line and exit code 2; right ones reach `evaluate`."""

import importlib.metadata
from pathlib import Path
from typing import Any

import pytest

from ttsf import checkpoint
from ttsf.cli.main import main
from ttsf.research.evaluation import evaluate as evaluation
from ttsf.research.evaluation.metrics.metric import Figure, Metric
from ttsf.research.evaluation.settings import EvaluateSettings
from ttsf.research.evaluation.table import Row, Table

METRIC = Metric("flicker", "lower", "Mean flicker.", "", "none")
TABLE = Table("1", "Table 1", (METRIC,), (Row("ours", (Figure(METRIC, 0.5, 1),), 1, 0),))
BUNDLED = {"w/o this": Path("variants/this")}


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "CASES"),
        ([], "--out"),
        (["cases"], "--out"),
        (["cases", "-o", "out", "--system", "theirs"], "'theirs' is not of the form NAME=DIR"),
        (["cases", "-o", "out", "--system", "=dir"], "'=dir' is not of the form NAME=DIR"),
        (["cases", "-o", "out", "--system", "theirs="], "'theirs=' is not of the form"),
        (["cases", "-o", "out", "--system", "../x=dir"], "'../x=dir' is not of the form"),
        (["cases", "-o", "out", "--ablation", "x"], "'x' is not of the form NAME=DIR"),
        (["cases", "-o", "o", "--system", "a=b", "--system", "a=c"], "'a' is given twice"),
        (["cases", "-o", "o", "--ablation", "a=b", "--ablation", "a=c"], "'a' is given twice"),
        (["cases", "-o", "o", "--limit", "0"], "limit must be at least 1, not 0"),
        (["cases", "-o", "o", "--per-person", "0"], "per person must be at least 1, not 0"),
        (["cases", "-o", "o", "--people", "-2"], "people must be at least 1, not -2"),
        (["cases", "-o", "o", "--workers", "0"], "workers must be at least 1, not 0"),
        (["cases", "-o", "o", "--limit", "few"], "--limit"),
        (["cases", "-o", "o", "--use", "test"], "--use"),
        (["cases", "-o", "o", "--lim", "3"], "--lim"),
    ],
)
def test_wrong_arguments(
    arguments: list[str],
    complaint: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["evaluate", *arguments]) == 2
    captured = capsys.readouterr()
    (line,) = captured.err.splitlines()
    assert line.startswith("ttsf: error: ") and complaint in line
    assert captured.out == "" and list(tmp_path.iterdir()) == []


def test_missing_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "1.0")
    cases, out = tmp_path / "in", tmp_path / "out"
    arguments = ["evaluate", str(cases), "--out", str(out)]
    assert main(arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"ttsf: error: {cases}: neither cases.csv nor manifest.csv")
    cases.mkdir()
    (cases / "a.png").touch()
    (cases / "cases.csv").write_text("name,person,portrait,video,text,register\na,,a.png,,,\n")
    assert main([*arguments, "--system", f"theirs={tmp_path / 'none'}"]) == 2
    *_, line = capsys.readouterr().err.splitlines()  # after what the cases cannot give
    assert line == f"ttsf: error: {tmp_path / 'none'}: no such folder"
    assert not out.exists()


def test_without_the_scorers_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def version(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    assert main(["evaluate", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "mediapipe" in line and line.endswith("pip install 'ttsf[eval]'")


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    seen: list[Any] = []

    def evaluate(*arguments: Any) -> list[Table]:
        seen[:] = arguments
        return [TABLE]

    monkeypatch.setattr(evaluation, "evaluate", evaluate)
    monkeypatch.setattr(checkpoint, "bundled_variants", lambda: BUNDLED)
    return seen


def test_defaults(called: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "in", "--out", "out", "--workers", "2"]) == 0
    root, out, settings, progress = called
    assert (root, out) == (Path("in"), Path("out"))
    assert vars(settings) == vars(EvaluateSettings(ablations=BUNDLED, workers=2))
    assert set(progress) == {"videos", "voices", "clips"}
    captured = capsys.readouterr()
    assert captured.out.startswith(TABLE.markdown()) and captured.err == ""
    assert captured.out.splitlines()[-1].startswith("out/report.html shows the clips")


@pytest.mark.parametrize("options", [["--no-ablations"], ["--model", "m"]])
def test_the_bundled_ablations_are_of_the_bundled_model(
    called: list[Any], options: list[str]
) -> None:
    assert main(["evaluate", "in", "--out", "out", "--quiet", *options]) == 0
    assert called[2].ablations == {}


def test_every_option(called: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [
        "evaluate", "in", "-o", "out", "--model", "m", "--system", "a=x", "--system", "b=y=z",
        "--ablation", "no E_m=q", "--use", "valid", "train", "--per-person", "3", "--limit", "7",
        "--people", "4", "--experts", "e", "--whisper", "w", "--x-vectors", "x",
        "--device", "cuda", "--workers", "5", "--quiet",
    ]  # fmt: skip
    assert main(arguments) == 0
    expected = EvaluateSettings(
        model=Path("m"),
        ablations={"no E_m": Path("q")},
        systems={"a": Path("x"), "b": Path("y=z")},
        uses=("valid", "train"),
        per_person=3,
        limit=7,
        people=4,
        experts=Path("e"),
        whisper=Path("w"),
        x_vectors=Path("x"),
        device="cuda",
        workers=5,
    )
    assert vars(called[2]) == vars(expected)
    assert called[3] == {}
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""
