"""Temporary files of processes that were killed."""

import errno
import multiprocessing
import os
import signal
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from ttsf.media.files import LEFT_OVER, held, new_file, sweep, write_new

SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture(autouse=True)
def _sweep_again() -> None:
    sweep.cache_clear()


def fill(target: Path, begun: Event, folder: bool) -> None:
    """Begin a file and never end it."""
    with held(target, folder):
        begun.set()
        signal.pause()


def test_a_process_without_free_handles_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_free(*_: object) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(os, "open", none_free)
    with pytest.raises(OSError, match="Too many"), held(tmp_path / "a", folder=True):
        pass


@pytest.mark.parametrize("folder", [False, True])
def test_what_failed_leaves_nothing(tmp_path: Path, folder: bool) -> None:
    with pytest.raises(ValueError, match="oh"), held(tmp_path / "a", folder):
        raise ValueError("oh")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("folder", [False, True])
def test_a_temporary_goes_when_its_process_is_no_more(tmp_path: Path, folder: bool) -> None:
    begun = SPAWN.Event()
    child = SPAWN.Process(target=fill, args=(tmp_path / "a", begun, folder))
    child.start()
    assert begun.wait(60)
    write_new(tmp_path / "b", "while it is filled")
    assert len(list(tmp_path.glob(LEFT_OVER))) == 1
    os.kill(child.pid or 0, signal.SIGKILL)
    child.join()
    assert len(list(tmp_path.glob(LEFT_OVER))) == 1
    sweep.cache_clear()  # as in another process
    write_new(tmp_path / "b", "later")
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def test_only_our_own_names_are_swept(tmp_path: Path) -> None:
    for name in ("a.part", ".ttsf-notes", ".a.mp4.part", ".ttsf-0123.part"):
        (tmp_path / name).touch()
    write_new(tmp_path / "b", "")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *(".a.mp4.part", ".ttsf-notes", "a.part", "b"),
    ]


def test_two_files_are_filled_at_once(tmp_path: Path) -> None:
    with new_file(tmp_path / "a") as first:
        sweep.cache_clear()
        with new_file(tmp_path / "b") as second:
            first.write_text("1")
            second.write_text("2")
    assert [(tmp_path / name).read_text() for name in "ab"] == ["1", "2"]
