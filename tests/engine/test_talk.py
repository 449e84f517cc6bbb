"""Streaming: same result for any chunking and concurrency, without jumps."""

import multiprocessing
import threading
from itertools import chain, islice, pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

import ttsf
from ttsf.engine.talk import SENTENCE_PAUSE_S, Session
from ttsf.engine.workers import Workers
from ttsf.media.video import Chunk
from ttsf.model.labels import LABELS
from ttsf.pipeline import Pipeline
from ttsf.text.front_end import TextFrontEnd

TEXT = "Good morning. It is nice to see you! Is it? Yes, it is."
SMALL = ttsf.GenerateOptions(steps=2, size=128)


def whole(chunks: list[Chunk]) -> tuple[np.ndarray, np.ndarray]:
    frames, samples, _ = zip(*chunks, strict=True)
    return np.concatenate(frames), np.concatenate(samples)


def same(a: list[Chunk], b: list[Chunk]) -> bool:
    return all(map(np.array_equal, whole(a), whole(b)))


def test_chunks_are_the_video_in_pieces(pipeline: Pipeline, portrait: ttsf.Portrait) -> None:
    chunks = list(pipeline.stream(portrait, TEXT, SMALL))
    result = pipeline.speak(portrait, TEXT, SMALL)
    assert all(len(c.samples) == 640 * len(c.frames) for c in chunks) and len(chunks) > 8
    assert np.array_equal(whole(chunks)[0], result.frames)
    assert np.array_equal(whole(chunks)[1], result.samples)
    assert np.array_equal(pipeline.say(portrait, TEXT, SMALL), result.samples)
    words = tuple(chain.from_iterable(chunk.spoken.words for chunk in chunks))
    assert words == result.spoken.words and len(words) == 13
    assert all(a.end_s <= b.start_s for a, b in pairwise(words))


def test_words_come_with_the_frames_that_begin_them(
    pipeline: Pipeline, portrait: ttsf.Portrait
) -> None:
    done = 0
    for chunk in pipeline.stream(portrait, TEXT, SMALL):
        for word in chunk.spoken.words:
            assert done / 25 - 1e-6 <= word.start_s < (done + len(chunk.frames)) / 25
        done += len(chunk.frames)


def test_a_beginning_does_not_depend_on_the_end(
    pipeline: Pipeline, portrait: ttsf.Portrait
) -> None:
    plain = SMALL._replace(mark=False)  # the number of a mark follows from the whole text
    frames, samples = whole(list(pipeline.stream(portrait, "One day. Two.", plain)))
    longer = whole(list(pipeline.stream(portrait, "One day. Two. And three.", plain)))
    assert len(longer[0]) > len(frames)
    assert np.array_equal(longer[0][: len(frames)], frames)
    assert np.array_equal(longer[1][: len(samples)], samples)


def test_sentences_stand_apart(pipeline: Pipeline, portrait: ttsf.Portrait) -> None:
    one, two = (pipeline.speak(portrait, t, SMALL).spoken.words for t in ("So, I", "So. I"))
    assert two[1].start_s - two[0].end_s >= SENTENCE_PAUSE_S - 0.02
    assert one[1].start_s - one[0].end_s < SENTENCE_PAUSE_S


@pytest.mark.parametrize("text", ["So [pause:2s] I", "[pause:2s] I"])
def test_pauses_last_as_long_as_they_are_written(
    pipeline: Pipeline, portrait: ttsf.Portrait, text: str
) -> None:
    *before, last = pipeline.speak(portrait, text, SMALL).spoken.words
    begin = before[0].end_s if before else 0
    assert 2 <= last.start_s - begin < 3


def test_a_pause_at_the_end_is_kept(pipeline: Pipeline, portrait: ttsf.Portrait) -> None:
    lengths = [len(pipeline.say(portrait, text, SMALL)) for text in ("So.", "So. [pause:1s]")]
    assert 0.5 < (lengths[1] - lengths[0]) / 16_000 <= 1


def test_the_number_of_threads_changes_nothing(
    pipeline: Pipeline, portrait: ttsf.Portrait, model_folder: Path
) -> None:
    first = list(pipeline.stream(portrait, TEXT, SMALL))
    assert same(first, list(pipeline.stream(portrait, TEXT, SMALL)))
    torch.set_num_threads(3)
    try:
        others = ttsf.load(model_folder)
        assert others._workers.count == 3 and torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(1)
    assert same(first, list(others.stream(portrait, TEXT, SMALL)))


def test_streams_in_threads_give_what_each_gives_alone(
    pipeline: Pipeline, portrait: ttsf.Portrait
) -> None:
    texts = (TEXT, "Nobody knows. Not yet.", "One. Two. Three.")
    alone = [list(pipeline.stream(portrait, text, SMALL)) for text in texts]
    together: dict[int, list[Chunk]] = {}

    def work(k: int) -> None:
        together[k] = list(pipeline.stream(portrait, texts[k], SMALL))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(same(alone[k], together[k]) for k in range(3))


@pytest.mark.parametrize("taken", [0, 1, 7])
def test_a_closed_stream_does_no_more(
    pipeline: Pipeline,
    portrait: ttsf.Portrait,
    taken: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn: list[int] = []
    draw = Session._draw
    monkeypatch.setattr(
        Session, "_draw", lambda talk, act, a, *b: (drawn.append(a), draw(talk, act, a, *b))[1]
    )
    stream = pipeline.stream(portrait, TEXT * 20, SMALL)
    assert len(list(islice(stream, taken))) == taken
    stream.close()
    count = len(drawn)
    assert taken <= count <= taken + 3
    pipeline._workers.submit(int).result()
    assert len(drawn) == count
    assert torch.is_grad_enabled() and not torch.is_inference_mode_enabled()


def _child(pipeline: Pipeline, portrait: ttsf.Portrait, text: str, pipe: object) -> None:
    pipe.send(pipeline.say(portrait, text, SMALL))  # type: ignore[attr-defined]


@pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="this system does not fork"
)
def test_a_forked_process_speaks(pipeline: Pipeline, portrait: ttsf.Portrait) -> None:
    said = pipeline.say(portrait, "Hi.", SMALL)
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe()
    child = context.Process(target=_child, args=(pipeline, portrait, "Hi.", there))
    child.start()
    assert here.poll(60)
    assert np.array_equal(here.recv(), said)
    child.join()


def test_workers_leave_the_callers_threads_alone() -> None:
    given = torch.get_num_threads()
    workers = Workers(3)
    assert {workers.submit(torch.get_num_threads).result() for _ in range(9)} == {1}
    assert torch.get_num_threads() == given


def test_the_head_carries_on_at_a_seam(astronaut: np.ndarray) -> None:
    """Steps of yaw, pitch and roll between two sentences are like those inside sentences."""
    pipeline = ttsf.load()
    words = list(
        TextFrontEnd(pipeline.model.config.speech).utterances("We shall see. Not now! " * 6)
    )
    options = ttsf.GenerateOptions()
    face = pipeline._face(astronaut, options)
    talk = Session(pipeline.model, pipeline._workers, face, words, options)
    act, steps, joins, last = None, list[float](), list[float](), None
    for k in range(len(words)):
        act = talk._act(k, act and act.moved, 0)
        with torch.inference_mode():
            alpha = pipeline.model.motion_extractor.coordinates(act.f_m)
        pose = alpha[:, : LABELS.index("roll") + 1].numpy()
        steps += list(np.linalg.norm(np.diff(pose, axis=0), axis=1))
        joins += [] if last is None else [float(np.linalg.norm(pose[0] - last))]
        last = pose[-1]
    assert max(joins) <= 1.5 * np.percentile(steps, 95) and np.median(steps) > 0.01


def test_motion_and_blinks_are_scaled_apart(pipeline: Pipeline, portrait: ttsf.Portrait) -> None:
    utterances = list(TextFrontEnd(pipeline.model.config.speech).utterances("Hello there."))

    def moved(**chosen: float | bool) -> np.ndarray:
        options = SMALL._replace(**chosen)
        face = pipeline._face(portrait, options)
        talk = Session(pipeline.model, pipeline._workers, face, utterances, options)
        with torch.inference_mode():
            f_m = talk._act(0, None, 0).f_m - talk.source.f_m
            return pipeline.model.motion_extractor.coordinates(f_m).numpy()

    blink = LABELS.index("blink")
    head = [k for k in range(20) if k != blink]
    plain, double, lids, still = moved(), moved(motion=2.0), moved(motion=0.0), moved(still=True)
    assert np.abs(plain).min(0).max() > 0 and np.abs(still).max() < 1e-5
    np.testing.assert_allclose(double[:, head], 2 * plain[:, head], atol=1e-4)
    np.testing.assert_allclose(double[:, blink], plain[:, blink], atol=1e-4)
    np.testing.assert_allclose(lids[:, blink], plain[:, blink], atol=1e-4)
    assert np.abs(lids[:, head]).max() < 1e-4
    assert np.abs(moved(motion=0.0, blinks=0.0)).max() < 1e-4
