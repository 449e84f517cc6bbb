"""`ttsf serve` as a process of its own, which can be killed."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class ServerProcess:
    """One that is ready."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.process, self.url = process, url

    def kill(self) -> None:
        """At once; its engine follows by itself."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def engine(self) -> int:
        """The id of the engine's process."""
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        children = [int(child) for task in tasks for child in task.read_text().split()]
        (found,) = [one for one in children if b"spawn_main" in _words(one)]
        return found

    def memory(self) -> float:
        """Megabytes of the server itself."""
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.findall(r"VmRSS:\s+(\d+)", text)[0]) / 1_000


@contextmanager
def serving(folder: Path, model: Path | None, *options: str) -> Iterator[ServerProcess]:
    """A server at a free port, until the block ends."""
    words = [sys.executable, "-m", "ttsf", "serve", "--port", "0", "--folder", str(folder)]
    words += [] if model is None else ["--model", str(model)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"} if model is not None else None
    process = subprocess.Popen(
        [*words, *options], stderr=subprocess.PIPE, text=True, env=environment
    )
    assert process.stderr is not None
    try:
        ready = next((line for line in process.stderr if "is ready" in line), None)
        assert ready is not None, "the server did not start"
        threading.Thread(target=process.stderr.read, daemon=True).start()
        yield ServerProcess(process, re.findall(r"http://\S+?(?=/ is)", ready)[0])
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def _words(process: int) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except FileNotFoundError:
        return b""
