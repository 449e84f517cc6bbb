"""`WS /v1/live`: sessions, messages, back-pressure, reconnection, admission, and a dead engine."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

import ttsf
from tests.support.live_client import LiveClient
from tests.support.server import FAST, ON_RAY, Server, engine_process
from ttsf.serve import talks
from ttsf.serve.process import live_talk
from ttsf.serve.process.tasks import Lived, Reached, Received, Say, Show

pytest.importorskip("websockets")
pytestmark = pytest.mark.skipif(ON_RAY, reason="live sessions need an engine process")


@pytest.fixture
def portrait(server: Server, photo: Path) -> str:
    return server.portrait(photo)


@pytest.fixture
def client(server: Server, portrait: str) -> Iterator[LiveClient]:
    with closing(LiveClient(server, portrait_id=portrait, **FAST)) as one:
        yield one
        one.send("end")


def test_a_session_rests_and_speaks(client: LiveClient) -> None:
    ready = client.of_type("ready")
    assert ready["session"].startswith("live_") and not ready["chat"] and not ready["transcribe"]
    assert client.of_type("video") == {"type": "video", "width": 128, "height": 128}
    assert client.of_type("state")["state"] == "idle"
    client.watch(1)
    for piece in ("Good mor", "ning. It is ni", "ce to see you!"):
        client.send("say", text=piece, more=True)
    client.send("say", text="")
    assert client.of_type("speech", what="begun")["speech"] == 1
    client.of_type("speech", speech=1, what="done")
    words = [word for one in client.events if one["type"] == "words" for word in one["words"]]
    assert [word["text"] for word in words][:3] == ["Good", "morning.", "It"]
    frames, samples = client.decoded()
    assert abs(frames / 25 - len(samples) / 48_000) < 0.2
    begin = round(48_000 * words[0]["start"])
    assert not samples[: begin - 24_000].any() or begin < 24_000
    assert np.abs(samples[begin:]).max() > 0.001


def test_an_interruption(client: LiveClient) -> None:
    client.send("say", text="one two three four five six seven eight nine ten. " * 20)
    client.send("say", text="Never.")
    client.of_type("speech", what="begun")
    client.watch(0.5)
    began = time.monotonic()
    client.send("interrupt")
    assert client.of_type("speech", what="interrupted")["speech"] == 1
    assert client.of_type("speech", what="interrupted")["speech"] == 2
    assert time.monotonic() - began < 2
    at = client.events[-1]["at"]
    client.watch(1)
    _, samples = client.decoded()
    assert np.abs(samples[round(48_000 * (at + 0.2)) :]).max() < 0.002
    client.send("say", text="Again.")
    assert client.of_type("speech", what="done")["speech"] == 3


def test_wrong_messages_are_told_and_the_session_goes_on(client: LiveClient) -> None:
    for message in (
        "{",
        "[]",
        '{"type": "sing"}',
        '{"type": "say"}',
        '{"type": "listen", "on": 3}',
    ):
        client.socket.send(message)
        told = client.of_type("error")
        assert told["code"] == "bad_message"
        assert ("'say', 'interrupt'" in told["message"]) == ("sing" in message)
    client.send("chat", text="Hello?")
    assert client.of_type("error")["code"] == "no_chat"
    client.socket.send_binary(b"sound")
    assert client.of_type("error")["code"] == "no_transcription"
    client.send("say", text=" " * 19_000, more=True)
    client.send("say", text=" " * 19_000)
    assert client.of_type("error")["code"] == "too_much"
    client.send("say", text="Привет.")
    client.send("listen")
    assert client.of_type("state", state="listening")


@pytest.mark.parametrize(
    ("start", "code"),
    [
        ({"portrait_id": "portrait_" + 32 * "0"}, "not_found"),
        ({"session": "live_" + 32 * "0"}, "not_found"),
        ({"portrait_id": 3}, "invalid_value"),
        ({"portrait_id": "PORTRAIT", "voice": "nobody"}, "unknown_voice"),
        ({"portrait_id": "PORTRAIT", "size": 3}, "unusable"),
        ({"portrait_id": "PORTRAIT", "face": 9}, "unusable"),
    ],
)
def test_bad_starts_are_refused(server: Server, portrait: str, start: dict, code: str) -> None:
    fields = {k: portrait if v == "PORTRAIT" else v for k, v in start.items()}
    with closing(LiveClient(server, **fields)) as one:
        assert one.of_type("error")["code"] == code
        with pytest.raises((ConnectionError, OSError)):
            one.of_type("never")


def test_a_client_comes_back(server: Server, portrait: str) -> None:
    one = LiveClient(server, portrait_id=portrait, **FAST)
    session = one.of_type("ready")["session"]
    one.send("say", text="This one is said now. And this is said to whoever comes back.")
    one.of_type("speech", what="begun")
    one.close()
    time.sleep(2.5)
    with closing(LiveClient(server, session=session)) as two:
        assert two.of_type("ready")["session"] == session
        two.of_type("speech", speech=1, what="done")
        words = [word["text"] for e in two.events if e["type"] == "words" for word in e["words"]]
        assert words[-2:] == ["comes", "back."]
        frames, samples = two.decoded()
        assert frames and abs(frames / 25 - len(samples) / 48_000) < 0.2
        two.send("end")
        with pytest.raises((ConnectionError, OSError)):
            two.of_type("never")


def test_only_so_many_sessions(
    start: Callable, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(talks, "KEPT_S", 1.0)
    with start(live=1, keys=("a key of many letters",)) as server:
        server.client.headers["Authorization"] = "Bearer a key of many letters"
        fields = {"portrait_id": server.portrait(photo), **FAST}
        with closing(LiveClient(server, **fields)) as stranger:
            assert stranger.of_type("error")["code"] == "invalid_api_key"
        fields["key"] = "a key of many letters"
        one = LiveClient(server, **fields)
        session = one.of_type("ready")["session"]
        with closing(LiveClient(server, **fields)) as two:
            assert two.of_type("error")["code"] == "busy"
        one.close()
        time.sleep(2)
        with closing(LiveClient(server, session=session, key=fields["key"])) as late:
            assert late.of_type("error")["code"] == "not_found"
        with closing(LiveClient(server, **fields)) as three:
            assert three.of_type("ready")


def test_a_client_that_does_not_read_pauses_its_session(
    model_folder: Path, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_talk, "MOST_ON_THE_WAY", 3_000)
    pipeline = ttsf.load(model_folder)
    session = pipeline.live(photo, ttsf.GenerateOptions(size=64, steps=2))
    sent, stopped = list[Lived](), threading.Event()
    runner = live_talk.LiveTalkRunner(session)
    thread = threading.Thread(target=runner.run, args=(stopped, sent.append))
    thread.start()
    runner.take(Show(True))

    def received(least: int) -> int:
        for _ in range(300):
            count = sum(len(lived.content) for lived in sent)
            if count >= least:
                return count
            time.sleep(0.05)
        raise AssertionError(f"only {count} bytes")

    received(3_000)
    time.sleep(2.5)
    count = received(0)
    assert count < 6_000, "it waits"
    assert any(not lived.content and not lived.events for lived in sent), "it is alive"
    runner.take(Received(count))
    assert received(count + 3_000)
    stopped.set()
    runner.take(Show(False))
    thread.join(10)
    session.close()
    assert not thread.is_alive()


def test_pictures_are_left_out_and_then_nothing_is_sent_until_a_client_catches_up(
    model_folder: Path, photo: Path
) -> None:
    session = ttsf.load(model_folder).live(photo, ttsf.GenerateOptions(size=64, steps=2))
    runner, stopped, taken = live_talk.LiveTalkRunner(session), threading.Event(), list[Lived]()
    changed = threading.Condition()

    def tell(lived: Lived) -> None:
        with changed:
            taken.append(lived)
            changed.notify_all()

    def until(what: Callable[[], bool]) -> None:
        with changed:
            assert changed.wait_for(what, 20)

    thread = threading.Thread(target=runner.run, args=(stopped, tell))
    thread.start()
    runner.take(Show(True))
    until(lambda: runner._sent_s > 0.7)
    assert session.visible, "a client that tells nothing gets all"
    runner.take(Reached(0.0))
    until(lambda: not session.visible)
    runner.take(Say(1, "one two three four five six seven eight nine ten"))
    until(lambda: {"speaking"} & {e.get("state") for lived in taken for e in lived.events})
    runner.take(Reached(runner._sent_s - 0.7))
    until(lambda: session.visible)
    runner.take(Reached(runner._sent_s - 1.2))
    until(lambda: not session.visible)
    runner.take(Reached(runner._sent_s + 60))
    until(lambda: taken[-1] == Lived())
    paused_s, count = runner._sent_s, len(taken)
    until(lambda: len(taken) > count)
    assert runner._sent_s == paused_s and taken[-1] == Lived(), "it waits, and is alive"
    runner.take(Reached(paused_s))
    until(lambda: runner._sent_s > paused_s + 0.5)
    assert session.visible
    stopped.set()
    runner.take(Show(False))
    thread.join(10)
    session.close()
    assert not thread.is_alive()


def test_a_client_that_reads_slowly_stays_close_and_hears_all(client: LiveClient) -> None:
    """It reads half as fast as the video plays; what the server does now is at most 2 s ahead."""
    client.of_type("video")
    count = "one two three four five six seven eight nine ten. "
    client.send("say", text=2 * count)
    client.send("say", text=9 * count)
    began, reached_s, interrupted = time.monotonic(), 0.0, False
    while not interrupted:
        event = client.receive()
        if event is None:
            length_s = client.seconds()
            time.sleep(max(0, began + 2 * length_s - time.monotonic()))
            if length_s >= reached_s + 1:
                reached_s = length_s
                client.send("reached", at=reached_s)
        elif event["type"] == "speech" and event["what"] == "done":
            client.send("interrupt")
            ended_s = client.seconds()
        interrupted = event is not None and event.get("what") == "interrupted"
    assert ended_s > 4, "long enough to be far behind"
    assert client.events[-1]["at"] - ended_s < live_talk.PAUSE_S + 0.5
    words = [word for one in client.events if one["type"] == "words" for word in one["words"]][:20]
    assert [words[0]["text"], words[19]["text"]] == ["one", "ten."]
    frames, samples = client.decoded()
    assert abs(frames / 25 - len(samples) / 48_000) < 0.2
    for word in words:
        heard = samples[round(48_000 * word["start"]) : round(48_000 * word["end"])]
        assert np.abs(heard).max() > 0.001, word["text"]


def test_sessions_that_end_give_back_threads_and_files(
    start: Callable, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(talks, "KEPT_S", 0.1)
    with start() as server:
        portrait, engine = server.portrait(photo), engine_process(server.studio)

        def held() -> list[int]:
            kinds = ("self/task", "self/fd", f"{engine}/task", f"{engine}/fd")
            return [len(os.listdir(f"/proc/{kind}")) for kind in kinds]

        def session(k: int) -> None:
            """It is ended, left, left while it speaks, taken over, or refused."""
            size = 3 if k % 5 == 4 else FAST["size"]
            with closing(LiveClient(server, portrait_id=portrait, **{**FAST, "size": size})) as one:
                if size == 3:
                    assert one.of_type("error")["code"] == "unusable"
                    return
                name = one.of_type("ready")["session"]
                one.of_type("state")
                if k % 5 == 0:
                    one.send("end")
                elif k % 5 == 2:
                    one.send("say", text="one two three four five six.")
                    one.of_type("speech", what="begun")
                elif k % 5 == 3:
                    with closing(LiveClient(server, session=name)) as two:
                        two.of_type("state")

        for k in range(5):
            session(k)
        time.sleep(2)
        before = held()
        for k in range(20):
            session(k)
        for _ in range(200):
            if all(now <= then for now, then in zip(held(), before, strict=True)):
                return
            time.sleep(0.1)
        raise AssertionError(f"{before} threads and files have become {held()}")


def test_what_was_not_said_is_said_after_the_engine_died(start: Callable, photo: Path) -> None:
    with start() as server:
        one = LiveClient(server, portrait_id=server.portrait(photo), **FAST)
        with closing(one):
            one.send("say", text="The first. The second. The third is the last.")
            one.of_type("speech", what="begun")
            os.kill(engine_process(server.studio), signal.SIGKILL)
            one.of_type("video")
            one.of_type("speech", speech=1, what="done")
            assert len(one.videos) == 2
            words = [w["text"] for e in one.events if e["type"] == "words" for w in e["words"]]
            assert words[-1] == "last."
