"""Run jobs on the engine: admission, order, retries, job status, expiry."""

import asyncio
import logging
import math
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from ttsf.engine.requests import VideoRequest
from ttsf.serve.jobs import Job, Jobs
from ttsf.serve.metrics import Metrics
from ttsf.serve.problems import STATUS_OF, Problem
from ttsf.serve.process.engine_process import Crashed, EngineProcess, end_of
from ttsf.serve.process.ray_engine import RayEngine
from ttsf.serve.process.tasks import (
    CheckVideo,
    Done,
    Failed,
    Forget,
    Grew,
    MakeSpeech,
    MakeVideo,
    ReadPortrait,
    Task,
)
from ttsf.serve.queue import AdmissionQueue, Full, Ticket
from ttsf.serve.settings import Settings
from ttsf.serve.store import Files

MOST_ATTEMPTS = 2
"""Attempts for a task whose engine dies."""
DIED_TWICE = Failed("engine_died", "the engine died twice while it did this")
SWEEP_S = 60.0
READING_S = 1.0
"""Typical time to read a portrait, s."""
logger = logging.getLogger("ttsf.serve")


class Live:
    """In-memory progress of a running job, for streaming clients."""

    def __init__(self, turn: Ticket) -> None:
        self.turn, self.began = turn, time.monotonic()
        self.done = self.total = 0
        self.words: list[dict[str, Any]] = []
        self.ended = self.whole = False
        self.next_change = asyncio.Event()
        """Take this event before reading the fields, and await it afterwards."""

    def change(self) -> None:
        """Notify all watchers."""
        self.next_change.set()
        self.next_change = asyncio.Event()


class Studio:
    """Runs jobs on one engine; not thread-safe, for one event loop."""

    def __init__(
        self, settings: Settings, engine: EngineProcess | RayEngine, jobs: Jobs, files: Files
    ) -> None:
        self.settings, self.engine, self.jobs, self.files = settings, engine, jobs, files
        self.metrics, self.live = Metrics(), dict[str, Live]()
        self._line = AdmissionQueue(settings.at_once, settings.waiting)
        self._readers = AdmissionQueue(1, settings.readers)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._closing, self._usual_s = False, 10.0
        self._sweeping: asyncio.Task[None]

    def open(self) -> None:
        """Resume jobs accepted before a restart; fail those that a client was waiting for."""
        self.engine.attach()
        unfinished = self.jobs.unfinished()
        for job in unfinished:
            if job.kind == "job":
                self._begin(job)
            else:
                self._end(job, Failed("interrupted", "the server was stopped meanwhile"))
        self.files.delete_other_videos({job.id for job in (*unfinished, *self.jobs.finished())})
        self._sweeping = asyncio.create_task(self._sweep_always())

    async def close(self) -> None:
        """Stop; unfinished jobs stay accepted."""
        self._closing = True
        tasks = [*self._tasks.values(), self._sweeping]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.to_thread(self.engine.close)
        self.jobs.close()

    @contextmanager
    def admission(self) -> Iterator[None]:
        """Reserve a queue position while a request is read; raises Problem 429, 503 or 507."""
        if not self.engine.is_up:
            self.metrics.refused.inc()
            raise Problem(503, "loading", "the engine is being started", None, {"Retry-After": "5"})
        self.check_disk()
        try:
            with self._line.expected():
                yield
        except Full:
            raise self._full(self._usual_s / self.settings.at_once) from None

    def check_disk(self) -> None:
        """Raise Problem 507 if the disk is almost full."""
        if self.files.free() < self.settings.least_free:
            raise Problem(507, "disk_full", "the server's disk is full")

    async def read_portrait(self, content: bytes) -> str:
        """Store a picture, find its faces, and return the portrait id.

        Raises Problem 422 for a picture without a usable face, 429 if too many are waiting.
        """
        async with self._reading():
            portrait = self.files.add_picture(content)
            if self.files.faces(portrait) is None:
                try:
                    faces = await self._ask(ReadPortrait(self.files.picture(portrait)))
                except BaseException:
                    self.files.delete_portrait(portrait)
                    raise
                self.files.put_faces(portrait, faces)
        return portrait

    async def forget_portrait(self, portrait: str) -> None:
        """Delete a portrait; raises Problem 409 while a job needs it."""
        if self.jobs.uses(portrait):
            raise Problem(409, "in_use", "a video that is not finished needs this portrait")
        self.files.delete_portrait(portrait)
        await self._ask(Forget())

    async def check(self, portrait: str, wanted: VideoRequest, recording: Path | None) -> None:
        """Raise Problem 422 for a video that cannot be generated."""
        options = wanted.options(self.settings.most_speech_s)
        picture = self.files.picture(portrait)
        async with self._reading():
            await self._ask(CheckVideo(picture, wanted.face, wanted.prompt, options, recording))

    def add(self, job: Job) -> Live:
        """Accept a job, and start it when its turn comes."""
        self.files.touch(job.portrait)
        return self._begin(self.jobs.put(job))

    async def cancel(self, job_id: str) -> None:
        """Cancel an unfinished job, and wait until it has stopped."""
        await asyncio.sleep(0)  # a task that has not started would not clean up
        if task := self._tasks.get(job_id):
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def delete(self, job_id: str) -> None:
        """Cancel a job, and delete its files and its entry."""
        await self.cancel(job_id)
        self.files.delete_video(job_id)
        self.jobs.delete(job_id)

    async def speech(self, task: MakeSpeech, turn: Ticket) -> AsyncGenerator[bytes]:
        """Yield the bytes of a speech file while it is generated; raises Problem.

        Closing the iterator early cancels the work.
        """
        sent, attempts = 0, 0
        try:
            async with turn:
                while True:
                    try:
                        async with aclosing(self.engine.events(task)) as events:
                            async for event in events:
                                if isinstance(event, Failed):
                                    raise problem_of(event)
                                piece = read_from(task.file, sent)
                                sent += len(piece)
                                if piece:
                                    yield piece
                        return
                    except Crashed:
                        attempts += 1
                        if attempts == MOST_ATTEMPTS:
                            raise problem_of(DIED_TWICE) from None
        finally:
            task.file.unlink(missing_ok=True)

    def join(self) -> Ticket:
        """Enter the queue for speech."""
        return self._line.join(urgent=True)

    def figures(self) -> bytes:
        """Return the Prometheus metrics."""
        self.metrics.waiting.set(self._line.waiting)
        self.metrics.running.set(self._line.busy)
        self.metrics.engine_up.set(self.engine.is_up)
        self.metrics.restarts.set(self.engine.restarts)
        return self.metrics.text()

    def sweep(self) -> None:
        """Delete expired files, and the oldest videos above the size limit."""
        finished, before = self.jobs.finished(), time.time() - self.settings.keep_s
        stored = sum(job.stored for job in finished)
        for job in finished:
            if (job.finished_at or 0) < before or stored > self.settings.keep_bytes:
                stored -= job.stored
                self.files.delete_video(job.id)
                self.jobs.delete(job.id)
        for portrait in self.files.expired_portraits(self.settings.keep_s):
            if not self.jobs.uses(portrait):
                self.files.delete_portrait(portrait)

    def _begin(self, job: Job) -> Live:
        live = self.live[job.id] = Live(self._line.join(urgent=job.kind != "job"))
        self._tasks[job.id] = asyncio.create_task(self._run(job, live))
        return live

    async def _run(self, job: Job, live: Live) -> None:
        last: Done | Failed | None = None
        try:
            async with live.turn:
                began = time.monotonic()
                job = self.jobs.put(replace(job, status="running"))
                self._tell_all()
                async with asyncio.timeout(self.settings.most_making_s):
                    last = await self._make(job, live)
            if isinstance(last, Done):
                took = time.monotonic() - began
                self._usual_s += (took - self._usual_s) / 4
                self.metrics.factor.observe(took / last.result["seconds"])
                self.metrics.seconds.inc(last.result["seconds"])
        except asyncio.CancelledError:
            last = None if self._closing else Failed("cancelled", "it was cancelled")
        except TimeoutError:
            last = Failed("timeout", "it took too long to make")
        except Exception as error:
            logger.error("%s: %s", job.id, type(error).__name__)
            last = Failed("server_error", f"the server failed ({type(error).__name__})")
        finally:
            if last is not None:
                self._end(job, last)
            live.ended, live.whole = True, isinstance(last, Done)
            del self.live[job.id], self._tasks[job.id]
            live.change()
            self._tell_all()

    async def _make(self, job: Job, live: Live) -> Done | Failed:
        wanted = VideoRequest.model_validate_json(job.request)
        recording = self.files.recording(job.id)
        task = MakeVideo(
            self.files.picture(job.portrait),
            wanted.face,
            wanted.prompt,
            wanted.options(self.settings.most_speech_s),
            wanted.captions,
            self.files.video(job.id),
            recording if recording.exists() else None,
        )
        while job.attempts < MOST_ATTEMPTS:
            live.words.clear()
            try:
                async with aclosing(self.engine.events(task)) as events:
                    async for event in events:
                        if isinstance(event, Grew):
                            if not live.done:
                                self.metrics.first.observe(time.monotonic() - live.began)
                            live.done, live.total = event.done, event.total
                            live.words += event.words
                            live.change()
                        elif isinstance(event, Done | Failed):
                            return event
            except Crashed as crash:
                logger.error("%s: %s", job.id, crash)
                job = self.jobs.put(replace(job, status="running", attempts=job.attempts + 1))
        return DIED_TWICE

    def _end(self, job: Job, last: Done | Failed) -> None:
        job = replace(self.jobs.get(job.id) or job, finished_at=time.time())
        if isinstance(last, Done):
            self.files.recording(job.id).unlink(missing_ok=True)
            stored = self.files.size(job.id)
            outcome = "done"
            self.jobs.put(replace(job, status="done", stored=stored, **last.result))
        else:
            self.files.delete_video(job.id)
            outcome = "cancelled" if last.code == "cancelled" else "failed"
            ended = replace(job, error_code=last.code, error=last.message)
            self.jobs.put(
                replace(ended, status="cancelled")
                if outcome == "cancelled"
                else replace(ended, status="failed")
            )
        self.metrics.videos.labels(outcome).inc()
        logger.info("%s: %s", job.id, outcome)

    def _tell_all(self) -> None:
        """Notify the watchers of all jobs that queue positions have changed."""
        for live in self.live.values():
            live.change()

    async def _ask(self, task: Task) -> dict[str, Any]:
        """Run a task that returns a result; raises Problem if it fails."""
        for _ in range(MOST_ATTEMPTS):
            try:
                last = await end_of(self.engine.events(task))
            except Crashed:
                continue
            if isinstance(last, Failed):
                raise problem_of(last)
            return last.result
        raise problem_of(DIED_TWICE)

    def _reading(self) -> Ticket:
        try:
            with self._readers.expected():
                return self._readers.join()
        except Full:
            raise self._full(READING_S) from None

    def _full(self, seconds_each: float) -> Problem:
        self.metrics.refused.inc()
        wait_s = math.ceil(min(max(seconds_each, 1.0), 600.0))
        detail = "too many are waiting; try again later"
        return Problem(429, "queue_full", detail, None, {"Retry-After": str(wait_s)})

    async def _sweep_always(self) -> None:
        while True:
            try:
                self.sweep()
            except OSError as error:
                logger.error("old files cannot be removed: %s", error.strerror)
            await asyncio.sleep(SWEEP_S)


def problem_of(failed: Failed) -> Problem:
    """Convert an engine failure to an error response."""
    return Problem(STATUS_OF.get(failed.code, 500), failed.code, failed.message)


def read_from(path: Path, offset: int, most: int = -1) -> bytes:
    """Read a file from `offset` on; empty if it does not exist yet."""
    try:
        with path.open("rb") as file:
            file.seek(offset)
            return file.read(most)
    except FileNotFoundError:
        return b""
