"""Engines on Ray: several at once, on a cluster of the server's own."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.server import FAST, LONG, ON_RAY, TEXT, Server, engine_process, replicas
from tests.support.server_process import serving
from ttsf.cli.main import main

pytestmark = pytest.mark.skipif(not ON_RAY, reason="make test-ray")


def wait_until(true: Callable[[], bool]) -> None:
    for _ in range(600):
        if true():
            return
        time.sleep(0.1)
    raise AssertionError("it never is")


def written(process: int, folder: Path) -> Iterator[str]:
    """Files below a folder that a process has open, removed ones too."""
    for place in Path(f"/proc/{process}/fd").iterdir():
        try:
            if (name := os.readlink(place)).startswith(str(folder)):
                yield name
        except OSError:  # closed meanwhile
            continue


def test_a_replica_stops_when_the_client_goes_away(server: Server, photo: Path) -> None:
    fields = {"prompt": LONG, "portrait_id": server.portrait(photo), **FAST}
    replica, folder = engine_process(server.studio), server.studio.files.folder
    with server.client.stream("POST", "/v1/videos/stream", json=fields) as answer:
        next(answer.iter_raw())
        assert any(name.endswith("stream.mp4") for name in written(replica, folder))
    wait_until(lambda: not any(written(replica, folder)))
    assert server.client.get("/metrics").text.count("ttsf_running 0.0") == 1


def test_a_replica_that_tells_nothing_is_replaced(start: Callable, photo: Path) -> None:
    with start(stalled_s=0.01) as server:
        first = engine_process(server.studio)
        answer = server.client.post("/v1/portraits", files={"picture": photo.read_bytes()})
        assert answer.json()["error"]["code"] == "engine_died"
        assert server.studio.engine.restarts == 2 and not Path(f"/proc/{first}").exists()


async def ask(url: str, fields: dict, count: int) -> list[httpx.Response]:
    async with httpx.AsyncClient(base_url=url, timeout=120) as client:
        return await asyncio.gather(
            *(client.post("/v1/videos/sync", json=fields) for _ in range(count))
        )


def test_a_cluster_of_its_own_has_engines_for_the_work_and_ends_with_the_server(
    model_folder: Path, photo: Path, tmp_path: Path
) -> None:
    options = ("--engine", "ray", "--replicas", "2")
    before = set(replicas("ttsf"))
    with (
        serving(tmp_path / "served", model_folder, *options) as server,
        httpx.Client(base_url=server.url, timeout=120) as client,
    ):
        read = client.post("/v1/portraits", files={"picture": photo.read_bytes()})
        fields = {"prompt": LONG, "portrait_id": read.json()["id"], **FAST}
        jobs = [client.post("/v1/videos", json=fields).json()["id"] for _ in range(2)]
        wait_until(lambda: len(set(replicas("ttsf")) - before) == 2)
        for job in jobs:
            client.delete(f"/v1/videos/{job}")
        answers = asyncio.run(ask(server.url, {**fields, "prompt": TEXT}, 4))
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.content for answer in answers}) == 1
    assert server.process.returncode in (0, -signal.SIGTERM, signal.SIGTERM)
    wait_until(lambda: set(replicas("ttsf")) <= before)


def test_a_model_that_is_none_ends_the_command(
    ray_address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["serve", "--port", "0", "--folder", str(tmp_path / "f"), "--model", str(tmp_path)]
    assert main([*words, "--engine", "ray"]) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "error" in line]
    assert "no engine starts on the Ray cluster" in line and str(tmp_path) in line
