"""What a user may choose for one video."""

import math
from collections.abc import Mapping
from numbers import Integral, Real
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from ttsf.compositing.framing import Framing
from ttsf.errors import TtsfError
from ttsf.model.sampling import Sampling

MAX_STEPS = 1_000
MAX_TEMPERATURE = 10.0
RATES = (0.5, 2.0)
MOST_MOTION = 2.0
MAX_SECONDS = 3_600.0
"""Nobody makes a video of more than an hour by mistake without being glad of a question."""
WHOLES = {"seed": (0, 2**32 - 1), "steps": (1, MAX_STEPS), "size": (-math.inf, math.inf)}
REALS = {
    "temperature": (0, MAX_TEMPERATURE),
    "rate": RATES,
    "motion": (0, MOST_MOTION),
    "blinks": (0, 1),
}
"""Options that are numbers, and their ranges."""
MAY_LACK = ("steps", "temperature", "size")
NO_LEXICON: Mapping[str, str] = MappingProxyType({})


class GenerateOptions(NamedTuple):
    """What a user may choose for one video."""

    seed: int = 0
    steps: int | None = None
    """Euler steps of speech and motion (None: the configuration's)."""
    temperature: float | None = None
    """Standard deviation of the starting noise (None: the configuration's)."""
    voice: str | Path | None = None
    """Name of one of the model's voices, or file of a saved one (None: the face chooses)."""
    rate: float = 1.0
    """Speaking rate, 0.5 to 2; 2 is twice as fast."""
    still: bool = False
    """Keep the portrait's own head pose and eyes."""
    motion: float = 1.0
    """Amount of head motion about the portrait's own pose, 0 to 2."""
    blinks: float = 1.0
    """How far blinks close the eyes, 0 (not at all) to 1."""
    framing: Framing = Framing()
    """What of the picture the video shows."""
    size: int | None = None
    """px, long side of the frame (None: the picture's own, at most 1080)."""
    language: str = "en"
    """Code of the text's language; another than English is read with an English accent."""
    lexicon: Mapping[str, str] = NO_LEXICON
    """Words and how they sound, in IPA."""
    mark: bool = True
    """Hide a mark in picture and sound that says that both were made (docs/provenance.md)."""
    label: bool = False
    """Show "AI-generated" in a corner."""
    max_seconds: float = MAX_SECONDS
    """A text whose speech would be longer is refused."""

    def sampling(self, factor: float = 1.0) -> Sampling:
        """Values for the model; its speech is faster by a factor, as far as the rate goes."""
        slowest, fastest = RATES
        rate = min(max(self.rate * factor, slowest), fastest)
        return Sampling(self.seed, self.steps, self.temperature, rate, self.still)

    def plain(self) -> "GenerateOptions":
        """With Python's own numbers, so that what is equal is also written alike."""
        chosen = self._asdict()
        for kind, names in ((int, WHOLES), (float, (*REALS, "max_seconds"))):
            chosen |= {name: kind(chosen[name]) for name in names if chosen[name] is not None}
        return GenerateOptions(**chosen)

    def check(self) -> None:
        """Raises TtsfError for a value of another type or out of range; size: see the scene."""
        chosen = self._asdict()
        for name in (*WHOLES, *REALS, "max_seconds"):
            if chosen[name] is None and name not in MAY_LACK:
                raise TtsfError(f"{name} must be a number, not None")
        for name, limits in WHOLES.items():
            _check_whole(name, chosen[name], *limits)
        for name, limits in REALS.items():
            _check(name, chosen[name], *limits)
        _check_number("max_seconds", self.max_seconds)
        if not self.max_seconds > 0:
            raise TtsfError(f"max_seconds must be above 0, not {float(self.max_seconds):g}")
        if not isinstance(self.framing, Framing):
            raise TtsfError(f"framing must be a Framing, not {self.framing!r}")
        self.framing.check()
        if not isinstance(self.language, str):
            raise TtsfError(f"language must be a str such as 'de', not {self.language!r}")
        if not isinstance(self.voice, str | Path | None):
            raise TtsfError(f"voice must be a name or a file, not {self.voice!r}")
        pairs = self.lexicon.items() if isinstance(self.lexicon, Mapping) else [(None, None)]
        if not all(isinstance(part, str) for pair in pairs for part in pair):
            raise TtsfError("lexicon must map words to IPA, both of type str")


def _check_number(name: str, value: object) -> None:
    if value is not None and not isinstance(value, Real):
        raise TtsfError(f"{name} must be a number, not {value!r}")
    try:
        float(value or 0)
    except OverflowError:
        raise TtsfError(f"{name} is far too large a number") from None


def _check_whole(name: str, value: Any, least: float, most: float) -> None:
    if value is not None and not isinstance(value, Integral):
        raise TtsfError(f"{name} must be a whole number, not {value!r}")
    _check(name, value, least, most)


def _check(name: str, value: Any, least: float, most: float) -> None:
    _check_number(name, value)
    if value is not None and not (math.isfinite(value) and least <= value <= most):
        shown = value if isinstance(value, Integral) else f"{float(value):g}"
        raise TtsfError(f"{name} must be from {least:g} to {most:.10g}, not {shown}")
