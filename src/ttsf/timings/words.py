"""Times of words, phones and marks, in seconds from the start of the video."""

# ruff: noqa: RUF001 (the letters of IPA look like others)

from typing import NamedTuple


class Word(NamedTuple):
    """A spoken word and its time."""

    text: str
    """Spoken form: "7:30" gives the two words "seven" and "thirty"."""
    start_s: float
    end_s: float
    start: int = 0
    """First character in the user's text; several words may share a position."""
    end: int = 0
    """Character after the last."""
    written: str = ""
    """Written form, without markup."""


class Phone(NamedTuple):
    """A phone and its time."""

    ipa: str
    """Phone with length mark and preceding stress: "ˈoʊ", "ɜː", "t"."""
    start_s: float
    end_s: float


class Mark(NamedTuple):
    """A `<mark>` of SSML."""

    name: str
    at_s: float


class WordTimes(NamedTuple):
    """Words, phones and marks of a video or a chunk, in order."""

    words: tuple[Word, ...]
    phones: tuple[Phone, ...] = ()
    marks: tuple[Mark, ...] = ()

    @property
    def asks(self) -> bool:
        """Whether they end with a question mark; quotes, brackets and "!" may follow it."""
        return bool(self.words) and self.words[-1].text.rstrip("\"')]}!").endswith("?")
