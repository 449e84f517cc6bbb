"""Sec. 4.1: what a job of a corpus gives: clips, and what was refused and why."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from ttsf.errors import CannotWrite, TtsfError
from ttsf.parallel import Job, Parallel, run_jobs
from ttsf.research.data.manifest import Clip

THUMBNAIL = 96
"""px, height of the pictures on a corpus's page."""


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


def piece_name(key: str, number: int) -> str:
    """The clip that is one of several pieces of a job's file."""
    return f"{key}-{number:03d}"


def piece_of(name: str) -> str | None:
    """The key whose pieces may bear this name, if it is such a name."""
    key, _, number = name.rpartition("-")
    return key if len(number) >= 3 and number.isdecimal() else None


_record = TypeAdapter(Record)
Work = Callable[[Any, Path], Record]
"""`work(job, out)` writes a job's clips below `out`; importable by name, so that processes and
machines can share it. TtsfError and want of memory refuse the whole job; others, and a disk that is
full, end the run."""


def record_jobs(
    work: Work, jobs: Sequence[Job], out: Path, workers: Parallel = Parallel()
) -> list[Record]:
    """The records of all jobs, as `jobs.run_jobs`."""
    texts = run_jobs(partial(_do, work), jobs, out, workers)
    return [_record.validate_json(text) for text in texts]


def _do(work: Work, job: Job, out: Path) -> str:
    try:
        record = work(job, out)
    except CannotWrite:
        raise
    except TtsfError as error:
        record = Record(job.key, [], [Refusal(job.key, str(error))])
    except MemoryError:
        record = Record(job.key, [], [Refusal(job.key, "too large for the memory")])
    return _record.dump_json(record).decode()
