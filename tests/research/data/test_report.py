"""The report of a corpus shows refusals with reasons, and escapes names."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from ttsf.research.data.clip_files import save_frames, save_samples
from ttsf.research.data.manifest import Animated, Clip, Recorded, Synthesised, read_manifest
from ttsf.research.data.records import Record, Refusal
from ttsf.research.data.report import Voice, finish, histogram, reason_kind, spread, voices_of


def test_names_and_texts_are_escaped(tmp_path: Path) -> None:
    frames = np.full((4, 64, 64, 3), 90, np.uint8)
    clip = Clip(
        name="a <b>",
        dataset="mine",
        speaker="ann & bob",
        split="train",
        frames=save_frames(tmp_path / "a.mp4", frames),
        samples=save_samples(tmp_path / "a.flac", np.zeros(4 * 640)),
        source="a.mp4",
        licence="CC0",
        made=Recorded(0.0, (0.0, 0.0, 64.0), 40.0, 0.5),
        video="a.mp4",
        audio="a.flac",
        text="<script>alert(1)</script>",
    )
    refused = [Refusal("<i>.mp4", 'too short: 0.5 s, then "cut" & <gone>')]
    finish(tmp_path, "Corpus <1> & more", [Record("a", [clip], refused), Record("b", [], [])])
    page = (tmp_path / "report.html").read_text()
    for wanted in (
        "<h1>Corpus &lt;1&gt; &amp; more</h1>",
        "<title>Corpus &lt;1&gt; &amp; more</title>",
        "a &lt;b&gt;, 0.2 s &lt;script&gt;alert(1)&lt;/script&gt;",
        "&lt;i&gt;.mp4: too short: 0.5 s, then &#34;cut&#34; &amp; &lt;gone&gt;",
        "2 files, 1 clips kept",
        "<td>1</td><td>too short</td>",
    ):
        assert wanted in page
    assert not any(tag in page for tag in ("<script", "<i>", "<gone>", "<b>", "http"))
    assert page.count("data:image/jpeg;base64,") == 1 and page.count("<svg") >= 3
    assert read_manifest(tmp_path) == [clip]
    assert (tmp_path / "refused.csv").read_text().count("\n") == 2


def test_every_voice_is_listed_with_its_minutes_pitch_and_licence(tmp_path: Path) -> None:
    recorded = Recorded(0.0, None, None, None)
    animated = Animated("face", "a", "visemes", "random", 0)
    base = Clip(
        name="a", dataset="mine", speaker="ann", split="train", frames=0, samples=16_000 * 90,
        source="a", licence="CC0", made=recorded, audio="a.flac", voice_register="high",
        pitch_hz=180.0,
    )  # fmt: skip
    frames = {"frames": 25, "samples": 16_000, "video": "c.mp4", "made": animated}
    clips = [
        base,
        replace(base, name="b", split="valid", licence="CC BY 4.0", pitch_hz=200.0),
        replace(base, name="d", speaker="bot", made=Synthesised("flite", "rms"), pitch_hz=None),
        replace(base, name="e", speaker="bot", made=Synthesised("flite", "rms"), pitch_hz=None),
        replace(base, name="c", speaker="face", **frames),
    ]
    assert voices_of(clips) == [
        Voice("bot", "spoken", 2, 3.0, 0.0, "", "high", "mine", "CC0"),
        Voice("ann", "recorded", 2, 1.5, 1.5, "190", "high", "mine", "CC0; CC BY 4.0"),
    ]
    finish(tmp_path, "Corpus", [Record("a", clips[:4], [])])
    rows = (tmp_path / "voices.csv").read_text().splitlines()
    assert rows[0].startswith("voice,kind,clips,train_minutes") and len(rows) == 3
    page = (tmp_path / "report.html").read_text()
    assert "<td>ann</td>" in page and "<td>CC0; CC BY 4.0</td>" in page


def test_bars_are_in_proportion() -> None:
    chart = histogram("x", [0.0, 0.0, 0.0, 0.0, 1.0])
    assert (chart.heights[0], chart.heights[-1], sum(chart.heights)) == (80.0, 20.0, 100.0)
    assert (chart.low, chart.high) == (0.0, 1.0)


def test_reasons_are_counted_without_their_numbers() -> None:
    assert reason_kind("the face is 31 px wide") == reason_kind("the face is 9.5 px wide")
    assert reason_kind("the video is cut: a.mp4") == "the video is cut"
    assert spread(range(10), 3) == [0, 3, 6] and spread([1], 3) == [1]
