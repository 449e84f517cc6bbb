"""Cues that people can read, in files that players can."""

import io
import re
from itertools import pairwise

import av
import pytest

from ttsf.config import SpeechConfig
from ttsf.text.front_end import TextFrontEnd
from ttsf.timings.subtitles import LINE, LONGEST_S, Cue, cues, srt, vtt
from ttsf.timings.words import Word, WordTimes


def talk(text: str, word_s: float = 0.3, pause_s: float = 0.0) -> tuple[WordTimes, float]:
    """Words of a text at an even pace, a pause after each sentence."""
    words, now = [], 0.2
    for match in re.finditer(r"\S+", text):
        words.append(Word(match[0], now, now + word_s, match.start(), match.end(), match[0]))
        now += word_s + (pause_s if match[0][-1] in ".!?" else 0)
    return WordTimes(tuple(words)), now + 0.3


STORY = (
    "Yes. It was the best of times, it was the worst of times, it was the age of wisdom, it was "
    "the age of foolishness. Who could say? A short one. Nobody who had been there would ever talk "
    "about what had happened on that long and rainy afternoon in November, and so it was forgotten."
)


@pytest.mark.parametrize("word_s", [0.15, 0.3, 0.9])
@pytest.mark.parametrize("pause_s", [0.0, 0.7])
def test_cues_can_be_read(word_s: float, pause_s: float) -> None:
    spoken, seconds = talk(STORY, word_s, pause_s)
    found = cues(spoken, seconds)
    assert " ".join(" ".join(cue.lines) for cue in found) == STORY
    assert all(len(cue.lines) <= 2 and max(map(len, cue.lines)) <= LINE for cue in found)
    assert all(cue.end_s - cue.start_s <= LONGEST_S + 1e-9 for cue in found)
    assert all(a.end_s <= b.start_s for a, b in pairwise(found))
    assert found[0].start_s == pytest.approx(0.2) and found[-1].end_s <= seconds
    if pause_s:
        assert all(cue.end_s - cue.start_s >= 1 for cue in found[:-1])


def test_cues_break_where_the_speech_does() -> None:
    spoken, seconds = talk(STORY, 0.3, 0.8)
    lines = [" ".join(cue.lines) for cue in cues(spoken, seconds)]
    assert lines[0] == "Yes." and "Who could say?" in lines and "A short one." in lines
    assert all(line[-1] in ",.?" or len(line) > 40 for line in lines)


def test_what_is_written_is_shown_once() -> None:
    words = (
        Word("Doctor", 0.0, 0.4, 0, 3, "Dr."),
        Word("No", 0.4, 0.8, 4, 6, "No"),
        Word("seven", 0.8, 1.2, 7, 12, "7:30."),
        Word("thirty.", 1.2, 1.6, 7, 12, "7:30."),
        Word("x", 2.0, 2.2, 13, 14, "x"),
        Word("squared", 2.2, 2.6, 14, 16, "²."),
    )
    assert [cue.lines for cue in cues(WordTimes(words), 5.0)] == [("Dr. No 7:30.",), ("x².",)]


def test_short_cues_stay_for_a_second_or_join_the_next() -> None:
    words = (Word("No.", 0.0, 0.2), Word("No!", 0.5, 0.7), Word("No?", 3.0, 3.2))
    assert cues(WordTimes(words), 3.5) == (Cue(0.0, 1.0, ("No. No!",)), Cue(3.0, 3.5, ("No?",)))


def test_a_word_longer_than_a_line_stays_whole() -> None:
    word = "a" * 100
    spoken, seconds = talk(f"See {word} here.")
    assert any(word in cue.lines for cue in cues(spoken, seconds))
    assert cues(WordTimes(()), 3.0) == ()


def test_files_hold_the_cues() -> None:
    spoken, seconds = talk("Café & <b>naïve</b> — “yes”. " + STORY)
    expected = cues(spoken, seconds)
    for content, kind in ((srt(spoken, seconds), "srt"), (vtt(spoken, seconds), "webvtt")):
        with av.open(io.BytesIO(content.encode()), format=kind) as container:
            packets = [packet for packet in container.demux() if packet.size]
        read = [
            Cue(float(p.pts * p.time_base), float((p.pts + p.duration) * p.time_base), ())
            for p in packets
        ]
        assert len(read) == len(expected)
        for got, cue in zip(read, expected, strict=True):
            assert got.start_s == pytest.approx(cue.start_s, abs=6e-4)
            assert got.end_s == pytest.approx(cue.end_s, abs=2e-3)
        texts = [bytes(packet).decode().replace("\r", "") for packet in packets]
        if kind == "webvtt":
            texts = [
                t.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") for t in texts
            ]
        assert [tuple(text.split("\n")) for text in texts] == [cue.lines for cue in expected]


@pytest.mark.parametrize(
    "text", ["Look --> there & < here.", "a" * 80 + " ends.", 'Yes 😀 "quoted" $5.', "1\n\n2 <i>x"]
)
def test_no_text_breaks_a_file(text: str) -> None:
    words = tuple(Word(w, 0.5 * k, 0.5 * k + 0.5) for k, w in enumerate(text.split()))
    spoken, seconds = WordTimes(words), 0.5 * len(words)
    for content, kind in ((srt(spoken, seconds), "srt"), (vtt(spoken, seconds), "webvtt")):
        with av.open(io.BytesIO(content.encode()), format=kind) as container:
            packets = [packet for packet in container.demux() if packet.size]
        assert len(packets) == len(cues(spoken, seconds))
        times = re.findall(r"^\S+ --> \S+$", content, re.MULTILINE)
        assert content.count("-->") == len(times) + (kind == "srt") * text.count("-->")


def test_stamps() -> None:
    words = (Word("Late.", 3661.5, 3662.0),)
    assert srt(WordTimes(words), 4000.0) == "1\n01:01:01,500 --> 01:01:02,500\nLate.\n\n"
    assert vtt(WordTimes(words), 4000.0) == (
        "WEBVTT\n\n01:01:01.500 --> 01:01:02.500\nLate.\n\n"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Hi **Bob**!", ["Hi Bob!"]),
        ("{\\an8}Top of it.", ["Top of it."]),
        ("It is &lt;5 &amp; more&nbsp;<b>now</b>.", ["It is <5 & more now."]),
        ("# Plan\n\nWe `go` [home](https://a.example).", ["Plan", "We go home."]),
        ("- milk\n- eggs\n- bread", ["milk", "eggs", "bread"]),
        ("|a|b|\n|---|---|\n|1|$5|", ["a, b", "1, $5"]),
        ("Run:\n```\nls -la\n```\nDone.", ["Run: Code block.", "Done."]),
        ("<think>Hm.</think>Yes【4†x】, “sure”…", ["Yes, “sure”…"]),
        ("Café Nguyễn costs ½ of $5.", ["Café Nguyễn costs ½ of $5."]),
    ],
)
def test_what_is_said_is_shown_without_marks(text: str, shown: list[str]) -> None:
    words, now = [], 0.0
    for utterance in TextFrontEnd(SpeechConfig()).utterances(text):
        for said, written, (start, end) in zip(
            utterance.words, utterance.written, utterance.places, strict=True
        ):
            words.append(Word(said, now, now + 0.4, start, end, written))
            now += 0.4
    found = cues(WordTimes(tuple(words)), now)
    assert [line for cue in found for line in cue.lines] == shown


def test_lines_of_the_text_stay_apart_in_one_cue() -> None:
    spoken = WordTimes(
        tuple(
            Word(f"{word},", 0.2 * k, 0.2 * k + 0.2, 6 * k, 6 * k + 4, word)
            for k, word in enumerate(("milk", "eggs"))
        )
    )
    assert [cue.lines for cue in cues(spoken, 3.0)] == [("milk", "eggs")]
