"""The recipe of voices: the error of a margin over people, and what it refuses."""

import numpy as np
import pytest

from recipes import voice_report
from recipes.voice_report import jackknife_error, margins_without_each


def test_the_jackknife_of_a_mean_is_its_standard_error() -> None:
    values = np.random.default_rng(0).normal(size=40)
    left = (values.sum() - values) / 39
    assert jackknife_error(left) == pytest.approx(values.std(ddof=1) / np.sqrt(40))


def test_each_person_is_left_out_once() -> None:
    """Ann keeps her voice, Bob turns by 90 degrees, Cem by 180."""
    east, north, west = np.array([1.0, 0]), np.array([0, 1.0]), np.array([-1.0, 0])
    found = {"ann": [east, east], "bob": [east, north], "cem": [east, west]}
    without_ann = (0 - 1) / 2 - (1 - 1 + 0 + 0) / 4
    without_bob = (1 - 1) / 2 - (1 - 1 + 1 - 1) / 4
    without_cem = (1 + 0) / 2 - (1 + 0 + 1 + 0) / 4
    expected = [without_ann, without_bob, without_cem]
    assert margins_without_each(found) == pytest.approx(np.array(expected))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--against", "mini"], "--against needs --faces"),
        (["--against", "mini", "--faces", "nowhere"], "ttsf render"),
        (["parts"], "PARTS and EXPERTS are needed"),
    ],
)
def test_what_is_missing_is_said(
    options: list[str], message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr("sys.argv", ["voice_report.py", *options])
    monkeypatch.setattr("ttsf.load", lambda _: None)
    with pytest.raises(SystemExit) as stopped:
        voice_report.main()
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err
