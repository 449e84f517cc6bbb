"""Cut sound into pieces of a few seconds, at pauses, while it is read."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ttsf.config import FPS
from ttsf.media.audio.source import Mono, OpenSound

SHORTEST, LONGEST = 3 * FPS, 9 * FPS
"""Frames of a piece; the last may be shorter."""
AROUND = 12
"""Frames of the sound around a piece that belong to its context."""
QUIET = 5
"""Length of the quiet moment to cut in, frames."""
LIVE = (4, 8)
"""Frames of the first live piece, and of the others."""
LIVE_AHEAD = 5
"""Frames of context after a live piece."""


class Piece(NamedTuple):
    """Some frames of the sound, with their surroundings."""

    samples: np.ndarray
    """Float32 [frames * rate / FPS, channels], at the sound's own rate."""
    heard: np.ndarray
    """Mono float32 at the rate that the model hears: context, piece, context."""
    before: int
    """Frames of context before the piece."""
    frames: int


def pieces(
    sound: OpenSound, heard_rate: int, ahead: int = AROUND, live: bool = False
) -> Iterator[Piece]:
    """Yield the sound in pieces; silence completes its last frame.

    heard_rate: Hz, a multiple of FPS; ahead: frames of context wanted after a piece; live: give
    pieces as early as possible, instead of in pauses.
    """
    buffer, first = _Buffer(sound, heard_rate), True
    while True:
        least, after = (LIVE[not first], LIVE_AHEAD) if live else (LONGEST, ahead)
        there = buffer.fill(least + after)
        if not there:
            return
        count = there
        if there > least:
            count = least if live else _pause(buffer.levels()[: least + QUIET])
        first = False
        yield buffer.take(count, after)


def _pause(levels: np.ndarray) -> int:
    """Return the frame in the middle of the quietest moment that gives a piece of allowed length.

    levels: mean square of each frame, at least LONGEST.
    """
    around = np.convolve(levels, np.ones(QUIET), "same")[SHORTEST : LONGEST + 1]
    return SHORTEST + int(around.argmin())


class _Buffer:
    """Sound that has been read but not taken yet, in its own form and as the model hears it."""

    def __init__(self, sound: OpenSound, heard_rate: int) -> None:
        self._blocks = sound.blocks
        self._mono = Mono(sound.rate, heard_rate)
        self._step, self._heard_step = sound.rate // FPS, heard_rate // FPS
        self._own = [np.zeros((0, sound.channels), np.float32)]
        self._heard = [np.zeros(0, np.float32)]
        self._counts = [0, 0]
        self._before = 0  # frames of context in front of what `_heard` holds
        self._ended = False

    def fill(self, frames: int) -> int:
        """Read until `frames` are there, or the sound ends; return how many there are."""
        while not self._ended and self._there() < frames:
            block = next(self._blocks, None)
            self._ended = block is None
            if block is not None:
                self._add(block, self._mono.add(block))
                continue
            self._add(self._own[0][:0], self._mono.end())
            missing = -self._counts[0] % self._step
            own = np.zeros((missing, self._own[0].shape[1]), np.float32)
            heard = np.zeros(self._heard_step, np.float32)  # the two may differ by some samples
            self._add(own, heard)
        if self._ended:
            return self._counts[0] // self._step
        return self._there()

    def _there(self) -> int:
        return min(self._counts[0] // self._step, self._counts[1] // self._heard_step)

    def _add(self, own: np.ndarray, heard: np.ndarray) -> None:
        self._own.append(own)
        self._heard.append(heard)
        self._counts[0] += len(own)
        self._counts[1] += len(heard)

    def levels(self) -> np.ndarray:
        """Return the mean square of each frame."""
        self._heard = [np.concatenate(self._heard)]
        heard = self._heard[0][self._before * self._heard_step :]
        whole = len(heard) // self._heard_step * self._heard_step
        return (heard[:whole].reshape(-1, self._heard_step) ** 2).mean(1)

    def take(self, frames: int, ahead: int) -> Piece:
        """Remove and return the first frames, with up to `ahead` frames of what follows."""
        own, heard = np.concatenate(self._own), np.concatenate(self._heard)
        end, before = frames * self._step, self._before
        length = before + frames + min(ahead, self._counts[0] // self._step - frames)
        window = heard[: length * self._heard_step]
        window = np.pad(window, (0, length * self._heard_step - len(window)))
        kept = min(AROUND, before + frames)
        self._own, self._heard = [own[end:]], [heard[(before + frames - kept) * self._heard_step :]]
        self._counts = [len(self._own[0]), max(0, self._counts[1] - frames * self._heard_step)]
        self._before = kept
        return Piece(own[:end], window, before, frames)
