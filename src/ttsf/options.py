"""What a user may choose for one video."""

import math
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from ttsf.config import FlowMatchingConfig
from ttsf.errors import TtsfError
from ttsf.picture.framing import Framing

MAX_STEPS = 1_000
MAX_TEMPERATURE = 10.0
RATES = (0.5, 2.0)
MOST_MOTION = 2.0
MAX_SECONDS = 3_600.0
"""Nobody makes a video of more than an hour by mistake without being glad of a question."""
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

    def solver(self, flow: FlowMatchingConfig) -> tuple[int, float]:
        """Steps and temperature."""
        temperature = flow.temperature if self.temperature is None else self.temperature
        return self.steps or flow.steps, temperature

    def at_rate(self, factor: float) -> "GenerateOptions":
        """For speech that is faster by a factor, as far as the rate goes."""
        slowest, fastest = RATES
        return self._replace(rate=min(max(self.rate * factor, slowest), fastest))

    def check(self) -> None:
        """Raises TtsfError for a value out of range; framing and size are the scene's."""
        _check("seed", self.seed, 0, 2**32 - 1)
        _check("steps", self.steps, 1, MAX_STEPS)
        _check("temperature", self.temperature, 0, MAX_TEMPERATURE)
        _check("rate", self.rate, *RATES)
        _check("motion", self.motion, 0, MOST_MOTION)
        _check("blinks", self.blinks, 0, 1)
        if not self.max_seconds > 0:
            raise TtsfError(f"max_seconds must be above 0, not {self.max_seconds:g}")


def _check(name: str, value: float | None, least: float, most: float) -> None:
    if value is not None and not (math.isfinite(value) and least <= value <= most):
        shown = value if isinstance(value, int) else f"{value:g}"
        raise TtsfError(f"{name} must be from {least:g} to {most:.10g}, not {shown}")
