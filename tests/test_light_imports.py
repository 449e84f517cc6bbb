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


LIGHTLY = (
    "import sys\nfrom ttsf.light_torch import UNUSED, import_lightly\n"
    "import_lightly()\nimport torch\n"
    "def loaded(): return [n for n in UNUSED if type(sys.modules[n]).__name__ == 'module']\n"
)


def test_the_command_speak_leaves_out_pytorchs_exporter(
    model_folder: Path, photo: Path, tmp_path: Path
) -> None:
    line = ["speak", str(photo), "Hi.", "-o", str(tmp_path / "a.mp4"), "--model", str(model_folder)]
    code = LIGHTLY + f"from ttsf.cli.main import main\nmain({[*line, '--quiet']})\nprint(loaded())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_what_is_left_out_is_loaded_when_it_is_asked_for() -> None:
    code = LIGHTLY + (
        "print(loaded(), torch.export.Dim.__name__, torch._meta_registrations.meta_mm.__name__)\n"
        "one = torch.empty(3, 3, device='meta')\nprint(len(loaded()), one.mm(one).shape)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[] Dim meta_mm", "2 torch.Size([3, 3])"]
