"""Imports run downhill, siblings never meet, and files stay short."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "ttsf"
LEVELS = (
    {"config", "errors"},
    {"layers", "flow_matching", "files", "progress", "mel", "images", "video", "portrait"},
    {"face", "motion", "speech"},
    {"model"},
    {"checkpoint", "parameters"},
    {"data", "experts"},
    {"pipeline", "training"},
    {"evaluation"},
    {"cli_data", "cli_evaluate", "cli_study"},
    {"cli", "server"},
    {"__main__", "__init__"},
)
SAME_LEVEL = {
    ("config", "errors"),
    ("images", "files"),
    ("video", "files"),
    ("portrait", "images"),
    ("cli_study", "cli_evaluate"),
}
LEVEL = {name: level for level, names in enumerate(LEVELS) for name in names}
MODULES = sorted(PACKAGE.rglob("*.py"))


def part_of(module: str) -> str:
    """`ttsf.face.encoder` -> `face`; `ttsf` -> `__init__`."""
    return [*module.split("."), "__init__"][1]


def imports(path: Path) -> set[str]:
    """Parts of the package that a file imports when it is imported or run."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {part_of(name.name) for name in node.names if name.name.startswith("ttsf")}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "ttsf":
            if node.module == "ttsf":
                found |= {name.name for name in node.names}
            else:
                found.add(part_of(node.module or ""))
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_downhill(path: Path) -> None:
    relative = path.relative_to(PACKAGE)
    own = relative.parts[0].removesuffix(".py")
    assert own in LEVEL, f"{own} has no level in LEVELS"
    for other in imports(path) - {own}:
        downhill = LEVEL[other] < LEVEL[own] or (own, other) in SAME_LEVEL
        assert downhill, f"{relative} imports {other}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_and_functions_are_short(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") < 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 60, node.name
            assert node.args.kwarg is None, f"{node.name} takes **{node.args.kwarg}"


def test_configuration_needs_no_torch() -> None:
    tree = ast.parse((PACKAGE / "config.py").read_text())
    names = [n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
    assert not any((name or "").startswith("torch") for name in names)
