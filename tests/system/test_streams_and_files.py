"""Where a video is written, and standard streams that are closed or full."""

import os
import random
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support import warm
from ttsf.cli.main import main
from ttsf.errors import TtsfError
from ttsf.media.files import new_file, refuse_inputs, write_new

FULL = Path("/dev/full")
COMMAND = [sys.executable, "-m", "ttsf"]


@pytest.fixture
def speak(tmp_path: Path, photo: Path, model_folder: Path) -> list[str]:
    """A command line that writes a.mp4."""
    output = str(tmp_path / "a.mp4")
    return ["speak", str(photo), "Hi.", "--output", output, "--model", str(model_folder), "--quiet"]


def test_a_link_is_followed_and_stays(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link, target = tmp_path / "link.mp4", tmp_path / "real" / "target.mp4"
    target.write_text("old")
    link.symlink_to(target)
    write_new(link, "new")
    assert link.is_symlink() and target.read_text() == "new"
    assert [path.name for path in target.parent.iterdir()] == ["target.mp4"]


def test_a_link_to_nothing_makes_what_it_names(tmp_path: Path) -> None:
    link = tmp_path / "link.mp4"
    link.symlink_to(tmp_path / "later.mp4")
    write_new(link, "new")
    assert link.is_symlink() and (tmp_path / "later.mp4").read_text() == "new"


def test_links_in_a_circle_are_refused(tmp_path: Path) -> None:
    link = tmp_path / "link.mp4"
    link.symlink_to(link)
    with pytest.raises(TtsfError, match=r"cannot write .*link\.mp4"):
        write_new(link, "new")
    assert link.is_symlink()


@pytest.mark.parametrize("mode", [0o664, 0o600, 0o640])
def test_an_older_file_keeps_its_mode(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "a.mp4"
    path.touch()
    path.chmod(mode)
    write_new(path, "new")
    assert stat.S_IMODE(path.stat().st_mode) == mode


@contextmanager
def no_root() -> Iterator[Path]:
    """A folder in which everybody may write, seen by a user for whom write protection counts."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        root = os.getuid() == 0
        try:
            if root:
                os.setresuid(65_534, 65_534, 0)
            yield Path(folder)
        finally:
            if root:
                os.setresuid(0, 0, 0)


@pytest.mark.parametrize("owner", ["own", "another's"])
def test_write_protected_files_are_refused(owner: str) -> None:
    with no_root() as folder:
        path = folder / "a.mp4"
        path.write_text("old")
        path.chmod(0o444)
        if owner == "another's":
            if os.geteuid() != 65_534:
                pytest.skip("needs root")
            os.setresuid(0, 0, 0)
            os.chown(path, 1, 1)
            os.setresuid(65_534, 65_534, 0)
        with pytest.raises(TtsfError, match=r"cannot write .*a\.mp4: it is write-protected"):
            write_new(path, "new")
        assert path.read_text() == "old" and list(folder.iterdir()) == [path]


def test_pipes_and_devices_are_refused(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.mp4"
    os.mkfifo(pipe)
    for path in (pipe, Path(os.devnull)):
        with pytest.raises(TtsfError, match="it is a device or a pipe"), new_file(path):
            pass
        assert path.exists() and not path.is_file()


@pytest.mark.parametrize("linked", ["same", "symbolic", "hard"])
def test_an_input_is_not_overwritten(tmp_path: Path, linked: str) -> None:
    picture, output = tmp_path / "p.mp4", tmp_path / "o.mp4"
    picture.write_text("picture")
    match linked:
        case "same":
            output = picture
        case "symbolic":
            output.symlink_to(picture)
        case "hard":
            output.hardlink_to(picture)
    with pytest.raises(TtsfError, match="it is an input"):
        refuse_inputs([None, output], [tmp_path / "none", picture])
    refuse_inputs([tmp_path / "new.mp4", None], [picture, None])


def test_speak_refuses_to_overwrite_its_portrait(
    speak: list[str], tmp_path: Path, photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = tmp_path / "p.mp4"
    picture.write_bytes(photo.read_bytes())
    speak[1], speak[4] = str(picture), str(picture)
    assert main(speak) == 2
    assert "it is an input" in capsys.readouterr().err
    assert picture.read_bytes() == photo.read_bytes()


def test_closed_standard_input_is_named(speak: list[str], tmp_path: Path) -> None:
    speak[2] = "-"
    run = subprocess.run(
        ["sh", "-c", '"$@" <&-', "sh", *COMMAND, *speak], capture_output=True, text=True
    )
    assert (run.returncode, run.stderr) == (2, "ttsf: error: standard input is closed\n")
    assert not (tmp_path / "a.mp4").exists()


@pytest.mark.parametrize("closed", ["<&- >&- 2>&-", ">&-", "2>&-"])
def test_closed_streams_do_not_spoil_the_video(
    speak: list[str], tmp_path: Path, closed: str
) -> None:
    speak.remove("--quiet")
    run = subprocess.run(["sh", "-c", f'"$@" {closed}', "sh", *COMMAND, *speak])
    assert run.returncode == 0
    assert b"ftyp" in (tmp_path / "a.mp4").read_bytes()[:16]


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")
def test_full_streams_do_not_spoil_the_video(speak: list[str], tmp_path: Path) -> None:
    speak.remove("--quiet")
    with FULL.open("w") as full:
        run = subprocess.run([*COMMAND, *speak], stdout=full, stderr=subprocess.PIPE, text=True)
        assert run.returncode == 0
        assert "ttsf: done, but standard output cannot be written" in run.stderr
        assert "Traceback" not in run.stderr
        (tmp_path / "a.mp4").unlink()
        run = subprocess.run(
            [*warm.command("-m", "ttsf"), *speak], stdout=full, stderr=full, text=True
        )
    assert run.returncode == 0 and (tmp_path / "a.mp4").exists()


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")
def test_a_list_that_cannot_be_printed_is_a_failure() -> None:
    with FULL.open("w") as full:
        run = subprocess.run(
            [*warm.command("-m", "ttsf"), "info"], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert run.returncode == 1
    assert run.stderr.startswith("ttsf: error: OSError") and run.stderr.count("\n") == 1


def test_a_reader_that_has_seen_enough_is_no_failure() -> None:
    run = subprocess.run(
        ["sh", "-c", '{ sleep 1; "$@"; echo $? >&2; } | true', "sh",
         *warm.command("-m", "ttsf", "info")],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert run.stderr == "0\n"


@pytest.fixture
def _interrupts_count() -> Iterator[None]:
    """Also where the tests themselves run in the background, which ignores them."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_interrupts_count")
@pytest.mark.parametrize("times", [3, pytest.param(12, marks=pytest.mark.long)])
def test_an_interrupt_at_any_moment_is_one_line(
    speak: list[str], tmp_path: Path, times: int
) -> None:
    speak[2] = "This is a sentence of some length. " * 20
    rng, interrupted = random.Random(0), 0
    code = "print(1, flush=True); from ttsf.__main__ import entry_point; entry_point()"
    for _ in range(times):
        run = subprocess.Popen(
            [sys.executable, "-c", code, *speak],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert run.stdout is not None and run.stdout.readline() == "1\n"
        time.sleep(rng.uniform(0, 4))
        run.send_signal(signal.SIGINT)
        _, said = run.communicate()
        if run.returncode:
            interrupted += 1
            assert run.returncode == 130 and said == "ttsf: error: interrupted\n"
            assert list(tmp_path.iterdir()) == []
        else:  # the video was already there
            (tmp_path / "a.mp4").unlink()
    assert interrupted > times // 2
