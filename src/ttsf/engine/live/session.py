"""A live session: a portrait rests, listens and speaks on a clock of 25 frames a second.

Sound is planned in segments, on a thread of its own, and never waits for pictures: a picture that
is not drawn when it is due is left out and counted. Yielded frames are not retained.
"""

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future
from typing import Any, Literal, NamedTuple

import numpy as np

from ttsf.compositing.box import Box
from ttsf.engine.live.frame import Clock, LiveFrame, Spoke, SystemClock
from ttsf.engine.live.parts import Part, Parts, Words
from ttsf.engine.live.performer import Performer, Segment
from ttsf.engine.live.pictures import AHEAD, Pictures
from ttsf.engine.live.script import Pieces, Script, script_of
from ttsf.engine.talk import Session, split
from ttsf.engine.workers import Workers
from ttsf.errors import TtsfError
from ttsf.media.audio.source import OpenSound
from ttsf.model.ttsf import SpokenUtterance
from ttsf.text.front_end import TextFrontEnd
from ttsf.timings.words import WordTimes

REST_FRAMES, PLANNED_AHEAD = 50, 25
"""Frames of rest that are planned at once, and of speech that are planned ahead of the clock."""
MARGIN = 3
"""Least number of frames between the clock and a speech, in which it is planned and drawn."""
UTTERANCES_AHEAD = 2
PAUSED_S = 1.0
"""A consumer that is away for longer has paused the session, and so has a machine."""


class _Ready(NamedTuple):
    """An utterance with its word times, or the end of a speech (no utterance)."""

    speech: int
    said: SpokenUtterance | None = None
    words: Words | None = None
    reason: str = ""


class LiveSession:
    """One portrait, until `close`; `say`, `interrupt` and `listen` are thread-safe.

    `frames` is consumed by one thread. visible: draw pictures; without, only the sound goes on.
    """

    def __init__(
        self,
        session: Session,
        front_end: TextFrontEnd,
        open_sound: Callable[[Any], OpenSound | None],
    ) -> None:
        self.session, self.visible = session, True
        self.dropped = 0
        """Pictures that were late."""
        self._open_sound, self._fps = open_sound, session.model.config.video.fps
        self._performer, self._parts = Performer(session), Parts(session, front_end)
        self._reader = Workers(1)  # waits for text and sound, and finds the lips of the latter
        self._planner = Workers(1)
        self._lock, self._woken = threading.Condition(), threading.Event()
        self._scripts = dict[int, Script]()
        self._ready = deque[_Ready]()
        self._listening = self._interrupted = self._closed = False
        self._lost = set[int]()  # speeches that were interrupted
        self._speeches = self._consumers = 0
        # of the thread that consumes:
        self._plan = deque[Segment]()
        self._previous: Segment | None = None
        self._coming: Future[Segment] | None = None  # the next one of the plan
        self._pictures = Pictures(session.workers, self._performer, self._fps)
        self._shown, self._margin = 0, MARGIN
        self._begun = set[int]()
        self._heard = WordTimes(())
        self._news = list[tuple[int, Spoke]]()

    @property
    def still(self) -> np.ndarray:
        """The frame at rest, RGB uint8 [H, W, 3], in which pictures replace `region`."""
        return self.session.renderer.still

    @property
    def region(self) -> Box:
        """The part of the frame that moves."""
        return self.session.renderer.scene.region

    def say(self, text: str | Pieces | Script | None = None, audio: Any = None) -> int:
        """Speak after what is being said, and return the number of the speech.

        text: whole or in pieces. audio: a recording (path, file or `Sound`, also one that arrives
        while it is used) that replaces the speech; its text is a str, or None where the model reads
        lips from sound alone. Raises TtsfError for other types and for what is not sound; errors
        met later become a `Spoke` "failed".
        """
        sound = self._open_sound(audio)
        if sound is None:
            script = script_of((text or "",) if isinstance(text, str | None) else text)
            parts = self._parts.of_text(script)
        elif isinstance(text, str | None):
            script, parts = Script(), self._parts.of_sound(sound, text)
        else:
            raise TtsfError("the words of a recording must be a str")
        with self._lock:
            if self._closed:
                raise TtsfError("the session is closed")
            self._speeches += 1
            number = self._speeches
            self._scripts[number] = script
            self._reader.submit(self._prepare, number, script, parts)
        return number

    def interrupt(self) -> None:
        """Fall silent, and drop all that has not been said."""
        with self._lock:
            for script in self._scripts.values():
                script.drop()
            self._ready.clear()
            self._lost |= self._scripts.keys()
            self._scripts.clear()
            self._interrupted = True
            self._wake()

    def listen(self, on: bool = True) -> None:
        """Nod at times while at rest."""
        self._listening = on

    def close(self) -> None:
        """End the session and its threads; `frames` ends."""
        with self._lock:
            self._closed = True
            for script in self._scripts.values():
                script.drop()
            self._ready.clear()
            self._scripts.clear()
            self._reader.close()
            if not self._consumers:
                self._planner.close()
            self._wake()

    def frames(self, clock: Clock | None = None, realtime: bool = True) -> Generator[LiveFrame]:
        """Yield frames when they are due, until the session is closed.

        A consumer that does not ask for a second pauses the session. Without `realtime` frames come
        as fast as they are drawn, none is dropped, and time stands still while speech is
        synthesised.
        """
        clock = clock or SystemClock()
        with self._lock:
            if self._closed:
                return
            self._consumers += 1
        try:
            self._extend(realtime)
            self._pictures.wait()
            origin = clock.now() - self._shown / self._fps
            while not self._closed:
                self._woken.clear()
                self._extend(realtime)
                early_s = origin + self._shown / self._fps - clock.now()
                if early_s < -PAUSED_S:
                    origin -= early_s
                if realtime and early_s > 0:
                    clock.wait(self._woken, early_s)
                    if clock.now() < origin + self._shown / self._fps:
                        continue  # woken by a speech or an interruption
                frame, given = self._next(realtime), clock.now()
                yield frame
                away_s = clock.now() - given
                origin += away_s if away_s > PAUSED_S else 0
        finally:
            self._pictures.drop(self._shown)
            with self._lock:
                self._consumers -= 1
                if self._closed and not self._consumers:
                    self._planner.close()

    def _extend(self, realtime: bool) -> None:
        """Plan and draw ahead."""
        self._collect(not realtime)
        if self._interrupted:
            self._collect(True)
            self._cut_short()
        near = self._shown + PLANNED_AHEAD
        while self._coming is None and self._scripts and self._end_of_speech() < near:
            if not self._take(wait=not realtime):
                break
            self._collect(not realtime)
        while self._coming is None and (not self._plan or self._plan[-1].end <= near + MARGIN):
            first = self._plan[-1].end if self._plan else self._shown
            self._coming = self._resting(first, REST_FRAMES)
            self._collect(not realtime)
        urgent = self._coming is not None and self._plan[-1].end < self._shown + AHEAD
        if self.visible and not urgent:  # else the sound needs the processor
            self._pictures.draw_ahead(self._plan, self._shown, realtime)

    def _collect(self, wait: bool) -> None:
        """Add what has been planned; wait for it if it has to be, or if nothing else is left."""
        coming = self._coming
        if coming is None or not (wait or coming.done() or self._plan_is_over):
            return
        segment, self._coming = coming.result(), None
        self._plan.append(segment)
        if segment.speech is not None and segment.speech not in self._begun:
            self._begun.add(segment.speech)
            self._news.append((segment.first, Spoke(segment.speech, "begun")))

    @property
    def _plan_is_over(self) -> bool:
        return not self._plan or self._plan[-1].end <= self._shown

    def _take(self, wait: bool) -> bool:
        """Plan the next utterance that is ready, and return whether there was one."""
        with self._lock:
            if wait:
                self._lock.wait_for(lambda: self._ready or not self._scripts)
            if not self._ready:
                return False
            ready = self._ready.popleft()
            self._lock.notify_all()
            if ready.said is None:
                del self._scripts[ready.speech]
        end = self._end_of_speech()
        if ready.said is None or ready.words is None:
            self._planner.submit(self._performer.calm)
            what: Literal["failed", "done"] = "failed" if ready.reason else "done"
            self._news.append((end, Spoke(ready.speech, what, ready.reason)))
            self._begun.discard(ready.speech)
            return True
        first = max(end, self._shown + self._margin * bool(self._plan))
        self._keep_until(first)
        self._coming = self._sample(
            self._performer.speak, first, ready.speech, ready.said, ready.words
        )
        return True

    def _sample(self, work: Callable[..., Segment], *arguments: object) -> Future[Segment]:
        """Plan a segment. The next speech begins after the time that this one took, so that the
        clock need not wait for it.
        """
        began_s = time.monotonic()

        def learn(_: Future[Segment]) -> None:
            frames = math.ceil((time.monotonic() - began_s) * self._fps)
            self._margin = max(MARGIN, min(PLANNED_AHEAD, frames))

        coming = self._planner.submit(work, *arguments)
        coming.add_done_callback(learn)
        return coming

    def _cut_short(self) -> None:
        """Stop speaking at the next frame."""
        with self._lock:
            lost, self._lost, self._interrupted = self._lost, set(), False
        planned = {s.speech for s in self._plan if s.speech is not None}
        self._news = [(at, spoke) for at, spoke in self._news if at <= self._shown]
        ended = {spoke.speech for _, spoke in self._news if spoke.what == "done"}
        for number in sorted((planned | lost) - ended):
            self._news.append((self._shown, Spoke(number, "interrupted")))
        self._begun.clear()
        if planned:
            self._planner.submit(self._performer.calm, True)
            now, hush = self._plan[0], self._performer.hush
            hushed = self._planner.submit(hush, now, self._shown - now.first).result()
            self._plan = deque([hushed])
            self._pictures.drop(self._shown)

    def _keep_until(self, first: int) -> None:
        """Plan nothing from frame `first` on, and let the next segment begin there."""
        while self._plan and self._plan[-1].first >= first:
            self._plan.pop()
        last = self._plan.pop() if self._plan else self._previous
        if last is not None and last.end >= first:
            last = self._planner.submit(self._performer.cut, last, first - last.first).result()
            if last.end > self._shown:
                self._plan.append(last)
        elif last is not None:
            self._plan += [last, self._resting(last.end, first - last.end).result()]
        self._pictures.drop(first)

    def _end_of_speech(self) -> int:
        """The frame after the last planned one of speech; 0 if none is planned."""
        return max((s.end for s in self._plan if s.speech is not None), default=0)

    def _resting(self, first: int, frames: int) -> Future[Segment]:
        return self._sample(self._performer.rest, first, frames, self._listening)

    def _next(self, realtime: bool) -> LiveFrame:
        """Return the next frame, and forget it."""
        number, rate = self._shown, self.session.model.config.samples_per_video
        self._shown += 1
        picture = self._pictures.take(number, realtime) if self.visible else None
        self.dropped += self.visible and picture is None
        segment = self._plan[0]
        if number == segment.first and segment.speech is not None:
            self._heard = segment.spoken
        at = number - segment.first
        now, self._heard = split(self._heard, self._shown / self._fps)
        if segment.speech is None:
            now = WordTimes(())
        frame = LiveFrame(
            number,
            picture,
            segment.samples[at * rate : (at + 1) * rate].clip(-1, 1),
            now,
            "speaking" if at < segment.voiced else "listening" if self._listening else "idle",
            tuple(spoke for due, spoke in self._news if due <= number),
        )
        self._news = [(due, spoke) for due, spoke in self._news if due > number]
        if self._shown == segment.end:
            self._previous = self._plan.popleft()
        return frame

    def _prepare(self, number: int, script: Script, parts: Iterator[Part]) -> None:
        """Make the utterances of a speech on the session's own thread, few of them ahead."""
        reason = ""
        try:
            for said, words in parts:
                self._put(_Ready(number, said, words))
                with self._lock:
                    self._lock.wait_for(
                        lambda: script.dropped or len(self._ready) < UTTERANCES_AHEAD
                    )
                if script.dropped:
                    break
        except Exception as error:
            reason = str(error) if isinstance(error, TtsfError) else type(error).__name__
        self._put(_Ready(number, reason=reason))

    def _put(self, ready: _Ready) -> None:
        with self._lock:
            if ready.speech in self._scripts:
                self._ready.append(ready)
                self._wake()

    def _wake(self) -> None:
        self._lock.notify_all()
        self._woken.set()
