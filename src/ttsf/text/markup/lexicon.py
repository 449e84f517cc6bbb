"""A user's own pronunciations: a table of words and their IPA."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from ttsf.errors import TtsfError
from ttsf.media.files import read_text
from ttsf.text.markup.ipa import read_ipa, with_s

_WORD_START = re.compile(r"(?<!\w)\S")
_INSIDE = re.compile(r"\w\w")
_POSSESSIVE = re.compile(r"'s(?!\w)")


def read_lexicon(path: Path) -> dict[str, str]:
    """Read IPA by word from a text file with a word, a tab and its IPA in each line.

    Words may contain spaces; empty lines and lines that begin with # are skipped. Raises
    TtsfError, with the line number, for an invalid line.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        where = f"{path}, line {number}"
        word, _, ipa = (part.strip() for part in line.partition("\t"))
        if not any(c.isalnum() for c in word) or not ipa or "\t" in ipa:
            raise TtsfError(f"{where}: a line needs a word, a tab and its IPA")
        found[word] = read_ipa(ipa.strip("/[]"), where)
    return found


class Lexicon:
    """Finds the words of a table in a text: whole words, ignoring case."""

    def __init__(self, words: Mapping[str, str]) -> None:
        """words: IPA by word; raises TtsfError for symbols that the voice does not know."""
        self._sounds = {
            _plain_quotes(word).lower(): read_ipa(ipa, f"'{word}'") for word, ipa in words.items()
        }
        self._lengths = sorted({len(word) for word in words}, reverse=True)

    def given(
        self, text: str, own: list[tuple[int, int, str]], offset: int
    ) -> list[tuple[int, int, str]]:
        """Return (start, end, IPA) of the words of a text with a given pronunciation, including 's.

        own: those that the markup gives, which take precedence; their positions count from -offset.
        """
        plain = _plain_quotes(text)
        found = [(start - offset, end - offset, sound) for start, end, sound in own]
        taken = [(start, end) for start, end, _ in found]
        for start, end, sound in self._find(plain):
            if not any(start < b and a < end for a, b in taken):
                found.append((start, end, sound))
        return [
            (start, end + 2, with_s(sound))
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
