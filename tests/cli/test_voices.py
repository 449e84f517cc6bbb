"""A voice by name, a voice that was saved, and the command that lists them."""

from pathlib import Path

import numpy as np
import pytest
import torch

from ttsf import checkpoint
from ttsf.cli.main import main
from ttsf.engine.options import GenerateOptions
from ttsf.errors import TtsfError
from ttsf.model.ttsf import TTSF
from ttsf.pipeline import Pipeline, load

QUICK = GenerateOptions(steps=1, mark=False)


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    return load()


def test_a_named_voice_takes_the_place_of_the_faces(pipeline: Pipeline, photo: Path) -> None:
    low, high = (
        next(v.name for v in pipeline.model.config.speech.voices if v.register == register)
        for register in ("low", "high")
    )
    named = [pipeline.say(photo, "Hello.", QUICK._replace(voice=name)) for name in (low, high, low)]
    assert np.array_equal(named[0], named[2]) and named[0].shape
    assert not np.array_equal(named[0], named[1])
    assert np.array_equal(pipeline.say(None, "Hello.", QUICK._replace(voice=low)), named[0])


def test_a_saved_voice_is_the_faces_own(pipeline: Pipeline, photo: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.safetensors"
    checkpoint.save_voice(pipeline.model, pipeline.voice_of(photo), file)
    own = pipeline.say(photo, "Hello.", QUICK)
    assert np.array_equal(pipeline.say(None, "Hello.", QUICK._replace(voice=file)), own)


def test_a_voice_of_another_model_or_no_voice_is_refused(
    pipeline: Pipeline, tiny_model: TTSF, tmp_path: Path
) -> None:
    file = tmp_path / "other.safetensors"
    checkpoint.save_voice(tiny_model, torch.zeros(1, 4), file)
    with pytest.raises(TtsfError, match="another model"):
        pipeline.voice(file)
    with pytest.raises(TtsfError, match="not a saved voice"):
        pipeline.voice(checkpoint.BUNDLED / checkpoint.WEIGHTS)
    with pytest.raises(TtsfError, match="no such file"):
        pipeline.voice(tmp_path / "missing.safetensors")
    with pytest.raises(TtsfError, match="knows no voice 'nobody'; its voices are"):
        pipeline.voice("nobody")
    with pytest.raises(TtsfError, match="must be named"):
        pipeline.say(None, "Hello.", QUICK)


def test_the_command_lists_and_saves(
    pipeline: Pipeline, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["voices"]) == 0
    lines = capsys.readouterr().out.splitlines()
    voices = checkpoint.load_config(checkpoint.BUNDLED).speech.voices
    assert [line.split() for line in lines] == [[v.name, v.register] for v in voices]
    file = tmp_path / "voice.safetensors"
    assert main(["voices", "--portrait", str(photo), "--save", str(file)]) == 0
    assert file.is_file()
    capsys.readouterr()
    assert main(["voices", "--portrait", str(photo)]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line in lines
    own, named = (pipeline.voice(voice) for voice in (file, line.split()[0]))
    assert torch.allclose(own, named, atol=1e-2)
    assert main(["voices", "--save", str(file)]) == 2
    assert "--save has no effect without --portrait" in capsys.readouterr().err
    samples = ["--samples", str(tmp_path / "samples")]
    assert main(["voices", "--portrait", str(photo), "--save", str(file), *samples]) == 2
    assert main(["voices", "--portrait", str(photo), "--save", str(tmp_path / "voice.wav")]) == 2
