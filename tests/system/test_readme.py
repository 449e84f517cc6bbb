"""Commands in README, docs and recipes parse; those of the README run on a tiny model."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

import ttsf
from tests.support.optional import needs_scorers
from tests.support.paths import ROOT
from tests.support.recordings import talking
from ttsf.batch.lines import Request, read_lines
from ttsf.cli.main import main, parse

README = (ROOT / "README.md").read_text(encoding="utf-8")
SHELL = "\n".join(re.findall(r"```sh\n(.*?)```", README, re.DOTALL)).splitlines()
(PYTHON,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
STUB = """#!/bin/bash
{ printf '%q ' "$@"; echo; } >> "$LOG"
"""
"""Replaces `ttsf` and logs its arguments."""


def commands_of(page: str) -> list[str]:
    """Command lines of a page: indented or fenced ones, and those in the text with options."""
    page = page.replace("\\\n", " ")
    lines = re.findall(r"^ *(?:torchrun .*-m )?ttsf (.+)$", page, re.MULTILINE)
    spoken = re.findall(r"`ttsf ([^`]* -[^` ]+ [^`]*)`", page)
    return [*lines, *spoken]


@pytest.fixture
def in_folder(tmp_path: Path, photo: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a portrait called me.jpg and a folder of videos."""
    (tmp_path / "me.jpg").write_bytes(photo.read_bytes())
    talking(tmp_path / "videos" / "one.mp4")
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases" / "me.jpg").write_bytes(photo.read_bytes())
    (tmp_path / "cases" / "cases.csv").write_text(
        "name,person,portrait,video,text,register\nme,,me.jpg,,Hello there.,\n"
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


ENDING = [line for line in SHELL if line.startswith("ttsf ") and not line.startswith("ttsf serve")]


@pytest.mark.parametrize("line", ENDING)  # a server runs until it is stopped: tests/serve
def test_commands(in_folder: Path, model_folder: Path, line: str) -> None:
    words = shlex.split(line)[1:]
    if words[0] == "evaluate":
        needs_scorers()
    if words[0] in ("speak", "evaluate"):
        words += ["--model", str(model_folder)]
    assert main(words) == 0
    if words[0] == "speak":
        assert (in_folder / words[words.index("--output") + 1]).is_file()


def test_library(in_folder: Path, model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = ttsf.load
    monkeypatch.setattr(ttsf, "load", lambda: real(model_folder), raising=False)
    names: dict[str, object] = {}
    exec(PYTHON, names)
    frames, samples, *_ = names["result"]  # type: ignore[misc]
    assert samples.shape == (640 * len(frames),)
    assert (in_folder / "out" / "hello.mp4").is_file()


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make (\w+)", "\n".join(SHELL), re.MULTILINE):
        assert f"\n{target}:" in makefile


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_parse(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for line in commands_of(text):
        parse(shlex.split(line.partition(" > ")[0]))
    assert "-m ttsf." not in text


def test_the_lines_of_a_batch_are_valid(in_folder: Path) -> None:
    page = (ROOT / "docs" / "tutorials" / "course.md").read_text(encoding="utf-8")
    (listed,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    (in_folder / "me.jpg").rename(in_folder / "presenter.jpg")
    (in_folder / "course.jsonl").write_text(listed, encoding="utf-8")
    lines = read_lines(in_folder / "course.jsonl", in_folder / "out")
    assert len(lines) == 3 and all(isinstance(line, Request) for line in lines)


def test_commands_are_found() -> None:
    found = [line.split()[0] for page in PAGES for line in commands_of(page.read_text("utf-8"))]
    assert {"speak", "info", "prepare", "corpus", "train", "evaluate", "study"} <= set(found)


def test_the_recipe_of_the_bundled_model_parses(tmp_path: Path) -> None:
    recipe = ROOT / "recipes" / "open_corpus.sh"
    (tmp_path / "bin").mkdir()
    for name in ("ttsf", "python"):
        stub = tmp_path / "bin" / name
        stub.write_text("#!/bin/bash\n" if name == "python" else STUB)
        stub.chmod(0o755)
    (tmp_path / "recipes").mkdir()  # where no .venv with the real commands is beside it
    (tmp_path / "recipes" / recipe.name).write_bytes(recipe.read_bytes())
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    setting = {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", "LOG": str(tmp_path / "log")}
    for name in ("DATA", "WORK", "SIXTH", "STYLES"):
        setting[name] = str(tmp_path / name.lower())
    setting["TEACHER"] = "python"
    command = ["bash", f"recipes/{recipe.name}"]
    subprocess.run(command, cwd=tmp_path, env=setting, check=True, capture_output=True)
    lines = (tmp_path / "log").read_text().splitlines()
    assert len(lines) > 5
    for line in lines:
        parse(shlex.split(line))


@pytest.mark.parametrize("link", re.findall(r"\]\(((?!http)[^)]+)\)", README))
def test_links(link: str) -> None:
    assert (ROOT / link).exists()
