"""Joins the averaged weights of the stages into one model folder that `ttsf --model` reads.

    python -m ttsf.training.assemble --tts RUN --face RUN --crossing RUN --voice RUN --out MODEL
    python -m ttsf.training.assemble --tts RUN --out START        where joint training begins
    python -m ttsf.training.assemble --joint RUN --vocoder RUN --out MODEL

Parts without a run keep their random start, which is said. Without a vocoder run the model inverts
its spectrograms by Griffin-Lim.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path

import torch
from safetensors import safe_open

from ttsf.checkpoint import save
from ttsf.config import VocoderConfig
from ttsf.errors import TtsfError
from ttsf.model import TTSF
from ttsf.presets import PRESETS
from ttsf.training.stages.face import FaceNet
from ttsf.training.stages.motion import CrossingNet
from ttsf.training.stages.tts import SpeakerTts
from ttsf.training.state import STATE, load_average

VOICES = "voices.weight"
"""Of `VoiceMixture`."""


@dataclass(frozen=True)
class Runs:
    """Run folders; later ones replace parts of earlier ones."""

    joint: Path | None = None
    tts: Path | None = None
    face: Path | None = None
    crossing: Path | None = None
    voice: Path | None = None
    vocoder: Path | None = None


def assemble(preset: str, runs: Runs) -> TTSF:
    """The model with the weights of these runs; raises TtsfError for a run of another size."""
    config = PRESETS[preset].model
    if runs.vocoder is None:
        config = replace(config, vocoder=VocoderConfig(kind="griffin_lim"))
    voices = max((mixed_voices(run / STATE) for run in (runs.joint, runs.voice) if run), default=0)
    config = replace(config, speech=replace(config.speech, voices=voices))
    model = TTSF(config)
    for name in (field.name for field in fields(Runs)):
        run = getattr(runs, name)
        if run is not None:
            _TAKE[name](model, run / STATE, preset)
    return model


def _take_joint(model: TTSF, state: Path, preset: str) -> None:
    for name, part in model.named_children():
        if name != "vocoder":
            load_average(state, part, f"model.{name}.")


def _take_tts(model: TTSF, state: Path, preset: str) -> None:
    net = SpeakerTts(PRESETS[preset].model, _speakers(state))
    load_average(state, net)
    trained = net.tts.state_dict()
    own = {k: v for k, v in trained.items() if not k.startswith("voice_projection.")}
    model.speech.load_state_dict(own, strict=False)


def _take_face(model: TTSF, state: Path, preset: str) -> None:
    net = FaceNet(PRESETS[preset].model.face)
    load_average(state, net)
    model.face_encoder.load_state_dict(net.encoder.state_dict())
    model.motion_extractor.load_state_dict(net.extractor.state_dict())
    model.generator.load_state_dict(net.generator.state_dict())


def _take_crossing(model: TTSF, state: Path, preset: str) -> None:
    speech = model.speech
    net = CrossingNet(PRESETS[preset].model, speech.embedding_channels, speech.hidden_channels)
    load_average(state, net)
    for name, part in net.named_children():
        getattr(model, name).load_state_dict(part.state_dict())


def _take_voice(model: TTSF, state: Path, preset: str) -> None:
    load_average(state, model.speech.voice_projection)


def _take_vocoder(model: TTSF, state: Path, preset: str) -> None:
    load_average(state, model.vocoder, "vocoder.")


_TAKE: dict[str, Callable[[TTSF, Path, str], None]] = {
    "joint": _take_joint,
    "tts": _take_tts,
    "face": _take_face,
    "crossing": _take_crossing,
    "voice": _take_voice,
    "vocoder": _take_vocoder,
}


def mixed_voices(state: Path) -> int:
    """Number of voices that a voice or joint run mixes; 0: it projects f_id straight."""
    if not state.is_file():
        raise TtsfError(f"no training state at {state}; run that stage first")
    with safe_open(state, "pt") as file:
        for key in file.keys():  # noqa: SIM118 (not a dict)
            if key.startswith("average.") and key.endswith(VOICES):
                return file.get_slice(key).get_shape()[1]
    return 0


def _speakers(state: Path) -> int:
    """Number of speakers in a TTS run."""
    if not state.is_file():
        raise TtsfError(f"no training state at {state}; run that stage first")
    with safe_open(state, "pt") as file:
        return file.get_slice("net.table.weight").get_shape()[0]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [field.name for field in fields(Runs)]
    for name in names:
        parser.add_argument(f"--{name}", type=Path, metavar="RUN", help=f"run folder of {name}")
    parser.add_argument("--preset", choices=sorted(PRESETS), default="mini")
    parser.add_argument("--out", type=Path, required=True, help="model folder to write")
    chosen = parser.parse_args()
    runs = Runs(**{name: getattr(chosen, name) for name in names})
    missing = [n for n in names if n not in ("joint", "vocoder") and getattr(runs, n) is None]
    if runs.joint is None and missing:
        print(f"untrained, as no run is given: {', '.join(missing)}")
    try:
        torch.manual_seed(0)
        save(assemble(chosen.preset, runs), chosen.out)
    except TtsfError as error:
        parser.exit(2, f"error: {error}\n")


if __name__ == "__main__":
    main()
