"""Programs that call the library, each as a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import warm

START = """
import sys
import ttsf
MODEL, PORTRAIT = sys.argv[1:]
SMALL = ttsf.GenerateOptions(size=64, steps=1)
def say(pipeline=None):
    pipeline = pipeline or ttsf.load(MODEL)
    return len(pipeline.speak(PORTRAIT, "Hi.", SMALL).frames)
"""
LATER = """
def run(method):
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    with ProcessPoolExecutor(1, multiprocessing.get_context(method)) as pool:
        print(pool.submit(say).result())
"""
PROGRAMS = {
    "in a running event loop": """
import asyncio
async def main():
    print(say())
asyncio.run(main())
""",
    "in a thread of an event loop": """
import asyncio
async def main():
    pipeline = ttsf.load(MODEL)
    print(*set(await asyncio.gather(*(asyncio.to_thread(say, pipeline) for _ in range(2)))))
asyncio.run(main())
""",
    "without standard output": """
out, sys.stdout = sys.stdout, None
frames = say()
print(frames, file=out)
""",
    "with another standard output": """
import io
out, sys.stdout, sys.stderr = sys.stdout, io.StringIO(), io.StringIO()
frames = say()
assert sys.stdout.getvalue() == sys.stderr.getvalue() == ""
print(frames, file=out)
""",
    "with deterministic algorithms": """
import torch
torch.use_deterministic_algorithms(True)
print(say())
""",
    "with meta as the default device": """
import torch
torch.set_default_device("meta")
print(say())
""",
    "without gradients for all": """
import torch
with torch.inference_mode():
    print(say())
assert not torch.is_inference_mode_enabled() and torch.is_grad_enabled()
""",
    "that counts on its random numbers": """
import random
import numpy as np
import torch
def state():
    return random.getstate(), str(np.random.get_state()), torch.get_rng_state().tolist()
before, threads = state(), torch.get_num_threads()
frames = say()
assert state() == before and torch.get_num_threads() == threads
print(frames)
""",
    "with a spawned pool": LATER + "if __name__ == '__main__': run('spawn')",
    "with a pool of a fork server": LATER + "if __name__ == '__main__': run('forkserver')",
}


@pytest.fixture(scope="module")
def frames(model_folder: Path, photo: Path) -> str:
    return run(["-c", START + "print(say())"], model_folder, photo)


def run(words: list[str], model: Path, photo: Path, program: str | None = None) -> str:
    done = subprocess.run(
        [sys.executable, *words, str(model), str(photo)], input=program, capture_output=True,
        text=True, timeout=120, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program(model_folder: Path, photo: Path, tmp_path: Path, frames: str, name: str) -> None:
    path = tmp_path / "program.py"
    path.write_text(START + PROGRAMS[name])
    done = warm.run([str(path), str(model_folder), str(photo)])
    assert (done.returncode, done.stdout) == (0, frames), done.stderr


def test_a_program_from_standard_input(model_folder: Path, photo: Path, frames: str) -> None:
    assert run(["-"], model_folder, photo, START + "print(say())") == frames
