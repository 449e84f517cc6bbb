"""`WS /v1/live`: JSON messages in, JSON events and fragmented MP4 or WebRTC out (docs/live.md)."""

import asyncio
import json
from contextlib import aclosing, suppress
from typing import Annotated, Any, Literal

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from starlette.websockets import WebSocketState

from ttsf.engine.requests import VideoRequest, first_fault
from ttsf.errors import TtsfError
from ttsf.serve.api.bodies import parse
from ttsf.serve.api.guard import is_key
from ttsf.serve.api.webrtc import Call, is_offered
from ttsf.serve.chat import Refused
from ttsf.serve.problems import Problem, not_found, unknown_voice
from ttsf.serve.process.text_limit import refuse_slow
from ttsf.serve.studio import Studio
from ttsf.serve.talks import Talk, Talks, as_message

START_S = 10.0
"""Time for the first message, s."""
SHORT = 32
"""Length in characters up to which a piece of text, such as a word or two, skips the time limit."""
MOST_SOUND = 10_000_000
"""Maximum size of a recorded question, bytes."""
router = APIRouter()


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SayMessage(_Message):
    """Speak a text, or the next piece of one."""

    type: Literal["say"]
    text: str = Field(max_length=20_000)
    more: bool = False


class InterruptMessage(_Message):
    """Fall silent, and drop all that has not been said."""

    type: Literal["interrupt"]


class ListenMessage(_Message):
    """Turn occasional nods on or off."""

    type: Literal["listen"]
    on: bool = True


class ChatMessage(_Message):
    """Ask the language model, and speak its answer."""

    type: Literal["chat"]
    text: str = Field(min_length=1, max_length=20_000)


class ReachedMessage(_Message):
    """The client has received or played the video up to this time, s."""

    type: Literal["reached"]
    at: float = Field(ge=0, allow_inf_nan=False)


class OfferMessage(_Message):
    """Take the video by WebRTC."""

    type: Literal["offer"]
    sdp: str = Field(max_length=50_000)


class EndMessage(_Message):
    """End the session."""

    type: Literal["end"]


Message = Annotated[
    SayMessage
    | InterruptMessage
    | ListenMessage
    | ChatMessage
    | ReachedMessage
    | OfferMessage
    | EndMessage,
    Field(discriminator="type"),
]
MESSAGES: TypeAdapter[Message] = TypeAdapter(Message)


@router.websocket("/v1/live")
async def live(socket: WebSocket) -> None:
    """Hold a live session with one client."""
    studio, talks = socket.app.state.studio, socket.app.state.talks
    await socket.accept()
    with suppress(WebSocketDisconnect, RuntimeError):  # the client has gone
        try:
            await _Connection(socket, studio, talks).run()
            await socket.close()
        except Problem as problem:
            await _refuse(socket, problem)


class _Connection:
    """One client of one session."""

    def __init__(self, socket: WebSocket, studio: Studio, talks: Talks) -> None:
        self.socket, self.studio, self.talks = socket, studio, talks
        self.talk: Talk
        self._answering: asyncio.Task[None] | None = None
        self._call: Call | None = None

    async def run(self) -> None:
        """Begin or find the session, and serve it until either side leaves; raises Problem."""
        self.talk = await self._start()
        tasks = list[asyncio.Task[None]]()
        try:
            offered = {
                "chat": self.talk.chat.is_set,
                "transcribe": self.talk.chat.can_hear,
                "webrtc": is_offered(),
            }
            await self.socket.send_json({**as_message(self.talk), **offered})
            tasks += map(asyncio.create_task, (self._send(), self._receive()))
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._stop_answering()
            await self._hang_up()
            self.talks.left(self.talk)
        if self.talk.problem is not None:
            self.talks.end(self.talk)
            raise self.talk.problem

    async def _start(self) -> Talk:
        try:
            async with asyncio.timeout(START_S):
                fields = _fields(await self.socket.receive_text())
        except TimeoutError:
            raise Problem(408, "slow_start", "the first message took too long") from None
        if fields.pop("type", None) != "start":
            raise Problem(400, "bad_message", "the first message must be of type start")
        key = str(fields.pop("key", ""))
        if self.studio.settings.keys and not is_key(key, self.studio.settings.keys):
            raise Problem(401, "invalid_api_key", "send a key in the start message")
        if "session" in fields:
            return self.talks.find(str(fields["session"]))
        return await self._begin(fields)

    async def _begin(self, fields: dict[str, Any]) -> Talk:
        wanted = parse(VideoRequest, {"prompt": "Hello.", **fields})
        voices = [name for name, _ in self.studio.engine.about.voices]
        if wanted.voice is not None and wanted.voice not in voices:
            raise unknown_voice(wanted.voice)
        portrait = wanted.portrait_id or ""
        if self.studio.files.faces(portrait) is None:
            raise not_found("portrait")
        try:
            options = wanted.options(self.studio.settings.most_speech_s)
        except TtsfError as error:
            raise Problem(422, "unusable", str(error)) from None
        await self.studio.check(portrait, wanted, None)
        return self.talks.begin(portrait, wanted.face, options)

    async def _send(self) -> None:
        async with aclosing(self.talk.follow()) as parts:
            async for part in parts:
                for event in part.events:
                    await self.socket.send_json(event)
                if part.content:
                    await self.socket.send_bytes(part.content)
                if part.bare is not None and self._call is not None:
                    await self._call.send(part.bare)

    async def _receive(self) -> None:
        while True:
            received = await self.socket.receive()
            if received["type"] == "websocket.disconnect":
                return
            try:
                if (sound := received.get("bytes")) is not None:
                    await self._ask(sound)
                elif not await self._act(_message(received["text"])):
                    self.talks.end(self.talk)
                    return
            except Problem as problem:
                await self.socket.send_json(error_event(problem))

    async def _act(self, message: Message) -> bool:
        """Act on a message; return False if it ends the session."""
        talk = self.talk
        if isinstance(message, SayMessage):
            if len(message.text) > SHORT:
                await refuse_slow(message.text, talk.language, "text")
            talk.say(message.text, message.more)
        elif isinstance(message, InterruptMessage):
            await self._stop_answering()
            talk.interrupt()
        elif isinstance(message, ListenMessage):
            talk.listen(message.on)
        elif isinstance(message, ChatMessage):
            await self._ask(message.text)
        elif isinstance(message, ReachedMessage):
            talk.reached(message.at)
        elif isinstance(message, OfferMessage):
            await self._take_call(message.sdp)
        return not isinstance(message, EndMessage)

    async def _take_call(self, offer: str) -> None:
        """Answer an offer; once it is connected, the video comes that way. Raises Problem."""
        if not is_offered():
            detail = "this server has no WebRTC; it needs aiortc: pip install 'ttsf[live]'"
            raise Problem(501, "no_webrtc", detail)
        if self._call is not None:
            await self._hang_up()
            self.talk.show(tracks=False)

        def changed(connected: bool) -> None:
            if self._call is call:
                self.talk.show(connected)

        about = self.studio.engine.about
        call = Call(about.fps, about.sample_rate, changed)
        client = self.socket.client
        answer = await call.answer(offer, client.host if client else "127.0.0.1")
        self._call = call
        await self.socket.send_json({"type": "answer", "sdp": answer})

    async def _hang_up(self) -> None:
        call, self._call = self._call, None
        if call is not None:
            await call.close()

    async def _ask(self, question: str | bytes) -> None:
        """Answer a question, typed or recorded, in a task of its own; raises Problem."""
        chat = self.talk.chat
        if isinstance(question, bytes):
            if not chat.can_hear:
                raise Problem(501, "no_transcription", "this server has no --transcribe-url")
            if len(question) > MOST_SOUND:
                detail = f"a recording has at most {MOST_SOUND:,} bytes"
                raise Problem(413, "too_large", detail)
        if not chat.is_set:
            raise Problem(501, "no_chat", "this server has no --chat-url")
        if await self._stop_answering():
            self.talk.interrupt()
        self._answering = asyncio.create_task(self._answer(question))

    async def _answer(self, question: str | bytes) -> None:
        """Transcribe the question if need be, and speak the answer while it arrives."""
        begun, failure = False, "transcription_failed"
        try:
            if isinstance(question, bytes):
                question = await self.talk.chat.heard(question)
                await self.socket.send_json({"type": "heard", "text": question})
            if not question:
                return
            failure = "chat_failed"
            async with aclosing(self.talk.chat.answer(question)) as pieces:
                async for piece in pieces:
                    self.talk.say(piece, more=True)
                    begun = True
                    await self.socket.send_json({"type": "reply", "text": piece})
            await self.socket.send_json({"type": "reply", "text": "", "done": True})
        except Refused as error:
            await self.socket.send_json(error_event(Problem(502, failure, str(error))))
        except Problem as problem:
            await self.socket.send_json(error_event(problem))
        finally:
            if begun:
                self.talk.say("", more=False)

    async def _stop_answering(self) -> bool:
        """Stop an answer that is still arriving or being spoken; return whether one has begun."""
        answering, self._answering = self._answering, None
        if answering is None:
            return False
        answering.cancel()
        await asyncio.gather(answering, return_exceptions=True)
        return True


def error_event(problem: Problem) -> dict[str, Any]:
    """Return a problem as an event."""
    return {"type": "error", "code": problem.code, "message": problem.detail}


async def _refuse(socket: WebSocket, problem: Problem) -> None:
    if socket.application_state is WebSocketState.CONNECTED:
        await socket.send_json(error_event(problem))
        await socket.close(1008 if problem.status < 500 and problem.status != 429 else 1013)


def _fields(text: str) -> dict[str, Any]:
    try:
        fields = json.loads(text)
    except ValueError:
        fields = None
    if not isinstance(fields, dict):
        raise Problem(400, "bad_message", "a message must be a JSON object")
    return fields


def _message(text: str) -> Message:
    try:
        return MESSAGES.validate_python(_fields(text))
    except ValidationError as error:
        _, fault = first_fault(error)
        detail = f"not a message of docs/live.md: {fault}"
        raise Problem(422, "bad_message", detail) from None
