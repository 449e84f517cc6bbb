"""The engine's side of live sessions: messages in, frames and events out."""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

from ttsf.engine.live.frame import LiveFrame
from ttsf.engine.live.script import Script
from ttsf.engine.live.session import LiveSession
from ttsf.errors import TtsfError
from ttsf.serve.process.live_outputs import BareOutput, Mp4Output, Output
from ttsf.serve.process.tasks import (
    ALIVE,
    MOST_ON_THE_WAY,
    Interrupt,
    Listen,
    Lived,
    LiveMessage,
    Received,
    Say,
    Show,
)
from ttsf.timings.exports import word_entries
from ttsf.timings.words import WordTimes

SKIP_RESTING_S, SKIP_S, PAUSE_S = 0.5, 1.0, 2.0
"""Lags, in s, of a client that reports how far it is. Above the first, frames at rest are skipped;
above the second, all frames; above the third, the session pauses."""
AT_REST_S = 1.0
"""Rest beyond the client's lag after which WebRTC takes over, so that no MP4 sound is lost, s."""
BEAT_S = 1.0
"""Interval at which a paused session reports that it is alive, s."""


class LiveTalks:
    """The running sessions of an engine; thread-safe."""

    def __init__(self) -> None:
        self._talks = dict[str, LiveTalkRunner]()

    def tell(self, talk: str, message: LiveMessage) -> None:
        """Pass a message on, unless its session has ended."""
        if runner := self._talks.get(talk):
            runner.take(message)

    def run(
        self,
        talk: str,
        session: LiveSession,
        stopped: threading.Event,
        tell: Callable[[Lived], None],
    ) -> None:
        """Keep a session until it is stopped."""
        runner = self._talks[talk] = LiveTalkRunner(session)
        try:
            tell(Lived(events=({"type": ALIVE},)))
            runner.run(stopped, tell)
        finally:
            del self._talks[talk]
            session.close()


class LiveTalkRunner:
    """One session; `take` is called by other threads than `run`."""

    def __init__(self, session: LiveSession) -> None:
        self.session = session
        self._scripts = dict[int, Script]()
        self._numbers = dict[int, int]()
        self._changed = threading.Condition()
        self._shown = self._restart = False
        self._tracks = False  # bare frames are wanted
        self._on_the_way = 0
        self._sent_s = self._lag_s = 0.0
        self._reached_s: float | None = None
        self._state = ""

    def about(self, tracks: bool) -> dict[str, Any]:
        """Describe a new video."""
        height, width = self.session.still.shape[:2]
        about = {"type": "video", "width": width, "height": height}
        return {**about, "webrtc": True} if tracks else about

    def take(self, message: LiveMessage) -> None:
        """Act on a message."""
        if isinstance(message, Say):
            self._say(message)
        elif isinstance(message, Interrupt):
            self.session.interrupt()
        elif isinstance(message, Listen):
            self.session.listen(message.on)
        else:
            with self._changed:
                if isinstance(message, Show):
                    if not message.tracks:
                        self._shown = self._restart = message.on
                        self._on_the_way = 0
                    self._tracks = message.tracks
                elif isinstance(message, Received):
                    self._on_the_way -= message.size
                elif message.at_s <= self._sent_s:  # else it is about the video before
                    self._reached_s = message.at_s
                    self._lag_s = self._sent_s - message.at_s
                self._changed.notify_all()

    def run(self, stopped: threading.Event, tell: Callable[[Lived], None]) -> None:
        """Send frames while they are wanted; `tell` raises once the task is stopped."""
        with closing(self.session.frames()) as frames:
            tracks = False
            while self._wanted(stopped, tell):
                with self._changed:
                    tracks = self._tracks and not self._restart
                    self._restart, self._reached_s = False, None
                    self._sent_s = self._lag_s = 0.0
                self._send(frames, tell, tracks)

    def _wanted(self, stopped: threading.Event, tell: Callable[[Lived], None]) -> bool:
        """Wait until frames may be sent; return False once the task is stopped."""
        while not stopped.is_set():
            with self._changed:
                if self._changed.wait_for(self._may_send, BEAT_S):
                    return True
            tell(Lived())
        return False

    def _may_send(self) -> bool:
        told, ahead_s = self._reached_s is not None, self._sent_s - (self._reached_s or 0)
        behind = self._on_the_way >= MOST_ON_THE_WAY or (told and ahead_s > PAUSE_S)
        return self._shown and (self._restart or not behind)

    def _send(
        self, frames: Iterator[LiveFrame], tell: Callable[[Lived], None], tracks: bool
    ) -> None:
        """Send one video, until another one is wanted or the client is behind."""
        session = self.session
        output: Output = BareOutput(session) if tracks else Mp4Output(session)
        fps, begun, resting = session.session.model.config.video.fps, None, 0
        self._state = ""
        tell(Lived(events=(self.about(tracks),)))
        with closing(output):
            for frame in frames:
                begun = frame.number if begun is None else begun
                speaking = frame.state == "speaking"
                resting = 0 if speaking else resting + 1
                session.visible = self._lag_s <= (SKIP_S if speaking else SKIP_RESTING_S)
                lived = Lived(*output.add(frame), self._events(frame, begun))
                if any(lived):
                    with self._changed:
                        self._on_the_way += lived.size
                        self._sent_s = (frame.number - begun + 1) / fps
                    tell(lived)
                while not self._may_send() and self._shown and not self._restart:
                    with self._changed:
                        self._changed.wait_for(self._may_send, BEAT_S)
                    tell(Lived())
                if self._restart or not self._shown:
                    return
                if self._tracks and not tracks and resting > fps * (AT_REST_S + self._lag_s):
                    return

    def _events(self, frame: LiveFrame, begun: int) -> tuple[dict[str, Any], ...]:
        found = list[dict[str, Any]]()
        if frame.state != self._state:
            self._state = frame.state
            found.append({"type": "state", "state": frame.state})
        for spoke in frame.spoke:
            with self._changed:
                number = self._numbers[spoke.speech]
            event = {"type": "speech", "speech": number, "what": spoke.what}
            found.append({**event, "reason": spoke.reason} if spoke.reason else event)
            if spoke.what != "begun":
                self._scripts.pop(number, None)
                del self._numbers[spoke.speech]
        if frame.spoken.words:
            fps = self.session.session.model.config.video.fps
            before_s = begun / fps
            words = tuple(
                word._replace(start_s=word.start_s - before_s, end_s=word.end_s - before_s)
                for word in frame.spoken.words
            )
            found.append({"type": "words", "words": list(word_entries(WordTimes(words)))})
        at_s = (frame.number - begun) / self.session.session.model.config.video.fps
        return tuple({**event, "at": round(at_s, 3)} for event in found)

    def _say(self, message: Say) -> None:
        script = self._scripts.get(message.speech)
        if script is None:
            script = self._scripts[message.speech] = Script()
            with self._changed:
                self._numbers[self.session.say(script)] = message.speech
        try:
            if message.text:
                script.add(message.text)
        except TtsfError:
            return  # it was interrupted
        if message.ends:
            script.end()
