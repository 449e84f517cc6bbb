"""A command stopped while writing leaves nothing behind, at the latest after the next command."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ttsf.media.files import LEFT_OVER

TEXT = "This is a sentence of some length. " * 20


@pytest.fixture(autouse=True)
def _signals_mean_what_they_do() -> Iterator[None]:
    """Also where the tests themselves run under `nohup`."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.fixture
def command(photo: Path, model_folder: Path, tmp_path: Path) -> list[str]:
    """Writes a.mp4 and a.wav in `out`, which takes a while."""
    out = tmp_path / "out"
    out.mkdir()
    words = ["speak", str(photo), TEXT, "--model", str(model_folder), "--size", "64", "--quiet"]
    words += ["--output", str(out / "a.mp4"), "--save-audio", str(out / "a.wav")]
    return [sys.executable, "-m", "ttsf", *words]


def end(command: list[str], out: Path, number: int, before: int = 0) -> int:
    """Begin it and send it a signal when both files are begun; gives its exit code."""
    run = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    while run.poll() is None and sum(p.stat().st_size > 0 for p in out.glob(LEFT_OVER)) <= before:
        time.sleep(0.05)
    run.send_signal(number)
    return run.wait(120)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_polite_end_leaves_nothing(command: list[str], tmp_path: Path, name: str) -> None:
    number = signal.Signals[name]
    assert end(command, tmp_path / "out", number) == 128 + number
    assert list((tmp_path / "out").iterdir()) == []


def is_worker(process: Path, of: int) -> bool:
    """Whether an entry of /proc is a running worker; its parent is `of`, or gone."""
    try:
        parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
        return b"spawn_main" in (process / "cmdline").read_bytes() and parent in (of, 1)
    except OSError:
        return False


def test_a_command_with_workers_ends_at_once_and_says_so(tmp_path: Path) -> None:
    program = Path(__file__).parents[1] / "support" / "sleeping_workers.py"
    command = [sys.executable, str(program), str(tmp_path)]
    run = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    while run.poll() is None and len(list(tmp_path.iterdir())) < 2:
        time.sleep(0.05)
    workers = [one for one in Path("/proc").glob("[0-9]*") if is_worker(one, run.pid)]
    began = time.monotonic()
    run.send_signal(signal.SIGTERM)
    _, told = run.communicate(timeout=30)
    assert time.monotonic() - began < 2
    assert (run.returncode, told) == (128 + signal.SIGTERM, "ttsf: error: ended by SIGTERM\n")
    time.sleep(0.2)
    assert not any(is_worker(one, run.pid) for one in workers)


def test_the_next_command_removes_what_a_killed_one_left(
    command: list[str], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert end(command, out, signal.SIGKILL) == -signal.SIGKILL
    left = set(out.iterdir())
    assert left and all(path.match(LEFT_OVER) for path in left)
    command[command.index(TEXT)] = "Hi."
    assert subprocess.run(command).returncode == 0
    assert sorted(path.name for path in out.iterdir()) == ["a.mp4", "a.wav"]


def test_nohup_goes_on(command: list[str], tmp_path: Path) -> None:
    command[command.index(TEXT)] = "Hi there, my friend."
    assert end(["nohup", *command], tmp_path / "out", signal.SIGHUP) == 0
    assert (tmp_path / "out" / "a.mp4").exists()
