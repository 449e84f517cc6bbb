"""Who is next: so many at once, so many that wait, urgent ones first."""

import asyncio
from bisect import insort
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count


class Full(Exception):
    """Nobody else may wait."""


class Ticket:
    """A place in a line: `async with` waits until its turn has come, and ends it."""

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
        """Give the place back."""
        self._line.leave(self)

    @property
    def place(self) -> int:
        """How many are before it, 0 when its turn has come."""
        return self._line.place(self)


class AdmissionQueue:
    """For the thread of one event loop."""

    def __init__(self, at_once: int, most_waiting: int) -> None:
        self.at_once, self.most_waiting = at_once, most_waiting
        self._free, self._expected = at_once, 0
        self._waiting: list[Ticket] = []
        self._numbers = count()

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    @property
    def busy(self) -> int:
        """How many have their turn."""
        return self.at_once - self._free

    @contextmanager
    def expected(self) -> Iterator[None]:
        """Keep a place for somebody whose request is still being read; raises Full."""
        if len(self._waiting) + self._expected >= self.most_waiting + self._free:
            raise Full
        self._expected += 1
        try:
            yield
        finally:
            self._expected -= 1

    def join(self, urgent: bool = False) -> Ticket:
        """Take a place; whoever was accepted once is never refused here."""
        turn = Ticket(self, urgent, next(self._numbers))
        insort(self._waiting, turn, key=lambda one: one.rank)
        self._call()
        return turn

    def place(self, turn: Ticket) -> int:
        """How many are before it."""
        return self._waiting.index(turn) + 1 if turn in self._waiting else 0

    def leave(self, turn: Ticket) -> None:
        """It waits no more, or has had its turn; a second time changes nothing."""
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
