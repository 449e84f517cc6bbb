"""Turn word times into readable subtitles: SubRip (.srt) and WebVTT (.vtt)."""

# ruff: noqa: RUF001 (dashes and quotes)

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from ttsf.timings.words import Word, WordTimes

LINE = 42  # characters per line
LINES = 2
SHORTEST_S, LONGEST_S = 1.0, 6.0
GAP_S = 0.04
"""Gap between two cues, s; it lets a viewer see that the text has changed."""
BREATH_S = 0.5
"""Pause that starts a new cue, s."""
_SENTENCE_END = re.compile(r"[.!?…][\"'”’»)\]]*$")
_PHRASE_END = re.compile(r"[,;:—–-][\"'”’»)\]]*$")


class Cue(NamedTuple):
    """Text shown for some time."""

    start_s: float
    end_s: float
    lines: tuple[str, ...]


class _Shown(NamedTuple):
    """A written token, and the time of the words spoken for it."""

    text: str
    start_s: float
    end_s: float
    said: str
    """The last of these words; only its full stop ends a sentence."""
    glued: bool
    """Whether no space precedes it."""

    @property
    def ends_line(self) -> bool:
        """Whether a line of the text ends here (an unwritten pause)."""
        return self.said[-1:] in tuple(".,;") and self.text[-1:].isalnum()


def cues(spoken: WordTimes, seconds: float) -> tuple[Cue, ...]:
    """Return ordered, non-overlapping cues of at most two lines of 42 characters.

    They break at sentence ends and long pauses, else at phrase ends, and last 1 to 6 s if the next
    cue and the end of the video leave room. A word longer than a line gets its own, unbroken.
    """
    groups = _long_enough(
        [part for group in _sentences(_shown(spoken.words)) for part in _parts(group)]
    )
    found = []
    for k, group in enumerate(groups):
        start_s = group[0].start_s
        room_s = groups[k + 1][0].start_s - GAP_S if k + 1 < len(groups) else seconds
        end_s = min(max(group[-1].end_s, start_s + SHORTEST_S), max(room_s, start_s + GAP_S))
        end_s = min(end_s, start_s + LONGEST_S, seconds)
        if end_s > start_s:
            found.append(Cue(start_s, end_s, _lines(group)))
    return tuple(found)


def srt(spoken: WordTimes, seconds: float) -> str:
    """Format a SubRip file."""
    return "".join(
        f"{k}\n{_stamp(cue.start_s, ',')} --> {_stamp(cue.end_s, ',')}\n{_text(cue)}\n\n"
        for k, cue in enumerate(cues(spoken, seconds), start=1)
    )


def vtt(spoken: WordTimes, seconds: float) -> str:
    """Format a WebVTT file."""
    escapes = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
    return "WEBVTT\n\n" + "".join(
        f"{_stamp(cue.start_s, '.')} --> {_stamp(cue.end_s, '.')}\n"
        f"{_text(cue).translate(escapes)}\n\n"
        for cue in cues(spoken, seconds)
    )


def _text(cue: Cue) -> str:
    return "\n".join(cue.lines)


def _stamp(seconds: float, point: str) -> str:
    """Format 1.5 as 00:00:01.500."""
    minutes, ms = divmod(round(seconds * 1000), 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{ms // 1000:02}{point}{ms % 1000:03}"


def _shown(words: Sequence[Word]) -> list[_Shown]:
    """Merge words that come from one written token."""
    found: list[_Shown] = []
    place = (-1, -1)
    for word in words:
        here = (word.start, word.end)
        if here == place and word.end > 0:
            found[-1] = found[-1]._replace(end_s=word.end_s, said=word.text)
            continue
        glued = 0 < word.start == place[1] and not found[-1].said.endswith(",")
        written = word.written or word.text
        found.append(_Shown(written, word.start_s, word.end_s, word.text, glued))
        place = here
    return found


def _sentences(shown: Sequence[_Shown]) -> list[list[_Shown]]:
    """Split at sentence ends and long pauses."""
    groups: list[list[_Shown]] = []
    for item in shown:
        last = groups[-1][-1] if groups else None
        if last is None or (
            not item.glued
            and (
                last.ends_line
                or _SENTENCE_END.search(last.said)
                or item.start_s - last.end_s > BREATH_S
            )
        ):
            groups.append([])
        groups[-1].append(item)
    return groups


def _parts(group: list[_Shown]) -> list[list[_Shown]]:
    """Split into as few cues as possible, preferably at phrase ends."""
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(group) + 1):
        costs = []
        for start in range(end - 1, -1, -1):
            part = group[start:end]
            if end - start > 1 and not _fits(part):
                break
            if end < len(group) and group[end].glued:
                continue
            phrase = end == len(group) or _PHRASE_END.search(part[-1].said) is not None
            short = part[-1].end_s - part[0].start_s < SHORTEST_S
            costs.append((best[start][0] + 1 + (0 if phrase else 0.6) + 0.5 * short, start))
        best.append(min(costs) if costs else (best[end - 1][0] + 2, end - 1))
    parts, end = [], len(group)
    while end:
        start = best[end][1]
        parts.append(group[start:end])
        end = start
    return parts[::-1]


def _long_enough(groups: list[list[_Shown]]) -> list[list[_Shown]]:
    """Merge groups that would be too short with the next or previous one, if they fit."""
    found: list[list[_Shown]] = []
    for k, group in enumerate(groups):
        if found and _fits(found[-1] + group):
            starts = [part[0].start_s for part in (found[-1], *groups[k : k + 2])]
            if any(b - GAP_S - a < SHORTEST_S for a, b in pairwise(starts)):
                found[-1] = found[-1] + group
                continue
        found.append(group)
    return found


def _fits(part: Sequence[_Shown]) -> bool:
    in_time = part[-1].end_s - part[0].start_s <= LONGEST_S
    return in_time and len(_lines(part)) <= LINES and max(map(len, _lines(part))) <= LINE


def _lines(part: Sequence[_Shown]) -> tuple[str, ...]:
    """Break into one line or two of similar length; more only if words are too long.

    Lines of the text stay separate.
    """
    for k, item in enumerate(part[:-1]):
        if item.ends_line:
            return (*_lines(part[: k + 1]), *_lines(part[k + 1 :]))
    pieces: list[str] = []
    for item in part:
        if item.glued and pieces:
            pieces[-1] += item.text
        else:
            pieces += item.text.split()
    text = " ".join(pieces)
    if len(text) <= LINE:
        return (text,)
    splits = [(" ".join(pieces[:k]), " ".join(pieces[k:])) for k in range(1, len(pieces))]
    if not splits:
        return (text,)
    return min(splits, key=_awkward)


def _awkward(lines: tuple[str, str]) -> float:
    """Cost of a line break: difference in length, reduced at a phrase end."""
    first, second = lines
    longest = max(len(first), len(second))
    return longest + 1000 * (longest > LINE) - 8 * (_PHRASE_END.search(first) is not None)
