"""Export timings: our master JSON, and the formats of three other tools."""

# ruff: noqa: RUF001 (the letters of IPA look like others)

import json
from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from ttsf.timings.visemes import visemes
from ttsf.timings.words import WordTimes

VERSION = 1
STRESS = {"ˈ": 1, "ˌ": 2}
"""Stress marks: primary 1, secondary 2."""


def timings_json(text: str, spoken: WordTimes, seconds: float, fps: int) -> str:
    """Format the master file: words with their text positions, phones, Oculus visemes.

    Times are seconds. `start_char` and `end_char` of a word count Unicode characters of `text`;
    `word` of a phone is the index of its word; visemes follow each other from 0 to the end.
    """
    starts = [word.start_s for word in spoken.words]
    content: dict[str, Any] = {
        "version": VERSION,
        "duration": _round(seconds),
        "fps": fps,
        "text": text,
        "words": word_entries(spoken),
        "phones": [
            {
                "ipa": phone.ipa.lstrip("ˈˌ"),
                "stress": STRESS.get(phone.ipa[0], 0),
                "start": _round(phone.start_s),
                "end": _round(phone.end_s),
                "word": bisect_right(starts, phone.start_s) - 1,
            }
            for phone in spoken.phones
        ],
        "visemes": [
            {"name": name, "start": _round(start_s), "end": _round(end_s)}
            for name, start_s, end_s in visemes(spoken.phones, seconds)
        ],
        "marks": [{"name": name, "at": _round(at_s)} for name, at_s in spoken.marks],
    }
    return _lines(content)


def word_entries(spoken: WordTimes) -> list[dict[str, Any]]:
    """Return the words in the form of the master file."""
    return [
        {
            "text": word.text,
            "start": _round(word.start_s),
            "end": _round(word.end_s),
            "start_char": word.start,
            "end_char": word.end,
        }
        for word in spoken.words
    ]


def rhubarb_json(spoken: WordTimes, seconds: float) -> str:
    """Format Rhubarb Lip Sync JSON: mouths A to H, and X for rest, without gaps."""
    mouths = visemes(spoken.phones, seconds, "rhubarb")
    content = {
        "metadata": {"soundFile": "", "duration": round(seconds, 2)},
        "mouthCues": [
            {"start": round(start_s, 2), "end": round(end_s, 2), "value": name}
            for name, start_s, end_s in mouths
            if round(end_s, 2) > round(start_s, 2)
        ],
    }
    return json.dumps(content, indent=2) + "\n"


def polly_lines(text: str, spoken: WordTimes, seconds: float) -> str:
    """Format Amazon Polly speech marks: a JSON object per line, sorted by time in ms.

    `start` and `end` count UTF-8 bytes of `text`, as Polly does.
    """
    place = _bytes(text)
    marks: list[tuple[int, int, dict[str, Any]]] = []
    for begin, end in _sentences(spoken):
        words = spoken.words[begin:end]
        first, last = words[0].start, max(word.end for word in words)
        value = {"start": place[first], "end": place[last], "value": text[first:last]}
        marks.append((_ms(words[0].start_s), 0, {"type": "sentence", **value}))
    for name, at_s in spoken.marks:
        marks.append((_ms(at_s), 1, {"type": "ssml", "value": name}))
    written = (-1, -1)
    for word in spoken.words:
        if (word.start, word.end) != written:
            written = (word.start, word.end)
            value = {
                "start": place[word.start],
                "end": place[word.end],
                "value": text[word.start : word.end],
            }
            marks.append((_ms(word.start_s), 2, {"type": "word", **value}))
    for name, start_s, _ in visemes(spoken.phones, seconds, "polly"):
        marks.append((_ms(start_s), 3, {"type": "viseme", "value": name}))
    marks.sort(key=lambda mark: mark[:2])
    return "".join(
        json.dumps({"time": time, **mark}, ensure_ascii=False) + "\n" for time, _, mark in marks
    )


def elevenlabs_json(text: str, spoken: WordTimes, seconds: float) -> str:
    """Format the `alignment` of ElevenLabs: a start and an end for every character of the text.

    The characters of a word share its time equally; characters between two words share the gap.
    """
    starts, ends = _character_times(len(text), spoken, seconds)
    content = {
        "alignment": {
            "characters": list(text),
            "character_start_times_seconds": starts,
            "character_end_times_seconds": ends,
        }
    }
    return json.dumps(content, ensure_ascii=False) + "\n"


def _character_times(
    count: int, spoken: WordTimes, seconds: float
) -> tuple[list[float], list[float]]:
    """Return start and end times of all characters, non-decreasing."""
    known: list[tuple[int, float]] = [(0, 0.0)]
    for word in spoken.words:
        for place, time_s in ((word.start, word.start_s), (word.end, word.end_s)):
            if place > known[-1][0]:
                known.append((place, time_s))
            elif place == known[-1][0]:
                known[-1] = (place, max(time_s, known[-1][1]))
    if count > known[-1][0]:
        known.append((count, seconds))
    times: list[float] = []
    for (a, start_s), (b, end_s) in pairwise(known):
        times += [start_s + (end_s - start_s) * k / (b - a) for k in range(b - a)]
    times = [_round(min(time_s, seconds)) for time_s in times]
    return times, [*times[1:], _round(seconds)][: len(times)]


def _sentences(spoken: WordTimes) -> list[tuple[int, int]]:
    """Return the word range [begin, end) of each sentence."""
    ends = [k + 1 for k, w in enumerate(spoken.words) if w.text.rstrip("\"')]}")[-1:] in ".!?…"]
    edges = sorted({0, *ends, len(spoken.words)})
    return list(pairwise(edges))


def _bytes(text: str) -> list[int]:
    """Return the UTF-8 byte offset of each character, and the total."""
    places = [0]
    for c in text:
        places.append(places[-1] + len(c.encode()))
    return places


def _lines(content: dict[str, Any]) -> str:
    """Format JSON with one list entry per line."""
    rows = []
    for key, value in content.items():
        if isinstance(value, Sequence) and not isinstance(value, str) and value:
            items = ",\n".join("    " + json.dumps(item, ensure_ascii=False) for item in value)
            rows.append(f"  {json.dumps(key)}: [\n{items}\n  ]")
        else:
            rows.append(f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}")
    return "{\n" + ",\n".join(rows) + "\n}\n"


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _round(seconds: float) -> float:
    """Round to 0.1 ms."""
    return round(seconds, 4)
