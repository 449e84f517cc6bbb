"""The scanner: text to tokens, each with its class, its position and its spoken words."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import NamedTuple

Say = Callable[[re.Match[str]], str | None]
_PLAIN = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*|\d+|\s+|.", re.S)
NEAR = 48
"""Number of characters before and after a match that a rule may inspect."""


class Token(NamedTuple):
    """Characters [start, end) of the text, and the words spoken for them."""

    kind: str
    """Semiotic class: "date", "money", ...; "plain" for words and signs that stay as they are."""
    start: int
    end: int
    words: str


class Rule(NamedTuple):
    """Pattern of one class of tokens, and the function that puts a match into words.

    A rule is tried where a token may begin: at the first letter of a word, at the first digit of a
    number, at any sign. `say` returns None to reject a match.
    """

    kind: str
    first: str
    """Classes of the token's first character, one or more of: "d" digit, "w" letter, "s" sign."""
    pattern: re.Pattern[str]
    say: Say


def rule(kind: str, first: str, pattern: str, say: Say | str, flags: int = 0) -> Rule:
    """Return a `Rule` with the pattern compiled; say: a function, or constant words."""
    return Rule(kind, first, re.compile(pattern, flags), say if callable(say) else lambda _: say)


class Scanner:
    """Applies rules in order until one matches; takes time linear in the length of the text."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = {first: [r for r in rules if first in r.first] for first in "dws"}

    def tokens(self, text: str) -> Iterator[Token]:
        """Yield tokens that cover `text` in order and without gaps."""
        place = 0
        while place < len(text):
            token = self._token(text, place)
            yield token
            place = token.end

    def _token(self, text: str, place: int) -> Token:
        c = text[place]
        first = "d" if c.isdecimal() else "w" if c.isalpha() else "s"
        for kind, _, pattern, say in self.rules[first] if not c.isspace() else ():
            match = pattern.match(text, place)
            if match and match.end() > place and (words := say(match)) is not None:
                return Token(kind, place, match.end(), words)
        plain = _PLAIN.match(text, place)
        assert plain
        return Token("plain", place, plain.end(), plain[0])


def left(match: re.Match[str]) -> str:
    """Return up to NEAR characters before a match."""
    return match.string[max(0, match.start() - NEAR) : match.start()]


def right(match: re.Match[str]) -> str:
    """Return up to NEAR characters after a match."""
    return match.string[match.end() : match.end() + NEAR]


def find_left(match: re.Match[str], pattern: str) -> re.Match[str] | None:
    """Search `left` for a pattern, whose $ matches where the match begins."""
    return _compiled(pattern).search(left(match))


def find_right(match: re.Match[str], pattern: str) -> re.Match[str] | None:
    """Match a pattern at the start of `right`."""
    return _compiled(pattern).match(right(match))


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def word_before(match: re.Match[str]) -> str:
    """Return the word before a match in the same clause, or ''."""
    found = re.search(r"([^\W_][\w.'&-]*)[ (\"']*$", left(match))
    return found[1] if found else ""


def word_after(match: re.Match[str]) -> str:
    """Return the word after a match; '' if a sign other than a quote, or nothing, follows."""
    found = re.match(r"[ \"')-]*([^\W_][\w'-]*)", right(match))
    return found[1] if found else ""
