"""What a live session yields, and the clock that it follows."""

import threading
import time
from typing import Literal, NamedTuple, Protocol

import numpy as np

from ttsf.timings.words import WordTimes

State = Literal["idle", "listening", "speaking"]


class Spoke(NamedTuple):
    """An event of a speech: it has begun, is done or interrupted, or has failed."""

    speech: int
    """As `say` returned it."""
    what: Literal["begun", "done", "interrupted", "failed"]
    reason: str = ""
    """Why the speech failed; empty otherwise."""


class LiveFrame(NamedTuple):
    """One frame of a live session, 40 ms."""

    number: int
    picture: np.ndarray | None
    """The scene's region, uint8 [h, w, 3]; None: as before, since it was late or is not shown."""
    samples: np.ndarray
    """float32 [samples per frame] in [-1, 1]."""
    spoken: WordTimes
    """Words, phones and marks that begin in this frame, in s from the start of the session."""
    state: State
    spoke: tuple[Spoke, ...] = ()


class Clock(Protocol):
    """Time in seconds, and waiting."""

    def now(self) -> float:
        """Return the time."""

    def wait(self, woken: threading.Event, seconds: float) -> None:
        """Wait until the event is set, for at most this time."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        """Return the time."""
        return time.monotonic()

    def wait(self, woken: threading.Event, seconds: float) -> None:
        """Wait until the event is set, for at most this time."""
        woken.wait(seconds)
