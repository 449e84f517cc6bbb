"""Cases of corpora as they are shipped, read back as the evaluation reads them."""

import sys
from pathlib import Path

import pytest

from recipes import corpus_cases
from tests.support.recordings import face_picture, murmur, write_recording
from ttsf.research.evaluation.cases import read_cases


def write_lrs3(root: Path) -> Path:
    for talk in ("a", "b"):
        video = root / "test" / talk / "00001.mp4"
        write_recording(video, [face_picture()] * 30, murmur(1.2))
        video.with_suffix(".txt").write_text(f"Text:  THIS IS {talk.upper()}\nConf:  4\n")
    return root


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    monkeypatch.setattr(sys, "argv", ["corpus_cases.py", *words])
    corpus_cases.main()


def test_videos_with_a_transcript_say_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lrs3, out = write_lrs3(tmp_path / "lrs3"), tmp_path / "cases"
    run(monkeypatch, "lrs3", str(lrs3), str(out))
    cases = read_cases(out, ("valid",), 5, None)
    assert {case.text for case in cases} == {"this is a", "this is b"}
    assert all(case.recorded and case.video and case.video.is_file() for case in cases)


def test_the_others_say_what_others_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lrs3, vox = write_lrs3(tmp_path / "lrs3"), tmp_path / "vox"
    write_recording(vox / "test/mp4/id00012/x/00001.mp4", [face_picture()] * 3)
    with pytest.raises(SystemExit, match="2"):
        run(monkeypatch, "voxceleb2", str(vox), str(tmp_path / "none"))
    assert "without a transcript" in capsys.readouterr().err
    run(monkeypatch, "voxceleb2", str(vox), str(tmp_path / "cases"), "--texts", "lrs3", str(lrs3))
    (case,) = read_cases(tmp_path / "cases", ("valid",), 5, None)
    assert case.text in ("this is a", "this is b") and not case.recorded
    assert case.picture().shape == (240, 320, 3)
