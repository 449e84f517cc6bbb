"""Recordings by HTTP."""

import base64
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import av
import pytest

from tests.support.recorded import save_listening, syllables, write_sound
from tests.support.server import FAST, Server, running
from ttsf.serve.settings import Settings


@pytest.fixture(scope="module")
def listening(
    base_settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("listening")
    model = save_listening(folder / "model")
    with running(replace(base_settings, folder=folder / "served", model=model)) as one:
        yield one


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("talk") / "talk.wav"
    return write_sound(path, syllables(1, 44_100, 2), 44_100, "pcm_s16le").read_bytes()


def test_a_recording_speaks(listening: Server, photo: Path, talk: bytes, tmp_path: Path) -> None:
    files = {"input_reference": photo.read_bytes(), "audio": talk}
    answer = listening.client.post("/v1/videos", files=files, data=FAST)
    assert answer.status_code == 200 and answer.json()["prompt"] == "", answer.text
    video = answer.json()["id"]
    assert listening.wait(video)["status"] == "completed"
    assert not listening.studio.files.recording(video).exists()
    get = f"/v1/videos/{video}/content"
    (tmp_path / "a.mp4").write_bytes(listening.client.get(get).content)
    with av.open(str(tmp_path / "a.mp4")) as container:
        (stream,) = container.streams.audio
        assert (stream.rate, stream.channels) == (48_000, 2)  # of all streams
        assert container.streams.video[0].frames == 25
    assert listening.client.get(get, params={"variant": "audio"}).content[22:24] == b"\2\0"


def test_a_recording_in_json(listening: Server, photo: Path, talk: bytes) -> None:
    url = f"data:audio/wav;base64,{base64.b64encode(talk).decode()}"
    fields = {"portrait_id": listening.portrait(photo), "audio": url, **FAST}
    answer = listening.client.post("/v1/videos/sync", json=fields)
    assert answer.status_code == 200 and answer.content[4:8] == b"ftyp", answer.text


def test_refusals(listening: Server, server: Server, photo: Path, talk: bytes) -> None:
    portrait = {"portrait_id": listening.portrait(photo)}

    def told(one: Server, audio: bytes, **fields: str) -> tuple[int, str]:
        fields = {"portrait_id": one.portrait(photo), **fields}
        answer = one.client.post("/v1/videos", files={"audio": audio}, data=fields)
        return answer.status_code, answer.json()["detail"]

    assert told(listening, b"no sound") == (
        422,
        "recording: not a readable sound file (Invalid data found when processing input)",
    )
    code, detail = told(server, talk)
    assert code == 422 and "give the recording's words" in detail
    for url in ("https://example.org/a.mp3", "file:///etc/passwd"):
        answer = listening.client.post("/v1/videos", json={**portrait, "audio": url})
        assert answer.status_code == 422 and answer.json()["error"]["param"] == "audio"
    two = [("audio", talk), ("audio", talk)]
    answer = listening.client.post("/v1/videos", files=two, data=portrait)
    assert answer.status_code == 422 and answer.json()["error"]["code"] == "given_twice"
    assert [path for one in (listening, server) for path in _unused(one)] == []


def _unused(one: Server) -> list[Path]:
    """Folders of videos that have no job."""
    videos = one.studio.files.folder / "videos"
    return [path for path in videos.iterdir() if one.studio.jobs.get(path.name) is None]
