"""How speech and motion are sampled. Imports no torch."""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ttsf.config import FlowMatchingConfig


class Sampling(NamedTuple):
    """What the model needs to know beside a voice, a face and symbols."""

    seed: int = 0
    """0 to 2**32 - 1; every utterance has noise of its own, for speech and for motion."""
    steps: int | None = None
    """Euler steps of speech and motion (None: the configuration's)."""
    temperature: float | None = None
    """Standard deviation of x_0 (None: the configuration's)."""
    rate: float = 1.0
    """Speaking rate; 2 is twice as fast."""
    still: bool = False
    """Keep the portrait's own head pose and eyes."""

    def solver(self, flow: "FlowMatchingConfig") -> tuple[int, float]:
        """Steps and temperature."""
        temperature = flow.temperature if self.temperature is None else self.temperature
        return self.steps or flow.steps, temperature
