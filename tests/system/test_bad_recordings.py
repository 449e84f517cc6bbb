"""Each bad recording: one clear line and no file, or a sensible video."""

import io
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import pytest

from tests.support.recorded import save_listening, syllables, write_sound
from ttsf.cli.main import main
from ttsf.media.sound_formats import HEADER_BYTES, wav_header
from ttsf.provenance.embed.tags import read_tags
from ttsf.research.data.clip_files import save_frames

Speak = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def listening(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_listening(tmp_path_factory.mktemp("listening"))


@pytest.fixture
def speak(
    listening: Path, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Speak:
    """Runs `ttsf speak --audio`; returns the exit code and the one line of standard error."""

    def run(audio: Path | str, *options: str, model: Path = listening) -> tuple[int, str]:
        output = tmp_path / "out" / "a.mp4"
        shutil.rmtree(output.parent, ignore_errors=True)
        arguments = ["--audio", str(audio), "-o", str(output), "--model", str(model)]
        small = ["--size", "128", "--steps", "1", "--still", "--quiet"]
        code = main(["speak", str(photo), *arguments, *small, *options])
        told = capsys.readouterr().err.splitlines()
        assert output.exists() == (code == 0) and len(told) <= 1
        assert output.parent.exists() == (code == 0)
        return code, told[0] if told else ""

    return run


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    return write_sound(tmp_path / "talk.wav", syllables(1), 16_000, "pcm_s16le")


def refused(outcome: tuple[int, str], *complaints: str) -> None:
    code, line = outcome
    assert code == 2 and line.startswith("ttsf: error: ")
    assert all(complaint in line for complaint in complaints), line


def test_no_such_file_and_a_url(speak: Speak, tmp_path: Path) -> None:
    refused(speak(tmp_path / "none.wav"), "No such file")
    refused(speak("https://example.org/talk.mp3"), "addresses are neither fetched nor written to")


def test_no_regular_file(speak: Speak, tmp_path: Path) -> None:
    refused(speak(tmp_path), "not a regular file")
    refused(speak("/dev/zero"), "not a regular file")


def test_an_empty_file_and_a_file_without_sound(speak: Speak, tmp_path: Path) -> None:
    empty, text = tmp_path / "empty.mp3", tmp_path / "text.wav"
    empty.write_bytes(b"")
    text.write_text("This is no sound. " * 100)
    refused(speak(empty), "the file is empty")
    refused(speak(text), "not a readable sound file")
    silent = tmp_path / "none.wav"
    silent.write_bytes(wav_header(16_000, HEADER_BYTES))
    refused(speak(silent), "its sound is empty")


def test_a_video_without_sound(speak: Speak, tmp_path: Path) -> None:
    save_frames(tmp_path / "mute.mp4", [np.zeros((32, 32, 3), np.uint8)] * 5)
    refused(speak(tmp_path / "mute.mp4"), "mute.mp4: it has no sound")


def test_a_damaged_file(speak: Speak, tmp_path: Path) -> None:
    whole = write_sound(tmp_path / "a.flac", syllables(2, 44_100), 44_100, "flac")
    content = bytearray(whole.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 2_000] = bytes(2_000)
    (tmp_path / "b.flac").write_bytes(content)
    code, line = speak(tmp_path / "b.flac")
    assert code == 0 or "damaged" in line
    (tmp_path / "c.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(500))
    refused(speak(tmp_path / "c.mp4"), "not a readable sound file")


def test_protected_sound(speak: Speak, tmp_path: Path) -> None:
    """Named and scrambled as songs with DRM are."""
    path = write_sound(tmp_path / "a.m4a", syllables(1), 16_000, "aac")
    content = path.read_bytes()
    begin, end = content.index(b"mdat") + 4, content.index(b"moov") - 4
    scrambled = bytes(byte ^ 0x5A for byte in content[begin:end])
    content = content[:begin] + scrambled + content[end:]
    path.write_bytes(content.replace(b"mp4a", b"drms"))
    refused(speak(path), "a.m4a: the sound is damaged or protected")


def test_sound_that_is_too_long(speak: Speak, talk: Path) -> None:
    refused(speak(talk, "--max-seconds", "0.5"), "lasts 1 s; at most 0.5 s")


def test_a_playlist_opens_nothing(speak: Speak, talk: Path, tmp_path: Path) -> None:
    lists = {
        "a.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:1,\n{talk}\n#EXT-X-ENDLIST\n",
        "a.ffconcat": f"ffconcat version 1.0\nfile '{talk}'\n",
    }
    for name, content in lists.items():
        (tmp_path / name).write_text(content)
        refused(speak(tmp_path / name), name)


def test_telephone_many_channels_and_high_rates(speak: Speak, tmp_path: Path) -> None:
    for rate, channels, layout, kept in (
        (8_000, 1, "mono", 8_000),
        (192_000, 2, "stereo", 48_000),
        (48_000, 8, "7.1", 48_000),
    ):
        samples = syllables(0.4, rate, channels)
        path = write_sound(tmp_path / "form.wav", samples, rate, "pcm_s16le", layout)
        assert speak(path) == (0, "")
        with av.open(str(tmp_path / "out" / "a.mp4")) as container:
            (stream,) = container.streams.audio
            assert (stream.rate, stream.channels) == (kept, min(channels, 2))
            assert container.streams.video[0].frames == 10


def test_no_words_for_a_model_that_needs_them(speak: Speak, talk: Path, model_folder: Path) -> None:
    refused(speak(talk, model=model_folder), "give the recording's words as well")


def test_the_recording_is_not_overwritten(
    listening: Path, photo: Path, talk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = talk.read_bytes()
    arguments = ["--audio", str(talk), "--save-audio", str(talk), "-o", "x.mp4"]
    assert main(["speak", str(photo), *arguments, "--model", str(listening)]) == 2
    assert "it is an input" in capsys.readouterr().err and talk.read_bytes() == before


def test_standard_input(
    speak: Speak, talk: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stdin = SimpleNamespace(buffer=io.BytesIO(talk.read_bytes()), isatty=lambda: False)
    monkeypatch.setattr(sys, "stdin", stdin)
    assert speak("-") == (0, "")
    refused(speak("-", "-", model=tmp_path), "the recording or the text")


def test_marked_sound_has_a_rate_that_carries_the_mark(speak: Speak, tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wav", syllables(0.4, 44_100), 44_100, "pcm_s16le")
    assert speak(path, "--mark-sound") == (0, "")
    with av.open(str(tmp_path / "out" / "a.mp4")) as container:
        assert container.streams.audio[0].rate == 48_000
        assert read_tags(container.metadata)
