"""Timings for other programs: each parses, runs forward and stays inside the video."""

# ruff: noqa: RUF001

import json
from itertools import pairwise
from pathlib import Path
from typing import get_args

import pytest

from ttsf.config import FPS, SpeechConfig
from ttsf.errors import TtsfError
from ttsf.text.front_end import TextFrontEnd
from ttsf.text.word_times import word_times
from ttsf.timings.files import (
    TimingsFormat,
    check_subtitles_name,
    check_timings_name,
    subtitles,
    timings,
)
from ttsf.timings.words import WordTimes

TEXT = """<speak>Café <mark name="here"/>costs $5 at <phoneme ph="sˈɛvən">7</phoneme>.
Naïve <sub alias="doctor">Dr.</sub> No—really? AT&amp;T!</speak>"""
HOP_S = 0.01


def talk(text: str) -> tuple[WordTimes, float]:
    """As an engine would say it: 60 ms a symbol, 0.4 s between utterances."""
    words, phones, marks, now = (), (), (), 0.0
    for utterance in TextFrontEnd(SpeechConfig()).utterances(text):
        found = word_times(utterance, [3] * len(utterance.ids), now, HOP_S)
        words, phones, marks = words + found.words, phones + found.phones, marks + found.marks
        now += 3 * HOP_S * len(utterance.ids) + 0.4
    return WordTimes(words, phones, marks), round(now * FPS) / FPS


SPOKEN, SECONDS = talk(TEXT)


def forward(times: list[float]) -> bool:
    return all(a <= b for a, b in pairwise(times)) and times[0] >= 0 and times[-1] <= SECONDS


def test_master_file() -> None:
    content = json.loads(timings(TEXT, SPOKEN, SECONDS, FPS))
    assert (content["version"], content["fps"], content["duration"]) == (1, FPS, SECONDS)
    assert content["text"] == TEXT
    for kind in ("words", "phones", "visemes"):
        assert forward([t for item in content[kind] for t in (item["start"], item["end"])])
    words = {w["text"]: TEXT[w["start_char"] : w["end_char"]] for w in content["words"]}
    assert words["Café"] == "Café" and words["five"] == words["dollars"] == "$5"
    assert words["doctor"] == "Dr."
    seven = next(k for k, w in enumerate(content["words"]) if w["text"].startswith("7"))
    phones = [p for p in content["phones"] if p["word"] == seven]
    assert [(p["ipa"], p["stress"]) for p in phones] == [
        ("s", 0), ("ɛ", 1), ("v", 0), ("ə", 0), ("n", 0)
    ]  # fmt: skip
    assert {v["name"] for v in content["visemes"]} >= {"sil", "kk", "FF", "SS"}
    assert content["visemes"][0]["start"] == 0 and content["visemes"][-1]["end"] == SECONDS
    costs = next(w for w in content["words"] if w["text"] == "costs")
    assert content["marks"] == [{"name": "here", "at": costs["start"]}]


def test_rhubarb() -> None:
    content = json.loads(timings(TEXT, SPOKEN, SECONDS, FPS, "rhubarb"))
    cues = content["mouthCues"]
    assert content["metadata"]["duration"] == SECONDS
    assert {cue["value"] for cue in cues} <= set("ABCDEFGHX")
    assert all(a["end"] == b["start"] for a, b in pairwise(cues))
    assert cues[0]["start"] == 0 and cues[-1]["end"] == SECONDS


def test_polly() -> None:
    lines = timings(TEXT, SPOKEN, SECONDS, FPS, "polly").splitlines()
    marks = [json.loads(line) for line in lines]
    assert forward([mark["time"] / 1000 for mark in marks])
    source = TEXT.encode()
    words = [mark for mark in marks if mark["type"] == "word"]
    for mark in (*words, *(m for m in marks if m["type"] == "sentence")):
        assert source[mark["start"] : mark["end"]].decode() == mark["value"]
    assert [word["value"] for word in words][:4] == ["Café", "costs", "$5", "at"]
    assert len([m for m in marks if m["type"] == "sentence"]) == 3
    assert [m["value"] for m in marks if m["type"] == "ssml"] == ["here"]
    assert {m["value"] for m in marks if m["type"] == "viseme"} <= set("pTtSsfkiru@aeEoO") | {"sil"}


def test_elevenlabs() -> None:
    alignment = json.loads(timings(TEXT, SPOKEN, SECONDS, FPS, "elevenlabs"))["alignment"]
    starts = alignment["character_start_times_seconds"]
    ends = alignment["character_end_times_seconds"]
    assert "".join(alignment["characters"]) == TEXT and len(starts) == len(ends) == len(TEXT)
    assert forward(starts) and forward(ends)
    assert all(a <= b for a, b in zip(starts, ends, strict=True))
    word = SPOKEN.words[1]
    assert starts[TEXT.index("costs")] == pytest.approx(word.start_s, abs=1e-4)
    assert ends[TEXT.index("costs") + 4] == pytest.approx(word.end_s, abs=1e-4)


def test_silence_has_every_format_too() -> None:
    for kind in get_args(TimingsFormat):
        assert timings("", WordTimes(()), 1.0, FPS, kind).endswith("\n") or kind == "polly"


def test_names_say_the_format() -> None:
    assert subtitles(Path("a.SRT"), SPOKEN, SECONDS).startswith("1\n")
    assert subtitles(Path("a.vtt"), SPOKEN, SECONDS).startswith("WEBVTT")
    check_timings_name(Path("a.json"))
    with pytest.raises(TtsfError, match=r"a\.txt: the name must end in \.srt or \.vtt"):
        check_subtitles_name(Path("a.txt"))
    with pytest.raises(TtsfError, match=r"a\.csv: the name must end in \.json"):
        check_timings_name(Path("a.csv"))


@pytest.mark.parametrize(
    "text",
    [
        "Café 😀 is naïve.",
        "👨‍👩‍👧‍👦 A family, 👍🏽 and 🇩🇪.",
        "e\u0301 and a\u030a, once.",
        "Say 你 or Ж to 1 < 2.",
    ],
)
def test_counts_agree_for_letters_of_several_bytes(text: str) -> None:
    spoken, seconds = talk(text)
    alignment = json.loads(timings(text, spoken, seconds, FPS, "elevenlabs"))["alignment"]
    assert "".join(alignment["characters"]) == text
    assert {len(alignment[f"character_{k}_times_seconds"]) for k in ("start", "end")} == {len(text)}
    source = text.encode()
    marks = map(json.loads, timings(text, spoken, seconds, FPS, "polly").splitlines())
    words = [mark for mark in marks if mark["type"] in ("word", "sentence")]
    assert words
    assert all(source[m["start"] : m["end"]].decode() == m["value"] for m in words)
