"""Batches: outcomes of good, bad and changed lines, and of killed runs."""

import base64
import json
import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import av
import pytest

from tests.support.batches import line, openai_line, results, tree
from tests.support.recorded import save_listening, syllables, write_sound
from ttsf.batch import make
from ttsf.batch.lines import Refused, Request, folder_name, read_lines
from ttsf.batch.make import BatchSettings, run_batch
from ttsf.cli.main import main
from ttsf.errors import TtsfError
from ttsf.parallel import Parallel

Write = Callable[..., Path]


@pytest.fixture
def settings(model_folder: Path) -> BatchSettings:
    return BatchSettings(model_folder)


def test_lines_become_files_and_bad_ones_a_reason(
    write: Write, tmp_path: Path, model_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = (
        write(
            line("a", captions="burnt"),
            b"{not JSON",
            b"",
            openai_line("b/../c", size="96x64"),
            line("words", "..."),
            line("face", face=3),
            line("a"),
        ),
        tmp_path / "out",
    )
    assert main(["batch", str(path), str(out), "--workers", "1", "--model", str(model_folder)]) == 2
    assert f"4 of 6 lines were not made; {out / 'results.jsonl'}" in capsys.readouterr().err
    first, broken, second, words, face, again = results(out)
    assert (first["id"], first["status"], first["size"]) == ("a", "done", "64x64")
    assert (broken["id"], broken["line"], broken["status"]) == (None, 2, "refused")
    assert second["custom_id"] == "b/../c" and second["response"]["status_code"] == 200
    assert second["response"]["body"]["size"] == "96x64" and second["error"] is None
    assert words["status"] == face["status"] == "refused"
    assert "no words" in words["error"]["message"] or words["error"]["code"] == "unusable"
    assert again["error"]["message"] == "id: already used by line 1"
    for folder in (first["folder"], second["response"]["body"]["folder"]):
        names = sorted(file.name for file in (out / folder).iterdir())
        assert names == [
            *("audio.wav", "captions.srt", "captions.vtt", "thumbnail.jpg"),
            *("timings.json", "video.mp4"),
        ]
        with av.open(str(out / folder / "video.mp4")) as video:
            assert video.streams.audio and len(list(video.decode(video=0))) > 5
    assert sorted(path.name for path in out.iterdir() if path.is_dir()) == sorted(
        ["a", "b%2F..%2Fc", "records"]
    )
    page = (out / "index.html").read_text()
    assert "2 done, 4 refused" in page and "b%252F..%252Fc/video.mp4" in page
    assert "http" not in page and "<script" not in page


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (b"[1]", "not a JSON object"),
        (b"\xff{}", "not JSON in UTF-8"),
        (b'{"id": "\\ud800", "portrait": "a", "text": "b"}', "not JSON in UTF-8"),
        (b"[" * 100_000, "not JSON"),
        ({"portrait": "faces/me.png", "text": "Hi."}, "id: missing; each line needs a name"),
        (
            {"id": " ", "portrait": "faces/me.png", "text": "Hi."},
            "id: missing; each line needs a name",
        ),
        ({"id": "x" * 300, "portrait": "faces/me.png", "text": "Hi."}, "id: too long"),
        ({"id": "x", "portrait": "faces/me.png"}, "text: missing"),
        ({"id": "x", "text": "Hi."}, "portrait: missing"),
        (line("x", prompt="Hi."), "prompt: is called text in this format"),
        (line("x", ""), "text: String should have at least 1"),
        (line("x", rate=9), "rate: Input should be less than or equal to 2"),
        (line("x", colour="red"), "colour: Extra inputs are not permitted"),
        (line("x", framing="round"), "framing"),
        (line("x", motion=0.5), "leave out motion or still"),
        (line("x", portrait_id="portrait_1"), "portrait_id"),
        (line("x") | {"portrait": "none.png"}, "none.png: no such file"),
        (line("x") | {"portrait": "a\0b"}, "cannot hold a NUL"),
        (line("x") | {"portrait": 7}, "a portrait is missing"),
        (line("x") | {"portrait": "http://127.0.0.1/a.png"}, "neither fetched"),
        (line("x") | {"portrait": "data:image/png,a"}, "not in base64"),
        (line("x") | {"portrait": "~/none.png"}, f"{Path.home() / 'none.png'}: no such"),
        (line("x", voice="~/no.safetensors"), f"{Path.home() / 'no.safetensors'}: no such"),
        (line("x", voice="s3://b/a.safetensors"), "neither fetched"),
        (line("x", voice="none.safetensors"), "none.safetensors: no such file"),
        ({**openai_line("x"), "url": "/v1/other"}, "only POST to /v1/videos"),
        ({**openai_line("x"), "body": 1}, "body: not a JSON object"),
        ({**openai_line("x"), "more": 1}, "more: unknown"),
    ],
)
def test_refused_lines(write: Write, tmp_path: Path, given: dict | bytes, reason: str) -> None:
    (refused, good) = read_lines(write(given, line("good")), tmp_path / "out")
    assert isinstance(refused, Refused) and reason in refused.reason, refused
    assert isinstance(good, Request)


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(range(256)) * 50,
        b"id,portrait,text\na,me.png,Hello.\n",
        b"[\n]\n",
        '{"id": "a"}'.encode("utf-16"),
    ],
)
def test_a_file_that_is_no_list(
    tmp_path: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "list").write_bytes(content)
    assert main(["batch", str(tmp_path / "list"), str(tmp_path / "out")]) == 2
    (told,) = capsys.readouterr().err.splitlines()
    assert told.endswith("list: not a list of videos: no line is a JSON object in UTF-8")
    assert not (tmp_path / "out").exists()


def test_no_two_ids_share_a_folder_and_none_leaves_it() -> None:
    ids = ["a", "a.", ".", "..", "../a", "a/b", "a%2Fb", ".a", "%2Ea", "é", "a b", "records/a", "~"]
    names = [folder_name(one) for one in ids]
    assert len(set(names)) == len(ids)
    assert not any("/" in name or name.startswith(".") for name in names)


def test_lists_as_other_programs_write_them(write: Write, tmp_path: Path) -> None:
    """With a mark of order, ends of lines of Windows, empty lines, and ids of many kinds."""
    ids = ["a", "CON", "ü 😀", "5", "a b"]
    rows = [json.dumps(line(one), ensure_ascii=False) for one in ids]
    path = write(b"")
    path.write_bytes("\r\n\r\n".join(["\ufeff" + rows[0], *rows[1:], ""]).encode())
    found = list(read_lines(path, tmp_path / "out"))
    assert [one.id for one in found if isinstance(one, Request)] == ids
    path.write_text(json.dumps(line("x") | {"id": 5}) + "\n" + json.dumps(line("y")))
    number, good = read_lines(path, tmp_path / "out")
    assert isinstance(good, Request)
    assert isinstance(number, Request) or "id" in number.reason


@pytest.mark.usefixtures("here")
def test_a_picture_may_lie_in_its_line(
    write: Write, tmp_path: Path, photo: Path, settings: BatchSettings
) -> None:
    url = f"data:image/png;base64,{base64.b64encode(photo.read_bytes()).decode()}"
    path = write(line("file"), openai_line("url", input_reference={"image_url": url}))
    run_batch(path, tmp_path / "out", settings, Parallel())
    assert (tmp_path / "out/file/video.mp4").read_bytes() == (
        tmp_path / "out/url/video.mp4"
    ).read_bytes()


@pytest.mark.usefixtures("here")
def test_only_what_changed_is_made_anew(
    write: Write, tmp_path: Path, settings: BatchSettings
) -> None:
    out = tmp_path / "out"

    def run(*lines: dict, done: int | None = None) -> dict[str, int]:
        outcomes = run_batch(write(*lines), out, settings, Parallel())
        assert sum(one["status"] == "done" for _, one in outcomes) == (done or len(lines))
        return {path.parent.name: path.stat().st_mtime_ns for path in out.glob("*/video.mp4")}

    late = line("late") | {"portrait": "late.png"}
    first = run(line("a"), line("b"), late, done=2)
    (tmp_path / "late.png").write_bytes((tmp_path / "faces/me.png").read_bytes())
    whole = tree(out)
    assert run(line("a"), line("b")) == first
    second = run(line("a"), line("b", seed=1, still=False), late)
    assert second["a"] == first["a"] and second["b"] != first["b"] and "late" in second
    third = run(line("a"), line("b"))
    assert third["a"] == first["a"]
    same = {name for name, content in tree(out).items() if whole.get(name) == content}
    assert {name for name in whole if name.startswith(("b/", "records/b/"))} <= same
    with pytest.raises(TtsfError, match="other settings"):
        run_batch(write(line("a")), out, BatchSettings(settings.model, most_speech_s=9), Parallel())


def test_a_file_without_lines_or_none(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("\n \n")
    for name, reason in (("empty.jsonl", "no lines"), ("none.jsonl", "No such file")):
        with pytest.raises(TtsfError, match=reason):
            read_lines(tmp_path / name, tmp_path / "out")


def deadly(line: Request, out: Path) -> str:
    """Stands in for the work: some lines kill their process."""
    if line.id.startswith("deadly"):
        os.kill(os.getpid(), signal.SIGKILL)
    return json.dumps({"status": "done", "seconds": 1.0, "frames": 25, "size": "64x64"})


def test_a_line_that_kills_its_process_fails_alone_and_is_tried_in_the_next_run(
    write: Write, tmp_path: Path, settings: BatchSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = ["deadly 1", "a", "b", "deadly 2", "c"]
    path = write(*map(line, ids))
    with monkeypatch.context() as patch:
        patch.setattr(make, "_Work", lambda _settings: deadly)
        outcomes = run_batch(path, tmp_path / "out", settings, Parallel(2))
    assert [outcome["status"] for _, outcome in outcomes] == [
        *("failed", "done", "done", "failed", "done")
    ]
    outcomes = run_batch(path, tmp_path / "out", settings, Parallel())
    assert {outcome["status"] for _, outcome in outcomes} == {"done"}
    assert (tmp_path / "out/deadly 1/video.mp4").exists()


def run(path: Path, out: Path, settings: BatchSettings) -> None:
    os.setsid()
    run_batch(path, out, settings, Parallel(2))


def test_killed_at_any_moment_it_gives_what_an_undisturbed_run_gives(
    write: Write, tmp_path: Path, settings: BatchSettings
) -> None:
    lines = [line(f"line {k}", f"Number {k}.", seed=k) for k in range(5)]
    path, out = write(*lines, line("bad", rate=7)), tmp_path / "out"
    run_batch(path, tmp_path / "whole", settings, Parallel(1))
    moments = random.Random(0)
    for _ in range(2):
        child = multiprocessing.get_context("fork").Process(target=run, args=(path, out, settings))
        child.start()
        began = len(list(out.glob("records/*/*")))
        while child.is_alive() and len(list(out.glob("records/*/*"))) < began + 1:
            time.sleep(0.02)
        time.sleep(moments.uniform(0, 0.4))
        os.killpg(child.pid or 0, signal.SIGKILL) if child.is_alive() else None
        child.join()
        for video in out.glob("*/video.mp4"):
            with av.open(str(video)) as whole:
                assert whole.duration
    run_batch(path, out, settings, Parallel())
    assert tree(out) == tree(tmp_path / "whole")
    assert [one["status"] for one in results(out)] == ["done"] * 5 + ["refused"]


def test_ray_gives_the_same_files(write: Write, tmp_path: Path, settings: BatchSettings) -> None:
    ray = pytest.importorskip("ray")
    path = write(line("a"), line("b", seed=1, still=False, label=True), line("c", "..."))
    run_batch(path, tmp_path / "here", settings, Parallel())
    try:
        run_batch(path, tmp_path / "there", settings, Parallel(2, "local"))
    finally:
        ray.shutdown()
    assert tree(tmp_path / "there") == tree(tmp_path / "here")


@pytest.mark.long
def test_two_hundred_lines_killed_five_times(
    write: Write, tmp_path: Path, settings: BatchSettings
) -> None:
    lines = [line(f"line {k}", f"Number {k}.", seed=k) for k in range(200)]
    path, out = write(*lines), tmp_path / "out"
    run_batch(path, tmp_path / "whole", settings, Parallel(2))
    moments, kills = random.Random(0), 0
    for k in range(1, 6):
        child = multiprocessing.get_context("spawn").Process(target=run, args=(path, out, settings))
        child.start()
        while child.is_alive() and len(list(out.glob("records/*/*"))) < 33 * k:
            time.sleep(0.02)
        time.sleep(moments.uniform(0, 0.4))
        if child.is_alive():
            kills += 1
            os.killpg(child.pid or 0, signal.SIGKILL)
        child.join()
    assert kills == 5
    run_batch(path, out, settings, Parallel(2))
    assert tree(out) == tree(tmp_path / "whole")


@pytest.mark.usefixtures("here")
def test_a_recording_speaks(write: Write, tmp_path: Path) -> None:
    write_sound(tmp_path / "talk.wav", syllables(0.5), 16_000, "pcm_s16le")
    spoken = line("a", audio="talk.wav")
    del spoken["text"]
    path = write(
        spoken,
        openai_line("b", audio="talk.wav", prompt=None),
        line("c", audio="none.wav"),
        line("d", audio="https://example.org/a.wav"),
        line("e", audio=3),
    )
    listening = BatchSettings(save_listening(tmp_path / "listening"))
    outcomes = [o for _, o in run_batch(path, tmp_path / "out", listening, Parallel(1))]
    assert [outcome["status"] for outcome in outcomes] == ["done", "done", *["refused"] * 3]
    assert {outcome.get("frames") for outcome in outcomes[:2]} == {13}
    assert [outcome["message"].rpartition("/")[2] for outcome in outcomes[2:]] == [
        "none.wav: no such file",
        "a.wav: addresses are neither fetched nor written to; give the path of a file",
        "audio: the path of a sound file is needed",
    ]
    before = read_lines(path, tmp_path)[0]
    write_sound(tmp_path / "talk2.wav", syllables(0.7), 16_000, "pcm_s16le")
    spoken["audio"] = "talk2.wav"
    path.write_text(json.dumps(spoken))
    after = read_lines(path, tmp_path)[0]
    assert isinstance(before, Request) and isinstance(after, Request)
    assert before.fingerprint != after.fingerprint
