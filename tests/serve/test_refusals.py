"""Refused requests and their error responses."""

from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

from tests.support.server import Server
from ttsf.cli.main import main
from ttsf.errors import TtsfError
from ttsf.serve.api.app import create_app
from ttsf.serve.settings import check_host, read_keys
from ttsf.serve.studio import Studio

KEY = "k" * 32


def check(answer: httpx.Response, status: int, code: str, param: str | None = None) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["status"] == status and told["detail"] == told["error"]["message"]
    assert (told["error"]["code"], told["error"]["param"]) == (code, param)
    assert "/tmp" not in answer.text and "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("fields", "code", "param"),
    [
        ({}, "invalid_value", "prompt"),
        ({"prompt": "Hi.", "rate": 9}, "invalid_value", "rate"),
        ({"prompt": "Hi.", "colour": "red"}, "invalid_value", "colour"),
        ({"prompt": "Hi.", "voice": "/etc/passwd.safetensors"}, "unknown_voice", "voice"),
        ({"prompt": "Hi."}, "no_portrait", "input_reference"),
        ({"prompt": "x" * 20_001}, "text_too_long", "prompt"),
        ({"prompt": "Hi.", "language": "xx"}, "unusable", None),
        ({"prompt": "Hi.", "size": "99999"}, "unusable", None),
        ({"prompt": "Hi.", "still": True, "motion": 0.5}, "unusable", None),
        (
            {"prompt": "Hi.", "input_reference": "http://127.0.0.1/a.jpg"},
            "not_fetched",
            "input_reference",
        ),
        ({"prompt": "Hi.", "input_reference": "data:image/png;base64,?"}, "not_base64", None),
    ],
)
def test_fields(server: Server, fields: dict, code: str, param: str | None) -> None:
    answer = server.client.post("/v1/videos", json=fields)
    check(answer, 422, code, "input_reference" if code == "not_base64" else param)


def test_what_only_the_engine_can_tell(server: Server, photo: Path) -> None:
    ask = {"portrait_id": server.portrait(photo)}
    for wrong in ({"prompt": "..."}, {"prompt": "Hi.", "face": 7}, {"prompt": "Hi.", "size": 20}):
        check(server.client.post("/v1/videos", json={**ask, **wrong}), 422, "unusable")
    nothing = server.client.post("/v1/portraits", files={"picture": b"no picture"})
    check(nothing, 422, "unusable")
    assert len(server.studio.files.portraits()) == 1


def test_kinds_and_sizes(server: Server) -> None:
    post = server.client.post
    check(post("/v1/videos", content=b"x", headers={"Content-Type": "text/xml"}), 415, "media_type")
    check(
        post("/v1/videos", content=b"{", headers={"Content-Type": "application/json"}),
        400,
        "not_json",
    )
    check(post("/v1/portraits", content=b"x" * 25_000_001), 413, "too_large")
    pieces = (b"x" * 1_000_000 for _ in range(26))
    kind = {"Content-Type": "image/png"}
    check(post("/v1/portraits", content=pieces, headers=kind), 413, "too_large")


@pytest.mark.parametrize("name", ["video_" + "0" * 32, "..%2F..%2Fjobs.sqlite", "video_x'--"])
def test_unknown_ids(server: Server, name: str) -> None:
    check(server.client.get(f"/v1/videos/{name}/content"), 404, "not_found")
    check(server.client.get(f"/v1/portraits/{name}"), 404, "not_found")


def test_other_sites_and_names(server: Server) -> None:
    foreign = server.client.post("/v1/videos", json={}, headers={"Origin": "https://evil.example"})
    check(foreign, 403, "foreign_origin")
    check(server.client.get("/v1/voices", headers={"Host": "evil.example"}), 421, "wrong_host")
    own = server.client.get("/v1/voices", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in own.headers


def test_headers_of_the_page(server: Server) -> None:
    page = server.client.get("/")
    assert page.headers["content-security-policy"].startswith("default-src 'self'")
    assert page.headers["x-content-type-options"] == "nosniff"
    for name in ("style.css", "app.js", "player.js", "astronaut.jpg", "admiral.jpg"):
        answer = server.client.get(f"/{name}")
        assert answer.status_code == 200 and "http://" not in answer.text
    assert "http" not in page.text and "style=" not in page.text


def test_keys(server: Server) -> None:
    shared = server.studio
    settings = replace(shared.settings, keys=(KEY, "l" * 32))
    studio = Studio(settings, shared.engine, shared.jobs, shared.files)
    get = TestClient(create_app(studio)).get
    wrong = {"Authorization": f"Bearer {KEY[1:]}"}
    for path, headers in (("/v1/models", {}), ("/v1/models", wrong), ("/metrics", {})):
        check(get(path, headers=headers), 401, "invalid_api_key")
    assert get("/v1/models", headers={"Authorization": f"Bearer {KEY}"}).status_code == 200
    assert get("/").status_code == 200


def test_other_machines_need_a_key(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TTSF_API_KEY", raising=False)
    assert main(["serve", "--host", "0.0.0.0"]) == 2
    assert "TTSF_API_KEY" in capsys.readouterr().err
    check_host("0.0.0.0", (KEY,))
    check_host("::1", ())


def test_weak_and_missing_keys(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text(f"{KEY}\n\n")
    assert read_keys(tmp_path / "keys", {"TTSF_API_KEY": "m" * 16}) == ("m" * 16, KEY)
    (tmp_path / "empty").write_text("\n")
    for file, environment in (
        (None, {"TTSF_API_KEY": "short"}),
        (tmp_path / "empty", {}),
        (tmp_path / "none", {}),
    ):
        with pytest.raises(TtsfError):
            read_keys(file, environment)


def test_a_model_that_is_none_ends_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["serve", "--port", "0", "--folder", str(tmp_path / "f"), "--model", str(tmp_path)]
    assert main(words) == 2
    assert len([line for line in capsys.readouterr().err.splitlines() if "error" in line]) == 1
