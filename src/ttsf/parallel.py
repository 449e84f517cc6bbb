"""Run independent jobs in this process, in a process pool, or on a Ray cluster.

A job writes its files and then one record, all atomically, so that a killed run can resume. If jobs
read only what they name and what existed before the run, the output does not depend on the number
of workers. Workers on other machines must see the same folders.
"""

import json
import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from filelock import FileLock, Timeout

from ttsf.errors import TtsfError, needing
from ttsf.media.files import LEFT_OVER, write_new

RECORDS = "records"
SETTINGS, LOCK = "settings.json", ".lock"
PARENT_CHECK_S = 1.0
THREAD_LIMITS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENCV_FOR_THREADS_NUM",
)
Progress = Callable[[int, int], None]
"""Callback (done, total)."""


class WorkerDied(TtsfError):
    """A worker process was killed or crashed."""


@dataclass(frozen=True)
class Parallel:
    """Worker pool settings; raises TtsfError if `count` < 1."""

    count: int = 1
    ray_address: str | None = None
    """Ray cluster: "local" starts one with `count` CPUs, "auto" or HOST:PORT joins one."""
    progress: Progress | None = None
    gpus: float = 0.0
    """GPUs per worker on Ray; with 0.25 four share one."""

    def __post_init__(self) -> None:
        if self.count < 1:
            raise TtsfError(f"workers {self.count}: at least one is needed")


class Job(Protocol):
    """A picklable description of one file to process."""

    @property
    def key(self) -> str:
        """Unique name: the path of the record below `records`; may contain `/`."""


Work = Callable[[Any, Path], str]
"""`work(job, out)` writes a job's files below `out`, and returns its JSON record. Must be
picklable;
an exception ends the run."""
Lost = Callable[[Any], str]
"""Returns the record of a job whose process died twice, the second time alone."""


def run_jobs(
    work: Work,
    jobs: Sequence[Job],
    out: Path,
    workers: Parallel = Parallel(),
    lost: Lost | None = None,
) -> list[str]:
    """Run every job that has no record yet; return all records in the order of the jobs.

    lost: if given, a dying worker does not end the run; jobs then always run in child processes.
    Raises TtsfError for duplicate keys, a dead worker, or missing Ray.
    """
    keys = [job.key for job in jobs]
    if len(set(keys)) < len(keys):
        raise TtsfError(f"two files share the name '{max(keys, key=keys.count)}'")
    open_jobs = [job for job in jobs if not record_path(out, job.key).is_file()]
    done = len(jobs) - len(open_jobs)
    run = partial(_do_job, work, out)
    if workers.ray_address is not None:
        finished = _on_ray(run, open_jobs, workers)
    elif lost is not None or (workers.count > 1 and len(open_jobs) > 1):
        finished = _on_processes(run, open_jobs, workers.count, keep_on=lost is not None)
    else:
        finished = ((job, run(job)) for job in open_jobs)
    for job, is_done in finished:
        if not is_done:
            if lost is None:
                raise _died()
            write_new(record_path(out, job.key), lost(job))
        done += 1
        if workers.progress is not None:
            workers.progress(done, len(jobs))
    return [record_path(out, key).read_text(encoding="utf-8") for key in keys]


def _do_job(work: Work, out: Path, job: Job) -> bool:
    """Run one job, and write its record."""
    record = work(job, out)
    write_new(record_path(out, job.key), record)
    return True


def _on_processes(
    run: Callable[[Job], bool], jobs: Sequence[Job], workers: int, keep_on: bool
) -> Iterator[tuple[Job, bool]]:
    """Yield each job with whether it succeeded.

    keep_on: retry jobs that were running when a process died, each in a process of its own.
    """
    left = {job.key: job for job in jobs}
    while left:
        try:
            with worker_pool(min(workers, len(left))) as pool:
                futures = {pool.submit(run, job): job for job in left.values()}
                for future in as_completed(futures):
                    is_done, job = future.result(), left.pop(futures[future].key)
                    yield job, is_done
        except WorkerDied:
            if not keep_on:
                raise
            for key in list(left)[:workers]:
                job = left.pop(key)
                yield job, _alone(run, job)


def _alone(run: Callable[[Job], bool], job: Job) -> bool:
    try:
        with worker_pool(1) as pool:
            return pool.submit(run, job).result()
    except WorkerDied:
        return False


@contextmanager
def worker_pool(workers: int, quiet: bool = False) -> Iterator[ProcessPoolExecutor]:
    """Yield a pool of single-threaded processes that exit with this one; TtsfError if one dies.

    quiet: discard their standard error (messages of native libraries); exceptions still
    propagate. If this process is told to end, they are killed; what they write is atomic.
    """
    others = set(multiprocessing.active_children())
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, _begin_worker, (os.getpid(), quiet))
    try:
        with _one_thread_each():
            yield pool
    except BrokenProcessPool:
        raise _died() from None
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        for process in set(multiprocessing.active_children()) - others:
            process.kill()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Limit processes started in the block to one thread each."""
    before = {name: os.environ.get(name) for name in THREAD_LIMITS}
    os.environ.update(dict.fromkeys(THREAD_LIMITS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _begin_worker(parent: int, quiet: bool) -> None:
    """Initialise a worker, which exits when its parent dies."""
    if quiet:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(PARENT_CHECK_S)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


class _Hand:
    """A Ray actor that runs many jobs."""

    def do(self, run: Callable[[Job], bool], job: Job) -> bool:
        """Run one job."""
        return run(job)


def _on_ray(
    run: Callable[[Job], bool], jobs: Sequence[Job], workers: Parallel
) -> Iterator[tuple[Job, bool]]:
    """Yield each job with whether it succeeded; a job whose actor dies is tried once more."""
    join_ray(workers.ray_address, workers.count)
    import ray

    decorated = ray.remote(num_cpus=1, num_gpus=workers.gpus, max_restarts=-1, max_task_retries=1)
    kind: Any = decorated(_Hand)
    hands = [kind.remote() for _ in jobs[: workers.count]]
    waiting = iter(jobs[len(hands) :])
    doing = {hand.do.remote(run, job): (hand, job) for hand, job in zip(hands, jobs, strict=False)}
    try:
        while doing:
            (ready,), _ = ray.wait(list(doing))
            hand, job = doing.pop(ready)
            for following in islice(waiting, 1):
                doing[hand.do.remote(run, following)] = hand, following
            try:
                yield job, ray.get(ready)
            except ray.exceptions.RayActorError:
                yield job, False
            except ray.exceptions.RayTaskError as error:
                raise error.cause from None
    finally:
        for hand in hands:
            ray.kill(hand)


def join_ray(address: str | None, processors: int) -> None:
    """Join a Ray cluster, or start one here for "local", with usage reporting off.

    Raises TtsfError without Ray.
    """
    with needing("a Ray cluster", "ray", "dist"):
        import ray
    if ray.is_initialized():
        return
    try:
        if address == "local":
            os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
            ray.init(num_cpus=processors, include_dashboard=False, log_to_driver=False)
        else:
            ray.init(address=address, log_to_driver=False)
    except ConnectionError as error:
        raise TtsfError(f"no Ray cluster at {address}: {error}") from None


@contextmanager
def only_run(out: Path, settings: dict[str, Any]) -> Iterator[None]:
    """Lock an output folder for one run at a time, always with the same settings.

    Removes temporary files left by a killed run. Raises TtsfError if another run holds the lock,
    the folder was begun with other settings, it contains anything else, or it cannot be made.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TtsfError(f"cannot write into {out}: {error.strerror}") from None
    lock = FileLock(out / LOCK)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise TtsfError(f"another run is writing to {out}") from None
    with lock:
        path = out / SETTINGS
        if path.is_file():
            before = json.loads(path.read_text(encoding="utf-8"))
            changed = sorted(
                k for k in before.keys() | settings if before.get(k) != settings.get(k)
            )
            if changed:
                raise TtsfError(
                    f"{out} was begun with other settings ({', '.join(changed)}); "
                    "choose another folder or delete this one"
                )
        else:
            if any(e.name != LOCK and not e.match(LEFT_OVER) for e in out.iterdir()):
                raise TtsfError(
                    f"{out} is not empty and holds something else; choose another folder"
                )
            write_new(path, json.dumps(settings, indent=1))
        for left_over in out.rglob(LEFT_OVER):
            left_over.unlink(missing_ok=True)
        yield


def _died() -> WorkerDied:
    return WorkerDied("a worker died, perhaps for want of memory; run again, with fewer workers")


def record_path(out: Path, key: str) -> Path:
    """Return the path of a job's record."""
    return out / RECORDS / f"{key}.json"
