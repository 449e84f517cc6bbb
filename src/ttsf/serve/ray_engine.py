"""Engines on a Ray cluster in the place of the one process: replicas of a Ray Serve deployment.

Ray starts them, spreads tasks over them, starts those that die again, and has as many as there is
work for. What they write lies in the server's folder, which all machines must see.
"""

import asyncio
import logging
import threading
from collections.abc import AsyncGenerator
from contextlib import suppress
from pathlib import Path
from typing import Any

from ttsf.errors import TtsfError, needing
from ttsf.jobs import join_ray
from ttsf.serve.engine import Crashed
from ttsf.serve.settings import Settings
from ttsf.serve.tasks import Done, Event, Failed, Ready, Task

NAME, LOCAL = "ttsf", "local"
TASKS_EACH = 4
"""Of one replica at once: a video, and pictures that are read beside it."""
LOOK_S = 2.0
logger = logging.getLogger("ttsf.serve")


class Replica:
    """A model on one of the cluster's machines."""

    def __init__(self, model: Path | None, device: str) -> None:
        from ttsf.serve.worker import load_worker  # PyTorch is needed only there

        self.worker = load_worker(model, device)

    async def about(self) -> Ready:
        """The model."""
        return self.worker.about

    async def do(self, task: Task) -> AsyncGenerator[Event]:
        """What becomes of a task; closing this early ends it within one piece."""
        loop, events, stopped = (
            asyncio.get_running_loop(),
            asyncio.Queue[Event](),
            threading.Event(),
        )

        def tell(event: Event) -> None:
            loop.call_soon_threadsafe(events.put_nowait, event)

        def work() -> None:
            with suppress(RuntimeError):  # the loop has ended
                tell(self.worker.do(task, stopped, tell))

        threading.Thread(target=work, daemon=True).start()
        try:
            event: Event | None = None
            while not isinstance(event, Done | Failed):
                event = await events.get()
                yield event
        finally:
            stopped.set()


class RayEngine:
    """As `Engine`, on a cluster."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.restarts = settings, 0
        self.about: Ready
        self._handle: Any = None
        self._up, self._closed = False, threading.Event()

    def start(self) -> None:
        """Join the cluster and wait for the first model; raises TtsfError."""
        with needing("engines on a Ray cluster", 'Ray Serve ("ray[serve]")', "cluster"):
            from ray import serve
        s = self.settings
        join_ray(s.ray_address, s.replicas)
        scaling = {"min_replicas": 1, "max_replicas": s.replicas, "target_ongoing_requests": 1}
        deployment = serve.deployment(
            Replica,
            name=NAME,
            autoscaling_config=scaling,
            max_ongoing_requests=TASKS_EACH,
            ray_actor_options={"num_cpus": 1, "num_gpus": s.gpus},
        )
        serve.start(http_options={"location": "NoServer"})
        try:
            self._handle = serve.run(
                deployment.bind(s.model, s.device), name=NAME, route_prefix=None
            )
            self.about = self._handle.about.remote().result(timeout_s=s.stalled_s)
        except (RuntimeError, TimeoutError) as error:
            self.close()
            raise TtsfError(f"no engine starts on the Ray cluster ({error})") from None
        self._up = True

    def attach(self) -> None:
        """Watch whether there is an engine."""
        threading.Thread(target=self._watch, daemon=True).start()

    @property
    def is_up(self) -> bool:
        """Whether tasks are taken."""
        return self._up

    async def events(self, task: Task) -> AsyncGenerator[Event]:
        """What becomes of a task, `Done` or `Failed` last; raises Crashed.

        Closing this early ends the task within one piece.
        """
        response = self._handle.options(stream=True).do.remote(task)
        pieces, event = aiter(response), None
        try:
            while not isinstance(event, Done | Failed):
                async with asyncio.timeout(self.settings.stalled_s):
                    event = await anext(pieces)
                yield event
        except TimeoutError:
            raise Crashed("the engine told nothing for too long") from None
        except (GeneratorExit, asyncio.CancelledError):
            raise
        except Exception as error:  # Ray has many for an actor that is no more
            self.restarts += 1
            logger.error("an engine died (%s)", type(error).__name__)
            raise Crashed("the engine died") from None
        finally:
            if not isinstance(event, Done | Failed):
                response.cancel()

    async def result(self, task: Task) -> Done | Failed:
        """How a task ends; raises Crashed."""
        async for event in self.events(task):
            if isinstance(event, Done | Failed):
                return event
        raise Crashed("the engine ended without an answer")

    def close(self) -> None:
        """Take the engines from the cluster."""
        import ray
        from ray import serve

        self._closed.set()
        if self.settings.ray_address == LOCAL:
            serve.shutdown()
            ray.shutdown()
        else:
            serve.delete(NAME)

    def _watch(self) -> None:
        from ray import serve

        while not self._closed.wait(LOOK_S):
            with suppress(Exception):  # the cluster does not answer: nothing is known
                states = serve.status().applications[NAME].deployments[NAME].replica_states
                self._up = states.get("RUNNING", 0) > 0
