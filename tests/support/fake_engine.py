"""An engine process whose videos flash and click at each whole second: one second for each word.

It reads portraits and writes every file as the real one does; only the frames cost nothing.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tests.support.fake_live import FakeLive
from tests.support.server import Server, running
from tests.support.tiny_model import TINY
from ttsf.engine.options import GenerateOptions
from ttsf.engine.output import Outputs, Written
from ttsf.media.sound import new_wav
from ttsf.media.video import Chunk, new_video
from ttsf.portrait.portrait import Portrait, read_portrait
from ttsf.serve.process import engine_process
from ttsf.serve.process.task_runner import Listener, TaskRunner
from ttsf.serve.process.tasks import Ready
from ttsf.serve.settings import Settings
from ttsf.timings.words import Word, WordTimes

FPS, RATE, PIECE = 25, 16_000, 5
SIDE = 128
GROUND = np.random.default_rng(0).integers(0, 80, (SIDE, SIDE, 3), np.uint8)
"""Of noise, so that a second has as many bytes as one of a real video of this size, or more."""
FLASH = 2
"""Frames."""
CLICK_S = 0.02
SLOW = "slowly"
"""A text with this word is made a little faster than it plays, others at once."""
PACE = 0.7
"""Seconds of making for each of such a video."""


def work(connection: Connection, _model: Path | None, _device: str) -> None:
    """In the place of `engine_process.work`."""
    logging.getLogger("ttsf").setLevel(logging.ERROR)
    connection.send((0, Ready("fake", (("anna", "high"),), FPS, RATE)))
    Listener(TaskRunner(FakePipeline()), connection).listen()  # type: ignore[arg-type]


@contextmanager
def running_fake(settings: Settings) -> Iterator[Server]:
    """A server with this engine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine_process, "work", work)
        with running(settings) as server:
            yield server


class FakePipeline:
    model = SimpleNamespace(config=TINY)

    def portrait(self, picture: Path, face: int = 1) -> Portrait:
        return read_portrait(picture, face)

    def live(self, *_: object) -> FakeLive:
        return FakeLive()

    def check(self, *_: object) -> None:
        pass

    def write(
        self,
        _portrait: Portrait,
        text: str,
        outputs: Outputs,
        _options: GenerateOptions,
        progress: Callable[[int, int], None],
        heard: Callable[[WordTimes], None],
        _audio: object = None,
    ) -> Written:
        words = words_of(text)
        pace = PACE if SLOW in text else 0
        total = FPS * len(words)
        assert outputs.sound is not None
        with ExitStack() as files:
            sound = files.enter_context(new_wav(outputs.sound, RATE))
            video = files.enter_context(new_video(outputs.video, FPS, RATE))
            for first in range(0, total, PIECE):
                now = words[first // FPS : first // FPS + 1] if first % FPS == 0 else ()
                said = WordTimes(tuple(now))
                chunk = piece(first, said)
                video.add(chunk)
                sound.add(chunk.samples)
                heard(said)
                progress(first + PIECE, total)
                time.sleep(pace * PIECE / FPS)
        return Written(total, total / FPS, WordTimes(tuple(words)))


def words_of(text: str) -> list[Word]:
    """One each second."""
    words, end = [], 0
    for k, word in enumerate(text.split()):
        start = text.index(word, end)
        end = start + len(word)
        words.append(Word(word, k + 0.1, k + 0.9, start, end, word))
    return words


def piece(first: int, said: WordTimes) -> Chunk:
    """Frames from number `first` on."""
    numbers = np.arange(first, first + PIECE)
    flashing = (numbers % FPS < FLASH)[:, None, None, None]
    frames = np.where(flashing, np.uint8(255), GROUND)
    times = np.arange(first * RATE // FPS, (first + PIECE) * RATE // FPS) / RATE
    samples = np.where(times % 1 < CLICK_S, 0.5 * np.sin(2 * np.pi * 1_000 * times), 0)
    return Chunk(frames, samples.astype(np.float32), said)
