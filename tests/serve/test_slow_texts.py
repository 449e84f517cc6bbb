"""A text that the front end needs too long for is refused, and nobody else waits for it."""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.support.server import FAST, Server

if sys.platform == "win32":
    pytest.skip("limits of processes are POSIX", allow_module_level=True)

from tests.support.slow_front_end import BUSY, IDLE, read_slowly
from ttsf.serve.process import text_limit

HOSTILE = 10


def seconds(server: Server) -> float:
    """Time until a client has its speech."""
    began = time.monotonic()
    answer = server.client.post("/v1/audio/speech", json={"input": "Hi.", "steps": 1})
    assert answer.status_code == 200, answer.text
    return time.monotonic() - began


def check_refused(answer: httpx.Response, field: str) -> None:
    assert answer.status_code == 422, answer.text
    error = answer.json()["error"]
    assert (error["code"], error["param"]) == ("text_too_slow", field)


def test_slow_texts_are_refused_and_hold_nobody_up(
    server: Server, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    post, portrait = server.client.post, server.portrait(photo)
    usual = max(seconds(server) for _ in range(3))
    monkeypatch.setattr(text_limit, "_read", read_slowly)
    monkeypatch.setattr(text_limit, "MOST_WAIT_S", 6.0)
    with ThreadPoolExecutor(HOSTILE) as clients:
        texts = [BUSY] + [IDLE] * (HOSTILE - 2)
        asked = [clients.submit(post, "/v1/audio/speech", json={"input": text}) for text in texts]
        video = {"prompt": BUSY, "portrait_id": portrait, **FAST}
        film = clients.submit(post, "/v1/videos", json=video)
        waited = [seconds(server) for _ in range(3)]
        for one in asked:
            check_refused(one.result(), "input")
        check_refused(film.result(), "prompt")
    assert max(waited) < 3 * usual + 0.5


def test_no_text_of_the_greatest_length_is_too_slow(server: Server) -> None:
    text = "On 3/4/2025 Dr. Smith paid $1,234.56 for 12 ft. " * 416
    answer = server.client.post("/v1/audio/speech", json={"input": text[:20_000]})
    assert answer.json()["error"]["code"] == "unusable", answer.text
    assert "spoken for" in answer.json()["detail"]
