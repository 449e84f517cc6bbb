"""The commands of docs/training.md, run for a step on generated speech."""

import re
import shlex
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.support.tiny_stages import write_speech
from ttsf.cli.main import main

PAGE = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")


def line_of(command: str) -> list[str]:
    """The page's own line, for one step."""
    (line,) = re.findall(rf"^    ttsf ({command} .+)$", PAGE, re.MULTILINE)
    return shlex.split(re.sub(r"--epochs \d+", "--steps 1", line))


def test_a_stage_and_its_assembly_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_speech(tmp_path / "corpus")
    assert main(line_of("train vocoder")) == 0
    speech = ["train", "tts", "--data", "corpus", "--out", "runs/joint", "--steps", "1"]
    assert main(speech) == 0 and (tmp_path / "runs/joint/speakers.json").is_file()
    assert main(line_of("assemble")) == 0
    assert "untrained, as no run holds them: audio_mapper" in capsys.readouterr().out
    assert main(["info", "--model", "model"]) == 0
    assert main(["assemble", "runs/none", "--out", "other"]) == 2
    assert "no training state in runs/none" in capsys.readouterr().err
    assert not (tmp_path / "other").exists()
