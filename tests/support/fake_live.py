"""A live session whose frames cost nothing; its words take .4 s each."""

import threading
import time
from collections import deque
from collections.abc import Generator
from types import SimpleNamespace

import numpy as np

from tests.support.tiny_model import TINY
from ttsf.compositing.box import Box
from ttsf.engine.live.frame import LiveFrame, Spoke
from ttsf.engine.live.script import Script
from ttsf.provenance.embed.payload import Payload
from ttsf.timings.words import Word, WordTimes

SIDE, FPS, RATE, WORD_FRAMES = 128, 25, 16_000, 10
RESTING = np.random.default_rng(1).integers(60, 120, (SIDE, SIDE, 3), np.uint8)
TONE = (0.3 * np.sin(2 * np.pi * 440 * np.arange(RATE // FPS) / RATE)).astype(np.float32)


class FakeLive:
    def __init__(self) -> None:
        self.still, self.region = RESTING, Box(0, 0, SIDE, SIDE)
        self.session = SimpleNamespace(model=SimpleNamespace(config=TINY), payload=Payload(1))
        self._words = deque[tuple[int, str, int]]()
        self._spokes = deque[Spoke]()
        self._scripts = dict[int, Script]()
        self._listening = self._closed = False

    def say(self, script: Script) -> int:
        number = len(self._scripts) + 1
        self._scripts[number] = script
        threading.Thread(target=self._read, args=(number, script), daemon=True).start()
        return number

    def interrupt(self) -> None:
        self._words.clear()
        for number, script in self._scripts.items():
            if not script.dropped:
                script.drop()
                self._spokes.append(Spoke(number, "interrupted"))

    def listen(self, on: bool = True) -> None:
        self._listening = on

    def close(self) -> None:
        self._closed = True

    def frames(self) -> Generator[LiveFrame]:
        number, left, word = 0, 0, None
        begun, began = set[int](), time.monotonic()
        while not self._closed:
            time.sleep(max(0, began + number / FPS - time.monotonic()))
            spokes, words = [], WordTimes(())
            if not left and self._words:
                speech, text, at = self._words.popleft()
                if not text:
                    spokes.append(Spoke(speech, "done"))
                    self._scripts[speech].drop()
                else:
                    left = WORD_FRAMES
                    if speech not in begun:
                        begun.add(speech)
                        spokes.append(Spoke(speech, "begun"))
                    now = number / FPS
                    word = Word(text, now, now + 0.4, at, at + len(text), text)
                    words = WordTimes((word,))
            while self._spokes:
                left, spoke = 0, self._spokes.popleft()
                spokes.append(spoke)
            speaking = left > 0
            left -= speaking
            picture = np.roll(RESTING, number % 40, 1) if not speaking else 255 - RESTING
            sound = TONE if speaking else 0 * TONE
            state = "speaking" if speaking else "listening" if self._listening else "idle"
            yield LiveFrame(number, picture, sound, words, state, tuple(spokes))
            number += 1

    def _read(self, number: int, script: Script) -> None:
        for clause in script.clauses():
            end = 0
            for word in clause.text.split():
                at = clause.text.index(word, end)
                end = at + len(word)
                self._words.append((number, word, clause.start + at))
        if not script.dropped:
            self._words.append((number, "", 0))
