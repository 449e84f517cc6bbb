"""A model whose vocoder speaks at 24 kHz: every output takes its rate from the configuration."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
import torch

import ttsf
from tests.support.tiny_model import TINY
from ttsf import checkpoint
from ttsf.config import VocoderConfig
from ttsf.engine.output import Outputs
from ttsf.media.sound_formats import SoundFormat, new_sound
from ttsf.model.ttsf import TTSF

RATE = 24_000


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> ttsf.Pipeline:
    vocoder = VocoderConfig(kind="vocos", sample_rate=RATE, channels=8, layers=1, istft_n_fft=960)
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("wide")
    checkpoint.save(TTSF(replace(TINY, vocoder=vocoder)), folder)
    return ttsf.load(folder)


def test_a_video_has_the_vocoders_rate(
    pipeline: ttsf.Pipeline, photo: Path, tmp_path: Path
) -> None:
    outputs = Outputs(tmp_path / "a.mp4", sound=tmp_path / "a.wav")
    written = pipeline.write(photo, "Good morning, everybody.", outputs)
    with av.open(str(outputs.video)) as container:
        assert container.streams.audio[0].rate == RATE
    samples, rate = soundfile.read(tmp_path / "a.wav")
    assert rate == RATE and len(samples) == written.frame_count * RATE // 25


def test_arrays_say_their_rate(pipeline: ttsf.Pipeline, photo: Path) -> None:
    result = pipeline.speak(photo, "Hello.")
    assert result.sample_rate == RATE and len(result.samples) == 960 * len(result.frames)


@pytest.mark.parametrize(("kind", "stored"), [("wav", RATE), ("flac", RATE), ("opus", 48_000)])
def test_speech_alone_is_stored_at_its_rate(kind: SoundFormat, stored: int) -> None:
    target, tone = BytesIO(), np.sin(np.arange(RATE) * 2 * np.pi * 440 / RATE) / 3
    with new_sound(target, kind, RATE) as sound:
        sound.add(tone.astype(np.float32))
    target.seek(0)
    with av.open(target) as container:
        stream = container.streams.audio[0]
        found = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(stream)])
    assert stream.rate == stored and len(found) / stored == pytest.approx(1, abs=0.02)
