"""Build an ablation of a finished model (Tables 3 and 5) by replacing one part.

The audio mapper comes from a motion run, or the voice projection from a voice run, trained with
the ablation's preset on the base's other parts. All other weights are the base's.
"""

from dataclasses import replace
from pathlib import Path

from ttsf.config import ModelConfig
from ttsf.errors import TtsfError
from ttsf.model.ttsf import TTSF
from ttsf.research.presets import Preset
from ttsf.research.training.parts import VOICE, load_parts


def ablate(base: TTSF, preset: Preset, run: Path) -> TTSF:
    """Return the base with the audio mapper or voice of `run`; TtsfError if they do not fit."""
    config = changed(base.config, preset.model)
    part = VOICE if config.audio_mapper == base.config.audio_mapper else "audio_mapper"
    model = TTSF(config)
    kept = {k: v for k, v in base.state_dict().items() if not k.startswith(f"{part}.")}
    model.load_state_dict(kept, strict=False)
    load_parts(model, run, (part,))
    return model


def changed(base: ModelConfig, other: ModelConfig) -> ModelConfig:
    """Apply the preset's one difference to the base's configuration; TtsfError without any."""
    speech = replace(base.speech, voice_from=other.speech.voice_from)
    config = replace(base, name=other.name, audio_mapper=other.audio_mapper, speech=speech)
    if replace(config, name=base.name) == base:
        raise TtsfError(
            f"{other.name} changes neither the audio mapper nor the voice of {base.name}"
        )
    return config
