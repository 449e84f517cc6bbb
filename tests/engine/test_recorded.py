"""A recording drives the face: by its words where they fit, else by its sound alone."""

import logging
import threading
import time
from itertools import chain, islice
from pathlib import Path

import numpy as np
import pytest
import torch

import ttsf
from tests.support.recorded import save_listening, syllables
from ttsf import checkpoint
from ttsf.engine import output, recorded
from ttsf.engine.output import Outputs
from ttsf.engine.recorded import (
    NOT_THIS_MODEL,
    SOUND_SHARE,
    Listener,
    RecordedSession,
    both_lips,
)
from ttsf.engine.talk import joined, read_face
from ttsf.engine.workers import Workers
from ttsf.media.audio.source import Sound, open_sound
from ttsf.media.sound import write_wav
from ttsf.model.labels import GAIN, LABELS, LIP_FV, OPEN, PRESS
from ttsf.model.ttsf import TTSF
from ttsf.pipeline import Pipeline
from ttsf.provenance.detect.verify import verify
from ttsf.provenance.embed.payload import Payload
from ttsf.text.front_end import TextFrontEnd
from ttsf.text.word_times import word_times
from ttsf.timings.words import WordTimes

SMALL = ttsf.GenerateOptions(steps=2, size=128, still=True)
PLAIN = ttsf.GenerateOptions(mark=False)
TEXT = "We shall see. Bob may leave at once, but my mum will come!"


@pytest.fixture(scope="module")
def listening(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    return ttsf.load(save_listening(tmp_path_factory.mktemp("listening")))


def sound(seconds: float, rate: int = 16_000, channels: int = 1) -> Sound:
    return Sound([syllables(seconds, rate, channels)], rate)


def test_the_sound_is_kept(listening: Pipeline, astronaut: np.ndarray) -> None:
    samples = syllables(1.1, 44_100, 2)
    result = listening.speak(astronaut, None, SMALL, Sound([samples], 44_100))
    assert (result.sample_rate, result.samples.shape) == (44_100, (28 * 1_764, 2))
    assert np.array_equal(result.samples[: len(samples)], samples)
    assert len(result.frames) == 28 and result.spoken.words == ()


def test_the_same_video_in_chunks(listening: Pipeline, portrait: ttsf.Portrait) -> None:
    whole = listening.speak(portrait, None, SMALL, sound(1.5))
    chunks = list(listening.stream(portrait, None, SMALL, sound(1.5)))
    assert np.array_equal(np.concatenate([c.frames for c in chunks]), whole.frames)
    assert len(chunks) > 5
    louder = listening.speak(
        portrait, None, SMALL, Sound([np.tanh(3 * syllables(1.5))], 16_000)
    )  # loudness and clipping do not matter to the lips
    difference = np.abs(louder.frames.astype(int) - whole.frames).max()
    assert difference <= 40 and not np.array_equal(louder.samples, whole.samples)


def test_live_sound_is_drawn_while_it_arrives(listening: Pipeline, portrait: ttsf.Portrait) -> None:
    taken = 0

    def microphone():
        nonlocal taken
        for block in np.split(syllables(2.0), 50):
            taken += 1
            yield block

    stream = listening.stream(portrait, None, SMALL, Sound(microphone(), 16_000))
    first = next(stream)
    assert len(first.frames) == 4 and taken < 30
    stream.close()


def test_streams_give_back_their_threads(listening: Pipeline, portrait: ttsf.Portrait) -> None:
    model, workers, kept = listening.model, Workers(1), list[RecordedSession]()
    face, before = read_face(model, workers, portrait), threading.active_count()
    for taken in (0, 1, 99):
        session = RecordedSession(model, workers, face, open_sound(sound(1)), (), SMALL)
        stream = session.chunks()
        drawn = sum(len(chunk.frames) for chunk in islice(stream, taken))
        assert drawn == min(4 * taken, 25)
        stream.close()
        kept.append(session)
    for _ in range(200):
        if threading.active_count() <= before:
            break
        time.sleep(0.05)
    assert threading.active_count() <= before
    workers.close()


def test_a_model_without_lips_from_sound_wants_words(
    pipeline: Pipeline, portrait: ttsf.Portrait
) -> None:
    with pytest.raises(ttsf.TtsfError) as caught:
        pipeline.speak(portrait, None, SMALL, sound(1))
    assert str(caught.value) == NOT_THIS_MODEL
    with pytest.raises(ttsf.TtsfError, match="must be a str"):
        pipeline.speak(portrait)


@torch.inference_mode()
def opening(model: TTSF, f_lip: torch.Tensor) -> np.ndarray:
    return (f_lip[0] @ model.motion_extractor.codes()[:, OPEN]).numpy()


@pytest.mark.parametrize("voice", ["oak", "juniper"])
def test_words_are_found_in_a_recording(voice: str) -> None:
    """However quiet it is, and after a second of silence."""
    model = checkpoint.load()
    front_end = TextFrontEnd(model.config.speech)
    utterance = front_end.utterance(TEXT)
    plain = PLAIN._replace(as_sampled=True)  # without the lead of generated speech
    said = model.say(model.speech.named_voice(voice), utterance.ids, plain.sampling())
    lips, rate = opening(model, said.f_lip), model.config.sample_rate
    talk = np.pad(0.01 * said.samples.numpy(), (rate, rate // 2))

    def heard(text: str) -> tuple[WordTimes, np.ndarray, np.ndarray]:
        opened = open_sound(Sound([talk], rate))
        listener = Listener(model, opened, [front_end.utterance(text)], PLAIN, Payload(1))
        piece = listener.listen(0, 0)
        assert piece is not None and listener.listen(1, piece.spoken) is None
        return listener.word_times(0, piece, 0), piece.samples.numpy(), opening(model, piece.f_lip)

    found, kept, again = heard(TEXT)
    known = word_times(utterance, said.durations.tolist(), 1.0, 0.01)
    assert [word.text for word in found.words] == [word.text for word in known.words]
    pairs = zip(known.words, found.words, strict=True)
    late = [b.start_s - a.start_s for a, b in pairs]
    assert max(map(abs, late)) < 0.05, late
    assert np.array_equal(kept[: len(talk)], talk) and len(again) == len(lips) + 38
    assert np.corrcoef(again[25 : 25 + len(lips)], lips)[0, 1] > 0.9
    assert np.abs(again[:20]).max() < 0.1 * np.ptp(lips)  # before the speech the mouth rests
    with pytest.raises(ttsf.TtsfError, match="do not fit the sound from 0:00"):
        heard("The old man told a story about the war.")


@pytest.mark.parametrize("marked", [False, True])
def test_a_mark_in_the_sound_is_found_where_it_is_wanted(
    listening: Pipeline, tmp_path: Path, marked: bool
) -> None:
    noise = np.random.default_rng(0).normal(0, 0.05, (7 * 16_000, 1)).astype(np.float32)
    talk = open_sound(Sound([syllables(7) + noise], 16_000))
    options = ttsf.GenerateOptions(mark_sound=marked)
    listener, samples, before = Listener(listening.model, talk, (), options, Payload(7)), [], 0
    while piece := listener.listen(0, before):
        samples.append(piece.samples.numpy())
        before += piece.spoken
    write_wav(tmp_path / "a.wav", np.concatenate(samples), 16_000)
    sound = verify(tmp_path / "a.wav").sound
    assert sound is not None and sound.found == marked
    assert sound.payload == (Payload(7) if marked else None)


@pytest.mark.parametrize("synthetic", [False, True])
def test_a_recording_is_not_declared_as_a_computers_voice(
    listening: Pipeline,
    astronaut: np.ndarray,
    tmp_path: Path,
    synthetic: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = list[tuple[object, ...]]()
    monkeypatch.setattr(output, "check_signing", lambda: None)
    monkeypatch.setattr(output, "sign", lambda *given: told.append(given))
    options, outputs = (
        SMALL._replace(mark_sound=synthetic),
        Outputs(tmp_path / "a.mp4", signed=True),
    )
    listening.write(astronaut, None, outputs, options, audio=sound(0.5))
    assert [recorded for *_, recorded in told] == [not synthetic]
    tags = verify(tmp_path / "a.mp4").tags
    assert set(tags) == {"comment", "AIGC"}
    assert ("voice" in tags["comment"]) == synthetic
    assert ("recording" in tags["comment"]) != synthetic


def whole(model: TTSF, seconds: float, *texts: str) -> tuple[WordTimes, torch.Tensor]:
    """Word times and f_lip [T, S] of a sung recording with these words, heard to its end."""
    utterances = list(chain.from_iterable(map(TextFrontEnd(model.config.speech).utterances, texts)))
    listener = Listener(model, open_sound(sound(seconds)), utterances, PLAIN, Payload(1))
    times, lips, before = list[WordTimes](), list[torch.Tensor](), 0
    while piece := listener.listen(len(lips), before):
        times.append(listener.word_times(len(lips), piece, before))
        lips.append(piece.f_lip[0])
        before += piece.spoken
    return joined(times), torch.cat(lips)


def test_what_does_not_fit_follows_the_sound(
    listening: Pipeline, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    _, alone = whole(listening.model, 11)
    monkeypatch.setattr(recorded, "FITS", 2.0)
    with caplog.at_level(logging.WARNING, "ttsf"):
        times, lips = whole(listening.model, 11, TEXT)
    assert times.words == () and lips.shape == alone.shape
    torch.testing.assert_close(lips[:200], alone[:200], atol=0.05, rtol=0)
    assert [record.message for record in caplog.records] == [
        "the sound: no words fit from 0:00 to 0:11; there lips follow the sound",
        "the sound: 13 words were not heard, from 'We' on",
    ]


def test_words_come_in_order_over_pieces(
    listening: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorded, "FITS", -9.0)
    text = '<speak>Well, <mark name="here"/>it is so. ' + "And so it is. " * 20 + "</speak>"
    times, lips = whole(listening.model, 30, text)
    words = times.words
    assert len(lips) == 750 and len(words) > 30
    assert [word.text for word in words[:4]] == ["Well,", "it", "is", "so."]
    starts = [word.start_s for word in words]
    assert starts == sorted(starts) and starts[-1] < 30
    assert [(mark.name, mark.at_s) for mark in times.marks] == [("here", words[1].start_s)]


def test_the_network_alone_is_optional(listening: Pipeline, tiny_model: torch.nn.Module) -> None:
    own = {name for name in listening.model.state_dict() if name.startswith("sound_lips.")}
    assert own and listening.model.state_dict().keys() - own == tiny_model.state_dict().keys()


def test_with_words_lips_follow_the_sound_and_shut_by_the_words() -> None:
    codes = torch.eye(len(LABELS))
    words, sound = torch.zeros(1, 4, len(LABELS)), torch.zeros(1, 6, len(LABELS))
    sound[:, :, OPEN] = GAIN
    words[:, 1, PRESS] = words[:, 2, LIP_FV] = GAIN
    words[:, 3, PRESS] = -GAIN
    made = both_lips(words, sound, codes)
    assert made.shape == words.shape
    assert made[0, [0, 3], OPEN] == pytest.approx(SOUND_SHARE * GAIN)
    assert torch.equal(made[0, 1:3], words[0, 1:3])
