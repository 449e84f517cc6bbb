"""Admission queue: at most N running and M waiting; urgent requests first."""

import asyncio
from bisect import insort
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count


class Full(Exception):
    """The queue is full."""


class Ticket:
    """A position in the queue: `async with` waits for its turn, and ends the turn on exit."""

    def __init__(self, line: "AdmissionQueue", urgent: bool, number: int) -> None:
        self.rank = (not urgent, number)
        self.called = asyncio.Event()
        self._line = line

    async def __aenter__(self) -> "Ticket":
        try:
            await self.called.wait()
        except BaseException:
            self.leave()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        self.leave()

    def leave(self) -> None:
        """Leave the queue, or end the turn."""
        self._line.leave(self)

    @property
    def place(self) -> int:
        """Position in the queue from 1; 0 once running."""
        return self._line.place(self)


class AdmissionQueue:
    """Bounded priority queue; not thread-safe, for one event loop."""

    def __init__(self, at_once: int, most_waiting: int) -> None:
        self.at_once, self.most_waiting = at_once, most_waiting
        self._free, self._expected = at_once, 0
        self._waiting: list[Ticket] = []
        self._numbers = count()

    @property
    def waiting(self) -> int:
        """Number of waiting tickets."""
        return len(self._waiting)

    @property
    def busy(self) -> int:
        """Number of running tickets."""
        return self.at_once - self._free

    @contextmanager
    def expected(self) -> Iterator[None]:
        """Reserve a position while a request is being read; raises Full."""
        if len(self._waiting) + self._expected >= self.most_waiting + self._free:
            raise Full
        self._expected += 1
        try:
            yield
        finally:
            self._expected -= 1

    def join(self, urgent: bool = False) -> Ticket:
        """Enter the queue; never refuses, since `expected` has admitted the request."""
        turn = Ticket(self, urgent, next(self._numbers))
        insort(self._waiting, turn, key=lambda one: one.rank)
        self._call()
        return turn

    def place(self, turn: Ticket) -> int:
        """Return the position of a ticket from 1; 0 if it is running or has left."""
        return self._waiting.index(turn) + 1 if turn in self._waiting else 0

    def leave(self, turn: Ticket) -> None:
        """Remove a waiting ticket, or end a running one; idempotent."""
        if turn in self._waiting:
            self._waiting.remove(turn)
        elif turn.called.is_set():
            turn.called.clear()
            self._free += 1
        self._call()

    def _call(self) -> None:
        while self._free and self._waiting:
            self._free -= 1
            self._waiting.pop(0).called.set()
