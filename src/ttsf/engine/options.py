"""Options of one video, each declared once with its type, range, default and help text.

The command line, the HTTP API, batch lines and the library share these types and defaults. Does
not import torch. Not a pydantic dataclass, because NumPy numbers are accepted, and because invalid
values raise TtsfError only when the options are used.
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

Seed = Annotated[int, Ge(0), Le(2**32 - 1), Doc("Random seed of the head motion.")]
Steps = Annotated[int | None, Ge(1), Le(1_000), Doc("Solver steps; fewer are faster.")]
"""Euler steps for speech and motion (None: the model configuration's)."""
Temperature = Annotated[
    float | None, Ge(0), Le(10), Doc("Variation in speech and motion, 0: none.")
]
"""Standard deviation of the initial noise (None: the model configuration's)."""
Rate = Annotated[float, Ge(RATES[0]), Le(RATES[1]), Doc("Speaking rate, 0.5 to 2.")]
Still = Annotated[bool, Doc("Only the mouth moves: head, lids, brows and eyes rest.")]
Motion = Annotated[float, Ge(0), Le(2), Doc("Amount of head motion, 0 to 2.")]
"""Scale of the motion around the portrait's own pose."""
Blinks = Annotated[float, Ge(0), Le(1), Doc("How far blinks close the eyes, 0 to 1.")]
Smile = Annotated[
    float, Ge(-1), Le(1), Doc("Corners of the mouth: -1 serious, 0 as in the picture, 1 a smile.")
]
Brows = Annotated[float, Ge(0), Le(2), Doc("How far brows rise with the voice, 0 to 2.")]
Gaze = Annotated[
    Literal["natural", "camera", "left", "right", "up", "down"],
    Doc("Where the eyes look: natural leaves the camera at times, camera is as in the picture."),
]
AsSampled = Annotated[
    bool, Doc("Motion and frames as the model gives them, without the rules set by hand.")
]
"""See docs/paper_map.md."""
Size = Annotated[int | None, Doc("Long side of the video in px.")]
"""None: the picture's own size, at most 1080 px; `compositing.framing` defines the range."""
Code = Annotated[
    Literal["announce", "read"],
    Doc("Code blocks: announce them, or read them out."),
]
Language = Annotated[
    str,
    Doc("Language of the text; others than en, such as de or fr, get an English accent."),
]
MarkSound = Annotated[bool, Doc("Mark a recording's sound as synthetic too.")]
Label = Annotated[bool, Doc('Show "AI-generated" in a corner.')]
CaptionsKind = Literal["none", "track", "burnt"]
StreamCaptions = Literal["none", "burnt"]
"""Subtitles in the video: a track of the file, or drawn into the frames."""
MaxSeconds = Annotated[float, Gt(0), Doc("Maximum length of the speech, s; refuses longer texts.")]


class GenerateOptions(NamedTuple):
    """Options of one video."""

    seed: Seed = 0
    steps: Steps = None
    temperature: Temperature = None
    voice: str | Path | None = None
    """Name of one of the model's voices, or file of a saved voice (None: the face chooses)."""
    rate: Rate = 1.0
    still: Still = False
    motion: Motion = 1.0
    blinks: Blinks = 1.0
    smile: Smile = 0.0
    brows: Brows = 1.0
    gaze: Gaze = "natural"
    framing: Framing = Framing()
    """Which part of the picture the video shows."""
    size: Size = None
    language: Language = "en"
    code: Code = "announce"
    lexicon: Mapping[str, str] = NO_LEXICON
    """IPA by word."""
    mark: bool = True
    """Embed the watermark in frames and synthetic speech (docs/provenance.md)."""
    mark_sound: MarkSound = False
    label: Label = False
    max_seconds: MaxSeconds = 3_600.0
    as_sampled: AsSampled = False

    def __reduce__(self) -> tuple[type["GenerateOptions"], tuple[Any, ...]]:
        """Pickle the lexicon as a dict; the default is a read-only view, which pickle refuses."""
        read_only = isinstance(self.lexicon, MappingProxyType)
        plain = self._replace(lexicon=dict(self.lexicon)) if read_only else self
        return GenerateOptions, tuple(plain)

    def sampling(self, factor: float = 1.0) -> Sampling:
        """Return the model's sampling values, with the rate times `factor`, clipped to `RATES`."""
        slowest, fastest = RATES
        rate = min(max(self.rate * factor, slowest), fastest)
        return Sampling(self.seed, self.steps, self.temperature, rate, self.still, self.as_sampled)

    def plain(self) -> "GenerateOptions":
        """Return a copy with Python numbers, so that equal options have equal representations."""
        chosen = self._asdict()
        for name, number in NUMBERS.items():
            if chosen[name] is not None:
                chosen[name] = number.kind(chosen[name])
        return GenerateOptions(**chosen)

    def check(self) -> None:
        """Raise TtsfError for a value of the wrong type or out of range, and for an option that
        another one leaves without effect; `Scene` checks the size."""
        for name, number in NUMBERS.items():
            number.check(name, getattr(self, name))
        if not isinstance(self.framing, Framing):
            raise TtsfError(f"framing must be a Framing, not {self.framing!r}")
        self.framing.check()
        if not isinstance(self.language, str):
            raise TtsfError(f"language must be a str such as 'de', not {self.language!r}")
        for name, hint in (("code", Code), ("gaze", Gaze)):
            values = get_args(get_args(hint)[0])
            if getattr(self, name) not in values:
                *first, last = values
                named = f"{', '.join(first)} or {last}"
                raise TtsfError(f"{name} must be {named}, not {getattr(self, name)!r}")
        if not isinstance(self.voice, str | Path | None):
            raise TtsfError(f"voice must be a name or a file, not {self.voice!r}")
        pairs = self.lexicon.items() if isinstance(self.lexicon, Mapping) else [(None, None)]
        if not all(isinstance(part, str) for pair in pairs for part in pair):
            raise TtsfError("lexicon must map words to IPA, both of type str")
        for name in ("motion", "blinks", "brows"):
            if self.still and getattr(self, name) not in (0, self._field_defaults[name]):
                raise TtsfError(f"still means that only the mouth moves: leave out {name} or still")
        for name in EXPRESSIVE:
            if self.as_sampled and getattr(self, name) != self._field_defaults[name]:
                raise TtsfError(
                    f"as_sampled means the model's motion alone: leave out {name} or as_sampled"
                )
        if self.mark_sound and not self.mark:
            raise TtsfError("without the watermark (no_mark) no sound can be marked (mark_sound)")


class Number(NamedTuple):
    """Type and range of a numeric option."""

    kind: type[int] | type[float]
    may_lack: bool
    least: float = -math.inf
    most: float = math.inf
    above: float = -math.inf

    @classmethod
    def of(cls, hint: Any) -> "Number | None":
        """Read type and range from an option's annotation; None if it is not numeric."""
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
        """Raise TtsfError if `value` has the wrong type or is out of range."""
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


EXPRESSIVE = ("smile", "brows", "gaze")
"""The options of `engine.expression`."""
DEFAULTS = GenerateOptions()
_HINTS = get_type_hints(GenerateOptions, include_extras=True)
NUMBERS = {name: number for name, hint in _HINTS.items() if (number := Number.of(hint))}
"""The numeric options, by name."""


def options_of(request: object, differing: Mapping[str, Any]) -> GenerateOptions:
    """Return the options of a request: fields of the same name, overridden by `differing`.

    Raises TtsfError like `GenerateOptions.check`.
    """
    named = {name: getattr(request, name) for name in DEFAULTS._fields if hasattr(request, name)}
    options = GenerateOptions(**(named | dict(differing)))
    options.check()
    return options
