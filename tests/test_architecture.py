"""Imports run downhill, never between siblings or from product to research; files stay short."""

import ast
import re
from collections import Counter
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "src" / "ttsf"
FLOORS = (
    {"errors", "symbols", "config", "light_torch"},
    {"timings"},
    {"media"},
    {"parallel", "text", "provenance", "portrait", "model"},
    {"compositing", "checkpoint"},
    {"engine"},
    {"pipeline"},
    {"serve", "batch", "research"},
    {"cli", "__init__", "__main__"},
)
"""A file imports from the floors below its own, and from its own wing."""
INSIDE = {
    "model": (
        {"layers", "flow_matching", "mel", "labels", "sampling"},
        {"face", "motion", "speech"},
        {"ttsf"},
    ),
    "provenance": ({"embed"}, {"detect"}),
    "serve": (
        {"settings", "metrics", "jobs", "queue", "problems", "requests"},
        {"process", "chat", "mcp"},
        {"store"},
        {"studio"},
        {"talks"},
        {"api"},
    ),
    "research": (
        {"hyperparameters", "landmarks"},
        {"presets"},
        {"data", "experts", "config_file"},
        {"data.recorded", "data.synthetic"},
        {"data.open_corpus", "training", "evaluation.metrics"},
        {"training.stages", "evaluation", "evaluation.study"},
        {"training.start"},
    ),
}
"""The floors of one wing: its rooms, by the same rule."""
SAME_FLOOR = {("__main__", "cli")}
PRODUCT = set[str]().union(*FLOORS) - {"research", "cli", "__init__", "__main__"}
MODULES = sorted(PACKAGE.rglob("*.py"))
MOST_FLOORS, MOST_FILES, FILE_LINES, FUNCTION_LINES = 9, 12, 350, 60
"""Of the table, in a folder (its `__init__` not counted), in a file, and lines of a function."""
FLOOR = {wing: floor for floor, wings in enumerate(FLOORS) for wing in wings}
ROOM = {
    f"{wing}.{room}": floor
    for wing, floors in INSIDE.items()
    for floor, rooms in enumerate(floors)
    for room in rooms
}


def own_name(path: Path) -> str:
    """`model/face/encoder.py` -> `model.face.encoder`, `portrait/__init__.py` -> `portrait`."""
    name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
    return name.removesuffix(".__init__")


def wing_of(module: str) -> str:
    """`model` of `model.face.encoder`."""
    return module.split(".")[0]


def room_of(module: str) -> str | None:
    """The longest name in ROOM that begins `module`, as `model.face` for `model.face.encoder`."""
    parts = module.split(".")
    names = [".".join(parts[:k]) for k in range(len(parts), 1, -1)]
    return next((name for name in names if name in ROOM), None)


def imports(path: Path) -> set[str]:
    """Modules of the package that a file imports when it is imported or run, without `ttsf.`."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{name.name}" for name in node.names}
    return {name.removeprefix("ttsf.") for name in found if name.startswith("ttsf.")}


def arrows() -> set[tuple[str, str]]:
    """Every module of the package with each of those that it imports."""
    return {(own_name(path), other) for path in MODULES for other in imports(path)}


def test_imports_run_downhill() -> None:
    uphill = [
        f"{own} imports {other}"
        for own, other in arrows()
        if wing_of(own) != wing_of(other)
        and FLOOR[wing_of(other)] >= FLOOR[wing_of(own)]
        and (wing_of(own), wing_of(other)) not in SAME_FLOOR
    ]
    assert sorted(uphill) == []


def test_imports_run_downhill_inside_a_wing() -> None:
    uphill = []
    for own, other in arrows():
        here, there = room_of(own), room_of(other)
        if here and there and here != there and wing_of(own) == wing_of(other):
            uphill += [f"{own} imports {other}"] * (ROOM[there] >= ROOM[here])
    assert sorted(uphill) == []


def test_the_product_needs_no_research() -> None:
    needing = [own for own, other in arrows() if wing_of(other) == "research"]
    assert {wing_of(own) for own in needing} & PRODUCT == set()


def test_the_tables_name_what_exists() -> None:
    names = {own_name(path) for path in MODULES}
    assert {wing_of(name) for name in names} == set(FLOOR)
    assert {room for name in names if (room := room_of(name))} == set(ROOM)
    outside = {name for name in names if wing_of(name) in INSIDE and "." in name}
    assert [name for name in sorted(outside) if room_of(name) is None] == []
    assert len(FLOORS) <= MOST_FLOORS


def test_tests_share_only_what_support_holds() -> None:
    shared = re.compile(r"^\s*from (tests\.(?!support\b)\S+) import", re.M)
    paths = sorted(Path(__file__).parent.rglob("*.py"))
    found = {str(path): shared.findall(path.read_text()) for path in paths}
    assert {path: names for path, names in found.items() if names} == {}


def test_folders_are_not_crowded() -> None:
    files = Counter(path.parent for path in MODULES if path.name != "__init__.py")
    assert {str(folder): n for folder, n in files.items() if n > MOST_FILES} == {}


def test_files_and_functions_are_short() -> None:
    wrong = []
    for path in MODULES:
        text = path.read_text()
        if text.count("\n") > FILE_LINES:
            wrong.append(own_name(path))
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or 0) - node.lineno
                if length >= FUNCTION_LINES or node.args.kwarg is not None:
                    wrong.append(f"{own_name(path)}: {node.name}")
    assert wrong == []
