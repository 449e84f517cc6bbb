"""Options, text front end, HTTP server and `ttsf --help` import no PyTorch."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.server_process import serving

HEAVY = ("torch", "dlib", "cv2")
MOST_MB = 100


@pytest.mark.parametrize(
    "module",
    [
        "config",
        "engine.options",
        "text.front_end",
        "serve.api.server",
        "serve.process.tasks",
        "cli.main",
    ],
)
def test_nothing_heavy_is_imported(module: str) -> None:
    code = f"import sys, ttsf.{module}; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc")
def test_the_server_itself_is_small(tmp_path: Path, model_folder: Path) -> None:
    with serving(tmp_path / "served", model_folder) as server:
        assert server.memory() <= MOST_MB
