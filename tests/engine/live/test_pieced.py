"""Texts in pieces: the same video however they are cut and whenever they arrive."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise

import numpy as np
import pytest

import ttsf
from ttsf.media.video import Chunk
from ttsf.pipeline import Pipeline

SMALL = ttsf.GenerateOptions(size=64, steps=2)
TEXT = "Yes, of course I can, and Dr. Lee paid 1,204 euros. Bye!"


def pieces(text: str, size: int) -> list[str]:
    return [text[k : k + size] for k in range(0, len(text), size)]


def joined(chunks: list[Chunk]) -> tuple[np.ndarray, np.ndarray, list[str]]:
    frames = np.concatenate([chunk.frames for chunk in chunks])
    samples = np.concatenate([chunk.samples for chunk in chunks])
    return frames, samples, [word.written for chunk in chunks for word in chunk.spoken.words]


def test_the_cuts_do_not_matter(pipeline: Pipeline, portrait: ttsf.Portrait) -> None:
    one, three, whole = (
        joined(list(pipeline.stream(portrait, pieces(TEXT, size), SMALL))) for size in (1, 3, 999)
    )
    assert all(map(np.array_equal, one, three)) and all(map(np.array_equal, one, whole))
    frames, samples, words = one
    assert len(samples) == 640 * len(frames)
    assert " ".join(dict.fromkeys(words)) == TEXT
    plain = pipeline.speak(portrait, TEXT, SMALL)
    assert abs(len(plain.frames) - len(frames)) < 25


def test_speech_begins_before_the_text_is_complete(
    pipeline: Pipeline, portrait: ttsf.Portrait
) -> None:
    go_on = threading.Event()

    def slowly() -> Iterator[str]:
        yield "Yes, of course I can, "
        yield "and so "
        assert go_on.wait(60)
        yield "can you. Now "
        yield "then."

    stream = pipeline.stream(portrait, slowly(), SMALL)
    first = next(stream)
    assert len(first.frames) and not go_on.is_set()
    go_on.set()
    words = [word for chunk in (first, *stream) for word in chunk.spoken.words]
    assert [word.text for word in words][-5:] == ["so", "can", "you.", "Now", "then."]
    assert all(a.end_s <= b.start_s for a, b in pairwise(words))


def test_what_is_not_spoken_yet_is_replaced(pipeline: Pipeline, portrait: ttsf.Portrait) -> None:
    script = ttsf.Script()
    script.add("One is here now. Two is there. Three is nowhere. Four")
    stream = pipeline.stream(portrait, script, SMALL)
    chunks = [next(stream)]
    dropped = script.replace(" All is well.")
    assert dropped.endswith(" Three is nowhere. Four")
    script.end()
    chunks += stream
    words = [word for chunk in chunks for word in chunk.spoken.words]
    assert "Three" not in [word.written for word in words]
    assert " ".join(word.text for word in words).endswith("All is well.")
    with pytest.raises(ttsf.TtsfError, match="has ended"):
        script.add("more")


async def later(text: str) -> AsyncIterator[str]:
    for piece in text.split(" "):
        await asyncio.sleep(0.001)
        yield piece + " "


@pytest.mark.parametrize("inside", [False, True])
def test_an_asynchronous_text(pipeline: Pipeline, portrait: ttsf.Portrait, inside: bool) -> None:
    def heard(stream: Iterator[Chunk]) -> str:
        return " ".join(word.text for chunk in stream for word in chunk.spoken.words)

    async def within() -> str:
        return await asyncio.to_thread(heard, pipeline.stream(portrait, later("Hi there."), SMALL))

    if inside:
        assert asyncio.run(within()) == "Hi there."
    else:
        assert heard(pipeline.stream(portrait, later("Hi there."), SMALL)) == "Hi there."


def failing() -> Iterator[str]:
    yield "Hello there. And "
    raise ConnectionError("gone")


@pytest.mark.parametrize(
    ("texts", "error", "message"),
    [
        ([], ttsf.TtsfError, "nothing to say: the text holds no letters"),
        (["...", " ?! "], ttsf.TtsfError, "nothing to say"),
        (["Hello. ", 3], ttsf.TtsfError, "must be a str, not int"),
        (b"Hello", ttsf.TtsfError, "must be a str or pieces"),
        (3, ttsf.TtsfError, "must be a str or pieces"),
        (["При", "вет"], ttsf.TtsfError, "cannot read Cyrillic"),
        (["Hi. ", "[pause:99s] Yes."], ttsf.TtsfError, "a pause may last 10 s"),
        (failing(), ConnectionError, "gone"),
        (["This sentence is spoken again. "] * 99, ttsf.TtsfError, "longer than the 5 s"),
    ],
)
def test_errors(
    pipeline: Pipeline, portrait: ttsf.Portrait, texts: object, error: type, message: str
) -> None:
    with pytest.raises(error, match=message):
        list(pipeline.stream(portrait, texts, SMALL._replace(max_seconds=5)))  # type: ignore[arg-type]


def test_closing_ends_the_reader(pipeline: Pipeline, portrait: ttsf.Portrait) -> None:
    taken = 0

    def endless() -> Iterator[str]:
        nonlocal taken
        while True:
            taken += 1
            yield "Again and again. "

    before = threading.active_count()
    stream = pipeline.stream(portrait, endless(), SMALL)
    next(stream)
    stream.close()
    assert taken < 20
    for _ in range(100):
        if threading.active_count() <= before:
            break
        time.sleep(0.05)
    assert threading.active_count() <= before
