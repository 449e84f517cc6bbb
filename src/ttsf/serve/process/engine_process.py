"""The engine process as the server sees it: tasks go in, events come out; one that dies is started
again."""

import asyncio
import logging
import multiprocessing
import threading
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from itertools import count
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from ttsf.errors import TtsfError
from ttsf.serve.process.tasks import Cancel, Done, Event, Failed, Ready, Task
from ttsf.serve.settings import Settings

PAUSES_S = (0.0, 1.0, 5.0, 30.0)
"""Before an engine that died is started again: once more, and each time without success between."""
STEADY_S = 60.0
"""An engine that lived so long was no failure from the start."""
logger = logging.getLogger("ttsf.serve")


def work(connection: Connection, model: Path | None, device: str) -> None:
    """All that the engine process does; PyTorch is imported there alone."""
    from ttsf.serve.process.task_runner import run

    run(connection, model, device)


class Crashed(Exception):
    """The engine process died, or told nothing for too long, while it did a task."""


class EngineProcess:
    """One process that holds the model. Its methods belong to the thread of one event loop."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.restarts = settings, 0
        self._numbers = count(1)
        self._events: dict[int, asyncio.Queue[Event | Crashed]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._up = asyncio.Event()
        self._closed = False
        self._process: BaseProcess
        self._connection: Connection
        self.about: Ready

    def start(self) -> None:
        """Load the model, and wait for it; raises TtsfError where it cannot be used."""
        self._launch()
        self._up.set()

    def attach(self) -> None:
        """Serve the event loop that runs."""
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._watch, daemon=True).start()

    @property
    def is_up(self) -> bool:
        """Whether it takes tasks."""
        return self._up.is_set()

    @property
    def pid(self) -> int | None:
        """Of the process."""
        return self._process.pid

    async def events(self, task: Task) -> AsyncGenerator[Event]:
        """What becomes of a task, `Done` or `Failed` last; raises Crashed.

        Closing this early ends the task within one piece.
        """
        await self._up.wait()
        number, queue = next(self._numbers), asyncio.Queue[Event | Crashed]()
        self._events[number] = queue
        ended = False
        try:
            self._send(number, task)
            while not ended:
                try:
                    async with asyncio.timeout(self.settings.stalled_s):
                        event = await queue.get()
                except TimeoutError:
                    self.kill()
                    event = Crashed("the engine told nothing for too long")
                ended = isinstance(event, Crashed | Done | Failed)
                if isinstance(event, Crashed):
                    raise event
                yield event
        finally:
            del self._events[number]
            if not ended:
                self._send(number, Cancel())

    def kill(self) -> None:
        """End the process at once; another is started."""
        self._process.kill()

    def close(self) -> None:
        """End the process for good."""
        self._closed = True
        self._process.kill()
        self._process.join()

    def _send(self, number: int, task: Task) -> None:
        with suppress(OSError):  # of one that died its watcher tells
            self._connection.send((number, task))

    def _launch(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, far = context.Pipe()
        arguments = (far, self.settings.model, self.settings.device)
        self._process = context.Process(target=work, args=arguments, name="ttsf-engine")
        self._process.start()
        far.close()
        try:
            _, event = self._connection.recv()
        except (EOFError, OSError):
            raise TtsfError("the engine process died while it loaded the model") from None
        if not isinstance(event, Ready):
            raise TtsfError(event.message)
        self.about = event

    def _watch(self) -> None:
        """In a thread of its own: pass events on; start the process again when it has died."""
        failures = 0
        while not self._closed:
            began = time.monotonic()
            with suppress(EOFError, OSError):
                while True:
                    self._call(self._pass_on, *self._connection.recv())
            self._process.join()
            if self._closed:
                return
            logger.error("the engine died (exit code %s)", self._process.exitcode)
            self._call(self._crashed)
            failures = 0 if time.monotonic() - began > STEADY_S else failures + 1
            while not self._closed:
                time.sleep(PAUSES_S[min(failures, len(PAUSES_S)) - 1] if failures else 0)
                try:
                    self._launch()
                    break
                except TtsfError as error:
                    logger.error("the engine cannot be started: %s", error)
                    failures += 1
            self._call(self._up.set)

    def _call(self, function: Callable[..., object], *arguments: object) -> None:
        with suppress(RuntimeError):  # the loop has ended
            assert self._loop is not None
            self._loop.call_soon_threadsafe(function, *arguments)

    def _pass_on(self, number: int, event: Event) -> None:
        if number in self._events:
            self._events[number].put_nowait(event)

    def _crashed(self) -> None:
        self._up.clear()
        self.restarts += 1
        for queue in self._events.values():
            queue.put_nowait(Crashed("the engine died"))


async def end_of(events: AsyncGenerator[Event]) -> Done | Failed:
    """How a task ends, by an engine's `events` of it; raises Crashed."""
    async for event in events:
        if isinstance(event, Done | Failed):
            return event
    raise Crashed("the engine ended without an answer")
