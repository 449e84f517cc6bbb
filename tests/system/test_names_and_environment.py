"""Names of files as people give them, and the environment that a command finds."""

# ruff: noqa: RUF001 (names in other scripts)

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import espeakng_loader
import numpy as np
import pytest
from PIL import Image

import ttsf
from tests.support import warm
from ttsf.cli.main import main

COMMAND = [sys.executable, "-m", "ttsf"]
NAMES = (
    "with spaces.mp4", "Éléonore.mp4", "电影.mp4", "🎬.mp4", "%03d.mp4", "[1].mp4", "a#b.mp4",
    "what?.mp4", "a;b&c.mp4", "$HOME.mp4", "'quoted'.mp4", "-dash.mp4", "a:b.mp4", "file:x.mp4",
    "~.mp4", "a..mp4", "OUT.MP4", "Mixed.Mp4",
)  # fmt: skip


@pytest.fixture(scope="module")
def small(astronaut: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A portrait that is quickly drawn."""
    path = tmp_path_factory.mktemp("small") / "face.png"
    Image.fromarray(astronaut[20:240, 110:330]).save(path)
    return path


def speak(portrait: Path | str, output: Path | str, model: Path, *others: str) -> list[str]:
    options = ["--still", "--steps", "1", "--quiet", "--model", str(model)]
    return ["speak", "-o", str(output), *options, *others, "--", str(portrait), "A."]


def is_video(path: Path) -> bool:
    return path.read_bytes()[4:8] == b"ftyp"


@pytest.mark.parametrize("name", NAMES)
def test_a_video_of_any_name(small: Path, model_folder: Path, tmp_path: Path, name: str) -> None:
    assert main(speak(small, tmp_path / name, model_folder)) == 0
    assert [path.name for path in tmp_path.iterdir()] == [name] and is_video(tmp_path / name)


@pytest.mark.parametrize("name", NAMES[:8])
def test_a_portrait_of_any_name(small: Path, model_folder: Path, tmp_path: Path, name: str) -> None:
    portrait = shutil.copy(small, tmp_path / name.replace(".mp4", ".png"))
    assert main(speak(portrait, tmp_path / "a.mp4", model_folder)) == 0
    assert is_video(tmp_path / "a.mp4")


def test_a_relative_name_that_begins_with_a_dash(
    small: Path, model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    shutil.copy(small, tmp_path / "-me.png")
    monkeypatch.chdir(tmp_path)
    assert main(speak("-me.png", "a.mp4", model_folder)) == 0
    assert is_video(tmp_path / "a.mp4")
    assert main(["speak", "-me.png", "A.", "-o", "b.mp4"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "--help explains" in line and not (tmp_path / "b.mp4").exists()


@pytest.mark.parametrize("linked", ["portrait", "folder", "older"])
def test_links_and_older_files(
    small: Path, model_folder: Path, tmp_path: Path, linked: str
) -> None:
    portrait, output = small, tmp_path / "a.mp4"
    if linked == "portrait":
        portrait = tmp_path / "link.png"
        portrait.symlink_to(small)
    elif linked == "folder":
        (tmp_path / "real").mkdir()
        (tmp_path / "link").symlink_to(tmp_path / "real")
        output = tmp_path / "link" / "a.mp4"
    else:
        output.write_text("old")
    assert main(speak(portrait, output, model_folder)) == 0
    assert is_video(output)


@pytest.mark.parametrize("name", ["a", "a.mov", "a.m4v", "a.mkv", "a.mp4.part", "mp4", "a.gif"])
def test_names_of_other_kinds_are_refused(
    small: Path, model_folder: Path, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(speak(small, tmp_path / name, model_folder)) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "must end in .mp4" in line and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("output", ["", "/", "/proc/a.mp4", "/dev/null", "."])
def test_places_that_take_no_video(
    small: Path, model_folder: Path, output: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(speak(small, output, model_folder)) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("ttsf: error: ")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(b"word " * 300_000, "too long"), (b"word " * 20_000, "at most"), (None, "No such file"),
     (b"", "nothing to say"), ("folder", "directory")],
    ids=["1.5 MB", "100 kB", "missing", "empty", "a folder"],
)  # fmt: skip
def test_text_files_that_cannot_be_spoken(
    small: Path, model_folder: Path, tmp_path: Path, content: bytes | str | None, complaint: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    path = tmp_path / "text.txt"
    if content == "folder":
        path.mkdir()
    elif isinstance(content, bytes):
        path.write_bytes(content)
    arguments = ["speak", str(small), "-o", str(tmp_path / "a.mp4"), "--model", str(model_folder)]
    assert main([*arguments, "--text-file", str(path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert complaint in line and not (tmp_path / "a.mp4").exists()


SPEAK_FROM = """
import sys, espeakng_loader
espeakng_loader.get_data_path = lambda: sys.argv[1]
from ttsf.text.phonemizer import espeak
print(ascii(espeak("hello", "en-us")))
"""


@pytest.mark.parametrize("name", [b"a", b"a" * 100, b"a" * 250, "影".encode(), b"\xff\xfe"])
@pytest.mark.parametrize(
    "change", [{}, {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"}]
)
def test_an_installation_in_any_folder(tmp_path: Path, name: bytes, change: dict[str, str]) -> None:
    """espeak-ng has room for a path of 159 bytes."""
    linked = os.fsencode(tmp_path) + b"/" + name
    try:
        os.symlink(os.fsencode(espeakng_loader.get_data_path()), linked)
    except OSError:  # a file system whose names are UTF-8
        pytest.skip("no such names here")
    command = [sys.executable, "-c", SPEAK_FROM, linked]
    run = subprocess.run(command, env={**os.environ, **change}, capture_output=True, text=True)
    if len(linked) >= 160 and not Path("/proc/self/fd").is_dir():
        assert "too long for espeak-ng" in run.stderr
    else:
        assert run.stdout.strip() == ascii("həlˈoʊ"), run.stderr


@pytest.mark.parametrize(
    "change",
    [
        {"LC_ALL": "C", "TERM": "dumb", "COLUMNS": "1"},
        {"HOME": None, "XDG_CACHE_HOME": None, "TMPDIR": "/nowhere/at/all"},
        {"LANG": "tr_TR.UTF-8", "LC_ALL": "xx_YY", "PYTHONWARNINGS": "error::UserWarning"},
    ],
    ids=["C, no terminal", "no home, no temporary folder", "no such locale, warnings"],
)
def test_an_odd_environment(
    small: Path, model_folder: Path, tmp_path: Path, change: dict[str, str | None]
) -> None:
    portrait = shutil.copy(small, tmp_path / "Zoë 电.png")
    output = tmp_path / "Noël 影.mp4"
    changed = {**os.environ, **change}
    run = subprocess.run(
        [*COMMAND, *speak(portrait, output, model_folder)[:-1], "“It’s a café,” she said."],
        env={name: value for name, value in changed.items() if value is not None},
        capture_output=True,
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, b"", b"")
    assert is_video(output)


def run_in(
    words: list[str], change: dict[str, str | None], before: str = "", loaded: bool = False
) -> subprocess.CompletedProcess[str]:
    """The command in a changed environment, after lines of Python.

    loaded: the libraries are, before those lines; ttsf is not.
    """
    changed = {**os.environ, **change}
    env = {name: value for name, value in changed.items() if value is not None}
    code = f"{before}\nfrom ttsf.__main__ import entry_point; entry_point()"
    if loaded:
        return warm.run(["-c", code, *words], env)
    command = [sys.executable, "-c", code, *words]
    return subprocess.run(command, env=env, capture_output=True, text=True)


LIMIT = "import resource; resource.setrlimit(resource.{}, ({n}, {n}))"
LIMITS = {
    "one processor": "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})",
    "3 GB": LIMIT.format("RLIMIT_AS", n=3_000_000_000),
    "32 open files": LIMIT.format("RLIMIT_NOFILE", n=32),
    "no core": LIMIT.format("RLIMIT_CORE", n=0),
    "no resource": "import sys; sys.modules['resource'] = None",
    "no fcntl": "import sys, warnings; sys.modules['fcntl'] = None\n"
    "warnings.filterwarnings('ignore', 'only soft file lock')",  # of filelock, on no system
    "no pwd": "import sys; sys.modules['pwd'] = None",
    "no fork": "import os; del os.fork",
    "no SIGKILL": "import signal; del signal.SIGKILL",
}
LIMITS["nothing of Unix"] = "\n".join(code for name, code in LIMITS.items() if name[:3] == "no ")


@pytest.mark.parametrize("limit", LIMITS)
def test_a_poor_machine_speaks_or_says_why(
    small: Path, model_folder: Path, tmp_path: Path, limit: str
) -> None:
    """The libraries too are loaded without what is named where nothing of it is there."""
    output = tmp_path / "a.mp4"
    loaded = limit != "nothing of Unix"
    run = run_in(speak(small, output, model_folder), {}, LIMITS[limit], loaded)
    assert run.returncode == 0 or (limit == "32 open files" and run.returncode == 2), run.stderr
    assert run.stderr.count("\n") == (run.returncode != 0)
    assert output.exists() == (run.returncode == 0)


@pytest.mark.parametrize("threads", ["0", "abc", "-1", "1,2"])
def test_a_number_of_threads_that_is_none(
    small: Path, model_folder: Path, tmp_path: Path, threads: str
) -> None:
    output = tmp_path / "a.mp4"
    run = run_in(speak(small, output, model_folder), {"OMP_NUM_THREADS": threads})
    assert run.returncode == 0 and is_video(output), run.stderr


@pytest.mark.parametrize("options", [["-W", "error"], ["-OO"], ["-I"], ["-X", "dev"]], ids=str)
def test_options_of_python(
    small: Path, model_folder: Path, tmp_path: Path, options: list[str]
) -> None:
    """-I leaves PYTHONPATH out."""
    code = (
        f"import sys; sys.path[:0] = {sys.path!r}; from ttsf.__main__ import entry_point as e; e()"
    )
    words = speak(small, tmp_path / "a.mp4", model_folder)
    run = subprocess.run([sys.executable, *options, "-c", code, *words], capture_output=True)
    assert run.returncode == 0 and is_video(tmp_path / "a.mp4"), run.stderr


def test_an_installation_in_a_folder_of_any_name(
    small: Path, model_folder: Path, tmp_path: Path
) -> None:
    place = tmp_path / "my folder" / "Jürgen Müller 山田" / "site pkg"
    place.mkdir(parents=True)
    (place / "ttsf").symlink_to(Path(ttsf.__file__).parent)
    for k, change in enumerate(({"LC_ALL": "C"}, {"LC_ALL": "C", "PYTHONUTF8": "0"})):
        output = tmp_path / f"портрет {k}.mp4"
        home = {"PYTHONPATH": str(place), "HOME": str(place)}
        run = run_in(speak(small, output, model_folder), {**home, **change})
        assert run.returncode == 0 and is_video(output), run.stderr


NOBODY = """
import pwd
def unknown(number): raise KeyError(number)
pwd.getpwuid = unknown
"""


@pytest.mark.parametrize("home", [None, "/", "/proc"])
@pytest.mark.parametrize("command", ["speak", "faces", "batch", "verify"])
def test_a_user_whom_the_machine_does_not_know(
    small: Path, model_folder: Path, tmp_path: Path, command: str, home: str | None
) -> None:
    """Nor is there a folder for temporary files."""
    rows = tmp_path / "list.jsonl"
    row = {"id": "a", "portrait": str(small), "text": "A.", "steps": 1, "still": True}
    rows.write_text(json.dumps(row))
    words = {
        "speak": speak(small, tmp_path / "a.mp4", model_folder),
        "faces": ["faces", str(small)],
        "batch": ["batch", str(rows), str(tmp_path / "out"), "--workers", "1",
                  "--model", str(model_folder)],
        "verify": ["verify", str(small)],
    }[command]  # fmt: skip
    run = run_in(words, {"HOME": home, "TMPDIR": "/proc"}, NOBODY, loaded=home is not None)
    assert run.returncode == (command == "verify"), run.stderr  # 1: no mark was found
    assert "Traceback" not in run.stderr
    assert command != "batch" or is_video(tmp_path / "out" / "a" / "video.mp4")


def test_from_a_zip(tmp_path: Path) -> None:
    """As a wheel that was never unpacked: either works, or one line says why."""
    package = Path(ttsf.__file__).parent
    with zipfile.ZipFile(tmp_path / "w.zip", "w") as archive:
        for path in package.rglob("*"):
            if path.suffix in (".py", ".tsv", ".json") and "weights" not in path.parts:
                archive.write(path, path.relative_to(package.parent))
    run = run_in(["info"], {"PYTHONPATH": str(tmp_path / "w.zip")})
    assert run.returncode in (0, 2) and "Traceback" not in run.stderr
    assert run.stderr.count("\n") == (run.returncode == 2), run.stderr
