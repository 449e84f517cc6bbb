"""Conversations over `WS /v1/live`, with a mock of OpenAI's chat and transcription servers."""

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.chat_server import ANSWER, HEARD, ChatServer, chat_server
from tests.support.fake_engine import running_fake
from tests.support.live_client import LiveClient
from tests.support.server import ON_RAY, Server
from ttsf.serve.settings import PERSONA, Settings

pytest.importorskip("websockets")
pytestmark = pytest.mark.skipif(ON_RAY, reason="live sessions need an engine process")


@pytest.fixture(scope="module")
def chat() -> Iterator[ChatServer]:
    with chat_server() as one:
        yield one


@pytest.fixture(scope="module")
def talking(tmp_path_factory: pytest.TempPathFactory, chat: ChatServer) -> Iterator[Server]:
    settings = Settings(
        folder=tmp_path_factory.mktemp("talking"),
        chat_url=chat.url,
        chat_model="mock",
        chat_key="secret",
        transcribe_url=chat.url + "/audio/transcriptions",
    )
    with running_fake(settings) as server:
        yield server


@pytest.fixture
def client(talking: Server, photo: Path) -> Iterator[LiveClient]:
    with closing(LiveClient(talking, portrait_id=talking.portrait(photo))) as one:
        ready = one.of_type("ready")
        assert ready["chat"] and ready["transcribe"]
        one.of_type("video")
        yield one
        one.send("end")


def reply(client: LiveClient) -> str:
    client.of_type("reply", done=True)
    return "".join(event["text"] for event in client.events if event["type"] == "reply")


def test_the_answer_is_spoken_before_it_is_complete(client: LiveClient, chat: ChatServer) -> None:
    client.send("chat", text="Can you speak?")
    begun = client.of_type("speech", what="begun")
    first_clause = chat.sent[1]  # "and you" completes it
    assert time.monotonic() - first_clause < 0.9
    assert begun["speech"] == 1 and len(chat.sent) < len(ANSWER)
    assert reply(client) == "".join(ANSWER)
    client.of_type("speech", what="done")
    words = [w["text"] for e in client.events if e["type"] == "words" for w in e["words"]]
    assert " ".join(words) == "".join(ANSWER)
    assert chat.asked[-1]["model"] == "mock" and chat.asked[-1]["stream"]
    assert chat.asked[-1]["messages"] == [
        {"role": "system", "content": PERSONA},
        {"role": "user", "content": "Can you speak?"},
    ]


def test_a_new_question_interrupts_and_what_was_said_is_remembered(
    client: LiveClient, chat: ChatServer
) -> None:
    client.send("chat", text="One?")
    client.of_type("speech", what="begun")
    client.send("chat", text="Two?")
    assert client.of_type("speech", what="interrupted")["speech"] == 1
    assert client.of_type("speech", what="begun")["speech"] == 2
    turns = chat.asked[-1]["messages"]
    assert [turn["content"] for turn in turns[1::2]] == ["One?", "Two?"]
    assert "".join(ANSWER).startswith(turns[2]["content"]) and turns[2]["role"] == "assistant"
    client.send("interrupt")
    assert client.of_type("speech", what="interrupted")["speech"] == 2


def test_a_spoken_question(client: LiveClient, chat: ChatServer) -> None:
    client.socket.send_binary(b"webm" * 100)
    assert client.of_type("heard")["text"] == HEARD
    assert reply(client) == "".join(ANSWER)
    assert b"webm" * 100 in chat.sounds[-1] and b"whisper-1" in chat.sounds[-1]


def test_a_chat_server_that_refuses(client: LiveClient, chat: ChatServer) -> None:
    chat.status = 404
    client.send("chat", text="Hello?")
    error = client.of_type("error")
    chat.status = 200
    assert error["code"] == "chat_failed" and "404: no such model" in error["message"]
    client.send("chat", text="And now?")
    client.of_type("speech", what="begun")


def test_a_chat_server_that_is_not_there(talking: Server, photo: Path) -> None:
    settings = talking.studio.settings
    try:
        talking.studio.settings = replace(settings, chat_url="http://127.0.0.1:9/v1")
        with closing(LiveClient(talking, portrait_id=talking.portrait(photo))) as one:
            one.send("chat", text="Hello?")
            assert "cannot be reached" in one.of_type("error")["message"]
            one.send("end")
    finally:
        talking.studio.settings = settings
