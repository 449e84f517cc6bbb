"""The list of a parts folder: every mistake is named with its line."""

from pathlib import Path

import pytest

from ttsf.errors import TtsfError
from ttsf.research.data.parts import read_parts

HEAD = "file,kind,use,speaker,dataset,licence,transcript,voice_register,smile_teeth,pose,duration_s"
GOOD = "speech/a.flac,speech,train,ann,books,CC0,Good morning.,high,,,2.5"
FACE = "portrait/b.png,portrait,valid,bob,photos,CC0,,low,yes,frontal,"


def write(folder: Path, *lines: str) -> Path:
    for name in ("speech/a.flac", "portrait/b.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    (folder / "manifest.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def test_rows_become_parts(tmp_path: Path) -> None:
    folder = write(tmp_path, HEAD, GOOD, FACE)
    (speech,) = read_parts(folder, "speech", ["train", "valid"])
    assert (speech.key, speech.transcript, speech.split) == ("speech/a", "Good morning.", "train")
    assert speech.voice_register == "high" and not speech.smile_teeth
    (face,) = read_parts(folder, "portrait", ["valid"])
    assert face.smile_teeth and face.frontal and face.transcript is None
    assert face.split == "valid" and face.problem is None and not face.align
    assert read_parts(folder, "portrait", ["train"]) == []
    assert read_parts(folder, "video", ["train"]) == []


def test_a_portrait_without_a_speaker_is_a_person_of_its_own(tmp_path: Path) -> None:
    folder = write(tmp_path, HEAD, FACE.replace("bob", ""))
    (face,) = read_parts(folder, "portrait", ["valid"])
    assert face.speaker == "b"


def test_only_six_columns_are_needed(tmp_path: Path) -> None:
    cut = (",".join(line.split(",")[:6]) for line in (HEAD, GOOD))
    (part,) = read_parts(write(tmp_path, *cut), "speech", ["train"])
    assert part.voice_register is None and part.transcript is None


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (GOOD.replace("speech,", "music,"), "kind 'music' is none of video, portrait, speech"),
        (GOOD.replace("train", "test"), "use 'test' is none of"),
        (GOOD.replace("ann", " "), "'speaker' is empty"),
        (GOOD.replace("high", "alto"), "voice_register 'alto' is none of low, high, unsure"),
        (GOOD.replace("speech/a", "../a"), "leaves the folder"),
        (GOOD.replace("speech/a", "speech/c"), "there is no file speech/c.flac"),
        (GOOD + ",more", "more fields than columns"),
        (FACE.replace(".png", ".jpg"), "a second file is called 'portrait/b'"),
    ],
)
def test_a_bad_row_is_named_by_its_line(tmp_path: Path, row: str, reason: str) -> None:
    folder = write(tmp_path, HEAD, FACE, row)
    with pytest.raises(TtsfError) as raised:
        read_parts(folder, "speech", ["train"])
    assert "manifest.csv, line 3: " in str(raised.value) and reason in str(raised.value)


def test_a_missing_column_and_a_missing_list_are_named(tmp_path: Path) -> None:
    with pytest.raises(TtsfError, match="no manifest"):
        read_parts(tmp_path, "speech", ["train"])
    folder = write(tmp_path, HEAD.replace("licence", "license"), GOOD)
    with pytest.raises(TtsfError, match="no column 'licence'"):
        read_parts(folder, "speech", ["train"])
    (tmp_path / "manifest.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TtsfError, match="not a table of UTF-8 text"):
        read_parts(folder, "speech", ["train"])
