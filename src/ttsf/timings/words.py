"""What is said when; all times are seconds from the beginning of the video."""

# ruff: noqa: RUF001 (the letters of IPA look like others)

from typing import NamedTuple


class Word(NamedTuple):
    """A word, and when it is said."""

    text: str
    """As it is spoken: "7:30" gives the two words "seven" and "thirty"."""
    start_s: float
    end_s: float
    start: int = 0
    """Its first character in the user's text; what is written once may be two words."""
    end: int = 0
    """The one after its last."""
    written: str = ""
    """What the user wrote there, without markup."""


class Phone(NamedTuple):
    """A sound, and when it is heard."""

    ipa: str
    """One sound with its length mark, and the stress before it: "ˈoʊ", "ɜː", "t"."""
    start_s: float
    end_s: float


class Mark(NamedTuple):
    """A `<mark>` of SSML."""

    name: str
    at_s: float


class WordTimes(NamedTuple):
    """All that is said in a video or in a piece of it, in order."""

    words: tuple[Word, ...]
    phones: tuple[Phone, ...] = ()
    marks: tuple[Mark, ...] = ()
