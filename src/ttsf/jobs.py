"""Many independent files to make: in this process, in several, or on a Ray cluster.

Each job leaves its clips and then one record, both written whole, so a killed run goes on where it
stopped. A job's result depends on the job alone; the corpus is therefore the same for any number of
workers. Workers on other machines must see the same folders.
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
from pathlib import Path
from typing import Any, Protocol

from filelock import FileLock, Timeout

from ttsf.data.manifest import Clip, clip_from_json, clip_to_json
from ttsf.errors import TtsfError
from ttsf.media.files import new_file

RECORDS = "records"
PARENT_CHECK_S = 1.0
THREAD_LIMITS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENCV_FOR_THREADS_NUM",
)


class Job(Protocol):
    """A picklable description of one file to process."""

    @property
    def key(self) -> str:
        """Unique name, the record's path below `records`; `/` allowed."""


@dataclass(frozen=True)
class Refusal:
    """Something that was left out."""

    source: str
    """The file, and its piece where there are several."""
    reason: str
    thumbnail: str | None = None
    """A picture of it, .jpg relative to the corpus's folder."""


@dataclass(frozen=True)
class Record:
    """What a job gave."""

    key: str
    clips: list[Clip]
    refused: list[Refusal]


Work = Callable[[Any, Path], Record]
"""`work(job, out)` makes the job's files below `out`; importable by name, so that processes and
machines can share it. An exception becomes a refusal of the whole job."""


def write_record(out: Path, record: Record) -> None:
    """Save a record whole."""
    content = {
        "key": record.key,
        "clips": [json.loads(clip_to_json(clip)) for clip in record.clips],
        "refused": [vars(refusal) for refusal in record.refused],
    }
    with new_file(_record_path(out, record.key)) as temporary:
        temporary.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def read_record(out: Path, key: str) -> Record | None:
    """A job's record, or None where the job is not done."""
    path = _record_path(out, key)
    if not path.is_file():
        return None
    content = json.loads(path.read_text(encoding="utf-8"))
    clips = [clip_from_json(json.dumps(clip)) for clip in content["clips"]]
    return Record(content["key"], clips, [Refusal(**refusal) for refusal in content["refused"]])


def run_jobs(
    work: Work,
    jobs: Sequence[Job],
    out: Path,
    workers: int = 1,
    ray_address: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Record]:
    """Do every job that has no record yet; returns all records in the order of the jobs.

    ray_address: "local" starts a cluster on this machine with `workers` processors, "auto" or
    HOST:PORT joins one. progress is called with jobs done and jobs in all.
    """
    keys = [job.key for job in jobs]
    if len(set(keys)) < len(keys):
        raise TtsfError(f"two files share the name '{max(keys, key=keys.count)}'")
    open_jobs = [job for job in jobs if not _record_path(out, job.key).is_file()]
    done = len(jobs) - len(open_jobs)
    run = partial(do_job, work, out)
    if ray_address is not None:
        finished = _on_ray(run, open_jobs, workers, ray_address)
    elif workers > 1 and len(open_jobs) > 1:
        finished = _on_processes(run, open_jobs, workers)
    else:
        finished = map(run, open_jobs)
    for _ in finished:
        done += 1
        if progress is not None:
            progress(done, len(jobs))
    return [record for key in keys if (record := read_record(out, key)) is not None]


def do_job(work: Work, out: Path, job: Job) -> str:
    """One job to its record; returns its key."""
    try:
        record = work(job, out)
    except TtsfError as error:
        record = Record(job.key, [], [Refusal(job.key, str(error))])
    except MemoryError:
        record = Record(job.key, [], [Refusal(job.key, "too large for the memory")])
    write_record(out, record)
    return job.key


def _on_processes(run: Callable[[Job], str], jobs: Sequence[Job], workers: int) -> Iterator[str]:
    with worker_pool(workers) as pool:
        futures = [pool.submit(run, job) for job in jobs]
        for future in as_completed(futures):
            yield future.result()


@contextmanager
def worker_pool(workers: int, quiet: bool = False) -> Iterator[ProcessPoolExecutor]:
    """Processes of one thread each that do not outlive this one; TtsfError where one dies.

    quiet: what their native libraries write to standard error is dropped; exceptions still come
    back.
    """
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, _begin_worker, (os.getpid(), quiet))
    try:
        with _one_thread_each():
            yield pool
    except BrokenProcessPool:
        raise TtsfError(
            "a worker died, perhaps for want of memory; run again, with fewer --workers"
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Processes started meanwhile share the cores instead of each taking all of them."""
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
    """Workers of a killed run must not outlive it."""
    if quiet:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(PARENT_CHECK_S)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _on_ray(
    run: Callable[[Job], str], jobs: Sequence[Job], workers: int, address: str
) -> Iterator[str]:
    try:
        import ray
        from ray.util.multiprocessing import Pool
    except ImportError:
        raise TtsfError("--ray needs Ray: pip install 'ttsf[dist]'") from None
    if not ray.is_initialized():
        if address == "local":
            ray.init(num_cpus=workers, include_dashboard=False, log_to_driver=False)
        else:
            ray.init(address=address, log_to_driver=False)
    pool = Pool(processes=workers)
    try:
        yield from pool.imap_unordered(run, jobs)
    finally:
        pool.terminate()


@contextmanager
def only_run(out: Path, settings: dict[str, Any]) -> Iterator[None]:
    """Hold a corpus's folder: one run at a time, always with the settings it was begun with.

    Removes what a killed run left half-written. Raises TtsfError where another run holds the
    folder or other settings made it.
    """
    out.mkdir(parents=True, exist_ok=True)
    lock = FileLock(out / ".lock")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise TtsfError(f"another run is writing to {out}") from None
    with lock:
        path = out / "settings.json"
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
            if any(entry.name != ".lock" for entry in out.iterdir()):
                raise TtsfError(f"{out} is not empty and holds no corpus; choose another folder")
            with new_file(path) as temporary:
                temporary.write_text(json.dumps(settings, indent=1), encoding="utf-8")
        for left_over in out.rglob(".ttsf-*.part"):
            left_over.unlink(missing_ok=True)
        yield


def _record_path(out: Path, key: str) -> Path:
    return out / RECORDS / f"{key}.json"
