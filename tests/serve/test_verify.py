"""`/v1/verify` finds the watermark in generated files, and refuses files that are not media."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support.server import Server
from ttsf.provenance.embed.payload import Payload
from ttsf.provenance.embed.picture import PictureMark
from ttsf.serve.api import verify


@pytest.fixture(scope="module")
def picture(astronaut: np.ndarray) -> bytes:
    file = io.BytesIO()
    marked = PictureMark(Payload(0x5C9DF), 512, 512).on(astronaut)
    Image.fromarray(marked).save(file, "JPEG", quality=90)
    return file.getvalue()


def test_a_marked_picture(server: Server, picture: bytes) -> None:
    answers = [
        server.client.post("/v1/verify", files={"file": picture}),
        server.client.post("/v1/verify", content=picture, headers={"content-type": "image/jpeg"}),
        server.client.post("/v1/verify", content=picture, headers={"content-type": "video/mp4"}),
    ]
    for answer in answers:
        assert answer.status_code == 200, answer.text
        assert answer.json()["marked"] is True and answer.json()["number"] == "5c9df"
        assert "file" not in answer.json()


def test_an_unmarked_picture(server: Server, photo: Path) -> None:
    answer = server.client.post("/v1/verify", files={"file": photo.read_bytes()})
    assert answer.status_code == 200 and answer.json()["found"] is False


def test_no_media(server: Server) -> None:
    for content in (b"", b"hello"):
        answer = server.client.post(
            "/v1/verify", content=content, headers={"content-type": "video/mp4"}
        )
        assert answer.status_code == 422 and answer.json()["error"]["code"] == "unusable"
    answer = server.client.post("/v1/verify", json={"prompt": "Hello."})
    assert answer.status_code == 422 and answer.json()["error"]["code"] == "no_file"


def test_too_many_at_once(server: Server, picture: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "AT_ONCE", 0)
    answer = server.client.post("/v1/verify", files={"file": picture})
    assert answer.status_code == 429 and answer.headers["retry-after"] == "5"
    monkeypatch.undo()
    assert server.client.post("/v1/verify", files={"file": picture}).status_code == 200


def test_what_takes_too_long_is_stopped(
    server: Server, picture: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify, "MOST_S", 0.01)
    answer = server.client.post("/v1/verify", files={"file": picture})
    assert answer.status_code == 422 and answer.json()["error"]["code"] == "too_long"
