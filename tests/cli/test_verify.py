"""`ttsf verify` says what it found, in words or JSON, and by its exit code."""

import json
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from PIL import Image

from tests.support.marked import film, speech
from ttsf.cli.main import main
from ttsf.media.video import Chunk, new_video
from ttsf.provenance.detect.reading import pictures
from ttsf.provenance.detect.verify import verify
from ttsf.provenance.embed.payload import Payload
from ttsf.provenance.embed.picture import PictureMark
from ttsf.provenance.embed.sound import SoundMark
from ttsf.provenance.embed.tags import tags

PAYLOAD = Payload(0x5C9DF)


@pytest.fixture(scope="module")
def plain(astronaut: np.ndarray) -> Chunk:
    return Chunk(film(astronaut[:400, :400], 100), speech(4))


@pytest.fixture(scope="module")
def marked(plain: Chunk) -> Chunk:
    mark = PictureMark(PAYLOAD, 400, 400)
    return Chunk(np.stack([mark.on(f) for f in plain.frames]), SoundMark(PAYLOAD).on(plain.samples))


def write(path: Path, *chunks: Chunk, tagged: bool = False) -> Path:
    with new_video(path) as video:
        if tagged:
            video.describe(tags(PAYLOAD))
        for chunk in chunks:
            video.add(chunk)
    return path


def test_a_marked_video(marked: Chunk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "a.mp4", marked, tagged=True)
    assert main(["verify", str(path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{path}: made with ttsf, number 5c9df"
    assert "watermark in 0.0 to 4" in lines[1] and "number 5c9df" in lines[1]
    assert "watermark in 0.0 to 4" in lines[2] and "AI-generated" in lines[3]
    assert "not who made it" in lines[5]


def test_no_part_exceeds_the_file(marked: Chunk, tmp_path: Path) -> None:
    found = verify(write(tmp_path / "a.mp4", marked)).picture
    assert found is not None
    assert found.parts[-1].end_s == found.end_s == pytest.approx(4.0, abs=0.05)


def test_a_file_that_ends_early(
    marked: Chunk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "a.mp4", marked)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 3 // 5])
    assert main(["verify", str(path)]) in (0, 1)
    heading = capsys.readouterr().out.splitlines()[0]
    assert "(incomplete or damaged: only " in heading
    assert heading.endswith(" of 4.0 s can be decoded)")


def test_an_unmarked_video(
    plain: Chunk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "a.mp4", plain)
    assert main(["verify", str(path), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["found"] is found["marked"] is found["picture"]["found"] is False
    assert found["number"] is None and found["tags"] == {} and found["sound"]["parts"] == []
    assert main(["verify", str(path)]) == 1
    assert "proves nothing" in capsys.readouterr().out


def test_tags_alone_are_found_and_prove_little(
    plain: Chunk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "a.mp4", plain, tagged=True)
    assert main(["verify", str(path)]) == 0
    out = capsys.readouterr().out
    assert "says that it was generated" in out and "Tags prove little" in out


def test_a_part_of_a_film(plain: Chunk, marked: Chunk, tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", *[plain] * 4, *[marked] * 2, *[plain] * 4)
    verdict = verify(path)
    assert verdict.picture and verdict.sound and verdict.payload == PAYLOAD
    (part,) = verdict.picture.parts
    assert 15 < part.begin_s <= 16.5 and 23.5 <= part.end_s < 25


def test_times_count_from_the_first_frame(marked: Chunk, tmp_path: Path) -> None:
    early, late = write(tmp_path / "a.mp4", marked), tmp_path / "a.ts"
    with av.open(str(early)) as read, av.open(str(late), "w", "mpegts") as written:
        stream = read.streams.video[0]
        copy = written.add_stream_from_template(stream)
        for packet in read.demux(stream):
            if packet.dts is not None:
                packet.pts, packet.dts = (
                    t + int(3_600 / stream.time_base) for t in (packet.pts, packet.dts)
                )
                packet.stream = copy
                written.mux(packet)
    shown = [round(frame.second, 2) for frame in pictures(late)]
    assert shown[0] == 0 and shown == [round(frame.second, 2) for frame in pictures(early)]


def test_a_sound_and_a_picture(marked: Chunk, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.flac", marked.samples, 16_000)
    Image.fromarray(marked.frames[50]).save(tmp_path / "a.jpg", quality=85)
    sound, picture = verify(tmp_path / "a.flac"), verify(tmp_path / "a.jpg")
    assert sound.picture is None and sound.sound and sound.sound.found
    assert picture.sound is None and picture.payload == PAYLOAD


@pytest.mark.parametrize("kind", ["gif", "webm", "faster", "png", "mp3"])
def test_found_in_other_files(marked: Chunk, tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"a.{'mp4' if kind == 'faster' else kind}"
    pictures = [Image.fromarray(frame) for frame in marked.frames]
    match kind:
        case "gif":
            pictures[0].save(path, save_all=True, append_images=pictures[4::4], duration=160)
        case "webm":
            write(path, marked)
        case "faster":
            write(path, Chunk(marked.frames[np.arange(0, 100, 1.25).astype(int)], speech(3.2)))
        case "png":
            pictures[30].save(path)
        case _:
            soundfile.write(path, SoundMark(PAYLOAD).on(speech(16)), 16_000)
    found = verify(path)
    part = found.sound if kind == "mp3" else found.picture
    assert part is not None and part.found
    assert kind == "mp3" or found.payload == PAYLOAD  # MP3 of 16 kHz leaves too little of it


def test_pictures_and_sound_of_different_videos(marked: Chunk, tmp_path: Path) -> None:
    other = SoundMark(Payload(7)).on(speech(12, 1))
    frames = np.concatenate([marked.frames] * 3)
    verdict = verify(write(tmp_path / "a.mp4", Chunk(frames, other)))
    assert verdict.picture and verdict.picture.payload == PAYLOAD
    assert verdict.sound and verdict.sound.payload == Payload(7)
    assert verdict.marked and verdict.payload is None


def test_a_file_cut_off_is_read_as_far_as_it_goes(marked: Chunk, tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", marked)
    content = path.read_bytes()
    path.write_bytes(content[: int(0.7 * len(content))])
    assert verify(path).payload == PAYLOAD


@pytest.mark.parametrize("content", [b"", b"not a video", b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n"])
def test_no_media(content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.m3u8").write_bytes(content)
    assert main(["verify", str(tmp_path / "a.m3u8")]) == 2
    assert "not a readable video" in capsys.readouterr().err
    assert main(["verify", str(tmp_path / "none.mp4")]) == 2
    assert main(["verify", str(tmp_path)]) == 2


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [(b"avc1", b"zzzz", 1), (b"Lavf", b"\xe3\xe9vf", 1), (b"moov", b"voom", 2)],
)
def test_damaged_films_have_a_verdict(
    plain: Chunk,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    old: bytes,
    new: bytes,
    code: int,
) -> None:
    path = write(tmp_path / "a.mp4", plain)
    whole = path.read_bytes()
    assert old in whole
    path.write_bytes(whole.replace(old, new))
    assert main(["verify", str(path)]) == code
    said = capsys.readouterr().err
    assert said.startswith("ttsf: error: ") == (code == 2) and said.count("\n") == (code == 2)
