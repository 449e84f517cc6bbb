"""Times of the symbols that E_t embeds, for synthesisers that report them.

A file holds {"symbols": "həlˈoʊ.", "ends_s": [0.31, ...]}, an end for every symbol in s from the
beginning of the clip; a blank may come first, for the silence before the first sound.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ttsf.config import HOP, SAMPLE_RATE
from ttsf.errors import TtsfError
from ttsf.media.files import write_new
from ttsf.symbols import BLANK, PUNCTUATION, SYMBOL_ID

SPACE_S = 0.01
"""Maximum length of a space between words without a pause, s."""
SILENT = frozenset(PUNCTUATION + BLANK)


class SymbolTimes(NamedTuple):
    """The symbols of a clip, and their end times."""

    symbols: str
    ends_s: tuple[float, ...]

    @property
    def ids(self) -> list[int]:
        """Return indices in SYMBOLS."""
        return [SYMBOL_ID[symbol] for symbol in self.symbols]

    def closed(self) -> "SymbolTimes":
        """Shorten spaces between two sounds to SPACE_S; the neighbours share the rest.

        Fluent speech has no silence there, but synthesisers assign some time to a space.
        """
        ends = list(self.ends_s)
        for k in range(1, len(ends) - 1):
            around = self.symbols[k - 1] + self.symbols[k + 1]
            spare = ends[k] - ends[k - 1] - SPACE_S
            if self.symbols[k] == " " and spare > 0 and not set(around) & SILENT:
                ends[k - 1] += spare / 2
                ends[k] -= spare / 2
        return SymbolTimes(self.symbols, tuple(ends))

    def frames(self, total: int) -> list[int]:
        """Return mel frames per symbol, `total` in all; ends are rounded, the last takes the
        rest."""
        ends = np.rint(np.array(self.ends_s) * SAMPLE_RATE / HOP).astype(int).clip(0, total)
        ends[-1] = total
        lengths: list[int] = np.diff(np.maximum.accumulate(ends), prepend=0).tolist()
        return lengths


def save_times(path: Path, symbols: str, ends_s: Sequence[float]) -> None:
    """Write the times of a clip."""
    row = {"symbols": symbols, "ends_s": [round(end, 4) for end in ends_s]}
    write_new(path, json.dumps(row, ensure_ascii=False))


def read_times(path: Path) -> SymbolTimes:
    """Read the times of a clip. Raises TtsfError for an invalid file."""
    try:
        row = json.loads(path.read_text(encoding="utf-8"))
        times = SymbolTimes(str(row["symbols"]), tuple(float(end) for end in row["ends_s"]))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise TtsfError(f"{path}: cannot read the times of symbols ({error})") from None
    unknown = sorted(set(times.symbols) - set(SYMBOL_ID))
    if unknown or not times.symbols or len(times.symbols) != len(times.ends_s):
        raise TtsfError(f"{path}: each symbol must be one that E_t knows, and have an end")
    if any(b < a for a, b in zip((0.0, *times.ends_s), times.ends_s, strict=False)):
        raise TtsfError(f"{path}: a symbol ends before the one before it")
    return times
