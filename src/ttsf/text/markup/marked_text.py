"""A user's text with its markup parsed: spoken text, rates and pauses, and source positions."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from ttsf.errors import TtsfError

MAX_PAUSE_S = 10.0


class Run(NamedTuple):
    """A part of the spoken text that comes from characters [start, end) of the user's text."""

    text: str
    start: int
    """Index of its first character in the user's text."""
    end: int
    """Index after its last; if the lengths differ, every character maps to the whole range."""
    ipa: str = ""
    """Pronunciation given by the user, else empty."""


class Stretch(NamedTuple):
    """Spoken text up to a pause, a change of rate, or a sentence end that the markup sets."""

    runs: tuple[Run, ...]
    rate: float = 1.0
    pause_s: float = 0.0
    """Silence after the stretch."""
    marks: tuple[tuple[str, int], ...] = ()
    """Name of each mark, and the index of the spoken character that follows it."""
    ends: bool = False
    """Whether the sentence ends here even without a stop."""

    @property
    def text(self) -> str:
        """The spoken text; line ends are kept."""
        return "".join(run.text for run in self.runs)


class MarkedText(NamedTuple):
    """A whole text with its markup parsed."""

    stretches: tuple[Stretch, ...]
    """Only the first stretch may have no words: a pause before the first word."""
    warnings: tuple[str, ...] = ()
    """One sentence for each kind of ignored markup."""


class SourceMap:
    """Maps positions in the spoken text of a stretch back to the user's text."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self.text = "".join(run.text for run in runs)
        self._runs = runs
        self._begins = list(accumulate((len(run.text) for run in runs), initial=0))
        spans = zip(self._begins, self._begins[1:], runs, strict=False)
        self._given = [(a, b, run.ipa) for a, b, run in spans if run.ipa]

    def of(self, start: int, end: int) -> tuple[int, int]:
        """Return the range in the user's text for spoken characters [start, end), end > start."""
        return self._character(start)[0], self._character(end - 1)[1]

    def given(self, start: int, end: int) -> list[tuple[int, int, str]]:
        """Return (start, end, IPA) for the parts of a range whose IPA the user gives."""
        first = bisect_left(self._given, start, key=lambda given: given[0])
        last = bisect_left(self._given, end, key=lambda given: given[0])
        return self._given[first:last]

    def _character(self, index: int) -> tuple[int, int]:
        k = bisect_right(self._begins, index) - 1
        run, offset = self._runs[k], index - self._begins[k]
        if len(run.text) != run.end - run.start:
            return run.start, run.end
        return run.start + offset, run.start + offset + 1


class ScriptWriter:
    """Builds stretches while the markup is parsed from left to right."""

    def __init__(self) -> None:
        self._stretches: list[Stretch] = []
        self._runs: list[Run] = []
        self._marks: list[tuple[str, int]] = []
        self._length = 0
        self._rate = 1.0

    def add(self, text: str, start: int, end: int, ipa: str = "") -> None:
        """Append spoken text for characters [start, end) of the user's text."""
        if text:
            self._runs.append(Run(text, start, end, ipa))
            self._length += len(text)

    def mark(self, name: str) -> None:
        """Set a named mark at the current position."""
        self._marks.append((name, self._length))

    def rate(self, rate: float) -> None:
        """Set the speaking rate of the following text."""
        if rate != self._rate:
            self.end(ends=False)
            self._rate = rate

    def end(self, pause_s: float = 0.0, *, ends: bool) -> None:
        """End a stretch with a pause; ends: whether a sentence ends there too."""
        stretch = Stretch(tuple(self._runs), self._rate, pause_s, tuple(self._marks), ends)
        self._runs, self._marks, self._length = [], [], 0
        if any(c.isalnum() for c in stretch.text):
            self._stretches.append(stretch)
        elif self._stretches:
            last = self._stretches[-1]
            length = len(last.text)
            runs = () if last.pause_s else stretch.runs  # a stop, if no pause stands before it
            self._stretches[-1] = last._replace(
                runs=last.runs + runs,
                pause_s=last.pause_s + pause_s,
                marks=last.marks + tuple((name, length) for name, _ in stretch.marks),
                ends=last.ends or ends,
            )
        elif pause_s:
            self._stretches.append(stretch._replace(runs=(), ends=True))
        else:
            self._marks = [(name, 0) for name, _ in stretch.marks]

    def finish(self, warnings: Sequence[str] = ()) -> MarkedText:
        """End the last stretch, and return the whole text."""
        self.end(ends=True)
        return MarkedText(tuple(self._stretches), tuple(warnings))


def seconds(written: str, where: str) -> float:
    """Parse "0.5s", "500ms" or "0.5" as seconds; raises TtsfError that begins with `where`."""
    number, per_s = written.strip().lower(), 1.0
    if number.endswith("ms"):
        number, per_s = number[:-2], 1000.0
    number = number.removesuffix("s").strip()
    if not number.replace(".", "", 1).isdecimal() or not number.isascii():
        raise TtsfError(f"{where}: a pause is written like 0.5s or 500ms, not '{written.strip()}'")
    result = float(number) / per_s
    if result > MAX_PAUSE_S:
        raise TtsfError(f"{where}: a pause may last {MAX_PAUSE_S:g} s, not {result:g} s")
    return result
