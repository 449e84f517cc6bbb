"""A preset changed by TOML files that state only what differs. Imports no torch.

    [model.motion]
    sampler_layers = 8

Unknown keys and values out of range are errors. A part that may be missing, such as
`model.motion.voice_pace`, is switched off by `voice_pace = false`.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ttsf.errors import TtsfError, describe
from ttsf.media.files import read_text
from ttsf.research.presets import Preset

_adapter = TypeAdapter(Preset)


def changed_preset(preset: Preset, files: Sequence[Path]) -> Preset:
    """Return the preset with the values of TOML files; later ones win.

    Raises TtsfError that names the file and the key.
    """
    for path in files:
        preset = _changed(preset, path)
    return preset


def _changed(preset: Preset, path: Path) -> Preset:
    try:
        return _adapter.validate_python(_merged(asdict(preset), tomllib.loads(read_text(path))))
    except tomllib.TOMLDecodeError as error:
        raise TtsfError(f"{path}: not TOML: {error}") from None
    except ValidationError as error:
        raise TtsfError(f"{path}: {describe(error)}") from None


def _merged(base: Any, change: Any) -> Any:
    if isinstance(base, dict) and change is False:
        return None
    if not isinstance(base, dict) or not isinstance(change, dict):
        return change
    return base | {key: _merged(base.get(key), value) for key, value in change.items()}
