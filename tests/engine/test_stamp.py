"""Every output of the engine carries watermark and tags, and the label if requested."""

from pathlib import Path

import av
import cv2
import numpy as np
import pytest

import ttsf
from ttsf.compositing.framing import Framing
from ttsf.engine.output import Outputs
from ttsf.engine.stamp import payload_of
from ttsf.media.remux import fast_start
from ttsf.pipeline import Pipeline
from ttsf.provenance.detect.verify import verify
from ttsf.provenance.embed.payload import Payload
from ttsf.provenance.embed.picture import PictureMark
from ttsf.provenance.embed.sound import SoundMark
from ttsf.provenance.embed.tags import read_tags

TEXT = "Good morning. It is nice to see you!"
OPTIONS = ttsf.GenerateOptions(steps=2, size=400)
PLAIN = OPTIONS._replace(mark=False)


@pytest.fixture(scope="module")
def made(pipeline: Pipeline, portrait: ttsf.Portrait) -> ttsf.Result:
    return pipeline.speak(portrait, TEXT, OPTIONS)


@pytest.fixture(scope="module")
def payload(pipeline: Pipeline, portrait: ttsf.Portrait) -> Payload:
    return payload_of(portrait, pipeline._utterances(TEXT, OPTIONS), OPTIONS)


def test_every_frame_is_marked_whole(
    pipeline: Pipeline, portrait: ttsf.Portrait, made: ttsf.Result, payload: Payload
) -> None:
    plain = pipeline.speak(portrait, TEXT, PLAIN)
    mark = PictureMark(payload, *made.frames.shape[1:3])
    assert all(map(np.array_equal, made.frames, map(mark.on, plain.frames)))
    changed = np.abs(made.samples - plain.samples)
    assert 0 < changed.mean() < 0.2 * np.abs(plain.samples).mean()


@pytest.mark.parametrize("name", ["a.mp4", "a.webm"])
def test_a_file_is_found(
    pipeline: Pipeline, portrait: ttsf.Portrait, payload: Payload, tmp_path: Path, name: str
) -> None:
    sound = tmp_path / "a.wav"
    pipeline.write(portrait, TEXT, Outputs(tmp_path / name, sound), OPTIONS)
    verdict = verify(tmp_path / name)
    assert verdict.picture and verdict.picture.found and verdict.payload == payload
    assert set(verdict.tags) == {"comment", "AIGC"} and payload.name in verdict.tags["AIGC"]
    assert verify(sound).picture is None


def test_a_stream_carries_both_and_keeps_its_tags(
    pipeline: Pipeline, portrait: ttsf.Portrait, payload: Payload, tmp_path: Path
) -> None:
    with (tmp_path / "a.mp4").open("wb") as file:
        pipeline.write(portrait, TEXT, Outputs(file), OPTIONS)
    fast_start(tmp_path / "a.mp4", tmp_path / "b.mp4")
    for path in (tmp_path / "a.mp4", tmp_path / "b.mp4"):
        verdict = verify(path)
        assert verdict.picture and verdict.picture.payload == payload
        assert set(verdict.tags) == {"comment", "AIGC"}


def test_captions_do_not_hide_it(
    pipeline: Pipeline, portrait: ttsf.Portrait, payload: Payload, tmp_path: Path
) -> None:
    pipeline.write(portrait, TEXT, Outputs(tmp_path / "a.mp4", captions="burnt"), OPTIONS)
    assert verify(tmp_path / "a.mp4").payload == payload


def test_without_it_only_tags_are_left(
    pipeline: Pipeline, portrait: ttsf.Portrait, tmp_path: Path
) -> None:
    pipeline.write(portrait, TEXT, tmp_path / "a.mp4", PLAIN)
    verdict = verify(tmp_path / "a.mp4")
    assert not verdict.marked and verdict.found and verdict.payload is None
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert set(read_tags(container.metadata)) == {"comment", "AIGC"}


def test_sound_is_marked_on_one_clock(pipeline: Pipeline, portrait: ttsf.Portrait) -> None:
    payload = payload_of(portrait, pipeline._utterances(TEXT, OPTIONS), OPTIONS)
    marked, plain = (pipeline.say(portrait, TEXT, options) for options in (OPTIONS, PLAIN))
    whole = SoundMark(payload).on(plain)
    added = np.abs(whole - plain).mean()
    assert np.abs(marked - whole).mean() < 0.01 * added  # utterances end in what is nearly silent


def test_a_number_follows_from_the_arguments(
    pipeline: Pipeline, portrait: ttsf.Portrait, payload: Payload
) -> None:
    others = [(TEXT, OPTIONS._replace(seed=1)), (TEXT + " Bye.", OPTIONS), (TEXT, PLAIN)]
    numbers = {
        payload_of(portrait, pipeline._utterances(text, options), options)
        for text, options in others
    }
    assert len(numbers | {payload}) == 4


@pytest.mark.parametrize("framing", ["picture", "face", "400x300"])
def test_a_label_is_seen_in_every_frame(
    pipeline: Pipeline, portrait: ttsf.Portrait, framing: str
) -> None:
    size = None if "x" in framing else 300
    options = PLAIN._replace(framing=Framing.parse(framing), size=size)
    plain = pipeline.speak(portrait, "Hi.", options).frames
    labelled = pipeline.speak(portrait, "Hi.", options._replace(label=True)).frames
    changed = np.abs(labelled.astype(int) - plain).max(-1)
    rows, columns = np.nonzero(changed.max(0))
    assert rows.max() < 0.15 * len(plain[0]) and len(set(rows)) >= 15
    assert (changed.max((1, 2)) > 100).all()
    corner = labelled[:, : rows.max() + 1, : columns.max() + 1]
    lights = [cv2.cvtColor(one, cv2.COLOR_RGB2GRAY) for one in corner]
    assert all(light.max() == 255 for light in lights)
