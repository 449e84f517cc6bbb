"""Jobs leave one record each, for any kind of worker; records hold refusals and reasons."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from ttsf.errors import TtsfError
from ttsf.parallel import Parallel, only_run, run_jobs
from ttsf.research.data.records import Record, Refusal, record_jobs


@dataclass(frozen=True)
class Word:
    key: str


JOBS = [Word(key) for key in ("one", "deep/two", "three", "four")]


def spell(job: Word, out: Path) -> str:
    (out / f"{Path(job.key).name}.txt").write_text(job.key)
    return json.dumps(list(job.key))


def fail(job: Word, out: Path) -> Record:
    if job.key == "one":
        raise TtsfError("unreadable")
    if job.key == "three":
        raise MemoryError
    if job.key == "four":
        raise KeyError("a fault of ours")
    return Record(job.key, [], [])


@pytest.mark.parametrize("workers", [1, 2])
def test_records_come_in_the_order_of_the_jobs(tmp_path: Path, workers: int) -> None:
    steps = []
    crew = Parallel(workers, progress=lambda *at: steps.append(at))
    for _ in range(2):
        records = run_jobs(spell, JOBS, tmp_path, crew)
        assert ["".join(json.loads(record)) for record in records] == [job.key for job in JOBS]
    assert steps == [(1, 4), (2, 4), (3, 4), (4, 4)]
    (tmp_path / "records/deep/two.json").unlink()
    run_jobs(spell, JOBS, tmp_path, crew)
    assert steps[4:] == [(4, 4)]


def test_two_jobs_of_one_name(tmp_path: Path) -> None:
    with pytest.raises(TtsfError, match="two files share the name 'one'"):
        run_jobs(spell, [*JOBS, Word("one")], tmp_path)


def test_what_refuses_a_job_and_what_ends_the_run(tmp_path: Path) -> None:
    records = record_jobs(fail, JOBS[:3], tmp_path)
    assert [record.refused for record in records] == [
        [Refusal("one", "unreadable")],
        [],
        [Refusal("three", "too large for the memory")],
    ]
    with pytest.raises(KeyError, match="a fault of ours"):
        record_jobs(fail, JOBS, tmp_path)
    assert not (tmp_path / "records/four.json").exists()


def test_a_folder_is_held_by_one_run(tmp_path: Path) -> None:
    tmp_path = tmp_path / "out"
    tmp_path.mkdir()
    (tmp_path / ".ttsf-0123.part").write_text("killed before its settings were written")
    with only_run(tmp_path, {"a": 1}):
        assert not list(tmp_path.glob("*.part"))
        with pytest.raises(TtsfError, match="another run"), only_run(tmp_path, {"a": 1}):
            pass
    with pytest.raises(TtsfError, match=r"other settings \(a, b\)"), only_run(tmp_path, {"b": 1}):
        pass
    with only_run(tmp_path, {"a": 1}):
        pass


def test_a_file_in_the_place_of_the_output_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("Mine.")
    for out in (tmp_path / "notes", tmp_path / "notes" / "out"):
        with pytest.raises(TtsfError, match="cannot write into"), only_run(out, {}):
            pass
    assert (tmp_path / "notes").read_text() == "Mine."
