"""What a user may choose for one video: each option once, with its type, range, default and help.

The command line, the HTTP API, the lines of a batch and the library are made of these types and
defaults. Imports no torch. Not a dataclass of pydantic's: numbers of NumPy are numbers here, and
what is wrong raises TtsfError when the options are used.
"""

import math
from collections.abc import Mapping
from numbers import Integral, Real
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_type_hints

from annotated_types import Ge, Gt, Le
from typing_extensions import Doc

from ttsf.compositing.framing import Framing
from ttsf.errors import TtsfError
from ttsf.model.sampling import Sampling

RATES = (0.5, 2.0)
NO_LEXICON: Mapping[str, str] = MappingProxyType({})

Seed = Annotated[int, Ge(0), Le(2**32 - 1), Doc("Another seed, other head motion.")]
Steps = Annotated[int | None, Ge(1), Le(1_000), Doc("Solver steps; fewer is faster.")]
"""Euler steps of speech and motion (None: the configuration's)."""
Temperature = Annotated[float | None, Ge(0), Le(10), Doc("Liveliness, 0 is none.")]
"""Standard deviation of the starting noise (None: the configuration's)."""
Rate = Annotated[float, Ge(RATES[0]), Le(RATES[1]), Doc("Speaking rate, 0.5 to 2.")]
Still = Annotated[bool, Doc("No head motion and no blinks.")]
Motion = Annotated[float, Ge(0), Le(2), Doc("Amount of head motion, 0 to 2.")]
"""About the portrait's own pose."""
Blinks = Annotated[float, Ge(0), Le(1), Doc("How far blinks close the eyes, 0 to 1.")]
Size = Annotated[int | None, Doc("Long side in px.")]
"""None: the picture's own, at most 1080; `compositing.framing` has the range."""
Code = Annotated[
    Literal["announce", "read"], Doc("Blocks of code: say that there is one, or read it.")
]
Language = Annotated[
    str,
    Doc("The text's language; another than en, such as de or fr, is read with an English accent."),
]
Label = Annotated[bool, Doc('Show "AI-generated" in a corner.')]
CaptionsKind = Literal["none", "track", "burnt"]
StreamCaptions = Literal["none", "burnt"]
"""Subtitles in the video: a track of a file, or drawn into the frames."""
MaxSeconds = Annotated[float, Gt(0), Doc("Refuse a text that takes longer.")]


class GenerateOptions(NamedTuple):
    """What a user may choose for one video."""

    seed: Seed = 0
    steps: Steps = None
    temperature: Temperature = None
    voice: str | Path | None = None
    """Name of one of the model's voices, or file of a saved one (None: the face chooses)."""
    rate: Rate = 1.0
    still: Still = False
    motion: Motion = 1.0
    blinks: Blinks = 1.0
    framing: Framing = Framing()
    """What of the picture the video shows."""
    size: Size = None
    language: Language = "en"
    code: Code = "announce"
    lexicon: Mapping[str, str] = NO_LEXICON
    """Words and how they sound, in IPA."""
    mark: bool = True
    """Hide a mark in picture and sound that says that both were made (docs/provenance.md)."""
    label: Label = False
    max_seconds: MaxSeconds = 3_600.0

    def sampling(self, factor: float = 1.0) -> Sampling:
        """Values for the model; its speech is faster by a factor, as far as the rate goes."""
        slowest, fastest = RATES
        rate = min(max(self.rate * factor, slowest), fastest)
        return Sampling(self.seed, self.steps, self.temperature, rate, self.still)

    def plain(self) -> "GenerateOptions":
        """With Python's own numbers, so that what is equal is also written alike."""
        chosen = self._asdict()
        for name, number in NUMBERS.items():
            if chosen[name] is not None:
                chosen[name] = number.kind(chosen[name])
        return GenerateOptions(**chosen)

    def check(self) -> None:
        """Raises TtsfError for a value of another type or out of range; size: see the scene."""
        for name, number in NUMBERS.items():
            number.check(name, getattr(self, name))
        if not isinstance(self.framing, Framing):
            raise TtsfError(f"framing must be a Framing, not {self.framing!r}")
        self.framing.check()
        if not isinstance(self.language, str):
            raise TtsfError(f"language must be a str such as 'de', not {self.language!r}")
        if self.code not in get_args(get_args(Code)[0]):
            raise TtsfError(f"code must be announce or read, not {self.code!r}")
        if not isinstance(self.voice, str | Path | None):
            raise TtsfError(f"voice must be a name or a file, not {self.voice!r}")
        pairs = self.lexicon.items() if isinstance(self.lexicon, Mapping) else [(None, None)]
        if not all(isinstance(part, str) for pair in pairs for part in pair):
            raise TtsfError("lexicon must map words to IPA, both of type str")


class Number(NamedTuple):
    """What an option that is a number may be."""

    kind: type[int] | type[float]
    may_lack: bool
    least: float = -math.inf
    most: float = math.inf
    above: float = -math.inf

    @classmethod
    def of(cls, hint: Any) -> "Number | None":
        """By the type of an option; None for what is no number."""
        base, *notes = get_args(hint) or (hint,)
        kinds = {base, *get_args(base)}
        if not kinds & {int, float}:
            return None
        number = cls(int if int in kinds else float, type(None) in kinds)
        for bound in notes:
            number = number._replace(
                least=getattr(bound, "ge", number.least),
                most=getattr(bound, "le", number.most),
                above=getattr(bound, "gt", number.above),
            )
        return number

    def check(self, name: str, value: Any) -> None:
        """Raises TtsfError for another type, and out of range."""
        if value is None and self.may_lack:
            return
        if value is not None and self.kind is int and not isinstance(value, Integral):
            raise TtsfError(f"{name} must be a whole number, not {value!r}")
        if not isinstance(value, Real):
            raise TtsfError(f"{name} must be a number, not {value!r}")
        try:
            amount = float(value)
        except OverflowError:
            raise TtsfError(f"{name} is far too large a number") from None
        shown = value if isinstance(value, Integral) else f"{amount:g}"
        if self.above > -math.inf:
            if not amount > self.above:
                raise TtsfError(f"{name} must be above {self.above:g}, not {shown}")
        elif not (math.isfinite(amount) and self.least <= amount <= self.most):
            limits = f"from {self.least:g} to {self.most:.10g}"
            raise TtsfError(f"{name} must be {limits}, not {shown}")


DEFAULTS = GenerateOptions()
_HINTS = get_type_hints(GenerateOptions, include_extras=True)
NUMBERS = {name: number for name, hint in _HINTS.items() if (number := Number.of(hint))}
"""Options that are numbers."""


def options_of(request: object, differing: Mapping[str, Any]) -> GenerateOptions:
    """The options that a request has by the same names, and those that it has in another form."""
    named = {name: getattr(request, name) for name in DEFAULTS._fields if hasattr(request, name)}
    return GenerateOptions(**(named | dict(differing)))
