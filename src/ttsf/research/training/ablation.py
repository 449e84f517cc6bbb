"""An ablation of a finished model (Tables 3 and 5): only what the ablation changes is another's.

The audio mapper of a motion run, or the voice projection of a voice run, trained with the
ablation's preset on the base's other parts. All other weights, head motion among them, are the
base's.
"""

from dataclasses import replace
from pathlib import Path

from ttsf.config import ModelConfig
from ttsf.errors import TtsfError
from ttsf.model.ttsf import TTSF
from ttsf.research.presets import Preset
from ttsf.research.training.parts import VOICE, load_parts


def ablate(base: TTSF, preset: Preset, run: Path) -> TTSF:
    """The base with the preset's audio mapper or voice from `run`; TtsfError for a misfit."""
    config = changed(base.config, preset.model)
    part = VOICE if config.audio_mapper == base.config.audio_mapper else "audio_mapper"
    model = TTSF(config)
    kept = {k: v for k, v in base.state_dict().items() if not k.startswith(f"{part}.")}
    model.load_state_dict(kept, strict=False)
    load_parts(model, run, (part,))
    return model


def changed(base: ModelConfig, other: ModelConfig) -> ModelConfig:
    """The base's configuration with the preset's one difference; raises TtsfError without any."""
    speech = replace(base.speech, voice_from=other.speech.voice_from)
    config = replace(base, name=other.name, audio_mapper=other.audio_mapper, speech=speech)
    if replace(config, name=base.name) == base:
        raise TtsfError(
            f"{other.name} changes neither the audio mapper nor the voice of {base.name}"
        )
    return config
