"""Cut a text that arrives in pieces into parts that can be spoken before the rest is known."""

# ruff: noqa: RUF001 (dashes and quotes)

import re
from typing import NamedTuple

from ttsf.text.english.marks.blocks import THOUGHTS
from ttsf.text.markup.brackets import EXPRESSION
from ttsf.text.markup.sentences import LONGEST, first_end

FENCE = "```"
LONGEST_FENCE = 8_000
"""Characters; a block of code that is open for longer is read like other text."""
LONGEST_MARK = 250
"""Characters that an open bracket of the markup can hold back."""
_SSML = "<speak"
_THOUGHT = re.compile(rf"<{THOUGHTS}>", re.I)
_THOUGHT_END = re.compile(rf"</{THOUGHTS}>", re.I)
_LAST_MARKS = re.compile(rf"(?:{EXPRESSION.pattern}\s*+)++\Z", EXPRESSION.flags)
_LONGEST_TAG = 20
"""Characters; more than the longest tag of thoughts has."""
_PARAGRAPH = re.compile(r"\S[^\S\n]*\n\s*\n")
_CLAUSE = re.compile(r"(?<=[^\W\d_]{2})(?:[,;:]|\s[—–])\s+(?=[a-z]{2,}\W)")
_PLAIN = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


class Clause(NamedTuple):
    """A part of a text whose reading no later piece can change."""

    text: str
    start: int
    """Index of its first character in the whole text."""
    ends: bool
    """False if the sentence continues in the next clause."""


class Clauses:
    """Collects pieces of any size, and yields whole sentences.

    The first part may be a clause, so that speech can begin early: three or more plain words up to
    a comma, semicolon, colon or dash that a lower-case word follows. A sentence counts as
    complete once the next word is complete, which decides whether its full stop belongs to an
    abbreviation.
    SSML is held back until the text ends, a block of code until it is closed. A model's thoughts,
    from a <think> before a sentence to </think> or the end of the text, are left out.
    """

    def __init__(self) -> None:
        self._text, self._start, self._first = "", 0, True
        self._thought = ""  # name of the tag of the thought that is going on
        self._marks = ""  # before that thought, for the words after it

    @property
    def pending(self) -> str:
        """Text that no returned clause contains yet, and that may still be returned."""
        return "" if self._thought else self._text

    def add(self, piece: str) -> list[Clause]:
        """Append a piece; return the clauses that it completes."""
        self._text += piece
        found = self._without_thoughts(len(piece))
        # all that completes a clause follows a piece of letters
        if self._thought or (piece.isalnum() and len(self._text) <= LONGEST):
            return found
        return found + self._take(whole=False)

    def finish(self) -> list[Clause]:
        """Return the rest."""
        if self._thought:
            self._drop(len(self._text))
            self._thought = ""
        return self._take(whole=True)

    def replace(self, text: str, start: int | None = None) -> list[Clause]:
        """Replace everything from character `start` on (None: everything pending) by `text`."""
        self._text, self._start = "", self._start if start is None else start
        self._thought = ""
        return self.add(text)

    def _without_thoughts(self, added: int) -> list[Clause]:
        """Leave out thoughts; return the clauses before them. added: characters that are new."""
        found, since = list[Clause](), max(0, len(self._text) - added - _LONGEST_TAG)
        while True:
            if self._thought:
                ends = _THOUGHT_END.finditer(self._text)
                end = next((one for one in ends if one[1].lower() == self._thought), None)
                if end is None:
                    self._drop(max(0, len(self._text) - _LONGEST_TAG))
                    return found
                self._text = self._marks + self._text[end.end() :]
                self._start += end.end() - len(self._marks)
                self._thought, since = "", 0
            begin = _THOUGHT.search(self._text, since)
            if begin is None:
                return found
            if not self._may_begin_thought(begin.start()):
                since = begin.end()
                continue
            after = self._text[begin.end() :]
            before = self._text[: begin.start()]
            marks = _LAST_MARKS.search(before)
            self._text = before[: marks.start()] if marks else before
            found += self._take(whole=True)
            self._marks = marks[0] if marks else ""
            self._start += len(self._marks) + begin.end() - begin.start()
            self._text = after
            self._thought = begin[1].lower()

    def _may_begin_thought(self, place: int) -> bool:
        """Whether a tag there is no mere mention: a line or a sentence begins, outside of code."""
        before = self._text[:place].rstrip(" \t")
        return before.count(FENCE) % 2 == 0 and (not before or before[-1] in "\n.!?…:>)]\"'”’")

    def _drop(self, count: int) -> None:
        self._text, self._start = self._text[count:], self._start + count

    def _take(self, whole: bool) -> list[Clause]:
        found, begin, done = list[Clause](), 0, 0
        while done < len(self._text):
            length, ends = self._next(done)
            if length is None:
                if not whole:
                    break
                length, ends = len(self._text) - done, True
            done += length
            part = self._text[begin:done]
            spoken, marks = EXPRESSION.subn("", part)
            if any(c.isalnum() for c in spoken):
                found.append(Clause(part, self._start + begin, ends))
                self._first = False
            elif marks:
                continue  # they belong to the words that follow
            begin = done
        begin = done if whole else begin
        self._text, self._start = self._text[begin:], self._start + begin
        return found

    def _next(self, start: int) -> tuple[int | None, bool]:
        """Return the length of the next clause (None: not complete), and whether it ends."""
        view = self._text[start : start + 2 * LONGEST]
        head = view.lstrip()[: len(_SSML)].lower()
        if start == 0 and self._start == 0 and _SSML.startswith(head):
            return None, True
        end = self._end(view)
        fence = view.find(FENCE)
        if fence >= 0 and (end is None or fence < end):
            close = self._text.find(f"\n{FENCE}", start + fence)
            if close < 0:
                if len(self._text) - start < LONGEST_FENCE:
                    return None, True
            else:
                line = self._text.find("\n", close + 1)
                return (None if line < 0 else line + 1 - start), True
        if self._first and (clause := _first_clause(view)):
            return clause, False
        if end is not None and end <= LONGEST:
            return end, True
        if len(view) > LONGEST:
            return (view.rfind(" ", 0, LONGEST) + 1 or LONGEST), False
        return None, True

    @staticmethod
    def _end(view: str) -> int | None:
        """Return the end of the first sentence or paragraph outside the markup's brackets."""
        paragraph, flat = _PARAGRAPH.search(view), view.replace("\n", " ")
        sentence = first_end(flat)
        while sentence is not None and _in_brackets(view, sentence):
            sentence = first_end(flat, sentence)
        ends = [end for end in (paragraph and paragraph.end(), sentence) if end is not None]
        return min(ends, default=None)


def _in_brackets(view: str, place: int) -> bool:
    opened = view.rfind("[", max(0, place - LONGEST_MARK), place)
    return opened >= 0 and "]" not in view[opened:place]


def _first_clause(view: str) -> int | None:
    """Length of a clause of plain words only; numbers and signs may need what follows."""
    for match in _CLAUSE.finditer(view, 0, LONGEST):
        words = re.split(r"[\s,;:—–]+", view[: match.start()].strip())
        if not all(map(_PLAIN.fullmatch, words)):
            return None
        if len(words) >= 3:
            return match.end()
    return None
