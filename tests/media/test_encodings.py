"""Texts that were saved by other programs: UTF-16, Windows-1252, line ends."""

# ruff: noqa: RUF001 (a curly apostrophe)

import logging
from pathlib import Path

import pytest

from ttsf.errors import TtsfError
from ttsf.media.files import read_text

TEXT = "Café, it’s “good” morning.\r\nYes."


def read(tmp_path: Path, content: bytes) -> str:
    path = tmp_path / "text.txt"
    path.write_bytes(content)
    return read_text(path, guess=True)


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-be"),
        b"\xfe\xff" + TEXT.encode("utf-16-be"),
    ],
)
def test_unicode_in_every_form(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    assert read(tmp_path, content) == TEXT
    assert not caplog.records


def test_windows_1252_with_a_note(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "ttsf"):
        assert read(tmp_path, TEXT.encode("cp1252")) == TEXT
    assert [r.getMessage().split("text.txt ")[1] for r in caplog.records] == [
        "is not UTF-8; reading it as Windows-1252"
    ]


def test_zeros_between_words_are_no_utf_16(tmp_path: Path) -> None:
    assert read(tmp_path, b"Good\0morning\0all, hello") == "Good\0morning\0all, hello"
    assert read(tmp_path, b"") == ""


@pytest.mark.parametrize(
    "content", [b"\x89PNG\r\n\x1a\n\0\0\xff\xd8", b"\xff\xfeH", b"caf\xe9\x81"]
)
def test_what_is_no_text(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(TtsfError, match="save it as UTF-8"):
        read(tmp_path, content)


def test_only_where_it_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes("é".encode("cp1252"))
    with pytest.raises(TtsfError, match="not valid UTF-8"):
        read_text(tmp_path / "a")
