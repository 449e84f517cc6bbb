"""Ablations of a finished model take one part from a run and keep the rest."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ttsf import checkpoint
from ttsf.cli.main import main
from ttsf.config import ModelConfig
from ttsf.errors import TtsfError
from ttsf.model.ttsf import TTSF
from ttsf.research.presets import PRESETS, Preset
from ttsf.research.training.assemble import ablate
from ttsf.research.training.parts import VOICE
from ttsf.research.training.state import save_state


def quiet(tiny: ModelConfig) -> Preset:
    mapper = replace(tiny.audio_mapper, energy="none")
    return Preset(model=replace(tiny, name="tiny-no-energy", audio_mapper=mapper))


def moving(tiny: ModelConfig) -> Preset:
    speech = replace(tiny.speech, voice_from="id+motion")
    return Preset(model=replace(tiny, name="tiny-moving", speech=speech))


def save_run(model: TTSF, folder: Path) -> Path:
    folder.mkdir()
    optimizer = torch.optim.Adam(model.parameters())
    save_state(folder, 1, model, model.state_dict(), optimizer, {"parts": "[]"})
    return folder


def test_an_audio_mapper_of_another_run(tiny_model: TTSF, tmp_path: Path) -> None:
    preset = quiet(tiny_model.config)
    other = TTSF(preset.model)
    model = ablate(tiny_model, preset, save_run(other, tmp_path / "run"))
    assert model.config == preset.model
    trained, base = other.state_dict(), tiny_model.state_dict()
    for name, value in model.state_dict().items():
        source = trained if name.startswith("audio_mapper.") else base
        assert torch.equal(value, source[name]), name


def test_a_voice_of_another_run_is_all_that_is_stored(tiny_model: TTSF, tmp_path: Path) -> None:
    other = TTSF(tiny_model.config)
    run = save_run(other, tmp_path / "run")
    checkpoint.save(tiny_model, tmp_path / "tiny")
    made = ablate(tiny_model, moving(tiny_model.config), run)
    checkpoint.save(made, tmp_path / "tiny-moving", "tiny")
    model = checkpoint.load(tmp_path / "tiny-moving")
    assert model.config.speech.voice_from == "id+motion"
    wanted = other.get_submodule(VOICE).weight
    torch.testing.assert_close(model.get_submodule(VOICE).weight, wanted, rtol=0, atol=1e-3)


def test_what_does_not_fit_is_said(tiny_model: TTSF, tmp_path: Path) -> None:
    run = save_run(torch.nn.Linear(2, 2), tmp_path / "run")  # type: ignore[arg-type]
    with pytest.raises(TtsfError, match="holds no audio_mapper"):
        ablate(tiny_model, quiet(tiny_model.config), run)
    with pytest.raises(TtsfError, match=r"holds no speech\.voice_projection"):
        ablate(tiny_model, moving(tiny_model.config), run)
    with pytest.raises(TtsfError, match="changes neither"):
        ablate(tiny_model, Preset(model=replace(tiny_model.config, name="same")), run)


def test_an_ablation_by_a_file_never_replaces_its_model(
    tiny_model: TTSF, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """A folder called as the preset is where an ablation without a name would go."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(PRESETS, "mini", Preset(model=tiny_model.config))
    quiet_file, named = tmp_path / "quiet.toml", tmp_path / "named.toml"
    quiet_file.write_text('[model.audio_mapper]\nenergy = "none"\n')
    named.write_text('[model]\nname = "quiet"\n')
    base = Path(tiny_model.config.name)
    checkpoint.save(tiny_model, base)
    before = (base / checkpoint.WEIGHTS).read_bytes()
    save_run(TTSF(quiet(tiny_model.config).model), tmp_path / "run")
    line = ["ablate", "--base", str(base), "--run", "run", "--config", "quiet.toml"]
    assert main(line) == 2
    assert f"{base} holds another model; give the ablation a name" in capsys.readouterr().err
    assert (base / checkpoint.WEIGHTS).read_bytes() == before
    for _ in range(2):  # its own folder may be written again
        assert main([*line, "--config", "named.toml"]) == 0
        assert capsys.readouterr().out == "quiet\n"
    assert checkpoint.load(Path("quiet")).config.audio_mapper.energy == "none"
    assert (base / checkpoint.WEIGHTS).read_bytes() == before
