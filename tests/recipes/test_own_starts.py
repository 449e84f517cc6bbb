"""Starts from models of ours: a vocoder of 16 kHz grows to 24 kHz, speech takes what fits."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from recipes.warm_start import FALL_OFF, start_speech, start_vocos
from tests.support.tiny_model import TINY
from ttsf.config import VocoderConfig
from ttsf.errors import TtsfError
from ttsf.model.ttsf import TTSF
from ttsf.research.training.parts import SPEECH, load_parts, read_speakers

NARROW = VocoderConfig(kind="vocos", channels=16, layers=2, istft_n_fft=640)
WIDE = replace(NARROW, sample_rate=24_000, istft_n_fft=960)
EDGE = int(FALL_OFF * 321)


def quiet_above(model: TTSF, bins: int) -> None:
    """Silence all bins from the old edge on."""
    with torch.no_grad():
        model.vocoder.last.weight[EDGE:bins] = 0
        model.vocoder.last.bias[EDGE:bins] = -50


def test_the_band_of_before_sounds_the_same(tmp_path: Path) -> None:
    torch.manual_seed(0)
    old = TTSF(replace(TINY, vocoder=NARROW)).eval()
    save_file(old.state_dict(), tmp_path / "model.safetensors")
    config = replace(TINY, vocoder=WIDE)
    start = start_vocos(tmp_path / "model.safetensors", config, tmp_path / "run")
    assert start.near == ["last.weight", "last.bias"] and not start.own
    new = TTSF(config).eval()
    load_parts(new, tmp_path / "run", ("vocoder",))
    mel = torch.randn(1, 80, 30) - 5
    with torch.no_grad():
        wide = torch.fft.rfft(new.vocoder(mel)).abs()
        edge = wide.shape[-1] * 2 // 3
        assert 0.01 < wide[..., edge:].norm() / wide[..., :edge].norm() < 1
        quiet_above(old, 321), quiet_above(new, 481)
        assert torch.allclose(new.vocoder(mel)[:, ::3], old.vocoder(mel)[:, ::2], atol=1e-5)


def test_a_vocoder_of_the_same_rate_gets_a_head_for_f0(tmp_path: Path) -> None:
    torch.manual_seed(0)
    old = TTSF(replace(TINY, vocoder=WIDE)).eval()
    save_file(old.state_dict(), tmp_path / "model.safetensors")
    config = replace(TINY, vocoder=replace(WIDE, harmonics_hz=1_000.0))
    start = start_vocos(tmp_path / "model.safetensors", config, tmp_path / "run")
    assert start.own and all(name.startswith("pitch.") for name in start.own)
    new = TTSF(config).eval()
    load_parts(new, tmp_path / "run", ("vocoder",))
    mel = torch.randn(1, 80, 30) - 5
    with torch.no_grad():
        new.vocoder.pitch.layers[-1].bias.fill_(-50)  # nothing is voiced
        assert torch.allclose(new.vocoder(mel), old.vocoder(mel), atol=1e-5)


def test_more_than_twice_the_band_is_refused(tmp_path: Path) -> None:
    save_file(TTSF(replace(TINY, vocoder=NARROW)).state_dict(), tmp_path / "model.safetensors")
    config = replace(TINY, vocoder=replace(WIDE, sample_rate=48_000, istft_n_fft=1920))
    with pytest.raises(TtsfError, match="does not grow to 961"):
        start_vocos(tmp_path / "model.safetensors", config, tmp_path / "run")


def test_speech_of_another_width_takes_what_fits(tmp_path: Path) -> None:
    torch.manual_seed(0)
    old = TTSF(TINY)
    save_file(old.state_dict(), tmp_path / "model.safetensors")
    wider = replace(TINY.speech.text_encoder, channels=24)
    config = replace(TINY, speech=replace(TINY.speech, text_encoder=wider))
    start = start_speech(tmp_path / "model.safetensors", config, tmp_path / "run")
    assert {name for name in old.state_dict() if name.startswith("speech.decoder.")} <= set(
        start.same
    )
    assert "speech.encoder.embedding.weight" in start.own
    new = TTSF(config)
    load_parts(new, tmp_path / "run", SPEECH)
    state = new.speech.decoder.state_dict()
    for name, value in old.speech.decoder.state_dict().items():
        assert torch.equal(state[name], value)
    assert list(read_speakers(tmp_path / "run")) == ["anyone"]
