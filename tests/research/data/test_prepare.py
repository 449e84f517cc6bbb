"""From a distributor's folder to clips: what is kept, what is refused and why."""

import json
import multiprocessing
import random
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.recordings import (
    empty_picture,
    face_picture,
    murmur,
    talking,
    write_recording,
)
from ttsf.errors import TtsfError
from ttsf.parallel import Parallel
from ttsf.portrait.detection import find_faces
from ttsf.research.data.clip_files import read_frames, read_samples
from ttsf.research.data.manifest import Clip, Recorded, read_manifest
from ttsf.research.data.recorded.corpus import hold_out_clips, prepare
from ttsf.research.data.recorded.recogniser import write_down
from ttsf.research.data.recorded.video import loudest_db
from ttsf.research.data.records import Record
from ttsf.research.data.settings import Layout, PrepareSettings


def small(
    root: Path, layout: Layout = "folder", longest_s: float = 20.0, recogniser: str | None = None
) -> PrepareSettings:
    return PrepareSettings(layout, root, 128, longest_s, recogniser)


def run_folder(root: Path, out: Path) -> tuple[dict[str, Clip], dict[str, str]]:
    """Clips by name and reasons by source of a plain folder."""
    records = prepare(small(root), out)
    refused = {r.source: r.reason for record in records for r in record.refused}
    return {clip.name: clip for clip in read_manifest(out)}, refused


def tree(folder: Path) -> dict[str, bytes]:
    """All bytes of a corpus."""
    files = (p for p in folder.rglob("*") if p.is_file() and p.name != ".lock")
    return {str(p.relative_to(folder)): p.read_bytes() for p in files}


def test_a_clip_is_cropped_in_time_and_space(tmp_path: Path) -> None:
    talking(tmp_path / "in" / "anna" / "one.mp4", 40)
    (tmp_path / "in" / "anna" / "one.txt").write_text("Place 3 books at 9:30.\n")
    clips, refused = run_folder(tmp_path / "in", tmp_path / "out")
    clip = clips["anna/one"]
    assert not refused
    assert (clip.frames, clip.samples, clip.speaker) == (40, 40 * 640, "anna")
    assert clip.text == "Place three books at nine thirty."
    assert clip.video and clip.audio and isinstance(clip.made, Recorded) and clip.made.crop
    frames = read_frames(tmp_path / "out" / clip.video, 0, 40)
    assert frames.shape == (40, 128, 128, 3)
    (face, *others) = find_faces(frames[20])
    assert not others and abs(face.side / 128 - 1 / 1.65) < 0.08  # the crop of `ttsf.portrait`
    assert loudest_db(read_samples(tmp_path / "out" / clip.audio, 0, clip.samples)) > -30
    report = (tmp_path / "out" / "report.html").read_text()
    assert "anna/one" in report and report.count("<svg") >= 2


def test_every_refusal_has_a_reason(tmp_path: Path) -> None:
    root = tmp_path / "in"
    face, none = face_picture(), empty_picture()
    two = np.concatenate([face[:, 40:200], face[:, 40:200]], axis=1)
    talking(root / "too short.mp4", 20)
    write_recording(root / "no sound.mp4", [face] * 40)
    write_recording(root / "silent.mp4", [face] * 40, murmur(1.6) * 0)
    write_recording(root / "no face.mp4", [none] * 40, murmur(1.6))
    write_recording(root / "two faces.mp4", [two] * 40, murmur(1.6))
    small = np.full((360, 480, 3), 90, np.uint8)
    small[150:230, 200:306] = face_picture(106, 80)
    write_recording(root / "far away.mp4", [small] * 40, murmur(1.6))
    (root / "broken.mp4").write_bytes(b"not a video")
    truncated = talking(root / "truncated.mp4", 40)
    truncated.write_bytes(truncated.read_bytes()[:-900])
    leaving = []
    for k in range(50):
        picture = none.copy()
        picture[:, 60 + 5 * k :] = face[:, 60 : 320 - 5 * k]
        leaving.append(picture)
    write_recording(root / "leaves.mp4", [leaving[0]] * 20 + leaving, murmur(2.8))
    (root / "leaves.txt").write_text("all of this")
    clips, refused = run_folder(root, tmp_path / "out")
    assert not clips
    wanted = {
        "too short.mp4": "too short: 0.80 s",
        "no sound.mp4": "silent: there is no sound track",
        "silent.mp4": "silent: below -60 dB throughout",
        "no face.mp4": "no face",
        "two faces.mp4": "several faces in 100% of the looks",
    }
    assert {name: refused[name] for name in wanted} == wanted
    assert refused["leaves.mp4"].startswith("the face ")
    assert refused["leaves.mp4"].endswith(", and the text needs all of its pictures")
    assert "no face" in refused["far away.mp4"] or "px wide" in refused["far away.mp4"]
    assert "not a readable video" in refused["broken.mp4"]
    assert "not a readable video" in refused["truncated.mp4"]
    table = (tmp_path / "out" / "refused.csv").read_text()
    assert table.count("\n") == 1 + len(refused)


def test_links_in_a_circle_refuse_one_video(tmp_path: Path) -> None:
    root = tmp_path / "in"
    talking(root / "anna" / "one.mp4", 40)
    (root / "anna" / "two.mp4").symlink_to("two.mp4")
    (root / "loop").symlink_to("loop")
    (root / "up").symlink_to(root)
    clips, refused = run_folder(root, tmp_path / "out")
    assert list(clips) == ["anna/one"] and list(refused) == ["anna/two.mp4"]
    assert "symbolic links" in refused["anna/two.mp4"]


def test_without_text_the_good_part_is_kept(tmp_path: Path) -> None:
    face, none = face_picture(), empty_picture()
    pictures = [none] * 15 + [face] * 60 + [none] * 25
    write_recording(tmp_path / "in" / "a.mp4", pictures, murmur(4.0))
    clips, _ = run_folder(tmp_path / "in", tmp_path / "out")
    (clip,) = clips.values()
    assert isinstance(clip.made, Recorded) and 0.56 <= clip.made.start_s <= 0.84
    assert 50 <= clip.frames <= 60 and clip.text is None


def test_a_cut_and_a_wandering_face_end_a_stretch(tmp_path: Path) -> None:
    left, right = face_picture(shift=60), face_picture(shift=-60)
    write_recording(tmp_path / "in" / "jump.mp4", [left] * 40 + [right] * 40, murmur(3.2))
    bright = np.clip(face_picture().astype(int) + 90, 0, 255).astype(np.uint8)
    dark = (face_picture() * 0.5).astype(np.uint8)
    write_recording(tmp_path / "in" / "shot.mp4", [bright] * 40 + [dark] * 40, murmur(3.2))
    clips, _ = run_folder(tmp_path / "in", tmp_path / "out")
    spans = {
        name: (clip.made.start_s, clip.frames)
        for name, clip in clips.items()
        if isinstance(clip.made, Recorded)
    }
    assert set(spans) == {"jump-000", "jump-001", "shot-000", "shot-001"}
    assert spans["jump-001"][0] == spans["shot-001"][0] == 1.6


def test_words_that_overlap_are_cut_where_the_later_begins(tmp_path: Path) -> None:
    root = tmp_path / "in"
    talking(root / "a.mp4", 100)
    (root / "a.align").write_text("2500 45000 one\n37500 85000 two\n")
    prepare(small(root, longest_s=2.0), tmp_path / "out")
    clips = read_manifest(tmp_path / "out")
    assert [(clip.text, clip.frames) for clip in clips] == [("one", 38), ("two", 50)]


def test_pieces_of_one_video_and_a_video_of_their_name_are_told_apart(tmp_path: Path) -> None:
    left, right = face_picture(shift=60), face_picture(shift=-60)
    write_recording(tmp_path / "in" / "talk.mp4", [left] * 40 + [right] * 40, murmur(3.2))
    talking(tmp_path / "in" / "talk-000.mp4", 36)
    clips, _ = run_folder(tmp_path / "in", tmp_path / "out")
    sources = {name: clip.source for name, clip in clips.items()}
    assert sources == {
        "talk-000": "talk.mp4",
        "talk-001": "talk.mp4",
        "talk-000.mp4": "talk-000.mp4",
    }


def test_long_video_with_subtitles_and_strange_names(tmp_path: Path) -> None:
    root = tmp_path / "in" / "Žofie Ångström"
    talking(root / "Überraschung 日本.mp4", 100)
    (root / "Überraschung 日本.srt").write_text(
        "1\n00:00:00,200 --> 00:00:01,800\nHello there.\n\n"
        "2\n00:00:02,000 --> 00:00:03,600\n<i>Twenty-two ducks</i>\n\n"
        "3\n00:00:03,700 --> 00:00:03,900\nshort\n"
    )
    clips, _ = run_folder(tmp_path / "in", tmp_path / "out")
    texts = [(clip.text, clip.frames) for clip in clips.values()]
    assert ("Hello there.", 40) in texts and len(texts) == 2
    assert {clip.speaker for clip in clips.values()} == {"Žofie Ångström"}


def test_grid_words_beyond_the_end_mean_a_cut_video(tmp_path: Path) -> None:
    root = tmp_path / "grid"
    for name, ends in (("whole", 40_000), ("halved", 74_500)):
        talking(root / "s1" / f"{name}.mpg", 40)
        align = root / "alignments" / "s1" / f"{name}.align"
        align.parent.mkdir(parents=True, exist_ok=True)
        align.write_text(f"0 10000 sil\n10000 20000 bin\n20000 {ends - 500} blue\n")
    records = prepare(small(root, "grid"), tmp_path / "out")
    (clip,) = read_manifest(tmp_path / "out")
    assert (clip.text, clip.dataset, clip.speaker) == ("bin blue", "GRID", "s1")
    (reason,) = [r.reason for record in records for r in record.refused]
    assert reason.startswith("cut short: the words end at 3.0 s")


def test_lrs3_as_shipped(tmp_path: Path) -> None:
    folder = tmp_path / "lrs3" / "test" / "0Fi83BHQsMA"
    talking(folder / "00002.mp4", 40)
    (folder / "00002.txt").write_text(
        "Text:  THAT WAS 10 YEARS {LG} AGO\nConf:  4\nRef: 0Fi83BHQsMA\n\n"
        "FRAME \tX \tY \tW \tH \n003501 \t0.453 \t0.274 \t0.149 \t0.264 \n\n"
        "WORD START END ASDSCORE\nTHAT 0.10 0.30 3.1\nWAS 0.30 0.60 2.9\n"
    )
    prepare(small(tmp_path / "lrs3", "lrs3"), tmp_path / "out")
    (clip,) = read_manifest(tmp_path / "out")
    assert (clip.split, clip.speaker, clip.dataset) == ("test", "0Fi83BHQsMA", "LRS3")
    assert clip.text == "that was ten years ago"


def test_a_recogniser_writes_down_what_has_no_text(tmp_path: Path) -> None:
    talking(tmp_path / "in" / "a.mp4")
    command = "python3 -c \"import sys; print(len(open(sys.argv[1], 'rb').read()) > 40000)\" {wav}"
    prepare(small(tmp_path / "in", recogniser=command), tmp_path / "out")
    (clip,) = read_manifest(tmp_path / "out")
    assert clip.text == "True"


def test_a_recogniser_of_another_encoding_ends_nothing(tmp_path: Path) -> None:
    talking(tmp_path / "in" / "a.mp4")
    command = "python3 -c \"import sys; sys.stdout.buffer.write(b'one caf\\xe9 two')\" {wav}"
    prepare(small(tmp_path / "in", recogniser=command), tmp_path / "out")
    (clip,) = read_manifest(tmp_path / "out")
    assert clip.text is not None and clip.text.startswith("one caf")


def test_a_recogniser_that_cannot_be_started_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken").write_bytes(b"\0")
    (tmp_path / "broken").chmod(0o755)
    with pytest.raises(TtsfError, match="cannot be started"):
        write_down(f"{tmp_path / 'broken'} {{wav}}", np.zeros(1_600, np.float32))


@pytest.mark.parametrize(
    ("changes", "workers", "message"),
    [
        ({"recogniser": "magic"}, 1, "neither pocketsphinx nor a command"),
        ({"recogniser": "sh -c 'cat {wav}"}, 1, "is not a command: No closing quotation"),
        ({"recogniser": "no-such-program {wav}"}, 1, "is not installed"),
        ({"size": 63}, 1, "size 63: an even number of pixels"),
        ({"size": 1024}, 1, "from 64 to 512"),
        ({}, 0, "workers 0: at least one"),
        ({"longest_s": 0.1}, 1, "longest clip 0.1 s: 1.28 to 60 seconds are possible"),
    ],
)
def test_bad_settings(tmp_path: Path, changes: dict[str, Any], workers: int, message: str) -> None:
    talking(tmp_path / "in" / "a.mp4", 4)
    out = tmp_path / "out"
    with pytest.raises(TtsfError) as caught:
        prepare(PrepareSettings("folder", tmp_path / "in", **changes), out, Parallel(workers))
    line = str(caught.value)
    assert message in line and "\n" not in line and "--" not in line and not out.exists()


def test_other_settings_and_foreign_folders_are_refused(tmp_path: Path) -> None:
    talking(tmp_path / "in" / "a.mp4", 4)
    prepare(small(tmp_path / "in"), tmp_path / "out")
    other = replace(small(tmp_path / "in"), size=64)
    with pytest.raises(TtsfError, match=r"other settings \(size\)"):
        prepare(other, tmp_path / "out")
    with pytest.raises(TtsfError, match="is not empty and holds something else"):
        prepare(other, tmp_path / "in")


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes], float]:
    """Five videos, and the bytes and the seconds of an undisturbed run."""
    root = tmp_path_factory.mktemp("several")
    for name in ("a", "b"):
        talking(root / "in" / f"{name}.mp4", 36)
        (root / "in" / f"{name}.txt").write_text(f"this is {name}")
    write_recording(root / "in" / "c.mp4", [empty_picture()] * 40, murmur(1.6))
    talking(root / "in" / "d.mp4", 80)
    (root / "in" / "e.mp4").write_bytes(b"nothing")
    began = time.monotonic()
    prepare(small(root / "in", longest_s=1.6), root / "whole")
    return root / "in", tree(root / "whole"), time.monotonic() - began


@pytest.mark.usefixtures("new_processes")
def test_any_number_of_workers_gives_the_same_bytes(
    several: tuple[Path, dict[str, bytes], float], tmp_path: Path
) -> None:
    root, whole, _ = several
    prepare(small(root, longest_s=1.6), tmp_path / "out", Parallel(2))
    assert tree(tmp_path / "out") == whole


def test_killed_at_ten_moments_and_resumed_gives_the_same_bytes(
    several: tuple[Path, dict[str, bytes], float], tmp_path: Path
) -> None:
    root, whole, duration = several
    settings = small(root, longest_s=1.6)
    out, rng = tmp_path / "out", random.Random(0)
    fork = multiprocessing.get_context("fork")
    kills = 0
    for i in range(10):
        child = fork.Process(target=prepare, args=(settings, out))
        child.start()
        time.sleep(rng.uniform(0.2, 1.0) * duration / (4 + i))
        if child.is_alive():
            kills += 1
        child.kill()
        child.join()
    prepare(settings, out)
    assert kills >= 5
    assert tree(out) == whole
    names = [json.loads(line)["name"] for line in (out / "manifest.jsonl").read_text().splitlines()]
    assert len(names) == len(set(names)) == 4


@pytest.mark.long  # tests/batch runs jobs on Ray every time
def test_ray_gives_the_same_bytes(
    several: tuple[Path, dict[str, bytes], float], tmp_path: Path
) -> None:
    ray = pytest.importorskip("ray")
    root, whole, _ = several
    try:
        prepare(small(root, longest_s=1.6), tmp_path / "out", Parallel(2, "local"))
    finally:
        ray.shutdown()
    assert tree(tmp_path / "out") == whole


def test_single_clips_of_training_speakers_are_held_out() -> None:
    made = Recorded(0.0, None, None, None)
    row = Clip("x", "lrs3", "ann", "train", 0, 9, "x.mp4", "", made, audio="x.flac")
    clips = [replace(row, name=f"ann/{k}", speaker=f"ann{k % 3}") for k in range(600)]
    clips += [replace(row, name="bob/0", speaker="bob"), replace(row, name="t", split="test")]
    found = hold_out_clips([Record("a", clips[:300], []), Record("b", clips[300:], [])])
    split = {clip.name: clip.split for record in found for clip in record.clips}
    held_out = {name for name, own in split.items() if own == "valid"}
    assert 4 <= len(held_out) <= 24 and split["bob/0"] == "train" and split["t"] == "test"
    more = [replace(row, name=f"new/{k}", speaker="new") for k in range(50)]
    again = hold_out_clips([Record("a", [*clips, *more], [])])
    kept = {clip.name for record in again for clip in record.clips if clip.split == "valid"}
    assert held_out <= kept
    few = hold_out_clips([Record("a", clips[:6], [])])
    assert [clip.split for clip in few[0].clips].count("valid") == 1
    alone = hold_out_clips([Record("a", [clips[0], clips[1]], [])])
    assert all(clip.split == "train" for clip in alone[0].clips)
