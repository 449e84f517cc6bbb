"""Shipped weights and installed packages match the recorded hashes and versions."""

import hashlib
import re
import tomllib
from itertools import chain

from tests.support.paths import ROOT

WEIGHTS = ROOT / "src" / "ttsf" / "weights"
PINNED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==(\S+)", re.MULTILINE)


def pins(name: str) -> dict[str, str]:
    """Package -> version."""
    found = PINNED.findall((ROOT / name).read_text())
    return {re.sub("[-_.]+", "-", package).lower(): version for package, version in found}


def test_every_weight_file_has_its_sum_and_a_licence() -> None:
    rows = re.findall(
        r"^\| `(\S+)` \| `([0-9a-f]{64})` \| (\S+) \|$",
        (WEIGHTS / "README.md").read_text(),
        re.MULTILINE,
    )
    files = sorted(path for path in WEIGHTS.glob("*/*") if path.is_file())
    assert [(name, licence) for name, _, licence in rows] == [
        (path.relative_to(WEIGHTS).as_posix(), "Apache-2.0") for path in files
    ]
    for name, expected, _ in rows:
        assert hashlib.sha256((WEIGHTS / name).read_bytes()).hexdigest() == expected, name


def test_every_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    names = {re.split(r"[\s<>=;\[!]", one)[0] for one in wanted}
    pinned = pins("deploy/constraints.txt").keys()
    assert not {re.sub("[-_.]+", "-", name).lower() for name in names} - {"ttsf"} - pinned


def test_the_versions_with_hashes_are_those_without() -> None:
    plain, hashed = pins("deploy/constraints.txt"), pins("deploy/constraints-hashes.txt")
    assert hashed.items() >= plain.items()
    text = (ROOT / "deploy/constraints-hashes.txt").read_text()
    for entry in re.split(r"\n(?=\S)", text):
        assert entry.startswith("#") or "--hash=sha256:" in entry, entry


def test_no_address_of_an_index_is_written_down() -> None:
    for name in ("deploy/constraints.txt", "deploy/constraints-hashes.txt", "pyproject.toml"):
        text = (ROOT / name).read_text()
        assert "index-url" not in text and "file://" not in text, name
