"""Sec. 4.1: the result of a corpus job, its clips and what it refused, with reasons."""

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
"""Height of the pictures in a corpus report, px."""


@dataclass(frozen=True)
class Refusal:
    """Something that was refused."""

    source: str
    """The file, with the piece if there are several."""
    reason: str
    thumbnail: str | None = None
    """Thumbnail, .jpg relative to the corpus folder."""


@dataclass(frozen=True)
class Record:
    """Result of a job."""

    key: str
    clips: list[Clip]
    refused: list[Refusal]


def piece_name(key: str, number: int) -> str:
    """Return the clip name of one of several pieces."""
    return f"{key}-{number:03d}"


def piece_of(name: str) -> str | None:
    """Return the key of a piece's name, or None."""
    key, _, number = name.rpartition("-")
    return key if len(number) >= 3 and number.isdecimal() else None


_record = TypeAdapter(Record)
Work = Callable[[Any, Path], Record]
"""`work(job, out)` writes a job's clips below `out`. Must be picklable. TtsfError and lack of
memory
refuse the job; other errors, and a full disk, end the run."""


def record_jobs(
    work: Work, jobs: Sequence[Job], out: Path, workers: Parallel = Parallel()
) -> list[Record]:
    """Run all jobs, and return their records; see `parallel.run_jobs`."""
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
