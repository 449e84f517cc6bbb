"""Edit a text, and keep for each character the range of the original that it comes from."""

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

Put = str | Callable[[re.Match[str]], str]


class Traced(NamedTuple):
    """A text; `places[k]` is the range [start, end) of the original that `text[k]` comes from."""

    text: str
    places: list[tuple[int, int]]

    @classmethod
    def of(cls, text: str) -> "Traced":
        """Trace an unedited text."""
        return cls(text, [(k, k + 1) for k in range(len(text))])

    @classmethod
    def join(cls, parts: Iterable[tuple[str, tuple[int, int]]]) -> "Traced":
        """Concatenate texts; all characters of one text come from its one range of the original."""
        text, places = list[str](), list[tuple[int, int]]()
        for part, place in parts:
            text.append(part)
            places += [place] * len(part)
        return cls("".join(text), places)

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Return the range of the original that characters [start, end) of this text come from."""
        if start < end:
            return self.places[start][0], self.places[end - 1][1]
        edge = self.places[start - 1][1] if start else 0
        return edge, edge

    def sub(self, pattern: re.Pattern[str], put: Put) -> "Traced":
        """Like `pattern.sub`; a replacement comes from the range of the match that it replaces."""

        def parts(match: re.Match[str]) -> "Traced":
            new = put if isinstance(put, str) else put(match)
            return Traced(new, [self.place(*match.span())] * len(new))

        return self._replaced(pattern, parts)

    def keep(self, pattern: re.Pattern[str], group: int | str = 1) -> "Traced":
        """Reduce each match to the characters of one group, which keep their own ranges."""

        def parts(match: re.Match[str]) -> "Traced":
            start, end = match.span(group)
            return Traced(match[group], self.places[start:end])

        return self._replaced(pattern, parts)

    def strip(self) -> "Traced":
        """Strip white space from both ends."""
        start = len(self.text) - len(self.text.lstrip())
        end = max(start, len(self.text.rstrip()))
        return Traced(self.text[start:end], self.places[start:end])

    def _replaced(
        self, pattern: re.Pattern[str], parts: Callable[[re.Match[str]], "Traced"]
    ) -> "Traced":
        text, places, last = list[str](), list[tuple[int, int]](), 0
        for match in pattern.finditer(self.text):
            new = parts(match)
            text += self.text[last : match.start()], new.text
            places += self.places[last : match.start()]
            places += new.places
            last = match.end()
        text.append(self.text[last:])
        places += self.places[last:]
        return Traced("".join(text), places)
