"""Every clip of every system before the judges, in several processes; each refusal has a reason."""

import multiprocessing
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from ttsf.errors import TtsfError
from ttsf.evaluation.cases import Case
from ttsf.evaluation.clips import read_clip
from ttsf.evaluation.offline import Judges, Known, Measured, measure
from ttsf.evaluation.systems import System
from ttsf.pipeline import Progress

SLOW_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Judges of one process must not take the cores of the others."""


class Judged(NamedTuple):
    """One system."""

    system: System
    clips: dict[str, Measured]
    """By case."""
    refused: dict[str, str]
    """Case and reason."""


class _Task(NamedTuple):
    case: Case
    video: Path
    real: bool


def judge_systems(
    systems: Sequence[System],
    cases: Sequence[Case],
    missing: Mapping[str, Mapping[str, str]],
    workers: int,
    progress: Progress | None,
) -> list[Judged]:
    """Judge all clips; `missing` tells of each system which cases have no video and why.

    The first system is the real clips.
    """
    results, tasks = [], []
    for k, system in enumerate(systems):
        refused = dict(missing.get(system.name, {}))
        for case in cases:
            if case.name in system.videos:
                tasks.append((k, _Task(case, system.videos[case.name], not k)))
            elif case.name not in refused and _expected(system, case):
                refused[case.name] = "no video of this name"
        results.append(Judged(system, {}, refused))
    context = multiprocessing.get_context("spawn")
    with _one_thread(), ProcessPoolExecutor(workers, context, _mute) as pool:
        futures = [(k, task.case.name, pool.submit(_judge, task)) for k, task in tasks]
        for done, (k, name, future) in enumerate(futures, start=1):
            verdict = future.result()
            if isinstance(verdict, str):
                results[k].refused[name] = verdict
            else:
                results[k].clips[name] = verdict
            if progress is not None:
                progress(done, len(futures))
    return results


def _mute() -> None:
    """Native threads of the judges write a few warnings a clip to a worker's standard error; what
    goes wrong comes back as an exception."""
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)


def _expected(system: System, case: Case) -> bool:
    return system.expected is None or case.name in system.expected


@contextmanager
def _one_thread() -> Iterator[None]:
    """Processes that start within inherit one thread a library."""
    before = {name: os.environ.get(name) for name in SLOW_THREADS}
    os.environ.update(dict.fromkeys(SLOW_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@lru_cache(maxsize=1)
def _offline_judges() -> Judges:
    return Judges()


def _judge(task: _Task) -> Measured | str:
    """The figures of one clip, or why it is refused."""
    case = task.case
    try:
        clip, judges = read_clip(task.video), _offline_judges()
        known = Known(
            text=case.text if case.recorded or not task.real else None,
            source=judges.identity.embed(case.picture()),
            truth=read_clip(case.video) if case.recorded and case.video else None,
        )
        return measure(clip, known, judges)
    except TtsfError as error:
        return str(error)
