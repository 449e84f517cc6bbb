"""Python processes that begin with the libraries imported, for tests that start many of them.

An import of PyTorch takes seconds. One process does it, imports nothing of ttsf, and forks where
another would be started: the child has the arguments, environment, folder, limits and open files of
a new process, imports ttsf itself, and ends as a process does. A test of what Python or a library
does while it is loaded needs a real process, which all are on systems other than Linux.

As a program, `python warm.py PLACE` waits at a socket, and `python warm.py PLACE WORDS...` asks it
to do what `python WORDS...` would.
"""

import ctypes
import gc
import importlib
import json
import os
import runpy
import select
import shlex
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import util
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

with suppress(ImportError):  # on Windows
    import fcntl
    import resource

LIBRARIES = (
    *("numpy", "torch", "torch._dynamo", "torch.distributed.run", "torch.utils.data"),
    *("PIL.Image", "PIL.PngImagePlugin", "PIL.JpegImagePlugin", "av", "cv2", "dlib"),
    *("safetensors.torch", "pydantic", "tyro", "filelock", "num2words", "espeakng_loader"),
)
"""Imported once; none of ttsf."""
HERE = sys.platform == "linux"
"""Whether there are any."""
LEAST_FILE = 500
"""Above the numbers that a process gives to its files."""
PR_SET_CHILD_SUBREAPER = 36
LENGTH = struct.Struct("!I")


class Warm:
    """The process that forks, started when first asked, of one process that asks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._env = {**os.environ, "OMP_NUM_THREADS": "1"}  # not as a test has changed it
        self._env.pop("PYTHONPATH", None)  # each child has its own

    def place(self) -> str:
        """Where it listens."""
        with self._lock:
            return self._place()

    def start(self, words: Sequence[str], files: Sequence[int], env: dict[str, str]) -> int:
        """The id of a new child of this process, which waits for it; `files` keep their numbers."""
        with self._lock, socket.socket(socket.AF_UNIX) as asked:
            asked.connect(self._place())
            libc = ctypes.CDLL(None)
            libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # an orphan below becomes our child
            try:
                _ask(asked, words, {n: n for n in files}, env, adopted=True)
                with asked.makefile("rb") as answer:
                    return int(answer.read())  # to the end, when its parent is no more
            finally:
                libc.prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)

    def close(self) -> None:
        """End it."""
        if self._process is not None and self._folder is not None:
            self._process.kill()
            self._process.wait()
            self._folder.cleanup()

    def _place(self) -> str:
        if self._process is None or self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="warm-")
            place = str(Path(self._folder.name) / "asked")
            self._process = subprocess.Popen(
                [sys.executable, __file__, place],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=self._env, cwd="/",
            )  # fmt: skip
            assert self._process.stdout is not None
            assert self._process.stdout.readline() == b"ready\n", "it does not start"
        return str(Path(self._folder.name) / "asked")


WARM = Warm()


def command(*words: str) -> list[str]:
    """The command that ends as `python WORDS...` does, with its files and its folder."""
    begin = [sys.executable, "-I", "-S", __file__, WARM.place()] if HERE else [sys.executable]
    return [*begin, *words]


def run(
    words: Sequence[str], env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """What `python WORDS...` gives, its output as text."""
    return subprocess.run(command(*words), env=env, capture_output=True, text=True)


def program(path: Path, words: Sequence[str] = ()) -> Path:
    """Write a program that ends as `python WORDS "$@"` does."""
    path.write_text(f'#!/bin/sh\nexec {shlex.join(command(*words))} "$@"\n')
    path.chmod(0o755)
    return path


@contextmanager
def spawning() -> Iterator[None]:
    """Within, multiprocessing's method "spawn" forks off such a process; no other asks later."""
    really, owner = util.spawnv_passfds, os.getpid()

    def spawn(path: bytes, words: Sequence[Any], files: Sequence[int]) -> int:
        # One that was forked off this process cannot have children by WARM.
        if not HERE or "--multiprocessing-fork" not in words or os.getpid() != owner:
            return really(path, words, files)
        command = words[words.index("-c") :]
        return WARM.start(command, (0, 1, 2, *map(int, files)), dict(os.environ))

    util.spawnv_passfds = spawn  # type: ignore[assignment]
    try:
        yield
    finally:
        util.spawnv_passfds = really
        WARM.close()


def _ask(
    asked: socket.socket, words: Sequence[str], files: dict[int, int], env: dict[str, str],
    adopted: bool,
) -> None:  # fmt: skip
    """files: numbers there by numbers here."""
    request = {
        "words": list(words), "files": list(files.values()), "env": env, "cwd": os.getcwd(),
        "adopted": adopted, "limits": {n: resource.getrlimit(n) for n in _limits()},
    }  # fmt: skip
    content = json.dumps(request).encode()
    socket.send_fds(asked, [LENGTH.pack(len(content))], list(files))
    asked.sendall(content)


def _limits() -> list[int]:
    """Numbers of the limits of a process."""
    return [getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_")]


def _client(place: str, words: Sequence[str]) -> NoReturn:
    """Ends as the process that does the work."""
    with socket.socket(socket.AF_UNIX) as asked:
        asked.connect(place)
        _ask(asked, words, {0: 0, 1: 1, 2: 2}, dict(os.environ), adopted=False)
        with asked.makefile("rb") as answer:
            process = int(answer.readline())
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda number, _: os.kill(process, number))
            code = int(answer.readline())
    if code < 0:
        with suppress(OSError):  # SIGKILL has no other way
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


def _serve(place: str) -> list[str]:
    """Fork until whoever started it is no more; returns in each child, with its words."""
    for name in LIBRARIES:
        with suppress(ImportError):
            importlib.import_module(name)
    tempfile.tempdir = None
    gc.collect()
    gc.freeze()  # what is never written is never copied
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(place)
        listening.listen()
        os.write(1, b"ready\n")
        while listening.fileno() in select.select([0, listening.fileno()], [], [])[0]:
            with suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            asked, _ = listening.accept()
            with asked:
                begin, files, _, _ = socket.recv_fds(asked, LENGTH.size, 64)
                content = asked.recv(LENGTH.unpack(begin)[0], socket.MSG_WAITALL)
                request = json.loads(content)
                between = os.fork()
                if not between and not _between(asked, request["adopted"]):
                    for socket_ in (asked, listening):
                        socket_.detach()  # closed with all others
                    return _begin(request, files)
                for file in files:
                    os.close(file)
                if request["adopted"]:
                    os.waitpid(between, 0)
    os._exit(0)


def _between(asked: socket.socket, adopted: bool) -> bool:
    """The process between: it ends here; False in its child, which does the work."""
    process = os.fork()
    if not process:
        return False
    asked.sendall(b"%d\n" % process)
    if not adopted:
        os.closerange(LEAST_FILE, LEAST_FILE + 64)
        code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        with suppress(BrokenPipeError):
            asked.sendall(b"%d\n" % code)
    os._exit(0)


def _begin(request: dict, files: list[int]) -> list[str]:
    """Be as a new process is."""
    high = [fcntl.fcntl(file, fcntl.F_DUPFD, LEAST_FILE) for file in files]
    os.closerange(0, LEAST_FILE)
    for file, number in zip(high, request["files"], strict=True):
        os.dup2(file, number)
        os.close(file)
    for number, limit in request["limits"].items():
        resource.setrlimit(int(number), limit)
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    return request["words"]


def _become(words: list[str], path: list[str]) -> None:
    """Do what `python WORDS...` does once Python has started."""
    if words[0] == "-u":
        sys.stdout.reconfigure(write_through=True)  # type: ignore[union-attr]
        del words[0]
    kind, own = words[0], [one for one in os.environ.get("PYTHONPATH", "").split(os.pathsep) if one]
    if kind == "-m":
        sys.path[:] = [os.getcwd(), *own, *path]
        sys.argv = words[1:]
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
    elif kind == "-c":
        sys.path[:] = ["", *own, *path]
        sys.argv = ["-c", *words[2:]]
        main = sys.modules["__main__"] = ModuleType("__main__")
        exec(compile(words[1], "<string>", "exec"), main.__dict__)
    else:
        sys.path[:] = [str(Path(kind).resolve().parent), *own, *path]
        sys.argv = words
        runpy.run_path(kind, run_name="__main__")


if __name__ == "__main__":
    _place, *_words = sys.argv[1:]
    if _words:
        _client(_place, _words)
    _path = sys.path[1:]
    _become(_serve(_place), _path)
