"""What clients of other servers, HTML forms, proxies and hosts send, and folders that are there."""

import json
import os
import pwd
import re
import socket
import stat
from pathlib import Path

import httpx
import pytest

from tests.support.server import FAST, Server
from ttsf.cli.main import main
from ttsf.serve.api.server import listen
from ttsf.serve.jobs import Jobs
from ttsf.serve.requests import SpeechRequest
from ttsf.serve.store import Files

HOMES = ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")
SPEECH = {"input": "Hi.", "steps": 1, "response_format": "pcm"}


@pytest.mark.parametrize(
    "fields",
    [
        {"speed": 0.25},
        {"speed": 4},
        {"stream": True, "user": "u1", "lang_code": "a"},
        {"response_format": None, "voice": None, "instructions": None, "model": None},
        {"voice": ""},
        {"voice": "af_heart", "model": "kokoro"},
        {"voice": "en-US-AriaNeural", "model": "openai/tts-1-hd"},
        {"voice": {"id": "alloy"}},
    ],
    ids=str,
)
def test_speech_takes_what_other_clients_send(server: Server, fields: dict) -> None:
    answer = server.client.post("/v1/audio/speech", json={**SPEECH, **fields})
    assert answer.status_code == 200 and len(answer.content) > 1_000, answer.text


@pytest.mark.parametrize("code", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
@pytest.mark.parametrize("kind", ["application/json", 'application/json; charset="utf-8"'])
def test_json_in_every_code_of_unicode(server: Server, code: str, kind: str) -> None:
    fields = {**SPEECH, "input": "Café.", "model": "tts-1", "voice": "alloy", "speed": "1.0"}
    content = json.dumps(fields, ensure_ascii=False).encode(code)
    answer = server.client.post("/v1/audio/speech", content=content, headers={"Content-Type": kind})
    assert answer.status_code == 200 and len(answer.content) > 1_000, answer.text


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"speed": 0.2}, "speed"),
        ({"speed": 4.1}, "speed"),
        ({"voice": "nobody"}, "voice"),
        ({"voice": f"portrait_{'0' * 32}"}, "voice"),
        ({"input": None}, "input"),
        ({"input": ""}, "input"),
        ({"stream_format": "sse"}, "stream_format"),
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_refused(server: Server, fields: dict, param: str) -> None:
    answer = server.client.post("/v1/audio/speech", json={**SPEECH, **fields})
    assert answer.status_code == 422 and answer.json()["error"]["param"] == param, answer.text


@pytest.mark.parametrize(
    ("speed", "rate"), [(0.25, 0.5), (0.5, 0.5), (1.5, 1.5), (2, 2), (3, 2), (4, 2)]
)
def test_a_speed_is_spoken_at_the_nearest_rate(speed: float, rate: float) -> None:
    assert SpeechRequest(input="Hi.", speed=speed).options(None, 60).rate == rate


def test_voices_and_models_as_other_clients_ask_for_them(server: Server) -> None:
    one, other = (server.client.get(f"/v1/{path}").json() for path in ("voices", "audio/voices"))
    assert one == other and one["data"] == one["voices"]
    assert all({"id", "name"} <= set(voice) for voice in one["voices"])
    for name in ("ttsf", "tts-1", "openai/tts-1-hd"):
        shown = server.client.get(f"/v1/models/{name}").json()
        assert (shown["id"], shown["object"]) == (name, "model")


def form(disposition: str, picture: bytes) -> dict:
    """A form of one part with this Content-Disposition, as a request."""
    head = f"--b\r\nContent-Disposition: form-data; {disposition}\r\n\r\n".encode()
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    return {"content": head + picture + b"\r\n--b--\r\n", "headers": kind}


@pytest.mark.parametrize(
    "disposition",
    [
        "name=picture; filename*=UTF-8''%F0%9F%98%80.jpg",
        "name=\"picture\"; filename*=utf-8'en'%41.png",
        'name="picture"; filename="a.png"; filename*=UTF-8\'\'%E2%82%AC.png',
        "filename*=UTF-8''a.png; name=\"picture\"",
        'name="picture"; filename="\U0001f600.jpg"',
        'name="picture"; filename=""',
        'name="picture"; filename="C:\\\\me\\\\a.png"',
        'name="picture"; filename="портрет.png"',
        'name="picture"; filename="a \\\\"b\\\\".png"',
        'name="picture"; filename="../../a.png"',
    ],
)
def test_names_of_uploads(server: Server, photo: Path, disposition: str) -> None:
    answer = server.client.post("/v1/portraits", **form(disposition, photo.read_bytes()))
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    "files",
    [[("a", b"")], [("a", b"PNG"), ("b", b"PNG")], []],
    ids=["an empty file", "two files", "no file"],
)
def test_uploads_that_are_not_one_picture(server: Server, photo: Path, files: list) -> None:
    given = [(name, ("a.png", photo.read_bytes() if file else b"")) for name, file in files]
    answer = server.client.post("/v1/portraits", files=given or {"text": (None, "x")})
    assert answer.status_code == 422 and answer.json()["detail"], answer.text


@pytest.mark.parametrize("first", ["prompt", "input_reference"])
def test_fields_come_in_any_order(server: Server, photo: Path, first: str) -> None:
    """The picture is called a text, as some programs do with names that they do not know."""
    parts = [
        ("prompt", (None, "Hi.")),
        ("input_reference", ("a", photo.read_bytes(), "text/plain")),
    ]
    parts += [(name, (None, str(value))) for name, value in FAST.items()]
    parts.sort(key=lambda part: part[0] != first)
    answer = server.client.post("/v1/videos/sync", files=parts)
    assert answer.status_code == 200, answer.text


def test_a_file_without_a_file_name_is_a_field(server: Server, photo: Path) -> None:
    answer = server.client.post("/v1/portraits", **form("name=picture", photo.read_bytes()))
    assert answer.status_code == 400, answer.text
    assert answer.json()["detail"].startswith("picture: has more than 90,000 bytes; a file needs")


def test_a_broken_form_is_refused(server: Server) -> None:
    answer = server.client.post("/v1/portraits", **form("filename=a.png", b"x"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")


def test_empty_fields_of_a_form_are_not_given(server: Server, photo: Path) -> None:
    empty = {name: "" for name in ("seed", "voice", "framing", "size", "label", "face", "rate")}
    for fields, files in (
        ({"prompt": "Hi."}, {"input_reference": photo.read_bytes()}),
        ({"prompt": "Hi.", "portrait_id": server.portrait(photo)}, {"input_reference": ("", b"")}),
        ({"prompt": "Hi.", "portrait_id": ""}, {"input_reference": photo.read_bytes()}),
    ):
        data = {**empty, **fields, **{name: str(value) for name, value in FAST.items()}}
        answer = server.client.post("/v1/videos/sync", data=data, files=files)
        assert answer.status_code == 200, answer.text
    answer = server.client.post("/v1/portraits", data=empty, files={"file": photo.read_bytes()})
    assert answer.status_code == 200, answer.text
    answer = server.client.post("/v1/videos", data={"prompt": ""}, files={"x": ("", b"")})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("origin", "host", "same"),
    [
        ("http://localhost", "localhost:80", True),
        ("https://localhost", "localhost:443", True),
        ("http://localhost:80", "localhost", True),
        ("https://localhost", "localhost", True),
        ("http://LocalHost:8000", "localhost:8000", True),
        ("http://[::1]:8000", "[::1]:8000", True),
        ("http://localhost:8000", "localhost", False),
        ("http://localhost", "localhost:8000", False),
        ("http://127.0.0.1", "localhost", False),
        ("https://localhost", "localhost:80", False),
        ("null", "localhost", False),
        ("http://localhost:x", "localhost:x", False),
    ],
)
def test_a_left_out_port_is_the_default(server: Server, origin: str, host: str, same: bool) -> None:
    answer = server.client.post(
        "/v1/audio/speech", json={}, headers={"Origin": origin, "Host": host}
    )
    assert answer.status_code == (422 if same else 403), answer.text


def raw_answer(server: Server, target: str, host: str, version: str = "1.1", more: str = "") -> str:
    """The status line of a request with this target."""
    address = httpx.URL(server.url)
    with socket.create_connection((address.host, address.port)) as connection:
        head = f"GET {target} HTTP/{version}\r\nHost: {host}\r\nConnection: close\r\n"
        connection.sendall(f"{head}{more}\r\n".encode())
        return connection.makefile().readline().strip()


@pytest.mark.parametrize(
    ("version", "more", "status"),
    [("1.0", "", 200), ("1.1", "Expect: 100-continue\r\n", 200),
     ("1.1", f"X-Long: {'x' * 100_000}\r\n", 200)],
    ids=["HTTP/1.0", "Expect", "a long header"],
)  # fmt: skip
def test_requests_of_old_and_odd_clients(
    server: Server, version: str, more: str, status: int
) -> None:
    assert f" {status} " in raw_answer(server, "/v1/voices", "127.0.0.1", version, more)


@pytest.mark.parametrize("port", ["80000", "65536", "-1"])
def test_a_port_that_cannot_be(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, port: str
) -> None:
    assert main(["serve", "--port", port, "--folder", str(tmp_path / "f")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "port below 65536" in line and not (tmp_path / "f").exists()


def test_the_page_lies_under_any_path(server: Server) -> None:
    """A proxy may strip /talk/: the page and its scripts name no path from the root."""
    page = server.client.get("/").text
    named = re.findall(r'(?:src|href)="([^"]+)"', page)
    scripts = [name for name in named if name.endswith(".js")]
    assert scripts and not any(name.startswith("/") for name in named)
    seen: set[str] = set()
    while scripts:
        script = server.client.get(f"/{scripts.pop()}")
        assert script.status_code == 200
        assert not re.search(r"""(?<!paths\[)["'`]/(?:v1|openapi|healthz|readyz)""", script.text)
        found = set(re.findall(r'from "\./([\w.]+)"', script.text)) - seen
        seen |= found
        scripts += found
    assert "server.js" in seen


@pytest.mark.parametrize(
    ("target", "host", "status"),
    [
        ("http://127.0.0.1:8765/v1/voices", "127.0.0.1", 200),
        ("HTTP://localhost/v1/videos?limit=1", "127.0.0.1", 200),
        ("https://127.0.0.1/v1/%76oices", "127.0.0.1", 200),
        ("http://127.0.0.1", "127.0.0.1", 200),
        ("http://evil.example/v1/voices", "127.0.0.1", 421),
        ("http://127.0.0.1/v1/voices", "evil.example", 200),
        ("http://[/v1/voices", "127.0.0.1", 404),
        ("/http://127.0.0.1/v1/voices", "127.0.0.1", 404),
    ],
)
def test_whole_addresses_as_targets(server: Server, target: str, host: str, status: int) -> None:
    assert f" {status} " in raw_answer(server, target, host)


def has_ipv6() -> bool:
    """Whether this machine has the address ::1; containers often know IPv6 and have none of it."""
    try:
        with socket.socket(socket.AF_INET6) as place:
            place.bind(("::1", 0))
    except OSError:
        return False
    return socket.has_dualstack_ipv6()


@pytest.mark.skipif(not has_ipv6(), reason="no IPv6")
def test_all_addresses_are_of_both_kinds() -> None:
    with listen("::", 0) as place:
        port = place.getsockname()[1]
        for host in ("127.0.0.1", "::1"):
            socket.create_connection((host, port), 5).close()
    with listen("::1", 0) as place, pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", place.getsockname()[1]), 5)


def test_head_gives_what_get_gives_without_its_body(server: Server, photo: Path) -> None:
    """Monitors and players ask so."""
    video = server.job(photo)
    server.wait(video)
    paths = ("/healthz", "/", "/v1/voices", f"/v1/videos/{video}/content", "/v1/videos/none", "/no")
    for path in paths:
        whole, head = server.client.get(path), server.client.head(path)
        assert (head.status_code, head.content) == (whole.status_code, b""), path
        for name in ("content-type", "content-length", "etag", "accept-ranges"):
            assert head.headers.get(name) == whole.headers.get(name), (path, name)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("given", [0o775, 0o755, 0o777, 0o750, 0o700, 0o2775, 0o1777])
def test_a_folder_that_is_there_keeps_its_mode(tmp_path: Path, given: int) -> None:
    tmp_path.chmod(given)
    (tmp_path / "other.txt").write_text("mine")
    jobs, _ = Jobs(tmp_path / "jobs.sqlite"), Files(tmp_path)
    jobs.close()
    own = [path for path in tmp_path.iterdir() if path.name != "other.txt"]
    assert mode(tmp_path) == given and len(own) == 4
    assert all(mode(path) & 0o077 == 0 for path in own)


def test_a_new_folder_is_private(tmp_path: Path) -> None:
    Jobs(tmp_path / "new" / "jobs.sqlite").close()
    assert mode(tmp_path / "new") == 0o700


def test_a_folder_whose_mode_cannot_be_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "chmod", refuse)
    monkeypatch.setattr(Path, "chmod", refuse)
    Jobs(tmp_path / "jobs.sqlite").close()
    assert Files(tmp_path).portraits() == []


@pytest.fixture
def no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of a user without a passwd entry."""

    def unknown(number: int) -> None:
        raise KeyError(number)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    for name in HOMES:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("no_home")
@pytest.mark.parametrize(
    "words", [["info"], ["info", "--preset", "paper"], ["voices", "--model", "MODEL"],
              ["faces", "PHOTO"]],
)  # fmt: skip
def test_what_needs_no_home_works_without_one(
    model_folder: Path, photo: Path, words: list[str]
) -> None:
    given = {"MODEL": str(model_folder), "PHOTO": str(photo)}
    assert main([given.get(word, word) for word in words]) == 0


@pytest.mark.usefixtures("no_home")
@pytest.mark.parametrize("words", [[], ["--host", "::1"], ["--queue", "3"]])
@pytest.mark.parametrize("data", [None, ""])
def test_a_server_without_a_home_wants_a_folder(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    data: str | None,
) -> None:
    if data is not None:
        monkeypatch.setenv("XDG_DATA_HOME", data)
    assert main(["serve", "--port", "0", *words]) == 2
    line = "ttsf: error: there is no home directory; give --folder\n"
    assert capsys.readouterr().err == line
