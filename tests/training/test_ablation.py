"""Ablations of a finished model take one part from a run and keep the rest."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from ttsf import checkpoint
from ttsf.errors import TtsfError
from ttsf.model import TTSF
from ttsf.presets import PRESETS
from ttsf.training import ablation
from ttsf.training.stages.motion import CrossingNet
from ttsf.training.state import save_state


@pytest.fixture
def presets(tiny_model: TTSF, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny = tiny_model.config
    mapper = replace(tiny.audio_mapper, energy="none")
    quiet = replace(tiny, name="tiny-no-energy", audio_mapper=mapper)
    moving = replace(tiny, name="tiny-moving", speech=replace(tiny.speech, voice_from="id+motion"))
    for config in (tiny, quiet, moving):
        monkeypatch.setitem(PRESETS, config.name, config)


def save_run(net: nn.Module, folder: Path) -> Path:
    folder.mkdir()
    save_state(folder, 1, net, net.state_dict(), torch.optim.Adam(net.parameters()))
    return folder


def test_an_audio_mapper_of_another_run(presets: None, tiny_model: TTSF, tmp_path: Path) -> None:
    config = PRESETS["tiny-no-energy"]
    speech = tiny_model.speech
    net = CrossingNet(config, speech.embedding_channels, speech.hidden_channels)
    run = save_run(net, tmp_path / "run")
    model = ablation.ablate(tiny_model, "tiny-no-energy", run, None)
    assert model.config == config
    trained, base = net.audio_mapper.state_dict(), tiny_model.state_dict()
    for name, value in model.state_dict().items():
        part, _, rest = name.partition(".")
        assert torch.equal(value, trained[rest] if part == "audio_mapper" else base[name]), name


def test_a_voice_of_another_run(
    presets: None, tiny_model: TTSF, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    voice = nn.Linear(24, 8)
    run = save_run(voice, tmp_path / "run")
    base = tmp_path / "tiny"
    checkpoint.save(tiny_model, base)
    words = ["ablation", "--base", str(base), "--preset", "tiny-moving", "--voice", str(run)]
    monkeypatch.setattr("sys.argv", words)
    ablation.main()
    model = checkpoint.load(tmp_path / "tiny-moving")
    assert model.config.speech.voice_from == "id+motion"
    torch.testing.assert_close(
        model.speech.voice_projection.weight, voice.weight, rtol=0, atol=1e-3
    )


def test_what_does_not_fit_is_said(presets: None, tiny_model: TTSF, tmp_path: Path) -> None:
    with pytest.raises(TtsfError, match="needs the crossing run and no other"):
        ablation.ablate(tiny_model, "tiny-no-energy", None, tmp_path)
    with pytest.raises(TtsfError, match="needs the voice run and no other"):
        ablation.ablate(tiny_model, "tiny-moving", tmp_path, tmp_path)
    with pytest.raises(TtsfError, match="changes neither"):
        ablation.ablate(tiny_model, "tiny", tmp_path, None)
