"""The paper's run from its first line to its tables, on corpora that it makes itself."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support import warm
from tests.support.optional import needs_scorers
from tests.support.paths import ROOT


def reproduce(work: Path, **setting: str) -> str:
    """Output and errors of `reproduce.sh --try`, with this Python's commands, begun warm."""
    commands = work / "bin"
    commands.mkdir(parents=True)
    for name, call in (
        ("python", ()),
        ("ttsf", ("-m", "ttsf")),
        ("torchrun", ("-m", "torch.distributed.run")),
    ):
        warm.program(commands / name, call)
    sources = os.pathsep.join(str(ROOT / part) for part in ("src", "."))
    env = os.environ | {
        "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}", "WORK": str(work / "try"),
        "PYTHONPATH": sources, "OMP_NUM_THREADS": "1", **setting,
    }  # fmt: skip
    command = ["bash", str(ROOT / "recipes" / "reproduce.sh"), "--try"]
    done = subprocess.run(command, cwd=work, env=env, capture_output=True, text=True, timeout=1200)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout + done.stderr


def test_its_stages_fit_together(tmp_path: Path) -> None:
    """Without ablations and tables, and with one process: two are tested beside the loop."""
    commands = tmp_path / "none"
    commands.mkdir()
    (commands / "jiwer.py").write_text("raise ImportError\n")
    sources = os.pathsep.join(map(str, (commands, ROOT / "src")))
    short = {"ABLATIONS": "", "STEPS": "1", "PROCESSES": "1", "TALKS": "1"}
    said = reproduce(tmp_path / "run", PYTHONPATH=sources, **short)
    assert said.count(" clips of 2 speakers, ") == 4
    assert "all stages fit together" in said
    work = tmp_path / "run" / "try"
    assert {path.name for path in (work / "models").iterdir()} == {"paper"}
    assert (work / "models" / "paper" / "model.safetensors").is_file()


@pytest.mark.long
def test_it_ends_with_all_tables_of_the_paper(tmp_path: Path) -> None:
    needs_scorers()
    said = reproduce(tmp_path)
    work = tmp_path / "try"
    rows = {
        ("lrs2", "1"): ["real clips", "ours", "still picture, GT audio"],
        ("lrs2", "3"): ["real clips", "ours", "ours, with motion", "still picture, GT audio"],
        ("voxceleb2", "2"): ["ours"],
        ("voxceleb2", "5"): ["ours", "no energy", "no energy, no f_t"],
    }
    for (corpus, table), systems in rows.items():
        text = (work / f"{corpus}_tables" / f"table_{table}.md").read_text()
        first = text.split("\n\n")[1].splitlines()[2:]  # above the one of the same cases
        shown = [line.split("|")[1].strip() for line in first]
        assert [name for name in shown if name in systems] == systems
    assert "left out of Fig. 5" not in said
    for corpus in ("lrs2", "voxceleb2"):
        assert (work / f"{corpus}_tables" / "figure5.png").is_file()
    shutil.rmtree(work)
