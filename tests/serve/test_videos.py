"""Videos by HTTP: jobs, synchronous responses, streams, and their files."""

import json
from pathlib import Path

import av
import httpx
import numpy as np
import pytest

from tests.support.server import FAST, LONG, TEXT, Server


@pytest.fixture(scope="module")
def finished(server: Server, photo: Path) -> str:
    video = server.job(photo)
    assert server.wait(video)["status"] == "completed"
    return video


def test_a_job_becomes_all_files(server: Server, finished: str) -> None:
    shown = server.client.get(f"/v1/videos/{finished}").json()
    assert shown["progress"] == 100 and shown["size"] == "128x128" and shown["error"] is None
    seconds = float(shown["seconds"])
    get = f"/v1/videos/{finished}/content"
    kinds = {
        name: server.client.get(get, params={"variant": name})
        for name in ("video", "stream", "audio", "srt", "vtt", "timings", "thumbnail")
    }
    assert {answer.status_code for answer in kinds.values()} == {200}
    assert kinds["video"].content.index(b"moov") < kinds["video"].content.index(b"mdat")
    assert kinds["vtt"].text.startswith("WEBVTT") and "nice to see you" in kinds["srt"].text
    timings = json.loads(kinds["timings"].text)
    assert abs(timings["duration"] - seconds) < 0.01 and len(timings["words"]) == 8
    assert kinds["thumbnail"].content.startswith(b"\xff\xd8")
    assert kinds["audio"].content.startswith(b"RIFF")


def test_the_file_holds_the_frames_of_the_stream(
    server: Server, finished: str, tmp_path: Path
) -> None:
    frames = []
    for name in ("video", "stream"):
        get = f"/v1/videos/{finished}/content?variant={name}"
        (tmp_path / f"{name}.mp4").write_bytes(server.client.get(get).content)
        with av.open(str(tmp_path / f"{name}.mp4")) as container:
            frames.append([f.to_ndarray(format="rgb24") for f in container.decode(video=0)])
    assert np.array_equal(*frames)


def test_ranges_and_tags(server: Server, finished: str) -> None:
    get = f"/v1/videos/{finished}/content"
    whole = server.client.get(get)
    part = server.client.get(get, headers={"Range": "bytes=10-19"})
    assert part.status_code == 206 and part.content == whole.content[10:20]
    past = server.client.get(get, headers={"Range": "bytes=999999999-"})
    assert past.status_code == 416
    again = server.client.get(get, headers={"If-None-Match": whole.headers["etag"]})
    assert again.status_code == 304 and again.content == b""
    head = server.client.head(get)
    assert head.status_code == 200 and int(head.headers["content-length"]) == len(whole.content)


def test_a_stream_is_what_its_job_keeps(server: Server, photo: Path) -> None:
    fields = {"prompt": TEXT, "portrait_id": server.portrait(photo), **FAST}
    with server.client.stream("POST", "/v1/videos/stream", json=fields) as answer:
        assert answer.status_code == 200 and answer.headers["content-type"] == "video/mp4"
        pieces = list(answer.iter_raw())
        video = answer.headers["x-video-id"]
    assert len(pieces) > 1
    stored = server.client.get(f"/v1/videos/{video}/content?variant=stream")
    assert stored.content == b"".join(pieces)


def test_who_leaves_a_stream_gives_it_up(server: Server, photo: Path) -> None:
    fields = {"prompt": LONG, "portrait_id": server.portrait(photo), **FAST}
    with server.client.stream("POST", "/v1/videos/stream", json=fields) as answer:
        next(answer.iter_raw())
        video = answer.headers["x-video-id"]
    shown = server.wait(video)
    assert shown["status"] == "failed" and shown["error"]["code"] == "cancelled"
    assert not server.studio.files.video(video).exists()
    assert server.client.get(f"/v1/videos/{video}/content").status_code == 409


def test_the_answer_may_be_waited_for(server: Server, photo: Path) -> None:
    with photo.open("rb") as picture:
        answer = server.client.post(
            "/v1/videos/sync",
            data={"prompt": TEXT, "steps": "2", "size": "128", "still": "true"},
            files={"input_reference": ("me.png", picture, "image/png")},
        )
    assert answer.status_code == 200 and answer.content[4:8] == b"ftyp"


def test_a_label_lies_in_the_corner(server: Server, photo: Path, tmp_path: Path) -> None:
    fields = {"prompt": "Hello.", "portrait_id": server.portrait(photo), **FAST, "still": True}
    frames = []
    for label in (False, True):
        answer = server.client.post("/v1/videos/sync", json={**fields, "label": label})
        (tmp_path / "video.mp4").write_bytes(answer.content)
        with av.open(str(tmp_path / "video.mp4")) as container:
            first = next(container.decode(video=0))
            frames.append(first.to_ndarray(format="rgb24").astype(float))
    changed = np.abs(frames[1] - frames[0]).mean(axis=-1)
    assert changed[5:10, 5:30].mean() > 20 and changed[64:].mean() < 5


def test_events_tell_progress_and_words_to_the_end(server: Server, photo: Path) -> None:
    video = server.job(photo)
    with server.client.stream("GET", f"/v1/videos/{video}/events") as answer:
        text = "".join(answer.iter_text())
    blocks = [block.split("\n") for block in text.strip().split("\n\n")]
    told = [(name[7:], json.loads(data[6:])) for name, data in blocks]
    words = [word["text"] for name, data in told if name == "words" for word in data]
    assert [word.strip(".!").lower() for word in words] == TEXT.replace(".", "").lower()[
        :-1
    ].split()
    states = [data for name, data in told if name == "video"]
    assert states[-1]["status"] == "completed"
    assert [s["progress"] for s in states] == sorted(s["progress"] for s in states)


def test_deleting_stops_and_removes(server: Server, photo: Path) -> None:
    video = server.job(photo, LONG)
    server.wait(video, "in_progress")
    assert server.client.get(f"/v1/videos/{video}/content").status_code == 409
    assert server.client.delete(f"/v1/videos/{video}").json()["deleted"]
    assert server.client.get(f"/v1/videos/{video}").status_code == 404
    assert not server.studio.files.video(video).exists()


def test_lists_by_age(server: Server, photo: Path) -> None:
    made = [server.job(photo, "Hello.") for _ in range(3)]
    first = server.client.get("/v1/videos", params={"limit": 2}).json()
    assert [one["id"] for one in first["data"]] == [made[2], made[1]] and first["has_more"]
    later = server.client.get("/v1/videos", params={"limit": 1, "after": made[1]}).json()
    assert later["data"][0]["id"] == made[0]
    for video in made:
        server.wait(video)


def test_a_key_makes_one_video(server: Server, photo: Path) -> None:
    fields = {"prompt": "Once.", "portrait_id": server.portrait(photo), **FAST}
    headers = {"Idempotency-Key": "key-1"}
    one, two = (
        server.client.post("/v1/videos", json=fields, headers=headers).json() for _ in range(2)
    )
    assert one["id"] == two["id"]
    other = server.client.post("/v1/videos", json={**fields, "seed": 1}, headers=headers)
    assert other.status_code == 422 and other.json()["error"]["code"] == "key_reused"
    server.wait(one["id"])


def test_portraits_are_read_once(server: Server, photo: Path) -> None:
    one = server.client.post("/v1/portraits", files={"picture": photo.read_bytes()}).json()
    (face,) = one["faces"]
    left, top, width, height = face["box"]
    assert 0 < left < left + width < 1 and 0 < top < top + height < 1
    same = server.client.post(
        "/v1/portraits", content=photo.read_bytes(), headers={"Content-Type": "image/png"}
    ).json()
    assert same["id"] == one["id"]
    assert server.client.get(f"/v1/portraits/{one['id']}").json()["faces"] == one["faces"]


def test_a_portrait_is_deleted_but_not_under_a_video(server: Server, photo: Path) -> None:
    portrait = server.portrait(photo)
    video = server.job(photo, LONG)
    assert server.client.delete(f"/v1/portraits/{portrait}").status_code == 409
    server.client.delete(f"/v1/videos/{video}")
    assert server.client.delete(f"/v1/portraits/{portrait}").status_code == 200
    assert server.client.get(f"/v1/portraits/{portrait}").status_code == 404
    fields = {"prompt": "Hello.", "portrait_id": portrait}
    assert server.client.post("/v1/videos", json=fields).status_code == 404


def test_health(server: Server) -> None:
    assert server.client.get("/healthz").json() == {"status": "ok"}
    assert server.client.get("/readyz").status_code == 200
    figures = server.client.get("/metrics").text
    assert 'ttsf_videos_total{outcome="done"}' in figures and "ttsf_engine_up 1.0" in figures


def test_two_clients_follow_one_video(server: Server, photo: Path) -> None:
    video = server.job(photo)
    get = f"{server.url}/v1/videos/{video}/content?variant=stream"
    with httpx.stream("GET", get) as one, httpx.stream("GET", get) as two:
        assert one.read() == two.read() != b""
    server.wait(video)
