"""The server's live sessions: admission, speech that is still to be spoken, and reconnection."""

import asyncio
import logging
import secrets
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from ttsf.engine.options import GenerateOptions
from ttsf.serve.chat import Chat
from ttsf.serve.problems import Problem, not_found
from ttsf.serve.process.engine_process import Crashed, EngineProcess
from ttsf.serve.process.tasks import (
    ALIVE,
    Done,
    Failed,
    Interrupt,
    Listen,
    Lived,
    LiveMessage,
    LiveTalk,
    Reached,
    Received,
    Say,
    Show,
)
from ttsf.serve.studio import DIED_TWICE, MOST_ATTEMPTS, Studio, problem_of

KEPT_S = 60.0
"""Time that a client has to come back to its session, s."""
ENDED = ("done", "failed", "interrupted")
logger = logging.getLogger("ttsf.serve")


class Talk:
    """One live session; one client at a time receives it."""

    def __init__(self, studio: Studio, portrait: str, face: int, options: GenerateOptions) -> None:
        self.id = f"live_{secrets.token_hex(16)}"
        self.portrait, self.language, self._studio = portrait, options.language, studio
        picture = studio.files.picture(portrait)
        self._task = LiveTalk(self.id, picture, face, options)
        self._client: asyncio.Queue[Lived | None] | None = None
        self._unsaid = dict[int, list[Say]]()
        self._speech, self._open, self._alive = 0, False, False
        self.chat = Chat(studio.settings)
        self._listening = self._ended = self._tracks = False
        self.problem: Problem | None = None
        self.living = asyncio.create_task(self._live())

    async def follow(self) -> AsyncGenerator[Lived]:
        """Yield a new MP4 and its events from now on; an earlier follower gets no more."""
        if self._client is not None:
            self._client.put_nowait(None)
        if self._ended:
            return
        queue = self._client = asyncio.Queue[Lived | None]()
        self.show(tracks=False)
        try:
            while (lived := await queue.get()) is not None:
                yield lived
                self._tell_alive(Received(lived.size))
        finally:
            if self._client is queue:
                self._client = None
                self._tell_alive(Show(False))

    def show(self, tracks: bool) -> None:
        """Begin a new MP4, or bare frames for WebRTC as soon as the face has rested."""
        self._tracks = tracks
        self._tell_alive(Show(True, tracks))

    @property
    def is_followed(self) -> bool:
        """Whether a client is receiving it."""
        return self._client is not None

    def say(self, text: str, more: bool) -> int:
        """Speak a text, or its next piece; more: pieces follow. Returns the speech's number.

        Raises Problem 429 if too much is waiting to be said.
        """
        waiting = sum(len(piece.text) for said in self._unsaid.values() for piece in said)
        most = self._studio.settings.most_text
        if waiting + len(text) > most:
            raise Problem(429, "too_much", f"at most {most:,} characters may wait to be said")
        self._speech += not self._open
        self._open = more
        piece = Say(self._speech, text, not more)
        self._unsaid.setdefault(self._speech, []).append(piece)
        self._tell_alive(piece)
        return self._speech

    def interrupt(self) -> None:
        """Fall silent."""
        self._open = False
        if not self._alive:
            self._unsaid.clear()
        self._tell_alive(Interrupt())

    def listen(self, on: bool) -> None:
        """Turn listening on or off."""
        self._listening = on
        self._tell_alive(Listen(on))

    def reached(self, at_s: float) -> None:
        """Note the time up to which the client has received or played the MP4."""
        self._tell_alive(Reached(at_s))

    def end(self) -> None:
        """End for good; a follower gets no more."""
        self.living.cancel()
        self._leave()

    async def _live(self) -> None:
        """Run the session; if the engine dies, its successor is sent what has not been said."""
        for _ in range(MOST_ATTEMPTS):
            try:
                async with aclosing(self._studio.engine.events(self._task)) as events:
                    async for event in events:
                        if isinstance(event, Failed | Done):
                            failed = event if isinstance(event, Failed) else DIED_TWICE
                            self.problem = problem_of(failed)
                            return self._leave()
                        if isinstance(event, Lived):
                            self._pass_on(event)
            except Crashed as crash:
                self._alive = False
                logger.error("%s: %s", self.id, crash)
        self.problem = problem_of(DIED_TWICE)
        self._leave()

    def _pass_on(self, lived: Lived) -> None:
        for event in lived.events:
            if event["type"] == ALIVE:
                self._alive = True
                waiting = [piece for said in self._unsaid.values() for piece in said]
                followed = self._client is not None
                messages: list[LiveMessage] = [Show(followed), Listen(self._listening), *waiting]
                if followed and self._tracks:
                    messages.append(Show(True, tracks=True))
                for message in messages:
                    self._tell_alive(message)
                return
            if event["type"] == "speech" and event["what"] in ENDED:
                self._unsaid.pop(event["speech"], None)
        if self._client is not None and any(lived):
            self._client.put_nowait(lived)

    def _leave(self) -> None:
        self._ended = True
        if self._client is not None:
            self._client.put_nowait(None)

    def _tell_alive(self, message: LiveMessage) -> None:
        """Send a message; an engine that has not begun will begin with the new state."""
        if self._alive:
            self._studio.engine.tell(self.id, message)


class Talks:
    """The live sessions of a server."""

    def __init__(self, studio: Studio) -> None:
        self._studio, self._talks = studio, dict[str, Talk]()
        self._ends = dict[str, asyncio.TimerHandle]()

    def begin(self, portrait: str, face: int, options: GenerateOptions) -> Talk:
        """Begin a session; raises Problem 429 if there are too many, 501 on a cluster."""
        if not isinstance(self._studio.engine, EngineProcess):
            raise Problem(501, "no_live", "live sessions need --engine process")
        self._studio.check_disk()
        if not self._studio.engine.is_up:
            raise Problem(503, "loading", "the engine is being started")
        most = self._studio.settings.live
        if len(self._talks) >= most:
            for talk in [talk for talk in self._talks.values() if not talk.is_followed]:
                if len(self._talks) >= most:
                    self.end(talk)  # without a client, while another client waits
        if len(self._talks) >= most:
            self._studio.metrics.refused.inc()
            raise Problem(429, "busy", f"this server holds {most} live sessions; try again later")
        talk = Talk(self._studio, portrait, face, options)
        self._talks[talk.id] = talk
        self._studio.files.touch(portrait)
        return talk

    def find(self, talk: str) -> Talk:
        """Return a session to come back to; raises Problem 404."""
        if talk not in self._talks:
            raise not_found("live session; it may have ended")
        if handle := self._ends.pop(talk, None):
            handle.cancel()
        return self._talks[talk]

    def left(self, talk: Talk) -> None:
        """End a session in a minute, unless a client has come back by then."""
        if talk.id in self._talks and not talk.is_followed:
            if handle := self._ends.pop(talk.id, None):
                handle.cancel()
            loop = asyncio.get_running_loop()
            self._ends[talk.id] = loop.call_later(KEPT_S, self._end_without_client, talk)

    def _end_without_client(self, talk: Talk) -> None:
        if not talk.is_followed:
            self.end(talk)

    def end(self, talk: Talk) -> None:
        """End a session."""
        talk.end()
        self._talks.pop(talk.id, None)
        if handle := self._ends.pop(talk.id, None):
            handle.cancel()

    async def close(self) -> None:
        """End all."""
        living = [talk.living for talk in self._talks.values()]
        for talk in list(self._talks.values()):
            self.end(talk)
        await asyncio.gather(*living, return_exceptions=True)


def as_message(talk: Talk) -> dict[str, Any]:
    """Return the first message to a client."""
    return {"type": "ready", "session": talk.id, "portrait_id": talk.portrait}
