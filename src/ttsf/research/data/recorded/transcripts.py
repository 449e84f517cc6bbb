"""Sec. 4.1: read transcripts beside videos, and choose where to cut the videos.

Formats: the `.txt` of LRS2 and LRS3, any other `.txt` as plain words, SubRip `.srt` and GRID
`.align`. Texts stay as written apart from marks of noise and layout; `TextFrontEnd.normalize`
turns them into plain words later.
"""

import html
import math
import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from ttsf.errors import TtsfError
from ttsf.media.files import read_text
from ttsf.research.data.settings import SHORTEST_S

TRANSCRIPT_SUFFIXES = (".srt", ".align", ".txt")
"""Transcript suffixes, in order of precedence."""
MARGIN_S = 0.1
"""Margin before the first and after the last word of a piece, s."""
GRID_UNITS_PER_S = 25_000
"""Time unit of GRID: samples at 25 kHz."""
GRID_SILENCE = ("sil", "sp")

_MARK = re.compile(r"\{[^{}]*\}")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_SOUND = re.compile(r"\[[^\[\]]*\]")
_SPEAKER_DASH = re.compile(r"^\s*(?:[-–—]+|>>+)\s*(?!\d)")  # noqa: RUF001
_CLOCK = r"(\d+):([0-5]\d):([0-5]\d)[,.](\d{1,3})"
_CUE_TIMES = re.compile(rf"\s*{_CLOCK}\s*-->\s*{_CLOCK}(?!\d)")
_WORD_TABLE = re.compile(r"WORD\s+START\s+END\b")


class Word(NamedTuple):
    """Text spoken between two times, s from the start of the video."""

    text: str
    start_s: float
    end_s: float


class Piece(NamedTuple):
    """A part of a video that becomes one clip."""

    start_s: float
    """Start in the video, s."""
    end_s: float | None
    """End in the video, s; None: the end of the video."""
    text: str | None
    """Text as written, without marks; None if unknown."""


@dataclass(frozen=True)
class Transcript:
    """Content of a transcript file."""

    text: str | None
    """The whole text in one line; None for an empty file."""
    words: tuple[Word, ...] = ()
    """Single words in the order of their begins, where the file has their times."""
    cues: tuple[Word, ...] = ()
    """Subtitles in the order of their begins; the text of one may be empty."""


def read_transcript(path: Path) -> Transcript:
    """Read a `.txt`, `.srt` or `.align` in UTF-8 with or without a byte-order mark.

    Raises TtsfError for another suffix, an unreadable file, and, with the line's number, for a
    row that is not as the format wants it.
    """
    suffix = path.suffix.lower()
    if suffix not in TRANSCRIPT_SUFFIXES:
        raise TtsfError(f"{path}: a transcript must end in {' or '.join(TRANSCRIPT_SUFFIXES)}")
    lines = read_text(path).splitlines()
    if suffix == ".srt":
        return _read_srt(path, lines)
    if suffix == ".align":
        return _read_align(path, lines)
    if _is_lrs(lines):
        return _read_lrs(path, lines)
    return plain_transcript(" ".join(lines))


def plain_transcript(words: str) -> Transcript:
    """Make a transcript of words without times."""
    return Transcript(_speech(words) or None)


def cut(transcript: Transcript | None, duration_s: float, longest_s: float) -> list[Piece]:
    """Cut a video of `duration_s` so that no piece with text is longer than `longest_s`.

    - Subtitles: a piece for each. One ends where the next begins and with the video; those under
      SHORTEST_S or over `longest_s`, without text, or after the video's end are left out.
    - A video that is short enough: one piece with the whole text.
    - Words with times: pieces cut in the longest pauses, with at most MARGIN_S around the words
      and at most half of the pause to the neighbour; a piece ends where the next begins. Words
      that last past the video's end and pieces under SHORTEST_S are left out, as is a word longer
      than `longest_s`.
    - Otherwise one piece of the whole video without a text, for the caller to cut.

    The list is empty where there are times but no piece is left.
    """
    if transcript is None:
        return [Piece(0.0, None, None)]
    if transcript.cues:
        return _cut_cues(transcript.cues, duration_s, longest_s)
    if transcript.text and duration_s <= longest_s:
        return [Piece(0.0, None, transcript.text)]
    if transcript.words:
        return _cut_words(transcript.words, duration_s, longest_s)
    return [Piece(0.0, None, None)]


def _cut_cues(cues: tuple[Word, ...], duration_s: float, longest_s: float) -> list[Piece]:
    spoken = [cue for cue in cues if cue.text]
    ends = [min(cue.end_s, after.start_s) for cue, after in pairwise(spoken)]
    ends += [cue.end_s for cue in spoken[-1:]]
    pieces = [
        Piece(cue.start_s, min(end_s, duration_s), cue.text)
        for cue, end_s in zip(spoken, ends, strict=True)
    ]
    return [piece for piece in pieces if SHORTEST_S <= _length(piece) <= longest_s]


def _cut_words(words: tuple[Word, ...], duration_s: float, longest_s: float) -> list[Piece]:
    """Halve at the widest pause until all pieces fit."""
    past_end = (i for i, word in enumerate(words) if word.end_s > duration_s + MARGIN_S)
    pieces, open_ranges = [], [(0, next(past_end, len(words)))]
    while open_ranges:
        first, stop = open_ranges.pop()
        if first == stop:
            continue
        piece = _piece(words, first, stop, duration_s)
        if _length(piece) <= longest_s:
            pieces.append(piece)
        elif stop - first > 1:
            middle = _widest_pause(words, first, stop, longest_s / 4)
            open_ranges += [(middle, stop), (first, middle)]
    return [piece for piece in pieces if _length(piece) >= SHORTEST_S]


def _piece(words: tuple[Word, ...], first: int, stop: int, duration_s: float) -> Piece:
    """Make a piece of the words [first, stop) with margins."""
    start_s = max(0.0, words[first].start_s - MARGIN_S)
    end_s = min(words[stop - 1].end_s + MARGIN_S, duration_s)
    if first:
        start_s = max(start_s, _border(words, first))
    if stop < len(words):
        end_s = min(end_s, _border(words, stop))
    return Piece(start_s, end_s, " ".join(word.text for word in words[first:stop]))


def _border(words: tuple[Word, ...], i: int) -> float:
    """Return the middle of the pause before a word, or its start if there is no pause, s."""
    return min((words[i - 1].end_s + words[i].start_s) / 2, words[i].start_s)


def _widest_pause(words: tuple[Word, ...], first: int, stop: int, least_s: float) -> int:
    """Index of the word after the pause. Both sides keep at least `least_s` where possible, and
    of equal pauses the one nearest to the middle wins."""
    begin_s, end_s = words[first].start_s, words[stop - 1].end_s

    def worth(i: int) -> tuple[bool, float, float]:
        left_s, right_s = words[i - 1].end_s - begin_s, end_s - words[i].start_s
        pause_s = round(words[i].start_s - words[i - 1].end_s, 3)
        return min(left_s, right_s) >= least_s, max(0.0, pause_s), -abs(left_s - right_s)

    return max(range(first + 1, stop), key=worth)


def _length(piece: Piece) -> float:
    """Return the length of a piece, rounded to 1 us so that 2.5 s - 2.0 s is exactly 0.5 s."""
    assert piece.end_s is not None
    return round(piece.end_s - piece.start_s, 6)


def _is_lrs(lines: list[str]) -> bool:
    head = next((line for line in lines if line.strip()), "")
    return head.startswith("Text:") and any(
        line.startswith("Conf:") or _WORD_TABLE.match(line) for line in lines
    )


def _read_lrs(path: Path, lines: list[str]) -> Transcript:
    """Read LRS texts, lower-cased, since capitals would be spelled out."""
    text, rows, in_words = "", [], False
    for number, line in enumerate(lines, start=1):
        if line.startswith("Text:") and not text:
            text = _speech(_MARK.sub(" ", line.removeprefix("Text:"))).lower()
        elif _WORD_TABLE.match(line):
            in_words = True
        elif in_words and line.strip():
            row = line.split()
            if len(row) not in (3, 4):
                raise _wrong(path, number, "WORD START END ASDSCORE", line)
            rows.append((number, row[0], row[1], row[2]))
    timed = _words(path, rows, per_second=1)
    spoken = [word._replace(text=_speech(_MARK.sub(" ", word.text)).lower()) for word in timed]
    words = tuple(word for word in spoken if word.text)
    return Transcript(text or " ".join(word.text for word in words) or None, words)


def _read_align(path: Path, lines: list[str]) -> Transcript:
    rows = []
    for number, line in enumerate(lines, start=1):
        row = line.split()
        if row and len(row) != 3:
            raise _wrong(path, number, "START END WORD", line)
        if row:
            rows.append((number, row[2], row[0], row[1]))
    timed = _words(path, rows, GRID_UNITS_PER_S)
    words = tuple(word for word in timed if word.text not in GRID_SILENCE)
    return Transcript(" ".join(word.text for word in words) or None, words)


def _read_srt(path: Path, lines: list[str]) -> Transcript:
    """Read cues: the text between two lines of times, without the next cue's number."""
    at = [i for i, line in enumerate(lines) if "-->" in line]
    if not any(line.strip() for line in lines):
        return Transcript(None)
    if not at:
        raise TtsfError(f"{path}: no times such as '00:00:01,000 --> 00:00:02,500' in it")
    cues = []
    for here, following in zip(at, [*at[1:], len(lines)], strict=True):
        times = _CUE_TIMES.match(lines[here])
        if times is None:
            raise _wrong(path, here + 1, "00:00:01,000 --> 00:00:02,500", lines[here])
        start_s, end_s = _seconds(*times.groups()[:4]), _seconds(*times.groups()[4:])
        if start_s > end_s:
            raise TtsfError(f"{path}, line {here + 1}: the subtitle ends before it begins")
        body = lines[here + 1 : following]
        if following < len(lines) and body and body[-1].strip().isdecimal():
            body = body[:-1]
        cues.append(Word(_speech(" ".join(map(_plain, body))), start_s, end_s))
    cues.sort(key=lambda cue: cue.start_s)
    return Transcript(" ".join(cue.text for cue in cues if cue.text) or None, cues=tuple(cues))


def _plain(line: str) -> str:
    """Strip tags, positions, [sounds] and speaker dashes from a subtitle line."""
    untagged = _SOUND.sub(" ", _TAG.sub("", _MARK.sub("", line)))
    return _SPEAKER_DASH.sub("", html.unescape(untagged))


def _seconds(hours: str, minutes: str, seconds: str, fraction: str) -> float:
    return int(hours) * 3600 + int(minutes) * 60 + float(f"{int(seconds)}.{fraction}")


def _words(path: Path, rows: list[tuple[int, str, str, str]], per_second: int) -> list[Word]:
    """Build words from line numbers, texts, starts and ends, as written.

    Raises TtsfError that names the line for times that make no sense.
    """
    words: list[Word] = []
    for number, text, start, end in rows:
        try:
            word = Word(text, float(start) / per_second, float(end) / per_second)
        except ValueError:
            raise _wrong(path, number, "two times", f"{start} {end}") from None
        if not all(0 <= time < math.inf for time in (word.start_s, word.end_s)):
            raise _wrong(path, number, "two times from 0 on", f"{start} {end}")
        if word.start_s > word.end_s:
            raise TtsfError(f"{path}, line {number}: '{text}' ends before it begins")
        if words and word.start_s < words[-1].start_s:
            raise TtsfError(f"{path}, line {number}: '{text}' begins before the word above it")
        words.append(word)
    return words


def _wrong(path: Path, number: int, wanted: str, found: str) -> TtsfError:
    return TtsfError(f"{path}, line {number}: expected {wanted}, found '{found.strip()[:60]}'")


def _speech(text: str) -> str:
    """Join to one line; empty if it has neither letters nor digits."""
    return " ".join(text.split()) if re.search(r"[^\W_]", text) else ""
