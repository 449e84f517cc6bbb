"""Engines on a Ray cluster in the place of the one process: replicas of a Ray Serve deployment.

Ray starts them, spreads tasks over them, starts those that die again, and has as many as there is
work for. What they write lies in the server's folder, which all machines must see. Ray Serve's own
HTTP proxies are left out: one server answers, since the line, the list of jobs and the files that
are followed while they grow belong together, and engines are what there must be more of.
"""

import asyncio
import hashlib
import logging
import os
import re
import threading
from collections.abc import AsyncGenerator
from contextlib import suppress
from pathlib import Path
from typing import Any

from ttsf.errors import TtsfError, needing
from ttsf.parallel import join_ray
from ttsf.serve.process.engine_process import Crashed
from ttsf.serve.process.tasks import Done, Event, Failed, Ready, Task
from ttsf.serve.settings import Settings

LOCAL, DEPLOYMENT = "local", "engine"
TASKS_EACH = 4
"""Of one replica at once: a video, and pictures that are read beside it."""
GROW_S, SHRINK_S = 1.0, 300.0
"""How long there must be too few, or too many, before that changes."""
END_S = 1.0
"""For tasks of a replica that is taken away; nobody waits for them."""
LOOK_S = 2.0
"""How often Ray looks whether a replica lives, and the server whether there is one."""
logger = logging.getLogger("ttsf.serve")


class Replica:
    """A model on one of the cluster's machines."""

    def __init__(self, model: Path | None, device: str, stalled_s: float) -> None:
        from ttsf.serve.process.task_runner import load_worker

        self.worker, self.stalled_s = load_worker(model, device), stalled_s

    async def about(self) -> Ready:
        """The model."""
        return self.worker.about

    async def do(self, task: Task) -> AsyncGenerator[Event]:
        """What becomes of a task; closing this early ends it within one piece.

        A process that tells nothing for too long ends itself: Ray has another one started, and
        the server learns of it.
        """
        loop, events = asyncio.get_running_loop(), asyncio.Queue[Event]()
        stopped = threading.Event()

        def tell(event: Event) -> None:
            loop.call_soon_threadsafe(events.put_nowait, event)

        def work() -> None:
            with suppress(RuntimeError):  # the loop has ended
                tell(self.worker.do(task, stopped, tell))

        threading.Thread(target=work, daemon=True).start()
        try:
            event: Event | None = None
            while not isinstance(event, Done | Failed):
                async with asyncio.timeout(self.stalled_s):
                    event = await events.get()
                yield event
        except TimeoutError:
            os._exit(1)
        finally:
            stopped.set()


class RayEngine:
    """As `Engine`, on a cluster."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.restarts = settings, 0
        self.about: Ready
        folder = hashlib.sha256(str(settings.folder).encode()).hexdigest()
        self.name = f"ttsf-{folder[:12]}"
        """Of the application: a folder has one server, and a cluster may serve several."""
        self._handle: Any = None
        self._up, self._own, self._closed = False, False, threading.Event()

    def start(self) -> None:
        """Join the cluster and wait for the first model; raises TtsfError."""
        with needing("engines on a Ray cluster", 'Ray Serve ("ray[serve]")', "cluster"):
            import ray
            from ray import serve
        s = self.settings
        self._own = s.ray_address == LOCAL and not ray.is_initialized()
        join_ray(s.ray_address, s.replicas)
        logging.getLogger("ray.serve").setLevel(logging.ERROR)
        scaling = {
            "min_replicas": 1,
            "max_replicas": s.replicas,
            "target_ongoing_requests": 1,
            "upscale_delay_s": GROW_S,
            "downscale_delay_s": SHRINK_S,
        }
        deployment: Any = serve.deployment(
            Replica,
            name=DEPLOYMENT,
            autoscaling_config=scaling,
            max_ongoing_requests=TASKS_EACH,
            graceful_shutdown_timeout_s=END_S,
            health_check_period_s=LOOK_S,
            ray_actor_options={"num_cpus": 1, "num_gpus": s.gpus},
        )
        application = deployment.bind(s.model, s.device, s.stalled_s)
        try:
            serve.start(proxy_location="Disabled")
            serve.delete(self.name)  # of a server that was killed: it may still be writing
            self._handle = serve.run(application, name=self.name, route_prefix=None)
            self.about = self._handle.about.remote().result()
        except (RuntimeError, ray.exceptions.RayError) as error:
            told = re.findall(r"TtsfError: (.+)", self._status().message)
            self.close()
            reason = told[-1] if told else type(error).__name__
            raise TtsfError(f"no engine starts on the Ray cluster: {reason}") from None
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
        event: Event | None = None
        try:
            async for event in response:
                yield event
        except Exception as error:  # Ray has many for an actor that is no more
            self.restarts += 1
            logger.error("an engine died (%s)", type(error).__name__)
            raise Crashed("the engine died") from None
        finally:
            if not isinstance(event, Done | Failed):
                response.cancel()

    def close(self) -> None:
        """Take the engines from the cluster."""
        import ray
        from ray import serve

        self._closed.set()
        if self._own:
            serve.shutdown()
            ray.shutdown()
        else:
            serve.delete(self.name)

    def _watch(self) -> None:
        while not self._closed.wait(LOOK_S):
            with suppress(Exception):  # the cluster does not answer: nothing is known
                self._up = self._status().replica_states.get("RUNNING", 0) > 0

    def _status(self) -> Any:
        from ray import serve

        return serve.status().applications[self.name].deployments[DEPLOYMENT]
