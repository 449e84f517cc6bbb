"""The parts of a model that a stage trains, and their weights in runs and models."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from torch import Tensor, nn

from ttsf import checkpoint
from ttsf.config import VoiceConfig
from ttsf.errors import TtsfError
from ttsf.model.ttsf import TTSF
from ttsf.research.training.state import STATE, read_average

SPEECH = (
    *("speech.encoder", "speech.duration", "speech.prosody", "speech.refiner", "speech.decoder"),
)
"""Prosody and refiner are skipped if the model has none."""
VOICE = "speech.voice_projection"
FACE = ("face_encoder", "motion_extractor", "generator")
MOTION = ("normalizer", "prior", "sampler")
MIXED_VOICES = f"{VOICE}.voices.weight"
"""Tensor of the voices that `VoiceMixture` mixes, [width, voices]."""
TABLE, SPEAKERS = "table.weight", "speakers.json"
"""Tensor of a TTS run's speaker voices, [speakers, width], and the file with their names."""
VOICES = "voices.json"
"""File of a voice run: the voices that it mixes."""


class Parts(nn.Module):
    """Some parts of a model under the model's own names, shared with the model.

    All other parts are frozen.
    """

    def __init__(self, model: TTSF, names: Sequence[str]) -> None:
        super().__init__()
        self.names = tuple(names)
        model.requires_grad_(False).eval()
        for name in names:
            *rooms, last = name.split(".")
            if getattr(model.get_submodule(".".join(rooms)), last) is None:
                continue
            place: nn.Module = self
            for room in rooms:
                if not hasattr(place, room):
                    place.add_module(room, nn.Module())
                place = place.get_submodule(room)
            place.add_module(last, model.get_submodule(name).requires_grad_(True))


def part_of(name: str) -> str:
    """Return the part that a tensor belongs to, with a trailing dot."""
    depth = 2 if name.startswith("speech.") else 1
    return ".".join(name.split(".")[:depth]) + "."


def read_weights(folder: Path) -> dict[str, Tensor]:
    """Read the tensors of a model, or the averaged ones of a run, under the model's names.

    Other trained tensors (discriminators, speaker table) have names of their own. Raises TtsfError
    if the folder holds neither.
    """
    if not (folder / STATE).is_file():
        if (folder / checkpoint.WEIGHTS).is_file():
            return checkpoint.read_weights(folder)
        raise TtsfError(f"no training state in {folder}; run that stage first")
    return read_average(folder)


def load_parts(model: TTSF, folder: Path, names: Sequence[str]) -> None:
    """Load parts of a run or model into `model`; raises TtsfError if they do not fit."""
    found = read_weights(folder)
    own = model.state_dict()
    for name in own:
        if name.startswith(tuple(f"{part}." for part in names)):
            if name not in found:
                raise TtsfError(f"{folder} holds no {name}")
            check_shape(folder, name, found[name], own[name])
            own[name] = found[name]
    model.load_state_dict(own)


def check_shape(folder: Path, name: str, found: Tensor, wanted: Tensor) -> None:
    """Raise TtsfError if the shape shows that a tensor belongs to another model."""
    if found.shape != wanted.shape:
        raise TtsfError(
            f"{folder} belongs to another model: {name} has shape {tuple(found.shape)}, "
            f"not {tuple(wanted.shape)}"
        )


def read_speakers(run: Path) -> dict[str, Tensor]:
    """Read a TTS run's voices by speaker name; raises TtsfError for other runs."""
    table = read_weights(run).get(TABLE)
    try:
        names = json.loads((run / SPEAKERS).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TtsfError(f"{run}: cannot read the list of speakers ({error})") from None
    if table is None or len(names) != len(table):
        raise TtsfError(f"{run}: the table of voices does not fit the list of speakers")
    return dict(zip(names, table, strict=True))


def voices_text(voices: Sequence[VoiceConfig]) -> str:
    """Return the content of VOICES for the voices that a run mixes."""
    return json.dumps([asdict(voice) for voice in voices], indent=1)


def read_voices(folder: Path) -> tuple[VoiceConfig, ...]:
    """Read the voices that a run or model mixes; raises TtsfError if there is no list."""
    if not (folder / STATE).is_file():
        return checkpoint.load_config(folder).speech.voices
    try:
        listed = json.loads((folder / VOICES).read_text(encoding="utf-8"))
        return tuple(VoiceConfig(**voice) for voice in listed)
    except (OSError, ValueError, TypeError) as error:
        raise TtsfError(f"{folder}: cannot read the list of voices ({error})") from None
