"""Sampling parameters of speech and motion. Imports no torch."""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ttsf.config import FlowMatchingConfig


class Sampling(NamedTuple):
    """Sampling parameters of one utterance."""

    seed: int = 0
    """0 to 2**32 - 1; each utterance derives separate noise for speech and motion."""
    steps: int | None = None
    """Euler steps of speech and motion (None: the configuration's)."""
    temperature: float | None = None
    """Standard deviation of x_0 (None: the configuration's)."""
    rate: float = 1.0
    """Speaking rate; 2 is twice as fast."""
    still: bool = False
    """Keep the portrait's own head pose and eyes."""
    as_sampled: bool = False
    """Leave out the configuration's rules for opening and pace."""

    def solver(self, flow: "FlowMatchingConfig") -> tuple[int, float]:
        """Return steps and temperature, with defaults from `flow`."""
        temperature = flow.temperature if self.temperature is None else self.temperature
        return self.steps or flow.steps, temperature
