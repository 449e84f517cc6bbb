"""A signed video declares that it was generated, and reveals changes."""

import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ttsf.cli.main import main
from ttsf.engine.output import Outputs
from ttsf.errors import TtsfError
from ttsf.media.video import Chunk, new_video
from ttsf.provenance.embed.payload import Payload
from ttsf.provenance.embed.signature import KEY_VARIABLE, check_signing, read_signature, sign

pytest.importorskip("c2pa", reason="needs ttsf[provenance]")
pytest.importorskip("cryptography", reason="needs ttsf[provenance]")
PORTRAIT = "ab" * 32


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    return tmp_path


def video(path: Path, after: Callable[[Path], object] = str, recorded: bool = False) -> Path:
    """after: what happens to its temporary file once that is signed."""
    frames = np.random.default_rng(0).integers(0, 256, (10, 64, 64, 3), np.uint8)

    def seal(place: Path) -> None:
        sign(place, PORTRAIT, Payload(7), recorded)
        after(place)

    with new_video(path, seal=seal) as writer:
        writer.add(Chunk(frames, np.zeros(6_400, np.float32)))
    return path


def test_a_signed_video(home: Path) -> None:
    file = video(home / "a.mp4")
    signature = read_signature(file)
    assert signature and signature["valid"] and signature["generated"]
    assert not signature["trusted"] and signature["doubts"] == ["signingCredential.untrusted"]
    assert signature["by"] == "an installation of ttsf"
    assert PORTRAIT.encode() in file.read_bytes()
    assert [path.name for path in home.iterdir() if path.is_file()] == ["a.mp4"]


def test_a_recording_is_not_declared_as_generated_sound(home: Path) -> None:
    file = video(home / "a.mp4", recorded=True)
    signature, content = read_signature(file), file.read_bytes()
    assert signature and signature["valid"] and signature["generated"]
    assert b"/compositeWithTrainedAlgorithmicMedia" in content
    assert b"/trainedAlgorithmicMedia" not in content and b"the sound is a recording" in content
    assert b"recording" not in video(home / "b.mp4").read_bytes()


def test_a_change_shows(home: Path) -> None:
    file = video(home / "a.mp4")
    content = bytearray(file.read_bytes())
    content[content.index(b"mdat") + 3_000] ^= 1
    file.write_bytes(content)
    signature = read_signature(file)
    assert signature and not signature["valid"]
    assert any("mismatch" in doubt for doubt in signature["doubts"])


def test_a_signature_alone_is_told_as_what_it_is(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = video(home / "a.mp4")
    assert main(["verify", str(file)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "says that it was generated" in lines[0] and "valid, by" in lines[4]
    assert lines[5].startswith("A signature proves")
    content = bytearray(file.read_bytes())
    content[content.index(b"mdat") + 3_000] ^= 1
    file.write_bytes(content)
    assert main(["verify", str(file)]) == 1
    assert "no watermark found" in capsys.readouterr().out


def test_another_process_does_not_take_a_signed_video_for_a_left_over(home: Path) -> None:
    look = "import sys; from pathlib import Path; from ttsf.media.files import sweep"

    def another(place: Path) -> None:
        run = [sys.executable, "-c", f"{look}; sweep(Path(sys.argv[1]))", str(place.parent)]
        subprocess.run(run, check=True)

    assert read_signature(video(home / "a.mp4", another))


def test_the_key_is_kept_and_secret(home: Path) -> None:
    check_signing()
    key = home / "settings" / "ttsf" / "signing.pem"
    content = key.read_bytes()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    video(home / "a.mp4")
    assert key.read_bytes() == content


def test_a_key_of_an_operator(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_signing()
    own = home / "own.pem"
    (home / "settings" / "ttsf" / "signing.pem").rename(own)
    monkeypatch.setenv(KEY_VARIABLE, str(own))
    assert read_signature(video(home / "a.mp4"))
    assert not (home / "settings" / "ttsf" / "signing.pem").exists()
    for content in (b"", b"no key", own.read_bytes()[:300]):
        own.write_bytes(content)
        with pytest.raises(TtsfError, match=r"own\.pem: no key"):
            check_signing()
    own.unlink()
    with pytest.raises(TtsfError, match="no such file"):
        check_signing()


@pytest.mark.parametrize("name", ["a.webm", "a.mp3"])
def test_only_an_mp4_is_signed(home: Path, name: str) -> None:
    with pytest.raises(TtsfError, match=r"\.mp4"):
        Outputs(home / name, signed=True).check()


def test_no_signature(home: Path) -> None:
    with new_video(home / "a.mp4") as writer:
        writer.add(Chunk(np.zeros((10, 64, 64, 3), np.uint8), np.zeros(6_400, np.float32)))
    assert read_signature(home / "a.mp4") is None
    (home / "b.txt").write_text("hello")
    assert read_signature(home / "b.txt") is None


def test_nothing_is_fetched(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A signature that lies elsewhere is left there."""
    c2pa = pytest.importorskip("c2pa")
    asked = []

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{site.server_port}/a.c2pa"
        sign_there = c2pa.Builder.sign

        def elsewhere(builder: Any, *arguments: Any) -> bytes:
            builder.set_no_embed()
            builder.set_remote_url(url)
            return sign_there(builder, *arguments)

        monkeypatch.setattr(c2pa.Builder, "sign", elsewhere)
        file = video(home / "a.mp4")
        assert url.encode() in file.read_bytes()
        assert read_signature(file) is None
        site.shutdown()
    assert asked == []
