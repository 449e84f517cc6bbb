"""Overload, engine crashes, restarts and expiry."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.server import FAST, LONG, TEXT, Server, engine_process
from ttsf.errors import TtsfError
from ttsf.serve.jobs import Jobs


def test_a_full_line_refuses_and_urgent_ones_go_first(start: Callable, photo: Path) -> None:
    with start(waiting=2) as server:
        running = server.job(photo, LONG)
        server.wait(running, "in_progress")
        waiting = server.job(photo), server.job(photo)
        places = [server.wait(one, "queued")["ttsf"]["place"] for one in waiting]
        assert places == [1, 2]
        fields = {"prompt": "Hi.", "portrait_id": server.portrait(photo), **FAST}
        refused = server.client.post("/v1/videos", json=fields)
        assert refused.status_code == 429 and int(refused.headers["retry-after"]) >= 1
        speech = server.client.post("/v1/audio/speech", json={"input": "Hi."})
        assert speech.status_code == 429
        server.client.delete(f"/v1/videos/{waiting[0]}")
        with server.client.stream("POST", "/v1/videos/stream", json=fields) as answer:
            video = answer.headers["x-video-id"]
            assert server.wait(waiting[1], "queued")["ttsf"]["place"] == 2
            server.client.delete(f"/v1/videos/{running}")
            answer.read()
        assert server.wait(video)["status"] == "completed"
        assert server.wait(waiting[1])["status"] == "completed"


def test_a_full_disk_is_said_before_work(
    server: Server, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = replace(server.studio.settings, least_free=1e18)
    monkeypatch.setattr(server.studio, "settings", full)
    answer = server.client.post("/v1/portraits", files={"picture": photo.read_bytes()})
    assert answer.status_code == 507 and answer.json()["error"]["code"] == "disk_full"


def kill_engine(server: Server) -> None:
    os.kill(engine_process(server.studio), signal.SIGKILL)


def test_a_job_is_tried_once_more_when_the_engine_dies(start: Callable, photo: Path) -> None:
    with start() as server:
        fields = {"prompt": TEXT, "portrait_id": server.portrait(photo), **FAST}
        expected = server.client.post("/v1/videos/stream", json=fields).content
        with server.client.stream("POST", "/v1/videos/stream", json=fields) as answer:
            pieces = answer.iter_raw()
            first = next(pieces)
            kill_engine(server)
            assert first + b"".join(pieces) == expected
        doomed = server.job(photo, LONG)
        for restarts in (2, 3):
            server.wait(doomed, "in_progress")
            while not server.studio.live[doomed].done:
                time.sleep(0.05)
            kill_engine(server)
            while server.studio.engine.restarts < restarts or not server.studio.engine.is_up:
                time.sleep(0.05)
            if doomed in server.studio.live:
                server.studio.live[doomed].done = 0
        shown = server.wait(doomed)
        assert (shown["status"], shown["error"]["code"]) == ("failed", "engine_died")
        assert not server.studio.files.video(doomed).exists()
        assert server.wait(server.job(photo, "Hello."))["status"] == "completed"


@pytest.mark.usefixtures("new_processes")
def test_a_restart_goes_on_with_what_was_accepted(
    start: Callable, photo: Path, tmp_path: Path
) -> None:
    with start() as server:
        made = [server.job(photo, "Hello.") for _ in range(3)]
        for video in made:
            assert server.wait(video)["status"] == "completed"
        jobs = [server.job(photo, LONG), server.job(photo), server.job(photo)]
        server.wait(jobs[0], "in_progress")
        with pytest.raises(TtsfError, match="another server"):
            Jobs(tmp_path / "jobs.sqlite")
        server.client.delete(f"/v1/videos/{jobs[1]}")
        server.studio.files.video("video_lost").mkdir()
    with start() as server:
        assert not server.studio.files.video("video_lost").exists()
        for video in made:
            assert server.client.get(f"/v1/videos/{video}/content").status_code == 200
        assert server.wait(jobs[0], "in_progress")["id"] == jobs[0]
        assert server.client.get(f"/v1/videos/{jobs[1]}").status_code == 404
        server.client.delete(f"/v1/videos/{jobs[0]}")
        assert server.wait(jobs[2])["status"] == "completed"


def test_what_is_old_or_too_much_is_removed_and_no_text_is_logged(
    start: Callable, photo: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with start(keep_bytes=1) as server:
        video = server.job(photo, "Hello \N{GRINNING FACE}.")
        server.wait(video)
        server.studio.sweep()
        assert server.client.get(f"/v1/videos/{video}").status_code == 404
        assert not server.studio.files.video(video).exists()
        server.studio.settings = replace(server.studio.settings, keep_s=0.0)
        server.studio.sweep()
        assert server.studio.files.portraits() == []
    assert "\N{GRINNING FACE}" not in "".join(capfd.readouterr())
