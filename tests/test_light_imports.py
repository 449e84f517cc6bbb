"""Options, text front end, HTTP server and `ttsf --help` import no PyTorch; a video no compiler."""

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


@pytest.mark.parametrize(
    ("line", "needless"),
    [
        ("--help", ("pydantic", "numpy", "ttsf.engine", "ttsf.research")),
        ("verify --help", ("pydantic", "numpy", "ttsf.engine", "ttsf.research")),
        ("speak --help", ("pydantic", "numpy", "ttsf.research")),
        ("serve --help", ("pydantic", "numpy", "ttsf.research")),
    ],
)
def test_help_imports_its_own_command_alone(line: str, needless: tuple[str, ...]) -> None:
    code = (
        "import sys, ttsf.cli.main\n"
        f"try: ttsf.cli.main.main({line.split()})\n"
        f"except SystemExit: print([m for m in {HEAVY + needless} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc")
def test_the_server_itself_is_small(tmp_path: Path, model_folder: Path) -> None:
    with serving(tmp_path / "served", model_folder) as server:
        assert server.memory() <= MOST_MB


def test_a_video_needs_no_compiler(model_folder: Path, photo: Path) -> None:
    code = (
        f"import sys, ttsf; ttsf.load({str(model_folder)!r}).speak({str(photo)!r}, 'Hi.')\n"
        "print([m for m in ('torch._dynamo', 'sympy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
