"""The open corpus: pairing of portraits and voices, mouth motion, reproducible bytes."""

# ruff: noqa: RUF001 (the letters of IPA look like others)

import json
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut

from tests.support.flite import speak
from tests.support.optional import needs_voice
from tests.support.parts import write_parts
from ttsf.errors import MissingPackage, TtsfError
from ttsf.media.video import Chunk, new_video
from ttsf.model.labels import BLINK, LABELS, OPEN, PRESS, WIDE
from ttsf.parallel import Parallel
from ttsf.research.data.clip_files import save_samples
from ttsf.research.data.manifest import Animated, Clip, Recorded, read_manifest
from ttsf.research.data.open_corpus import (
    build_open_corpus,
    check_packages,
    describe,
    pick_drives,
    plan_portrait,
    settle_registers,
)
from ttsf.research.data.parts import read_parts
from ttsf.research.data.records import Record
from ttsf.research.data.settings import OpenCorpusSettings
from ttsf.research.data.speech.alignment import Phone, read_phones, save_phones
from ttsf.research.data.synthetic.animated_clips import spoken_labels, tracked_labels, whole_frames
from ttsf.research.data.synthetic.visemes import SILENCE, viseme_times

RATE = 16_000


def drive(name: str, split: str, register: str | None, tracked: bool = False) -> Clip:
    return Clip(
        name=name, dataset="d", speaker=name, split=split, frames=25 * tracked, samples=RATE,
        source="s", licence="CC0", made=Recorded(0.0, None, None, None), audio="a.flac",
        video="v.mp4" if tracked else None, phones="p.json", voice_register=register,
    )  # fmt: skip


def test_portraits_meet_voices_of_their_register_and_split(tmp_path: Path) -> None:
    rows = [(f"portrait/{r}_{s}.png", s, "", r) for r in ("low", "high", "unsure", "") for s in
            ("train", "valid")]  # fmt: skip
    portraits = read_parts(write_parts(tmp_path, rows), "portrait", ["train", "valid"])
    drives = [
        drive(f"{register}_{split}_{i}", split, register, tracked)
        for register in ("low", "high", "unsure")
        for split in ("train", "valid")
        for tracked in (False, True)
        for i in range(3)
    ]
    heard: dict[str | None, set[str | None]] = {}
    for part in portraits:
        picked = pick_drives(part, drives, 5, np.random.default_rng(0))
        assert len({d.name for d in picked} & {d.name for d in drives}) > 1
        assert {d.split for d in picked} == {part.use}
        heard.setdefault(part.voice_register, set()).update(d.voice_register for d in picked)
    assert heard["low"] == {"low"} and heard["high"] == {"high"}
    assert len(heard["unsure"]) > 1 and len(heard[None]) > 1


def test_a_third_takes_real_motion_where_there_is_some(tmp_path: Path) -> None:
    (part,) = read_parts(
        write_parts(tmp_path, [("portrait/a.png", "train", "", "low")]), "portrait", ["train"]
    )
    drives = [drive(f"s{i}", "train", "low") for i in range(3)]
    drives += [drive(f"v{i}", "train", "low", True) for i in range(3)]
    rng = np.random.default_rng(0)
    picked = [d for _ in range(600) for d in pick_drives(part, drives, 1, rng)]
    assert np.mean([d.video is not None for d in picked]) == pytest.approx(1 / 3, abs=0.05)
    names = [d.name for d in pick_drives(part, drives, 9, rng)]
    assert sorted(names) == ["s0", "s1", "s2", "v0", "v1", "v2"]
    assert [d.video for d in pick_drives(part, drives[:3], 2, rng)] == [None, None]
    assert pick_drives(part, [], 2, rng) == []


def test_the_plan_depends_on_names_and_seed_alone(tmp_path: Path) -> None:
    rows = [(f"portrait/{n}.png", "train", "", "low") for n in "abcdefgh"]
    portraits = read_parts(write_parts(tmp_path, rows), "portrait", ["train"])
    drives = [drive(f"s{i}", "train", "low") for i in range(50)]
    settings = OpenCorpusSettings()

    def plan(parts, settings=settings):
        jobs = [plan_portrait(tmp_path, p, drives, ["x", "y"], settings) for p in parts]
        return {job.key: job for job in jobs}

    assert plan(portraits) == plan(portraits[::-1])
    assert plan(portraits)["portrait/c"] == plan(portraits[2:3])["portrait/c"]
    other = replace(settings, seed=1)
    assert plan(portraits) != plan(portraits, other)
    assert len({job.drives for job in plan(portraits).values()}) > 4


def test_unusable_settings_are_named() -> None:
    changes: dict[str, Any]
    for changes, reason in (
        ({"size": 65}, "size 65"),
        ({"longest_s": 1.0}, "longest clip 1 s: 2 to 60 seconds"),
        ({"clips_per_portrait": -1}, "must be at least 0"),
    ):
        with pytest.raises(TtsfError, match=reason):
            OpenCorpusSettings(**changes)


def test_other_parts_are_another_corpus(tmp_path: Path) -> None:
    folder = write_parts(tmp_path / "parts", [("speech/a.wav", "train", "", "low")])
    first = describe(folder, OpenCorpusSettings())
    assert json.loads(json.dumps(first)) == first
    write_parts(folder, [("speech/b.wav", "train", "", "low")])
    assert first != describe(folder, OpenCorpusSettings())


def test_a_mediapipe_without_its_solutions_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """As its later versions, which alone install on Python 3.13."""
    monkeypatch.setitem(sys.modules, "mediapipe", ModuleType("mediapipe"))
    with pytest.raises(MissingPackage, match=r"needs mediapipe\.solutions \(Python"):
        check_packages(pictures=True)


def test_phones_share_their_time_and_gaps_are_silence(tmp_path: Path) -> None:
    phones = [Phone("m", 0.05, 0.10, 0), Phone("aɪ", 0.10, 0.20, 0), Phone("t", 0.25, 0.30, 1)]
    symbols, durations = viseme_times(phones, 40)
    assert symbols == [SILENCE, "m", "a", "ɪ", SILENCE, "t", SILENCE]
    assert durations.tolist() == [5, 5, 5, 5, 5, 5, 10]
    symbols, durations = viseme_times(phones, 22)
    assert durations.sum() == 22 and (durations >= 0).all()
    path = save_phones("a/b", phones, tmp_path)
    assert read_phones(tmp_path / str(path)) == [p._replace(word=0) for p in phones]
    assert save_phones("c", None, tmp_path) is None
    with pytest.raises(TtsfError, match="cannot read the phone times"):
        read_phones(tmp_path / "c.json")


def test_mouths_close_at_m_and_open_at_ah() -> None:
    samples = 0.1 * np.random.default_rng(0).standard_normal(50 * 640).astype(np.float32)
    phones = [Phone("ɑ", 0.4, 0.8, 0), Phone("m", 0.8, 0.92, 0), Phone("ɑ", 0.92, 1.2, 0)]
    own = np.array([0.4, 0, 0, 3.0, 0, -2.0, 0.1, 0.5, 0, 0, 0], np.float32)
    labels = spoken_labels(own, phones, samples, np.random.default_rng(0))
    assert labels.shape == (50, 11) and labels.dtype == np.float32
    assert labels[15, OPEN] > 0.8 and labels[27, OPEN] > 0.6
    assert labels[21, OPEN] < 0.1 and labels[21, PRESS] > 0.5
    assert labels[:7, OPEN].max() < 0.05 and labels[40:, OPEN].max() < 0.05
    assert abs(labels[:, 3].mean() - 3) < 1 and abs(labels[:, 5].mean() + 2) < 1
    again = spoken_labels(own, phones, samples, np.random.default_rng(0))
    assert np.array_equal(labels, again)


def test_tracked_motion_is_relative_to_the_closed_mouth() -> None:
    track = np.zeros((60, 11), np.float32)
    track[:, 0], track[:, OPEN], track[:, WIDE] = 0.5, 0.04, 0.1
    track[20:30, OPEN], track[20:30, WIDE] = 0.64, -0.4
    track[40:44, BLINK] = 0.35
    track[30:, 0] = 0.7
    own = np.array([-0.3, 0.2, 0, 1, 2, 3, 0.05, 0.4, 0, 0, 0], np.float32)
    labels = tracked_labels(own, track)
    assert labels[25, OPEN] == pytest.approx(0.6) and labels[10, OPEN] == 0
    assert labels[25, WIDE] == pytest.approx(-0.5) and labels[10, WIDE] == 0
    assert labels[41, BLINK] == 1 and labels[10, BLINK] == 0
    assert labels[50, 0] - labels[10, 0] == pytest.approx(0.2, abs=1e-5)
    assert np.median(labels[:, 0]) == pytest.approx(-0.3, abs=0.11)
    assert labels[10, 3:6] == pytest.approx([1, 2, 3])


def test_sound_lasts_whole_frames() -> None:
    assert [len(whole_frames(np.ones(n, np.float32))) for n in (640, 641, 1)] == [640, 1280, 640]


def test_a_voice_against_its_listed_register_meets_no_face() -> None:
    clips = [
        replace(drive(f"{speaker}{pitch}", "train", register), speaker=speaker, pitch_hz=pitch)
        for speaker, register, pitches in (
            ("ann", "high", (128.0, 150.0, 160.0)),
            ("bob", "high", (100.0, 110.0, 140.0)),
            ("cid", None, (100.0, 110.0, 140.0)),
            ("dee", "low", (None,)),
        )
        for pitch in pitches
    ]
    settled = settle_registers([Record(clip.name, [clip], []) for clip in clips])
    found = {(record.clips[0].speaker, record.clips[0].voice_register) for record in settled}
    assert found == {("ann", "high"), ("bob", "unsure"), ("cid", "low"), ("dee", "low")}
    (refusal,) = [refusal for record in settled for refusal in record.refused]
    assert refusal.source == "bob (its register)"
    assert refusal.reason == "listed as a high voice, but its median pitch is 110 Hz"


def real_parts(folder: Path) -> Path:
    """A face, a flat picture, speech, and a video of the face with a moving mouth."""
    from ttsf.research.data.synthetic.animator import Animator
    from ttsf.research.landmarks.face_mesh import LandmarkDetector

    rows = [
        ("portrait/face.png", "train", "", "low"),
        ("portrait/flat.png", "valid", "", "high"),
        ("speech/a.flac", "train", "Good morning, how are you today?", "low"),
        ("speech/b.flac", "valid", "MY NAME IS ANNA", ""),
        ("speech/c.flac", "valid", "Nobody has ever been to the moon on a bicycle.", ""),
        ("video/talk.mp4", "train", "I live near the station.", ""),
    ]
    write_parts(folder, rows)
    picture = np.ascontiguousarray(astronaut()[0:300, 80:380])
    Image.fromarray(picture).save(folder / "portrait/face.png")
    Image.fromarray(picture * 0 + 90).save(folder / "portrait/flat.png")
    spoken = ["Good morning, how are you today?", "My name is Anna.", "One, two, three, four."]
    for (name, *_), text in zip(rows[2:5], spoken, strict=True):
        save_samples(folder / name, speak(text, "rms", folder))
    samples = whole_frames(speak("I live near the station.", "rms", folder))
    animator = Animator(picture, LandmarkDetector()(picture))
    frames = []
    for i in range(len(samples) // 640):
        labels = animator.own.copy()
        labels[OPEN] = 0.4 + 0.4 * np.sin(i / 2)
        frames.append(animator.render(labels).image)
    with new_video(folder / "video/talk.mp4") as video:
        video.add(Chunk(np.stack(frames), samples))
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.mark.parametrize(
    ("other", "paces"),
    [("talk-000.flac", False), ("talk_slow.flac", True), ("talk-001_fast.flac", True)],
)
def test_a_part_called_as_a_clip_of_another_is_refused(
    tmp_path: Path, other: str, paces: bool
) -> None:
    pytest.importorskip("mediapipe.python.solutions", reason="needs ttsf[data]")
    pytest.importorskip("pocketsphinx", reason="the open corpus needs ttsf[data]")
    rows = [(f"speech/{name}", "train", "", "") for name in ("talk.flac", other)]
    parts, settings = write_parts(tmp_path / "parts", rows), OpenCorpusSettings(paces)
    called = f"'speech/{Path(other).stem}' is also the name of a clip of 'speech/talk'; rename"
    with pytest.raises(TtsfError, match=called):
        build_open_corpus(parts, tmp_path / "out", settings)
    assert not (tmp_path / "out").exists()


def test_any_history_gives_the_same_bytes(tmp_path: Path) -> None:
    needs_voice("rms")
    pytest.importorskip("mediapipe.python.solutions", reason="needs ttsf[data]")
    pytest.importorskip("pocketsphinx", reason="alignment needs ttsf[data]")
    parts = real_parts(tmp_path / "parts")
    settings = OpenCorpusSettings(paces=True, clips_per_portrait=3, size=128)
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    records = build_open_corpus(parts, whole, settings)
    clips = {clip.name: clip for clip in read_manifest(whole)}
    check_clips(whole, clips)
    reasons = {refusal.source: refusal.reason for record in records for refusal in record.refused}
    assert reasons["portrait/flat.png"] == "no face"
    assert reasons["speech/c"] == "the speech does not fit its text"

    steps: list[tuple[int, int]] = []

    def stop(done: int, total: int) -> None:
        steps.append((done, total))
        if len(steps) == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_open_corpus(parts, stopped, settings, Parallel(progress=stop))
    assert not (stopped / "manifest.jsonl").exists()
    (stopped / "clips/.ttsf-1234.part").write_bytes(b"half")
    (stopped / "records/speech/a.json").unlink()
    build_open_corpus(parts, stopped, settings, Parallel(2))
    assert contents(stopped) == contents(whole)


def check_clips(folder: Path, clips: dict[str, Clip]) -> None:
    """Files, lengths, labels and origins of the small corpus."""
    kinds = [clip.made for clip in clips.values() if isinstance(clip.made, Animated)]
    assert len(kinds) == 3 and all(made.portrait == "portrait/face" for made in kinds)
    assert all(clips[made.speech].split == "train" for made in kinds)
    assert clips["portrait/face"].frames == 1
    assert clips["speech/b"].text == "my name is anna" and clips["speech/b"].phones
    assert {name for name in clips if name.startswith("speech/a")} == {
        "speech/a", "speech/a_slow", "speech/a_fast"
    }  # fmt: skip
    assert clips["speech/a_slow"].speaker == "a_slow"
    assert float(clips["speech/a_slow"].pitch_hz or 0) < float(clips["speech/a"].pitch_hz or 0)
    video = clips["video/talk"]
    assert video.text and video.voice_register == "low" and video.phones
    for clip in clips.values():
        for path in (clip.video, clip.audio, clip.labels, clip.phones):
            assert path is None or (folder / path).is_file()
        if isinstance(clip.made, Animated):
            with np.load(folder / str(clip.labels)) as saved:
                assert saved["labels"].shape == (clip.frames, len(LABELS))
            assert clip.samples == 640 * clip.frames
            assert (clip.made.lips == "tracked") == (clip.made.speech == "video/talk")
