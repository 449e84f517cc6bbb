"""Identity of a run: stage, preset, data, seed and options, kept in its folder and never changed.

RUN/run.json also holds the command, the versions and the number of processes, for the reader. When
a run is continued, only the numbers of steps, of loaders and between saves may change.
"""

import hashlib
import json
import os
import shlex
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ttsf.errors import TtsfError
from ttsf.research.data.manifest import MANIFEST
from ttsf.research.presets import Preset
from ttsf.research.training.settings import RunSettings, StageOptions

IDENTITY = "run.json"
SETTLED = ("seed", "precision", "clip", "average_decay")
"""Settings that determine the result."""
LISTS = (MANIFEST, "names.json")
"""Files that list the contents of a corpus or of rendered portraits."""


def identity(
    options: StageOptions, preset: Preset, settings: RunSettings, together: int
) -> dict[str, Any]:
    """Describe a run; together: micro-batches per step over all processes."""
    chosen = {k: v for k, v in vars(options).items() if k not in ("data", "experts")}
    return {
        "stage": type(options).__name__.removesuffix("Options").lower(),
        "data": "own speech" if options.data is None else _digest(options.data),
        **{name: getattr(settings, name) for name in SETTLED},
        "micro-batches a step": together,
        "options": {k: str(v.resolve()) if isinstance(v, Path) else v for k, v in chosen.items()},
        "preset": asdict(preset),
    }


def check_identity(out: Path, found: dict[str, Any]) -> None:
    """Raise TtsfError that names the first difference from the run that `out` holds, if any."""
    path = out / IDENTITY
    if not path.is_file():
        return
    try:
        begun = _flat(json.loads(path.read_text(encoding="utf-8"))["run"])
    except (ValueError, LookupError, AttributeError):
        raise TtsfError(f"{path}: damaged; choose another folder") from None
    now = _flat(json.loads(json.dumps(found)))
    different = [key for key in {**now, **begun} if begun.get(key) != now.get(key)]
    if different:
        key = different[0]
        more = f" ({len(different) - 1} more differences)" if different[1:] else ""
        raise TtsfError(
            f"{out} was started with {key} = {begun.get(key)}, not {now.get(key)}{more}; "
            "continue with the same, or choose another folder"
        )


def written(found: dict[str, Any], processes: int) -> str:
    """The content of RUN/run.json."""
    from importlib.metadata import version

    versions = {name: version(name) for name in ("ttsf", "torch", "numpy")}
    command = {"command": shlex.join(sys.argv), "processes": processes, "folder": os.getcwd()}
    return json.dumps({"run": found, **command, "versions": versions}, indent=1) + "\n"


def _digest(folder: Path) -> str:
    """Hash the list of a folder's contents; the folder may be moved."""
    for name in LISTS:
        if (folder / name).is_file():
            return f"sha256:{hashlib.sha256((folder / name).read_bytes()).hexdigest()[:16]}"
    return str(folder.resolve())


def _flat(value: Any, key: str = "") -> dict[str, Any]:
    if not isinstance(value, dict):
        return {key: value}
    parts = [_flat(value[name], f"{key}.{name}" if key else name) for name in value]
    return {k: v for part in parts for k, v in part.items()}
