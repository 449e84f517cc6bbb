"""A preset changed by files: what they state, and nothing else, is different."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.support.tiny_stages import write_speech
from ttsf.cli.main import main
from ttsf.errors import TtsfError
from ttsf.model.ttsf import TTSF
from ttsf.research.config_file import changed_preset
from ttsf.research.presets import PRESETS


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_later_files_win_and_false_leaves_a_part_out(tmp_path: Path) -> None:
    first = written(tmp_path / "a.toml", "[model.motion]\nsampler_layers = 8\nvoice_pace = false\n")
    second = written(
        tmp_path / "b.toml", "[joint]\nbatch = 3\n[model.motion]\nsampler_layers = 2\n"
    )
    mini = PRESETS["mini"]
    found = changed_preset(mini, (first, second))
    motion = replace(mini.model.motion, sampler_layers=2, voice_pace=None)
    wanted = replace(mini, model=replace(mini.model, motion=motion))
    assert found == replace(wanted, joint=replace(mini.joint, batch=3))
    assert changed_preset(mini, ()) is mini


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[model.motion]\nsampler_lairs = 8\n", "model.motion.sampler_lairs: unknown key"),
        ("[joint]\nbatch = 'four'\n", "joint.batch: Input should be a valid integer"),
        ("[model.motion]\nprior_heads = 0\n", "prior_heads: Input should be greater"),
        ("[model.motion]\nprior_heads = 5\n", "must be an even multiple of prior_heads"),
        ("joint = 3\n", "joint"),
        ("[joint\n", "not TOML"),
    ],
)
def test_a_wrong_file_is_named_with_its_key(tmp_path: Path, text: str, reason: str) -> None:
    path = written(tmp_path / "wrong.toml", text)
    with pytest.raises(TtsfError, match=rf"^.*wrong\.toml: .*{reason}") as told:
        changed_preset(PRESETS["paper"], (path,))
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("name", [name for name in PRESETS if name.startswith("paper")])
def test_the_trial_of_the_papers_run_is_small_and_still_the_paper(name: str) -> None:
    small = changed_preset(PRESETS[name], (ROOT / "recipes" / "try.toml",)).model
    assert sum(p.numel() for p in TTSF(small).parameters()) < 2e6
    whole = PRESETS[name].model
    assert (small.name, small.audio, small.motion.flow) == (name, whole.audio, whole.motion.flow)
    assert small.audio_mapper.energy == whole.audio_mapper.energy
    assert small.speech.voice_from == whole.speech.voice_from
    assert small.motion.normalizer == whole.motion.normalizer


def test_the_statistics_of_a_corpus_are_a_file_for_config(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus = write_speech(tmp_path / "corpus")
    out = tmp_path / "mel.toml"
    assert main(["statistics", str(corpus), "--out", str(out), "--quiet"]) == 0
    audio = changed_preset(PRESETS["paper"], (out,)).model.audio
    assert -11.6 < audio.mel_mean < -6 and 0.5 < audio.mel_std < 5  # tones: most bins are empty
    assert replace(audio, mel_mean=-5.93, mel_std=2.27) == PRESETS["paper"].model.audio
    assert main(["statistics", str(tmp_path), "--out", str(out)]) == 2
    assert "make one with ttsf prepare" in capsys.readouterr().err
