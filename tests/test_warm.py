"""Processes that begin with the libraries are as new ones: `tests.support.warm`."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import warm
from tests.support.paths import ROOT

pytestmark = pytest.mark.skipif(not warm.HERE, reason="there are none here")
TELL = """
import json, os, resource, sys
print(json.dumps({
    "words": sys.argv, "folder": os.getcwd(), "ours": [m for m in sys.modules if "ttsf" in m],
    "env": dict(os.environ), "path": sys.path, "input": sys.stdin.read(),
    "limits": [resource.getrlimit(n) for n in (resource.RLIMIT_CORE, resource.RLIMIT_NOFILE)],
}))
print("torch" in sys.modules, file=sys.stderr)
"""


def test_it_is_as_a_new_process(tmp_path: Path) -> None:
    env = {"A": "\udcff é", "PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}
    told = [
        subprocess.run(
            ["sh", "-c", 'ulimit -c 0; ulimit -n 99; exec "$@"', "sh", *begin, "-c", TELL, "a", ""],
            cwd=tmp_path, env=env, input="said", capture_output=True, text=True, check=True,
        )
        for begin in (warm.command(), [sys.executable])
    ]  # fmt: skip
    assert [one.stderr for one in told] == ["True\n", "False\n"]
    new, real = (json.loads(one.stdout) for one in told)
    assert new == {**real, "env": new["env"]} and new["ours"] == []
    assert env.items() <= new["env"].items() and "HOME" not in new["env"]


@pytest.mark.parametrize(
    ("code", "ended"),
    [
        ("raise SystemExit(3)", 3),
        ("1 / 0", 1),
        ("import atexit; atexit.register(print, 'last')", 0),
        ("import os; os.kill(os.getpid(), 9)", -signal.SIGKILL),
        ("import os; os.kill(os.getpid(), 15)", -signal.SIGTERM),
    ],
)
def test_it_ends_as_it_does(code: str, ended: int) -> None:
    done = warm.run(["-c", code])
    assert done.returncode == ended
    assert done.stdout == ("last\n" if "last" in code else "")
    assert ("ZeroDivisionError" in done.stderr) == ("1 / 0" in code)


def test_what_is_spawned_is_a_child_of_this_process() -> None:
    spawn = multiprocessing.get_context("spawn")
    with spawn.Pool(2) as pool:
        assert pool.apply(os.getppid) == os.getpid()
    child = spawn.Process(target=os._exit, args=(7,))
    child.start()
    child.join()
    assert child.exitcode == 7
