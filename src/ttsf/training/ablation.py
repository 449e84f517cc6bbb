"""An ablation of a finished model (Tables 3 and 5): only what the ablation changes is another's.

    python -m ttsf.training.ablation --base DIR/mini --preset mini-no-energy --crossing RUN
    python -m ttsf.training.ablation --base DIR/mini --preset mini-voice-with-motion --voice RUN

writes DIR/mini-no-energy: the audio mapper of a crossing run, or the voice projection of a voice
run, trained with that preset on the base's other parts. All other weights, head motion among them,
are the base's, and the file holds none of them.
"""

import argparse
from dataclasses import replace
from pathlib import Path

from ttsf import checkpoint
from ttsf.config import ModelConfig
from ttsf.errors import TtsfError
from ttsf.model import TTSF
from ttsf.presets import PRESETS
from ttsf.training.stages.motion import CrossingNet
from ttsf.training.state import STATE, load_average


def ablate(base: TTSF, preset: str, crossing: Path | None, voice: Path | None) -> TTSF:
    """The base with the preset's audio mapper or voice; raises TtsfError for a misfit."""
    config = changed(base.config, preset)
    model = TTSF(config)
    mapper = config.audio_mapper != base.config.audio_mapper
    if mapper != (crossing is not None) or (voice is None) == (crossing is None):
        raise TtsfError(f"{preset} needs the {'crossing' if mapper else 'voice'} run and no other")
    kept = {
        name: value
        for name, value in base.state_dict().items()
        if not (mapper and name.startswith("audio_mapper."))
    }
    model.load_state_dict(kept, strict=False)
    if crossing is not None:
        speech = model.speech
        net = CrossingNet(config, speech.embedding_channels, speech.hidden_channels)
        load_average(crossing / STATE, net)
        model.audio_mapper.load_state_dict(net.audio_mapper.state_dict())
    if voice is not None:
        load_average(voice / STATE, model.speech.voice_projection)
    return model


def changed(base: ModelConfig, preset: str) -> ModelConfig:
    """The base's configuration with the preset's one difference; raises TtsfError without any."""
    other = PRESETS[preset].model
    speech = replace(base.speech, voice_from=other.speech.voice_from)
    config = replace(base, name=preset, audio_mapper=other.audio_mapper, speech=speech)
    if replace(config, name=base.name) == base:
        raise TtsfError(f"{preset} changes neither the audio mapper nor the voice of {base.name}")
    return config


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--base", type=Path, required=True, help="model folder")
    parser.add_argument("--preset", choices=sorted(PRESETS), required=True)
    parser.add_argument("--crossing", type=Path, metavar="RUN", help="trained with the preset")
    parser.add_argument("--voice", type=Path, metavar="RUN", help="trained with the preset")
    chosen = parser.parse_args()
    try:
        base = checkpoint.load(chosen.base)
        model = ablate(base, chosen.preset, chosen.crossing, chosen.voice)
        checkpoint.save(model, chosen.base.parent / chosen.preset, chosen.base.name)
    except TtsfError as error:
        parser.exit(2, f"error: {error}\n")


if __name__ == "__main__":
    main()
