"""Live sessions by WebRTC: aiortc's own client on this machine takes the video."""

import asyncio
import json
import os
import re
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.fake_engine import running_fake
from tests.support.server import FAST, ON_RAY, Server, engine_process
from ttsf.serve.api import talk, webrtc
from ttsf.serve.process.live_talk import PAUSE_S
from ttsf.serve.process.tasks import BareFrame
from ttsf.serve.settings import Settings

aiortc = pytest.importorskip("aiortc")
websockets = pytest.importorskip("websockets")
pytestmark = pytest.mark.skipif(ON_RAY, reason="live sessions need an engine process")
RATE = 48_000
"""Of the sound that arrives, Hz."""


class Caller:
    """A client that takes its video by WebRTC once it has called."""

    def __init__(self, socket: Any) -> None:
        self.socket, self.events, self.bytes = socket, list[dict[str, Any]](), 0
        self.pictures, self.samples = list[Any](), list[np.ndarray]()
        self.bytes_in_call = 0
        self._changed = asyncio.Condition()
        self._tasks = [asyncio.create_task(self._read())]
        self.peer = aiortc.RTCPeerConnection(aiortc.RTCConfiguration(iceServers=[]))
        self.peer.on("track", self._take)

    async def send(self, kind: str, **fields: Any) -> None:
        await self.socket.send(json.dumps({"type": kind, **fields}))

    async def offer(self) -> None:
        for kind in ("audio", "video"):
            self.peer.addTransceiver(kind, direction="recvonly")
        await self.peer.setLocalDescription(await self.peer.createOffer())
        await self.send("offer", sdp=self.peer.localDescription.sdp)
        answer = await self.of_type("answer")
        await self.peer.setRemoteDescription(aiortc.RTCSessionDescription(answer["sdp"], "answer"))

    async def call(self) -> None:
        await self.offer()
        await self.of_type("video", webrtc=True)

    async def of_type(self, kind: str, **fields: Any) -> dict[str, Any]:
        """The first such event, also of those that came before."""
        fields["type"] = kind

        def found() -> list[dict[str, Any]]:
            return [event for event in self.events if fields.items() <= event.items()]

        await self.until(lambda: bool(found()))
        return found()[0]

    async def until(self, reached: Callable[[], bool]) -> None:
        async with self._changed:
            async with asyncio.timeout(30):
                await self._changed.wait_for(reached)

    def sound(self) -> np.ndarray:
        return np.concatenate([np.zeros(0), *self.samples])

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await self.peer.close()
        await self.socket.close()

    async def _read(self) -> None:
        async for message in self.socket:
            if isinstance(message, str):
                await self._add(self.events, json.loads(message))
                continue
            in_call = any(event.get("webrtc") for event in self.events if event["type"] == "video")
            async with self._changed:
                self.bytes += len(message)
                self.bytes_in_call += len(message) * in_call
                self._changed.notify_all()

    def _take(self, track: Any) -> None:
        async def take() -> None:
            while True:
                frame = await track.recv()
                if track.kind == "video":
                    await self._add(self.pictures, frame)
                else:  # interleaved stereo
                    await self._add(self.samples, frame.to_ndarray()[0, ::2] / 32_768)

        self._tasks.append(asyncio.create_task(take()))

    async def _add(self, to: list, one: Any) -> None:
        async with self._changed:
            to.append(one)
            self._changed.notify_all()


@asynccontextmanager
async def caller(url: str, **start: Any) -> AsyncIterator[Caller]:
    address = url.replace("http", "ws", 1) + "/v1/live"
    async with websockets.connect(address, max_size=None) as socket:
        one = Caller(socket)
        try:
            await one.send("start", **start)
            yield one
        finally:
            await one.close()


@pytest.fixture
def portrait(server: Server, photo: Path) -> str:
    return server.portrait(photo)


def test_a_session_rests_and_speaks_by_webrtc(server: Server, portrait: str) -> None:
    async def run() -> None:
        async with caller(server.url, portrait_id=portrait, **FAST) as one:
            assert (await one.of_type("ready"))["webrtc"]
            assert "webrtc" not in await one.of_type("video")
            await one.call()
            await one.until(lambda: len(one.pictures) > 25)
            assert (one.pictures[0].width, one.pictures[0].height) == (128, 128)
            assert np.abs(one.sound()).max() < 0.001, "it rests"
            before = len(one.sound()) / RATE
            await one.send("say", text="Good morning. It is nice to see you!")
            await one.of_type("speech", speech=1, what="done")
            await one.until(lambda: len(one.sound()) / RATE > before + 2)
            words = [w for e in one.events if e["type"] == "words" for w in e["words"]]
            assert [word["text"] for word in words][:3] == ["Good", "morning.", "It"]
            first = np.flatnonzero(np.abs(one.sound()) > 0.002)[0] / RATE
            assert abs(first - words[0]["start"]) < 0.3, "`at` is time in the tracks"
            times = [float(picture.pts * picture.time_base) for picture in one.pictures]
            assert np.all(np.diff(times) > 0)
            assert not one.bytes_in_call, "no MP4 meanwhile"

    asyncio.run(run())


def test_sound_is_in_step_with_the_picture(tmp_path: Path, photo: Path) -> None:
    """The face of the fake engine is bright while it hums."""

    async def run(server: Server) -> None:
        async with caller(server.url, portrait_id=server.portrait(photo), **FAST) as one:
            await one.call()
            await one.send("say", text="One two three four five.")
            await one.of_type("speech", what="done")
            await one.until(lambda: len(one.sound()) / RATE > one.events[-1]["at"])
            bright = [
                float(picture.pts * picture.time_base)
                for picture in one.pictures
                if picture.to_ndarray(format="gray").mean() > 128
            ]
            loud = np.flatnonzero(np.abs(one.sound()) > 0.05) / RATE
            assert loud[-1] - loud[0] == pytest.approx(2, abs=0.05)
            assert bright[0] == pytest.approx(loud[0], abs=0.06)
            assert bright[-1] == pytest.approx(loud[-1], abs=0.1)

    with running_fake(Settings(folder=tmp_path)) as server:
        asyncio.run(run(server))


def test_an_interruption_by_webrtc(server: Server, portrait: str) -> None:
    async def run() -> None:
        async with caller(server.url, portrait_id=portrait, **FAST) as one:
            await one.call()
            await one.send("say", text="one two three four five six seven eight nine ten. " * 20)
            await one.of_type("speech", what="begun")
            await one.until(lambda: np.abs(one.sound()[-RATE // 2 :]).max() > 0.002)
            await one.send("interrupt")
            at = (await one.of_type("speech", what="interrupted"))["at"]
            await one.until(lambda: len(one.sound()) / RATE > at + 1)
            assert np.abs(one.sound()[round(RATE * (at + 0.3)) :]).max() < 0.002

    asyncio.run(run())


def test_an_offer_during_speech_waits_for_its_end(server: Server, portrait: str) -> None:
    async def run() -> None:
        async with caller(server.url, portrait_id=portrait, **FAST) as one:
            await one.send("say", text="Good morning. It is nice to see you!")
            await one.of_type("speech", what="begun")
            await one.call()
            at = [(event["type"], event.get("what") or event.get("webrtc")) for event in one.events]
            assert at.index(("answer", None)) < at.index(("speech", "done"))
            assert at.index(("speech", "done")) < at.index(("video", True))

    asyncio.run(run())


def test_after_a_call_the_mp4_comes_again(server: Server, portrait: str) -> None:
    async def run() -> None:
        async with caller(server.url, portrait_id=portrait, **FAST) as one:
            await one.call()
            await one.until(lambda: len(one.pictures) > 10)
            await one.peer.close()
            calls = len(one.events)
            await one.until(lambda: any(e["type"] == "video" for e in one.events[calls:]))
            before = one.bytes
            await one.send("say", text="Hello.")
            await one.of_type("speech", what="done")
            assert one.bytes > before

    asyncio.run(run())


def test_who_comes_back_calls_again(server: Server, portrait: str) -> None:
    async def run() -> None:
        async with caller(server.url, portrait_id=portrait, **FAST) as one:
            session = (await one.of_type("ready"))["session"]
            await one.call()
            await one.send("say", text="This one is said now. And this is said afterwards.")
            await one.of_type("speech", what="begun")
        async with caller(server.url, session=session) as two:
            await two.of_type("speech", speech=1, what="done")
            words = [w["text"] for e in two.events if e["type"] == "words" for w in e["words"]]
            assert words[-1] == "afterwards."
            assert two.bytes
            await two.call()
            await two.until(lambda: len(two.pictures) > 10)
            await two.send("end")

    asyncio.run(run())


def test_a_client_that_stops_reaching_pauses_its_session(server: Server, portrait: str) -> None:
    async def run() -> None:
        async with caller(server.url, portrait_id=portrait, **FAST) as one:
            await one.call()
            await one.until(lambda: len(one.sound()) > RATE)
            at = len(one.sound()) / RATE
            await one.send("reached", at=at)
            await asyncio.sleep(PAUSE_S + 2)
            assert len(one.sound()) / RATE < at + PAUSE_S + 0.5
            await one.send("reached", at=at + PAUSE_S)
            await one.until(lambda: len(one.sound()) / RATE > at + PAUSE_S + 1)

    asyncio.run(run())


def test_a_dead_engine_is_replaced_during_a_call(start: Callable, photo: Path) -> None:
    async def run(server: Server) -> None:
        async with caller(server.url, portrait_id=server.portrait(photo), **FAST) as one:
            await one.call()
            await one.send("say", text="The first. The second. The third is the last.")
            await one.of_type("speech", what="begun")
            os.kill(engine_process(server.studio), signal.SIGKILL)
            seen = len(one.events)
            await one.of_type("speech", speech=1, what="done")
            words = [w["text"] for e in one.events if e["type"] == "words" for w in e["words"]]
            assert words[-1] == "last."
            later = [event for event in one.events[seen:] if event["type"] == "video"]
            assert "webrtc" not in later[0], "what is left is said in an MP4"
            await one.until(lambda: any(e.get("webrtc") for e in one.events[seen:]))
            pictures = len(one.pictures)
            await one.until(lambda: len(one.pictures) > pictures + 10)

    with start() as server:
        asyncio.run(run(server))


@pytest.mark.parametrize("kinds", [(), ("audio",), ("audio", "video", "video")])
def test_bad_offers_are_refused_and_the_session_goes_on(
    server: Server, portrait: str, kinds: tuple[str, ...]
) -> None:
    async def run() -> None:
        async with caller(server.url, portrait_id=portrait, **FAST) as one:
            sdp = "v=0"
            if kinds:
                for kind in kinds:
                    one.peer.addTransceiver(kind, direction="recvonly")
                sdp = (await one.peer.createOffer()).sdp
            await one.send("offer", sdp=sdp)
            assert (await one.of_type("error"))["code"] == "bad_offer"
            before = one.bytes
            await one.until(lambda: len(one.events) > 3 or one.bytes > before)
            await one.send("say", text="Hello.")
            await one.of_type("speech", what="done")

    asyncio.run(run())


def test_only_the_client_itself_is_tried() -> None:
    """Neither a name that may not be found nor another host."""
    tried = list[str]()

    async def run() -> None:
        peer = aiortc.RTCPeerConnection(aiortc.RTCConfiguration(iceServers=[]))
        for kind in ("audio", "video"):
            peer.addTransceiver(kind, direction="recvonly")
        await peer.setLocalDescription(await peer.createOffer())
        offer = re.sub(
            r"(candidate:\S+ 1 udp \d+) \S+", r"\1 name.local", peer.localDescription.sdp
        )
        assert "name.local" in offer
        call = webrtc.Call(25, 24_000, lambda _: None)
        await call.answer(offer, "::ffff:127.0.0.1")
        assert call._connection
        tried.extend(re.findall(r"udp \d+ (\S+)", call._connection.remoteDescription.sdp))
        await call.close()
        await peer.close()

    asyncio.run(run())
    assert set(tried) == {"127.0.0.1"}


def test_a_server_without_aiortc_says_so(
    server: Server, portrait: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webrtc, "find_spec", lambda _: None)

    async def run() -> None:
        async with caller(server.url, portrait_id=portrait, **FAST) as one:
            assert not (await one.of_type("ready"))["webrtc"]
            await one.send("offer", sdp="v=0")
            told = await one.of_type("error")
            assert told["code"] == "no_webrtc" and "ttsf[live]" in told["message"]

    asyncio.run(run())


def test_calls_give_back_sockets(
    server: Server, portrait: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call that is replaced, and one whose client goes, are closed."""
    closed = list[talk.Call]()
    close = webrtc.Call.close

    async def closing(call: webrtc.Call) -> None:
        await close(call)
        closed.append(call)

    monkeypatch.setattr(webrtc.Call, "close", closing)

    async def run() -> None:
        async with caller(server.url, portrait_id=portrait, **FAST) as one:
            await one.call()
            first = one.peer
            one.peer = aiortc.RTCPeerConnection(aiortc.RTCConfiguration(iceServers=[]))
            one.peer.on("track", one._take)
            one.events.clear()
            await one.call()
            assert len(closed) == 1
            await first.close()
        for _ in range(100):
            if len(closed) == 2:
                return
            await asyncio.sleep(0.05)
        raise AssertionError("the second call is still there")

    asyncio.run(run())


class _Peer:
    """A connection in one state."""

    def __init__(self, state: str) -> None:
        self.connectionState, self.closed = state, False

    def on(self, _event: str, _told: Callable[[], None]) -> None:
        pass

    async def setRemoteDescription(self, _description: Any) -> None:
        await asyncio.sleep(60)

    async def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize("state", webrtc.LOST)
def test_a_lost_call_lets_its_sender_go(state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        told = list[bool]()
        call = webrtc.Call(25, 16_000, told.append)
        monkeypatch.setattr(call, "_connection", _Peer(state))
        bare = BareFrame(None, np.zeros(640, np.int16))
        for _ in range(webrtc.MOST_WAITING):
            await call.send(bare)
        waiting = asyncio.create_task(call.send(bare))
        await asyncio.sleep(0)
        assert not waiting.done(), "the encoder is behind"
        call._on_state()
        await asyncio.wait_for(waiting, 5)
        for _ in range(2 * webrtc.MOST_WAITING):
            await asyncio.wait_for(call.send(bare), 5)
        assert told == [False]

    asyncio.run(run())


def test_an_offer_whose_client_leaves_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        peer = _Peer("new")
        monkeypatch.setattr(aiortc, "RTCPeerConnection", lambda _settings: peer)
        call = webrtc.Call(25, 16_000, lambda _connected: None)
        answering = asyncio.create_task(call.answer("v=0", "127.0.0.1"))
        await asyncio.sleep(0.5)
        answering.cancel()
        with pytest.raises(asyncio.CancelledError):
            await answering
        assert peer.closed

    asyncio.run(run())
