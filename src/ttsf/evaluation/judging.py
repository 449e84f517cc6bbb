"""Every clip of every system before the judges, in several processes; each refusal has a reason."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from ttsf.errors import TtsfError
from ttsf.evaluation.cases import Case
from ttsf.evaluation.clips import read_clip
from ttsf.evaluation.metrics.offline import Judges, Known, Measured, measure
from ttsf.evaluation.systems import System
from ttsf.jobs import worker_pool
from ttsf.pipeline import Progress


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
    with worker_pool(workers, quiet=True) as pool:
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


def _expected(system: System, case: Case) -> bool:
    return system.expected is None or case.name in system.expected


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
