"""What the README says runs: cheap commands in full, the others against a tiny model."""

import re
import shlex
from importlib.util import find_spec
from pathlib import Path

import pytest

import ttsf
from tests.data.videos import talking
from ttsf.cli.main import _parser, main
from ttsf.pipeline import MAX_CHARACTERS

JUDGES = ("mediapipe", "pocketsphinx", "resemblyzer", "pyworld", "face_recognition_models")
ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SHELL = "\n".join(re.findall(r"```sh\n(.*?)```", README, re.DOTALL)).splitlines()
(PYTHON,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


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


@pytest.mark.parametrize("line", [line for line in SHELL if line.startswith("ttsf ")])
def test_commands(in_folder: Path, model_folder: Path, line: str) -> None:
    words = shlex.split(line)[1:]
    if words[0] == "evaluate" and any(find_spec(name) is None for name in JUDGES):
        pytest.skip("needs ttsf[eval]")
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
    frames, samples, _, _ = names["result"]  # type: ignore[misc]
    assert samples.shape == (640 * len(frames),)
    assert (in_folder / "out" / "hello.mp4").is_file()


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make (\w+)", "\n".join(SHELL), re.MULTILINE):
        assert f"\n{target}:" in makefile


def test_every_option_is_listed() -> None:
    actions = _parser()._subparsers._group_actions[0].choices["speak"]._actions  # type: ignore
    options = {name for action in actions for name in action.option_strings if name[:2] == "--"}
    for option in options - {"--help"}:
        assert f"`{option}" in README or f"{option} " in README, option


def test_limits_are_the_real_ones() -> None:
    assert f"{MAX_CHARACTERS:,} characters" in README


@pytest.mark.parametrize("link", re.findall(r"\]\(((?!http)[^)]+)\)", README))
def test_links(link: str) -> None:
    assert (ROOT / link).exists()
