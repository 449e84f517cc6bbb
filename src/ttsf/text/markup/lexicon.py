"""A user's own pronunciations: a table of words and their IPA."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from ttsf.errors import TtsfError
from ttsf.media.files import read_text
from ttsf.text.markup.ipa import possessive, read_ipa

_WORD_START = re.compile(r"(?<!\w)\S")
_INSIDE = re.compile(r"\w\w")
_POSSESSIVE = re.compile(r"'s(?!\w)")


def read_lexicon(path: Path) -> dict[str, str]:
    """Word -> IPA of a text file: a word, a tab and its IPA in every line.

    A word may hold spaces; empty lines and lines that begin with # are passed over. Raises
    TtsfError that names the line.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        where = f"{path}, line {number}"
        word, _, ipa = (part.strip() for part in line.partition("\t"))
        if not any(c.isalnum() for c in word) or not ipa or "\t" in ipa:
            raise TtsfError(f"{where}: a line is a word, a tab and its IPA")
        found[word] = read_ipa(ipa.strip("/[]"), where)
    return found


class Lexicon:
    """Finds words of a table in a text: whole words, in small or capital letters."""

    def __init__(self, words: Mapping[str, str]) -> None:
        """words: word -> IPA; raises TtsfError for IPA that the voice lacks."""
        self._sounds = {
            _plain_quotes(word).lower(): read_ipa(ipa, f"'{word}'") for word, ipa in words.items()
        }
        self._lengths = sorted({len(word) for word in words}, reverse=True)

    def given(
        self, text: str, own: list[tuple[int, int, str]], offset: int
    ) -> list[tuple[int, int, str]]:
        """Words [start, end) of a text whose sounds are given, with the 's that follows them.

        own: the markup's, which come first; their characters count from -offset.
        """
        plain = _plain_quotes(text)
        found = [(start - offset, end - offset, sound) for start, end, sound in own]
        taken = [(start, end) for start, end, _ in found]
        for start, end, sound in self._find(plain):
            if not any(start < b and a < end for a, b in taken):
                found.append((start, end, sound))
        return [
            (start, end + 2, possessive(sound))
            if _POSSESSIVE.match(plain, end)
            else (start, end, sound)
            for start, end, sound in sorted(found)
        ]

    def _find(self, text: str) -> Iterator[tuple[int, int, str]]:
        """The longest words of the table, apart from each other."""
        done = 0
        for match in _WORD_START.finditer(text) if self._sounds else ():
            start = match.start()
            for length in self._lengths if start >= done else ():
                end = start + length
                sound = self._sounds.get(text[start:end].lower())
                if sound and not _INSIDE.match(text, end - 1):
                    yield start, end, sound
                    done = end
                    break


def _plain_quotes(text: str) -> str:
    """Typographic apostrophes and any white space as the plain ones; the length stays."""
    return re.sub(r"\s", " ", text.replace("\u2019", "'").replace("\u2018", "'"))
