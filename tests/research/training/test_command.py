"""The commands of docs/training.md, run for a step on generated speech."""

import re
import shlex
from pathlib import Path

import pytest
import torch

from tests.support.paths import ROOT
from tests.support.tiny_model import TINY
from tests.support.tiny_stages import TINY_PRESET, write_speech
from ttsf import checkpoint
from ttsf.cli.main import main
from ttsf.errors import TtsfError
from ttsf.model.ttsf import TTSF
from ttsf.research.training.settings import SoundLipsOptions
from ttsf.research.training.stages.sound_lips import SoundLipsStage

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


def test_a_run_goes_on_only_as_what_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_speech(tmp_path / "corpus")
    write_speech(tmp_path / "other")
    manifest = tmp_path / "other" / "manifest.jsonl"
    manifest.write_text(manifest.read_text().replace('"rms"', '"awb"'))
    (tmp_path / "narrow.toml").write_text("[model.speech.duration]\nchannels = 64\n")
    line = ["train", "tts", "--data", "corpus", "--out", "run", "--steps", "1"]
    assert main(line) == 0
    (first,) = [text for text in capsys.readouterr().out.splitlines() if "speakers" in text]
    assert first.startswith("12 clips of 2 speakers, 0.3 min; 1 steps of 1 batches, 0.5 epochs; ")
    before = {
        path.name: path.read_bytes() for path in (tmp_path / "run").iterdir() if path.is_file()
    }
    assert {"run.json", "speakers.json", "state.safetensors"} <= before.keys()
    for changed, said in (
        (["--data", "other"], "started with data = sha256:"),
        (["--seed", "3"], "started with seed = 0, not 3"),
        (["--accumulate", "2"], "started with micro-batches a step = 1, not 2"),
        (["--preset", "mini-no-energy"], "preset.model.name = mini, not mini-no-energy (1 more"),
        (["--config", "narrow.toml"], "preset.model.speech.duration.channels = 192, not 64"),
        (["--adversarial"], "options.adversarial = False, not True"),
    ):
        assert main([*line, "--steps", "2", *changed]) == 2
        (error,) = capsys.readouterr().err.splitlines()
        assert said in error
        after = {p.name: p.read_bytes() for p in (tmp_path / "run").iterdir() if p.is_file()}
        assert after == before
    (tmp_path / "corpus").rename(tmp_path / "moved")
    assert main([*line, "--steps", "2", "--loaders", "2", "--data", "moved"]) == 0


def test_a_device_that_is_not_there_is_refused_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["train", "tts", "--data", str(tmp_path), "--out", str(tmp_path / "run")]
    assert main([*line, "--device", "nonsense"]) == 2
    assert "device nonsense is not available here" in capsys.readouterr().err


def test_the_bundled_model_learns_lips_from_sound_by_its_own_speech(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    little = "[sound_lips]\nown_speech_s = 1.0\nown_held_out_s = 0.5\nbatch = 2\n"
    (tmp_path / "little.toml").write_text(little)
    train = ["train", "sound-lips", "--out", "runs/lips", "--config", "little.toml"]
    assert main([*train, "--steps", "1"]) == 0
    assert "made-up words" in capsys.readouterr().out
    assert main(["assemble", "mini", "runs/lips", "--out", "listening"]) == 0
    bundled, listening = checkpoint.load(), checkpoint.load(tmp_path / "listening")
    assert bundled.sound_lips is None and listening.sound_lips is not None
    mine = listening.state_dict()
    assert all(torch.equal(value, mine[name]) for name, value in bundled.state_dict().items())
    (tmp_path / "mini").mkdir()
    assert main(["assemble", "mini", "runs/lips", "--out", "other"]) == 2
    assert "no training state in mini" in capsys.readouterr().err, "a folder goes before a name"


def test_without_voices_there_is_no_own_speech(tmp_path: Path) -> None:
    checkpoint.save(TTSF(TINY), tmp_path)
    with pytest.raises(TtsfError, match="no voices to learn from"):
        SoundLipsStage(SoundLipsOptions(None, tmp_path), TINY_PRESET)
