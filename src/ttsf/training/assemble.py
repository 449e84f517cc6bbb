"""Joins the averaged weights of the stages into one model folder that `ttsf --model` reads."""

import argparse
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from ttsf.checkpoint import save
from ttsf.config import PRESETS, VocoderConfig
from ttsf.errors import TtsfError
from ttsf.model import TTSF
from ttsf.speech.vocoder import build_vocoder
from ttsf.training.crossing import CrossingNet
from ttsf.training.face import FaceNet
from ttsf.training.state import load_average
from ttsf.training.tts import SpeakerTts


def assemble(
    preset: str, tts: Path, face: Path, crossing: Path, voice: Path, vocoder: Path | None
) -> TTSF:
    """The model with every stage's weights; without a vocoder run it inverts by Griffin-Lim."""
    config = PRESETS[preset]
    if vocoder is None:
        config = replace(config, vocoder=VocoderConfig(kind="griffin_lim"))
    model = TTSF(config)
    table = load_table_size(tts)
    speech = SpeakerTts(config, table)
    load_average(tts / "state.safetensors", speech)
    model.speech.load_state_dict(speech.tts.state_dict())
    projection = nn.Linear(config.face.style_channels, config.speech.voice_channels)
    load_average(voice / "state.safetensors", projection)
    model.speech.voice_projection.load_state_dict(projection.state_dict())
    net = FaceNet(config.face)
    load_average(face / "state.safetensors", net)
    model.face_encoder.load_state_dict(net.encoder.state_dict())
    model.motion_extractor.load_state_dict(net.extractor.state_dict())
    model.generator.load_state_dict(net.generator.state_dict())
    crossed = CrossingNet(config, model.speech.embedding_channels, model.speech.hidden_channels)
    load_average(crossing / "state.safetensors", crossed)
    for name, part in crossed.named_children():
        getattr(model, name).load_state_dict(part.state_dict())
    if vocoder is not None:
        sound = build_vocoder(config.vocoder, config.audio)
        load_average(vocoder / "state.safetensors", sound)
        model.vocoder.load_state_dict(sound.state_dict())
    return model


def load_table_size(tts: Path) -> int:
    """Number of speakers in a TTS run."""
    from safetensors import safe_open

    if not (tts / "state.safetensors").is_file():
        raise TtsfError(f"no training state in {tts}; run that stage first")
    with safe_open(tts / "state.safetensors", "pt") as file:
        return file.get_slice("net.table.weight").get_shape()[0]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("tts", "face", "crossing", "voice"):
        parser.add_argument(f"--{name}", type=Path, required=True, help=f"run folder of {name}")
    parser.add_argument("--vocoder", type=Path, help="run folder; without it, Griffin-Lim")
    parser.add_argument("--preset", choices=sorted(PRESETS), default="mini")
    parser.add_argument("--out", type=Path, required=True, help="model folder to write")
    args = parser.parse_args()
    try:
        torch.manual_seed(0)
        model = assemble(args.preset, args.tts, args.face, args.crossing, args.voice, args.vocoder)
        save(model, args.out)
    except TtsfError as error:
        parser.exit(2, f"error: {error}\n")


if __name__ == "__main__":
    main()
