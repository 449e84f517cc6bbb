"""Imports run downhill, siblings never meet, and files stay short."""

import ast
from collections import Counter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "ttsf"
FLOORS = (
    {"errors", "symbols"},
    {"timings"},
    {"config", "parallel", "media"},
    {"presets", "provenance", "model.layers", "model.flow_matching", "model.mel", "model.labels"},
    {"landmarks"},
    {"portrait", "text", "model.face", "model.motion", "model.speech"},
    {"compositing"},
    {"engine.options"},
    {"model"},
    {"checkpoint", "engine"},
    {"data", "experts"},
    {"data.recorded", "data.synthetic"},
    {"data.open_corpus"},
    {"pipeline", "training"},
    {"training.stages"},
    {"training.start"},
    {"evaluation.metrics"},
    {"evaluation", "evaluation.study"},
    {"serve"},
    {"serve.api", "batch"},
    {"cli"},
    {"__main__", "__init__"},
)
"""A file imports from the floors below its own, and from its own room."""
SAME_FLOOR = {("parallel", "media"), ("media", "config")}
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
MODULES = sorted(PACKAGE.rglob("*.py"))
MOST_FILES = 12
"""In one folder, its `__init__` not counted."""


def room_of(module: str) -> str:
    """The longest name in FLOOR that begins `module`, as in `face` for `face.encoder`."""
    parts = module.split(".")
    rooms = [".".join(parts[:k]) for k in range(len(parts), 0, -1)]
    return next((room for room in rooms if room in FLOOR), parts[0])


def own_name(path: Path) -> str:
    """`face/encoder.py` -> `face.encoder`, `face/__init__.py` -> `face`."""
    name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
    return name.removesuffix(".__init__")


def imports(path: Path) -> set[str]:
    """Rooms of the package that a file imports when it is imported or run."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{name.name}" for name in node.names}
    return {room_of(name.removeprefix("ttsf.")) for name in found if name.startswith("ttsf.")}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_downhill(path: Path) -> None:
    own = room_of(own_name(path))
    assert own in FLOOR, f"{own} has no floor in FLOORS"
    for other in imports(path) - {own}:
        downhill = FLOOR[other] < FLOOR[own] or (own, other) in SAME_FLOOR
        assert downhill, f"{path.relative_to(PACKAGE)} imports {other}"


def test_floors_name_only_what_exists() -> None:
    rooms = {room_of(own_name(path)) for path in MODULES}
    assert rooms == set(FLOOR)
    used = {(room_of(own_name(path)), other) for path in MODULES for other in imports(path)}
    assert used >= SAME_FLOOR


def test_folders_are_not_crowded() -> None:
    files = Counter(path.parent for path in MODULES if path.name != "__init__.py")
    assert {str(folder): n for folder, n in files.items() if n > MOST_FILES} == {}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_and_functions_are_short(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= 350
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 60, node.name
            assert node.args.kwarg is None, f"{node.name} takes **{node.args.kwarg}"


def test_configuration_needs_no_torch() -> None:
    tree = ast.parse((PACKAGE / "config.py").read_text())
    names = [n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
    assert not any((name or "").startswith("torch") for name in names)
