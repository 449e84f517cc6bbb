"""Engines on a Ray cluster instead of one process: replicas of a Ray Serve deployment.

Ray starts, restarts and scales the replicas, and distributes tasks. They write into the server's
folder, which all machines must share. Ray Serve's HTTP proxies are not used: queue, job list and
growing files belong to one server, and only the engines need to scale.
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
from ttsf.serve.process.tasks import Done, Event, Failed, LiveMessage, Ready, Task
from ttsf.serve.settings import Settings

LOCAL, DEPLOYMENT = "local", "engine"
TASKS_EACH = 4
"""Concurrent tasks per replica: a video, and portraits read meanwhile."""
GROW_S, SHRINK_S = 1.0, 300.0
"""Delay before replicas are added or removed, s."""
END_S = 1.0
"""Shutdown timeout of a replica, s; no client waits for its tasks."""
LOOK_S = 2.0
"""Interval of health checks, by Ray of replicas and by the server of the deployment, s."""
logger = logging.getLogger("ttsf.serve")


class Replica:
    """A replica: one model on a machine of the cluster."""

    def __init__(self, model: Path | None, device: str, stalled_s: float) -> None:
        from ttsf.serve.process.task_runner import load_worker

        self.worker, self.stalled_s = load_worker(model, device), stalled_s

    async def about(self) -> Ready:
        """Describe the model."""
        return self.worker.about

    async def do(self, task: Task) -> AsyncGenerator[Event]:
        """Run a task, and yield its events; closing the iterator cancels it within one chunk.

        If a task sends no event for too long, the process exits; Ray starts another, and the
        server gets an error.
        """
        loop, events = asyncio.get_running_loop(), asyncio.Queue[Event]()
        stopped = threading.Event()

        def tell(event: Event) -> None:
            loop.call_soon_threadsafe(events.put_nowait, event)

        def work() -> None:
            with suppress(RuntimeError):  # the event loop has ended
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
    """Like `EngineProcess`, on a Ray cluster."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.restarts = settings, 0
        self.about: Ready
        folder = hashlib.sha256(str(settings.folder).encode()).hexdigest()
        self.name = f"ttsf-{folder[:12]}"
        """Name of the Ray application, unique per folder, since a cluster may serve several."""
        self._handle: Any = None
        self._up, self._own, self._closed = False, False, threading.Event()

    def start(self) -> None:
        """Join the cluster, and wait for the first replica; raises TtsfError if none starts."""
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
            serve.delete(self.name)  # left by a killed server: it may still be writing
            self._handle = serve.run(application, name=self.name, route_prefix=None)
            self.about = self._handle.about.remote().result()
        except (RuntimeError, ray.exceptions.RayError) as error:
            told = re.findall(r"TtsfError: (.+)", self._status().message)
            self.close()
            reason = told[-1] if told else type(error).__name__
            raise TtsfError(f"no engine starts on the Ray cluster: {reason}") from None
        self._up = True

    def attach(self) -> None:
        """Start watching whether a replica is up."""
        threading.Thread(target=self._watch, daemon=True).start()

    @property
    def is_up(self) -> bool:
        """Whether tasks are accepted."""
        return self._up

    async def events(self, task: Task) -> AsyncGenerator[Event]:
        """Run a task, and yield its events, `Done` or `Failed` last; raises Crashed.

        Closing the iterator cancels the task within one chunk.
        """
        response = self._handle.options(stream=True).do.remote(task)
        event: Event | None = None
        try:
            async for event in response:
                yield event
        except Exception as error:  # Ray raises many types for a dead actor
            self.restarts += 1
            logger.error("an engine died (%s)", type(error).__name__)
            raise Crashed("the engine died") from None
        finally:
            if not isinstance(event, Done | Failed):
                response.cancel()

    def tell(self, _talk: str, _message: LiveMessage) -> None:
        """Refuse: messages cannot follow a session to its replica."""
        raise TtsfError("live sessions need --engine process")

    def close(self) -> None:
        """Remove the replicas from the cluster."""
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
            with suppress(Exception):  # the cluster does not answer: state unknown
                self._up = self._status().replica_states.get("RUNNING", 0) > 0

    def _status(self) -> Any:
        from ray import serve

        return serve.status().applications[self.name].deployments[DEPLOYMENT]
