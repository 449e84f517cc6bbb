"""kill -9 at random moments of a command: `make test-long`. TTSF_KILLS says how often (20)."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import av
import pytest

from ttsf.media.files import LEFT_OVER

pytestmark = pytest.mark.long

KILLS = int(os.environ.get("TTSF_KILLS", "20"))


def test_speak_leaves_whole_files_or_none(model_folder: Path, photo: Path, tmp_path: Path) -> None:
    text = "This is a sentence of some length. " * 5
    command = [sys.executable, "-m", "ttsf", "speak", str(photo), text, "--size", "64", "--quiet"]
    command += ["--model", str(model_folder), "--output", "a.mp4", "--save-audio", "a.wav"]
    command += ["--subtitles", "a.srt", "--timings", "a.json"]
    began = time.monotonic()
    assert subprocess.run(command, cwd=tmp_path).returncode == 0
    whole_s = time.monotonic() - began
    whole = {path.name: path.stat().st_size for path in tmp_path.iterdir()}
    moments, most, killed = random.Random(0), 0, 0
    for _ in range(KILLS):
        for name in whole:
            (tmp_path / name).unlink(missing_ok=True)
        began = time.monotonic()
        run = subprocess.Popen(command, cwd=tmp_path)
        try:
            run.wait(moments.uniform(0.2, 1.05) * whole_s)
            whole_s = time.monotonic() - began  # the machine is not always as busy
        except subprocess.TimeoutExpired:
            killed += 1
        run.kill()
        run.wait()
        left = list(tmp_path.glob(LEFT_OVER))
        most = max(most, len(left))
        for path in set(tmp_path.iterdir()) - set(left):
            assert path.stat().st_size == whole[path.name]
    print(f"killed {killed} of {KILLS}, {most} temporary files at most")
    assert killed >= KILLS // 2 and most <= len(whole)
    assert subprocess.run(command, cwd=tmp_path).returncode == 0
    assert {path.name: path.stat().st_size for path in tmp_path.iterdir()} == whole
    with av.open(str(tmp_path / "a.mp4")) as video:
        assert sum(1 for _ in video.decode(video=0)) > 100
