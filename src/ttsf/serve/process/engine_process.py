"""Handle of the engine process on the server's side: sends tasks, receives events, restarts it."""

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
from ttsf.light_torch import import_lightly
from ttsf.serve.process.tasks import (
    Cancel,
    Done,
    Event,
    Failed,
    LiveMessage,
    Ready,
    Task,
    Tell,
)
from ttsf.serve.settings import Settings

PAUSES_S = (0.0, 1.0, 5.0, 30.0)
"""Delays before restarts in s; consecutive failures take the next one."""
STEADY_S = 60.0
"""An engine that lived this long resets the delays, s."""
logger = logging.getLogger("ttsf.serve")


def work(connection: Connection, model: Path | None, device: str) -> None:
    """Main function of the engine process, the only one that imports PyTorch."""
    import_lightly()
    from ttsf.serve.process.task_runner import run

    run(connection, model, device)


class Crashed(Exception):
    """The engine process died, or sent no event for too long, during a task."""


class EngineProcess:
    """A child process that holds the model. Not thread-safe, for one event loop."""

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
        """Start the process, and wait until the model is loaded; raises TtsfError if it cannot."""
        self._launch()
        self._up.set()

    def attach(self) -> None:
        """Bind to the running event loop."""
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._watch, daemon=True).start()

    @property
    def is_up(self) -> bool:
        """Whether the process accepts tasks."""
        return self._up.is_set()

    @property
    def pid(self) -> int | None:
        """Process id."""
        return self._process.pid

    async def events(self, task: Task) -> AsyncGenerator[Event]:
        """Run a task, and yield its events, `Done` or `Failed` last; raises Crashed.

        Closing the iterator cancels the task within one chunk.
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

    def tell(self, talk: str, message: LiveMessage) -> None:
        """Pass a message to a running live session; ignored if there is none."""
        self._send(0, Tell(talk, message))

    def kill(self) -> None:
        """Kill the process; it is restarted."""
        self._process.kill()

    def close(self) -> None:
        """Stop the process for good."""
        self._closed = True
        self._process.kill()
        self._process.join()

    def _send(self, number: int, task: Task) -> None:
        with suppress(OSError):  # the watcher reports a dead process
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
            raise TtsfError("the engine process died while loading the model") from None
        if not isinstance(event, Ready):
            raise TtsfError(event.message)
        self.about = event

    def _watch(self) -> None:
        """Thread that forwards events, and restarts the process when it dies."""
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
        with suppress(RuntimeError):  # the event loop has ended
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
    """Exhaust the events of a task, and return the last; raises Crashed."""
    async for event in events:
        if isinstance(event, Done | Failed):
            return event
    raise Crashed("the engine ended without an answer")
