"""Assemble the averaged weights of runs into one model folder for `ttsf speak`.

Runs store tensors under the model's names, so the model is their union; later folders replace
parts of earlier ones. Model folders are accepted too.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from ttsf import checkpoint
from ttsf.config import ModelConfig, VocoderConfig, VoiceConfig
from ttsf.errors import TtsfError
from ttsf.model.ttsf import TTSF
from ttsf.research.presets import Preset
from ttsf.research.training.parts import (
    MIXED_VOICES,
    TABLE,
    VOICE,
    check_shape,
    load_parts,
    part_of,
    read_voices,
    read_weights,
)

ONLY_TRAINING = ("discriminator.", "discriminators.", "judges.", TABLE, "syncnet.", "log_scale")
"""Prefixes of tensors that belong to training only."""


class Assembled(NamedTuple):
    """A model, and its parts that no folder contained."""

    model: TTSF
    untrained: list[str]


def assemble(preset: Preset, folders: Sequence[Path]) -> Assembled:
    """Assemble the model from runs and models, or names of bundled ones; other parts stay random.

    Without a vocoder among them the model inverts its spectrograms by Griffin-Lim. Raises TtsfError
    for a folder of another size, and if no folder holds a part of a model.
    """
    tensors: dict[str, Tensor] = {}
    origin: dict[str, Path] = {}
    for folder in map(_folder, folders):
        found = read_weights(folder)
        found = {k: v for k, v in found.items() if not k.startswith(ONLY_TRAINING)}
        replaced = tuple({part_of(name) for name in found})
        tensors = {k: v for k, v in tensors.items() if not k.startswith(replaced)} | found
        origin |= dict.fromkeys(found, folder)
    if not tensors:
        raise TtsfError(f"{', '.join(map(str, folders))}: no part of a model found there")
    torch.manual_seed(0)
    voices = read_voices(origin[MIXED_VOICES]) if MIXED_VOICES in tensors else ()
    model = TTSF(fitting_config(preset.model, tensors, voices))
    own = model.state_dict()
    for name, value in tensors.items():
        if name not in own:
            raise TtsfError(f"{origin[name]} belongs to another model: unknown {name}")
        check_shape(origin[name], name, value, own[name])
    model.load_state_dict(own | tensors)
    missing = {part_of(name).rstrip(".") for name in own.keys() - tensors.keys()}
    return Assembled(model, sorted(missing))


def _folder(given: Path) -> Path:
    """Return the folder of a bundled model for its name, unless there is a folder of that name."""
    bundled = checkpoint.BUNDLED.parent / given.name
    is_name = given == Path(given.name) and not given.exists()
    return bundled if is_name and bundled.is_dir() else given


def fitting_config(
    config: ModelConfig, tensors: dict[str, Tensor], voices: tuple[VoiceConfig, ...]
) -> ModelConfig:
    """Return the configuration with these voices, and only optional parts that the tensors have."""
    vocoder = config.vocoder
    if not any(name.startswith("vocoder.") for name in tensors):
        vocoder = VocoderConfig(kind="griffin_lim")
    listens = any(name.startswith("sound_lips.") for name in tensors)
    return replace(
        config,
        speech=replace(config.speech, voices=voices),
        vocoder=vocoder,
        sound_lips=config.sound_lips if listens else None,
    )


def ablate(base: TTSF, preset: Preset, run: Path) -> TTSF:
    """Build an ablation of a finished model (Tables 3 and 5) by replacing one part.

    The audio mapper of a motion run, or the voice projection of a voice run, trained with the
    ablation's preset on the base's other parts. Raises TtsfError if it does not fit.
    """
    config = _changed(base.config, preset.model)
    part = VOICE if config.audio_mapper == base.config.audio_mapper else "audio_mapper"
    model = TTSF(config)
    kept = {k: v for k, v in base.state_dict().items() if not k.startswith(f"{part}.")}
    model.load_state_dict(kept, strict=False)
    load_parts(model, run, (part,))
    return model


def _changed(base: ModelConfig, other: ModelConfig) -> ModelConfig:
    """Apply the preset's one difference to the base's configuration; TtsfError without any."""
    speech = replace(base.speech, voice_from=other.speech.voice_from)
    config = replace(base, name=other.name, audio_mapper=other.audio_mapper, speech=speech)
    if replace(config, name=base.name) == base:
        raise TtsfError(
            f"{other.name} changes neither the audio mapper nor the voice of {base.name}; "
            "train and assemble it as a model of its own"
        )
    return config
