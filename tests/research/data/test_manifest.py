"""The manifest: round trip, and errors with their line."""

import json
from pathlib import Path

import pytest

from ttsf.errors import TtsfError
from ttsf.research.data.manifest import (
    Animated,
    Clip,
    Recorded,
    Synthesised,
    read_manifest,
    write_manifest,
)

RECORDED = Recorded(0.0, (1.0, 2.0, 200.0), 120.0, 0.0)


def clip(name: str, **changes: object) -> dict[str, object]:
    """A row of a talking clip."""
    row: dict[str, object] = {
        "name": name, "dataset": "GRID", "speaker": "s1", "split": "train", "frames": 40,
        "samples": 25_600, "source": "s1/a.mpg", "licence": "CC BY 4.0", "video": "clips/a.mp4",
        "audio": "clips/a.flac", "text": "bin blue", "made": {
            "kind": "recorded", "start_s": 0.0, "crop": [1, 2, 200], "face_px": 120, "turned": 0,
        },
    }  # fmt: skip
    return row | changes


def write_rows(folder: Path, *rows: object) -> Path:
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    (folder / "manifest.jsonl").write_text("\n".join(lines) + "\n")
    return folder


def test_what_is_written_is_read_sorted_by_name(tmp_path: Path) -> None:
    clips = [
        Clip("b", "GRID", "s1", "valid", 40, 25_600, "b.mpg", "CC BY", RECORDED, "b.mp4", "b.flac"),
        Clip("a", "teachers", "slt", "train", 0, 900, "", "free", Synthesised("flite", "slt"),
             audio="a.flac", text="naïve 日本", phones="a.json", voice_register="high"),
        Clip("c", "open", "x", "train", 40, 25_600, "p.png", "CC0",
             Animated("p", "a", "visemes", "random", 3), "c.mp4", "c.flac", labels="c.npz"),
    ]  # fmt: skip
    write_manifest(tmp_path, clips)
    assert read_manifest(tmp_path) == sorted(clips, key=lambda c: c.name)
    assert [c.name for c in read_manifest(tmp_path, ["valid"])] == ["b"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("{not json", "Invalid JSON"),
        (clip("b", frames="many"), "frames"),
        (clip("b", spkr="x"), "spkr"),
        ({k: v for k, v in clip("b").items() if k != "speaker"}, "speaker"),
        (clip("b", split="dev"), "split"),
        (clip("b", samples=100), "100 samples do not last as long as 40 frames"),
        (clip("b", video=None), "frames need a video"),
        (clip("b", video="../b.mp4"), "leaves the corpus's folder"),
        (clip("b", made={"kind": "dreamt"}), "made"),
        (clip("a"), "the name 'a' is taken already"),
    ],
)
def test_a_bad_row_is_named_by_its_line(tmp_path: Path, row: object, message: str) -> None:
    write_rows(tmp_path, clip("a"), "", row)
    with pytest.raises(TtsfError) as caught:
        read_manifest(tmp_path)
    assert "manifest.jsonl, line 3: " in str(caught.value) and message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_manifest(tmp_path: Path) -> None:
    with pytest.raises(TtsfError, match="ttsf prepare"):
        read_manifest(tmp_path)
