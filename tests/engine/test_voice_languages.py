"""A voice reads a text in its own English, whether it is named, saved or chosen by a face."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

import ttsf
from tests.support.tiny_model import TINY
from ttsf import checkpoint
from ttsf.config import VoiceConfig
from ttsf.model.ttsf import TTSF
from ttsf.symbols import SYMBOL_ID
from ttsf.text.front_end import TextFrontEnd

BRITISH = "en-gb-x-rp"
VOICES = (
    VoiceConfig("oak", "low"), VoiceConfig("ash", "low", BRITISH), VoiceConfig("ivy", "high"),
)  # fmt: skip


@pytest.fixture(scope="module")
def pipeline() -> ttsf.Pipeline:
    torch.manual_seed(0)
    return ttsf.Pipeline(TTSF(replace(TINY, speech=replace(TINY.speech, voices=VOICES))).eval())


def front_end(pipeline: ttsf.Pipeline, voice: str | Path) -> TextFrontEnd:
    options = ttsf.GenerateOptions(voice=voice)
    return pipeline._front_end(options, pipeline.voice(voice))


def test_a_named_voice_reads_its_english(pipeline: ttsf.Pipeline) -> None:
    r = SYMBOL_ID["ɹ"]
    assert r in front_end(pipeline, "oak").ids("car") and r in front_end(pipeline, "ivy").ids("car")
    assert r not in front_end(pipeline, "ash").ids("car")


def test_a_saved_voice_reads_the_english_of_the_nearest(
    pipeline: ttsf.Pipeline, tmp_path: Path
) -> None:
    ash, ivy = pipeline.voice("ash"), pipeline.voice("ivy")
    for name, share, language in (("a", 0.3, BRITISH), ("b", 0.7, "en-us")):
        path = tmp_path / f"{name}.safetensors"
        checkpoint.save_voice(pipeline.model, ash.lerp(ivy, share), path)
        assert front_end(pipeline, path).language == language


def test_a_face_chooses_a_voice_with_its_english(
    pipeline: ttsf.Pipeline, portrait: ttsf.Portrait, monkeypatch: pytest.MonkeyPatch
) -> None:
    speech = pipeline.model.speech
    monkeypatch.setattr(speech, "voice", lambda style: pipeline.voice("ash"))
    session = pipeline._open(portrait, "car", ttsf.GenerateOptions())
    assert SYMBOL_ID["ɹ"] not in session.utterances[0].ids
    other = pipeline._open(portrait, "car", ttsf.GenerateOptions(voice="oak"))
    assert SYMBOL_ID["ɹ"] in other.utterances[0].ids


def test_a_model_without_voices_reads_its_own_language() -> None:
    assert TTSF(TINY).speech.language_of(torch.zeros(1, 8)) == "en-us"
