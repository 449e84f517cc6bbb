"""Kills, floods and fuzzes a server: `make test-long`.

TTSF_KILLS (20 each), TTSF_FLOOD_S (300) and TTSF_FUZZ (1000) say how much.
"""

import asyncio
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import av
import httpx
import pytest

from tests.support.server import FAST, LONG, TEXT, Server
from tests.support.server_process import ServerProcess, serving

pytestmark = pytest.mark.long

KILLS = int(os.environ.get("TTSF_KILLS", "20"))
FLOOD_S = float(os.environ.get("TTSF_FLOOD_S", "300"))
FUZZ = int(os.environ.get("TTSF_FUZZ", "1000"))
ENDS = ("completed", "failed")
WAITING, CLIENTS = 4, 50
"""One video is made and four wait: fifty clients are ten times too many."""
CLEAN = {200, 429, 503}
GROWTH_MB = 60
FREED_S = 5
"""Time limit for reusing the slot of a disconnected client on a busy machine, s."""


def ask(client: httpx.Client, photo: Path) -> str:
    """A job that was accepted."""
    with photo.open("rb") as picture:
        data = {"prompt": TEXT, "steps": "1", "size": "64"}
        answer = client.post("/v1/videos", data=data, files={"input_reference": picture})
    assert answer.status_code == 200, answer.text
    return answer.json()["id"]


def portrait_of(client: httpx.Client, photo: Path) -> str:
    read = client.post("/v1/portraits", files={"picture": photo.read_bytes()})
    return read.json()["id"]


def settle(client: httpx.Client, jobs: list[str], seconds: float = 900) -> Counter[str]:
    """How all of them ended; none is half: what is done can be played, what is not has a reason."""
    end, left, ended = time.monotonic() + seconds, set(jobs), Counter[str]()
    while left:
        assert time.monotonic() < end, f"{len(left)} jobs never ended"
        for job in list(left):
            shown = client.get(f"/v1/videos/{job}").json()
            if shown["status"] not in ENDS:
                continue
            left.remove(job)
            ended[shown["status"]] += 1
            answer = client.get(f"/v1/videos/{job}/content")
            if shown["status"] == "failed":
                assert shown["error"]["message"] and answer.status_code == 409
            else:
                frames = shown["ttsf"]["frames"]
                path = Path("/dev/shm" if os.path.isdir("/dev/shm") else ".") / f"{job}.mp4"
                path.write_bytes(answer.content)
                with av.open(str(path)) as video:
                    assert sum(1 for _ in video.decode(video=0)) == frames
                path.unlink()
        time.sleep(0.2)
    return ended


def is_up(client: httpx.Client) -> bool:
    with suppress(httpx.TransportError):
        return client.get("/readyz").status_code == 200
    return False


def wait_until_up(client: httpx.Client) -> None:
    for _ in range(1_200):
        if is_up(client):
            return
        time.sleep(0.1)
    raise AssertionError("it is never ready again")


def test_the_engine_is_killed_at_any_moment(
    model_folder: Path, photo: Path, tmp_path: Path
) -> None:
    moments, jobs = random.Random(1), []
    with (
        serving(tmp_path / "served", model_folder, "--queue", "100") as server,
        httpx.Client(base_url=server.url, timeout=120) as client,
    ):
        for _ in range(KILLS):
            wait_until_up(client)
            with suppress(AssertionError):  # refused while the engine is being started
                jobs += [ask(client, photo) for _ in range(2)]
            time.sleep(moments.uniform(0, 1.5))
            with suppress(ProcessLookupError, ValueError):
                os.kill(server.engine(), signal.SIGKILL)
        wait_until_up(client)
        ended = settle(client, jobs)
        listed = client.get("/v1/videos", params={"limit": 100}).json()["data"]
        assert len({one["id"] for one in listed}) == len(listed) == len(jobs)
        print("engine killed:", dict(ended))
        assert settle(client, [ask(client, photo)]) == {"completed": 1}


@contextmanager
def watching(client: httpx.Client, portrait: str) -> Iterator[str]:
    """The id of a stream that goes on; then the answer has to break off."""
    fields = {"prompt": LONG, "portrait_id": portrait, **FAST}
    with client.stream("POST", "/v1/videos/stream", json=fields) as answer:
        yield answer.headers["x-video-id"]
        with pytest.raises(httpx.RemoteProtocolError):
            answer.read()


def test_the_server_is_killed_at_any_moment(
    model_folder: Path, photo: Path, tmp_path: Path
) -> None:
    """While a stream is open and jobs wait for its end."""
    moments, jobs, streams = random.Random(2), [], []
    for _ in range(KILLS):
        with (
            serving(tmp_path / "served", model_folder, "--queue", "100") as server,
            httpx.Client(base_url=server.url, timeout=120) as client,
        ):
            jobs += [ask(client, photo) for _ in range(2)]
            with watching(client, portrait_of(client, photo)) as video:
                streams.append(video)
                time.sleep(moments.uniform(0, 1.5))
                server.kill()
    with (
        serving(tmp_path / "served", model_folder, "--queue", "100") as server,
        httpx.Client(base_url=server.url, timeout=120) as client,
    ):
        ended = settle(client, jobs)
        print("server killed:", dict(ended))
        assert ended == {"completed": len(jobs)}
        for video in streams:
            shown = client.get(f"/v1/videos/{video}").json()
            assert (shown["status"], shown["error"]["code"]) == ("failed", "interrupted")
        stored = [path.name for path in (tmp_path / "served" / "videos").iterdir()]
        assert sorted(stored) == sorted(jobs)


async def visit(
    client: httpx.AsyncClient, portrait: str, end: float, told: Counter[str], jobs: list[str]
) -> None:
    """One client: asks again and again, and sometimes goes away in the middle."""
    moments = random.Random(id(told) + len(jobs))
    fields = {"prompt": "Hello there.", "portrait_id": portrait, **FAST}
    while time.monotonic() < end:
        kind = moments.choice(("", "/stream", "/sync", "speech", "leave"))
        if kind == "leave":
            with suppress(httpx.TimeoutException):
                await client.post("/v1/videos/sync", json=fields, timeout=0.3)
            continue
        if kind == "speech":
            answer = await client.post("/v1/audio/speech", json={"input": "Hello."})
        else:
            answer = await client.post(f"/v1/videos{kind}", json=fields)
        told[f"{answer.status_code}"] += 1
        assert answer.status_code in CLEAN, answer.text
        if answer.status_code == 429:
            assert int(answer.headers["retry-after"]) >= 1
            await asyncio.sleep(moments.uniform(0.1, 0.5))
        elif kind == "" and answer.status_code == 200:
            jobs.append(answer.json()["id"])


async def flood(server: ServerProcess, portrait: str) -> tuple[Counter[str], list[str]]:
    told, jobs = Counter[str](), list[str]()
    end = time.monotonic() + FLOOD_S
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=server.url, timeout=300, limits=limits) as client:
        await asyncio.gather(*(visit(client, portrait, end, told, jobs) for _ in range(CLIENTS)))
    return told, jobs


def test_ten_times_too_many_clients(model_folder: Path, photo: Path, tmp_path: Path) -> None:
    options = ("--queue", str(WAITING))
    with (
        serving(tmp_path / "served", model_folder, *options) as server,
        httpx.Client(base_url=server.url, timeout=120) as client,
    ):
        portrait = portrait_of(client, photo)
        settle(client, [ask(client, photo)])
        before = server.memory()
        told, jobs = asyncio.run(flood(server, portrait))
        ended = settle(client, jobs)
        grown = server.memory() - before
        print(f"flood: answers {dict(told)}, jobs {dict(ended)}, memory {grown:+.0f} MB")
        assert told["200"] > 0 and told["429"] > 0
        assert ended["completed"] == len(jobs) == len(set(jobs))
        assert grown < GROWTH_MB
        began = time.monotonic()
        fields = {"prompt": f"{TEXT} " * 30, "portrait_id": portrait, **FAST}
        with client.stream("POST", "/v1/videos/stream", json=fields) as answer:
            next(answer.iter_raw())
        began = time.monotonic()
        while "ttsf_running 0.0" not in client.get("/metrics").text:
            assert time.monotonic() - began < FREED_S
            time.sleep(0.05)


def test_fuzzed_requests_are_never_our_fault(server: Server, tmp_path: Path) -> None:
    if find_spec("schemathesis") is None:
        pytest.skip("needs schemathesis")
    schema = f"{server.url}/openapi.json"
    operations = sum(len(ways) for ways in httpx.get(schema).json()["paths"].values())
    each = max(1, 2 * FUZZ // operations)  # some have less to vary
    words = ["run", schema, "--checks", "not_a_server_error", "--phases", "fuzzing", "--seed", "1"]
    words += ["--max-examples", str(each), "--mode", "all", "--no-color"]
    command = [sys.executable, "-m", "schemathesis.cli", *words]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    figures = server.client.get("/metrics").text
    counted = re.findall(r'ttsf_requests_total\{.*status="(\d+)"\} (\S+)', figures)
    answers = Counter[str]()
    for status, number in counted:
        answers[status] += int(float(number))
    print("fuzzed:", dict(answers))
    assert ran.returncode == 0, ran.stdout[-4_000:] + ran.stderr[-2_000:]
    assert sum(answers.values()) >= FUZZ * 0.8
    assert not [status for status in answers if status.startswith("5")]
