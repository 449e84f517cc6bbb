"""Sec. 4.1: public weights as a start, so that nobody trains the speech parts from noise.

    python recipes/warm_start.py matcha FILE --preset paper --speakers N --out RUN
    python recipes/warm_start.py hifigan FILE --preset paper --partial --out RUN
    python recipes/warm_start.py vocos FILE --preset mini --out RUN
    python recipes/warm_start.py speech FILE --preset mini --out RUN

RUN then goes on with `ttsf train tts` or `ttsf train vocoder` from step 0. FILE is a
safetensors file, or a torch archive of tensors alone: nothing else in an archive is ever run.

Each tensor of ours falls into one of three groups. *Same*: it computes what it computed in the
file, up to 1e-5 in place of glow-tts's 1e-4 under the root of a norm. *Near*: it does the same work
among other neighbours, which makes a start and not the same function. *Own*: new.

Matcha-TTS, same: symbol embedding (times the root of its width, which Matcha multiplies in later),
prenet, mu, durations, time embedding, and on the decoder's way down the transformer blocks (where
nothing is padded: Matcha adds its mask to the scores) and strided convolutions. Near: E_t's
transformer, where ours normalises before a block and Matcha after it (so each of our norms takes
the weights of the Matcha norm that its block used to read), the decoder's residual blocks (SiLU
here, Mish there), and the table of voices, all at the mean of theirs. Own: what lies behind the
third convolution of the lowest level, which our decoder does not have.

HiFi-GAN, same: everything. Our generator normalises its mel, which is folded into the first
convolution; so the first and last three frames, where padding begins, differ. A kernel's length
shows in a file but its rate does not.

Vocos, from a model of ours with the same rate or a lower one: same up to FALL_OFF of half that
rate, where the bins of its STFT are those of ours if both windows last equally long; near above,
where each bin begins as a copy of a lower one, with another phase, and beyond the old band
HIGHER_LOG quieter; own what reads F0, if the file does not.

Speech, from a model of ours of another width: same what has our name and shape, such as all of
D_TTS; own the rest.
"""

import argparse
import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, get_args

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from ttsf.config import AudioConfig, ModelConfig, SpeechConfig, VocoderConfig
from ttsf.errors import TtsfError
from ttsf.media.files import new_file
from ttsf.model.speech.tts import TextToSpeech
from ttsf.model.ttsf import TTSF
from ttsf.research.hyperparameters import DiscriminatorKind, VocoderTraining
from ttsf.research.presets import PRESETS
from ttsf.research.training.adversarial.vocoder_discriminators import build_discriminators
from ttsf.research.training.parts import SPEAKERS, SPEECH, Parts
from ttsf.research.training.state import STATE, save_state
from ttsf.text.front_end import SYMBOLS

MATCHA_SYMBOLS = (
    *'_;:,.!?¡¿—…"«»“” ',
    *"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
    *"ɑɐɒæɓʙβɔɕçɗɖðʤəɘɚɛɜɝɞɟʄɡɠɢʛɦɧħɥʜɨɪʝɭɬɫɮʟɱɯɰŋɳɲɴøɵɸθœɶʘɹɺɾɻʀʁɽʂʃʈʧʉʊʋⱱʌɣɤʍχʎʏʑʐʒʔʡʕʢ",
    *"ǀǁǂǃˈˌːˑʼʴʰʱʲʷˠˤ˞↓↑→↗↘'̩'ᵻ",
)
"""What the 178 rows of a public checkpoint's embedding stand for [Matcha, matcha/text/symbols]."""
PLAIN = {"weight": "weight", "bias": "bias"}
FALL_OFF = 0.945
"""Part of the old band that its recordings reach; the bins above begin as ones just below."""
BELOW = 20
"""How many bins below: a multiple of n_fft / hop, so that phases advance as their own would."""
HIGHER_LOG = 0.2
"""Natural log by which the bins above the old band begin quieter than the ones they copy."""
GLOW_NORM = {"weight": "gamma", "bias": "beta"}

Sources = dict[str, tuple[str, ...]]
"""Our tensor -> theirs, joined along their rows; () for zeros."""


class Start(NamedTuple):
    """What became of each tensor, by name."""

    same: list[str]
    near: list[str]
    own: list[str]
    unplaced: list[str]
    """Theirs without a place here."""
    symbols: int | None = None
    """Of ours, those that have a row in their embedding."""


def read_tensors(path: Path, key: str, keep: str) -> dict[str, Tensor]:
    """All tensors of a file, in float32; of a torch archive those under `key`, if it has one.

    keep: what to keep in a conversion, for the message. Prints the file's SHA-256 first. Raises
    TtsfError for a file that holds other objects or no tensors.
    """
    found: Any
    try:
        with path.open("rb") as file:
            print(f"{path}: SHA-256 {hashlib.file_digest(file, 'sha256').hexdigest()}")
        found = load_file(path) if path.suffix == ".safetensors" else _open_archive(path, keep)
    except (OSError, SafetensorError) as error:
        raise TtsfError(f"cannot read {path}: {error}") from None
    if isinstance(found, dict) and isinstance(found.get(key), dict):
        found = found[key]
    if not isinstance(found, dict) or not found:
        raise TtsfError(f"{path} holds no tensors under names")
    if not all(isinstance(value, Tensor) for value in found.values()):
        raise TtsfError(f"{path} holds no '{key}' and not tensors alone; keep {keep}")
    return {str(name): value.float() for name, value in found.items()}


def _open_archive(path: Path, keep: str) -> Any:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception:  # a damaged archive leads torch's reader to errors of any kind
        raise TtsfError(
            f"{path} holds more than tensors or is damaged; convert it to safetensors first, "
            f"keeping {keep}"
        ) from None


def _pairs(ours: str, theirs: str, names: dict[str, str] = PLAIN) -> Sources:
    return {f"{ours}.{a}": (f"{theirs}.{b}",) for a, b in names.items()}


def _encoder_same(config: SpeechConfig) -> Sources:
    found: Sources = {"encoder.embedding.weight": ("encoder.emb.weight",)}
    for i in range(config.text_encoder.prenet_layers):
        ours, theirs = f"encoder.prenet.layers.{i}", "encoder.prenet"
        found |= _pairs(f"{ours}.0", f"{theirs}.conv_layers.{i}")
        found |= _pairs(f"{ours}.1", f"{theirs}.norm_layers.{i}", GLOW_NORM)
    found |= _pairs("encoder.prenet.out", "encoder.prenet.proj")
    found |= _pairs("encoder.to_mu", "encoder.proj_m")
    for i in range(2):
        found |= _pairs(f"duration.layers.{i}.0", f"encoder.proj_w.conv_{i + 1}")
        found |= _pairs(f"duration.layers.{i}.2", f"encoder.proj_w.norm_{i + 1}", GLOW_NORM)
    return found | _pairs("duration.out", "encoder.proj_w.proj")


def _encoder_near(config: SpeechConfig) -> Sources:
    """The first block reads Matcha's prenet itself: its norm is our own."""
    found: Sources = {}
    layers = config.text_encoder.layers
    for i in range(layers):
        ours, theirs = f"encoder.layers.{i}", "encoder.encoder"
        attention = f"{theirs}.attn_layers.{i}.conv_"
        for name in PLAIN:
            parts = tuple(f"{attention}{part}.{name}" for part in "qkv")
            found[f"{ours}.attention.qkv.{name}"] = parts
        found |= _pairs(f"{ours}.attention.out", f"{attention}o")
        found |= _pairs(f"{ours}.norm_2", f"{theirs}.norm_layers_1.{i}", GLOW_NORM)
        for name in ("conv_1", "conv_2"):
            found |= _pairs(f"{ours}.{name}", f"{theirs}.ffn_layers.{i}.{name}")
        reader = f"encoder.layers.{i + 1}.norm_1" if i + 1 < layers else "encoder.norm"
        found |= _pairs(reader, f"{theirs}.norm_layers_2.{i}", GLOW_NORM)
    return found


def _decoder_same(config: SpeechConfig) -> Sources:
    theirs = "decoder.estimator"
    found = _pairs("decoder.time.mlp.0", f"{theirs}.time_mlp.linear_1")
    found |= _pairs("decoder.time.mlp.2", f"{theirs}.time_mlp.linear_2")
    levels = len(config.decoder.channels)
    for i in range(levels):
        if i + 1 < levels:
            found |= _pairs(f"decoder.shrink.{i}", f"{theirs}.down_blocks.{i}.2.conv")
        for j in range(config.decoder.blocks_per_level):
            found |= _transformer(f"decoder.down.{i}.blocks.{j}", f"{theirs}.down_blocks.{i}.1.{j}")
    return found


def _transformer(ours: str, theirs: str) -> Sources:
    found = _pairs(f"{ours}.norm_1", f"{theirs}.norm1") | _pairs(
        f"{ours}.norm_2", f"{theirs}.norm3"
    )
    found[f"{ours}.attention.qkv.weight"] = tuple(f"{theirs}.attn1.to_{p}.weight" for p in "qkv")
    found[f"{ours}.attention.qkv.bias"] = ()
    found |= _pairs(f"{ours}.attention.out", f"{theirs}.attn1.to_out.0")
    found |= _pairs(f"{ours}.feed_forward.0", f"{theirs}.ff.net.0.proj")
    found |= _pairs(
        f"{ours}.feed_forward.1", f"{theirs}.ff.net.0", {"log_alpha": "alpha", "log_beta": "beta"}
    )
    return found | _pairs(f"{ours}.feed_forward.3", f"{theirs}.ff.net.2")


def _decoder_near(config: SpeechConfig) -> Sources:
    found: Sources = {}
    for i in range(len(config.decoder.channels)):
        ours, theirs = f"decoder.down.{i}.residual", f"decoder.estimator.down_blocks.{i}.0"
        for n in (1, 2):
            found |= _pairs(f"{ours}.conv_{n}", f"{theirs}.block{n}.block.0")
            found |= _pairs(f"{ours}.norm_{n}", f"{theirs}.block{n}.block.1")
        found |= _pairs(f"{ours}.from_time", f"{theirs}.mlp.1")
        found |= _pairs(f"{ours}.skip", f"{theirs}.res_conv")
    return found


def _take(own: Tensor, name: str, parts: list[tuple[str, Tensor]]) -> Tensor:
    """Their tensors as ours; a missing last axis of size 1 is added. Raises TtsfError on shapes."""
    if not parts:
        return torch.zeros_like(own)
    wanted = own.shape
    first = parts[0][1]
    if first.ndim + 1 == own.ndim and wanted[-1] == 1:
        wanted = own.shape[:-1]
    rows, rest = wanted[0] // len(parts), wanted[1:]
    for source, tensor in parts:
        if tensor.shape != (rows, *rest):
            raise TtsfError(
                f"{source} is {_shape(tensor.shape)}, not the {_shape((rows, *rest))} of {name}: "
                "the file was trained with another configuration"
            )
    return torch.cat([tensor for _, tensor in parts]).reshape(own.shape)


def _shape(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape)) or "one number"


def load_matcha(theirs: dict[str, Tensor], speech: TextToSpeech, table: nn.Embedding) -> Start:
    """Put a multi-speaker Matcha-TTS checkpoint into E_t, durations, D_TTS and the voices.

    Raises TtsfError where a tensor is missing, has another shape, or has no known place.
    """
    config, own = speech.config, speech.state_dict()
    same = _encoder_same(config) | _decoder_same(config)
    near = _encoder_near(config) | _decoder_near(config)
    used = {"spk_emb.weight"} | {name for parts in (same | near).values() for name in parts}
    missing = sorted(used - theirs.keys())
    if missing:
        raise TtsfError(f"the file has no {missing[0]}: no multi-speaker Matcha-TTS checkpoint")
    lowest = len(config.decoder.channels) - 1
    parts = (f"down_blocks.{lowest}.2", "mid_blocks", "up_blocks", "final_block", "final_proj")
    unplaced = sorted(theirs.keys() - used)
    for name in unplaced:
        if name not in ("mel_mean", "mel_std") and not name.startswith(
            tuple(f"decoder.estimator.{part}." for part in parts)
        ):
            raise TtsfError(f"{name} has no place here: the file has another configuration")
    embedding, known = _embedding(own["encoder.embedding.weight"], theirs["encoder.emb.weight"])
    taken = theirs | {"encoder.emb.weight": embedding}
    for name, sources in (same | near).items():
        own[name] = _take(own[name], name, [(source, taken[source]) for source in sources])
    voices = table.weight
    mean = _take(voices[0], "a voice", [("spk_emb.weight", theirs["spk_emb.weight"].mean(0))])
    speech.load_state_dict(own)
    with torch.no_grad():
        voices.copy_(mean.expand_as(voices))
    new = sorted(own.keys() - same.keys() - near.keys())
    return Start(sorted(same), [*sorted(near), "table.weight"], new, unplaced, known)


def _embedding(own: Tensor, rows: Tensor) -> tuple[Tensor, int]:
    """Our rows replaced by theirs for the same symbols, and how many these are."""
    if rows.shape != (len(MATCHA_SYMBOLS), own.shape[1]):
        raise TtsfError(
            f"encoder.emb.weight is {_shape(rows.shape)}, not "
            f"{_shape((len(MATCHA_SYMBOLS), own.shape[1]))}: other symbols or configuration"
        )
    found, known = own.clone(), [symbol for symbol in SYMBOLS if symbol in MATCHA_SYMBOLS]
    scaled = rows * math.sqrt(rows.shape[1])
    for symbol in known:
        found[SYMBOLS.index(symbol)] = scaled[MATCHA_SYMBOLS.index(symbol)]
    return found, len(known)


def _hifigan_sources(config: VocoderConfig) -> dict[str, str]:
    """Our module -> theirs, in the order of the sound."""
    found, blocks = {"first": "conv_pre"}, len(config.resblock_kernels)
    for i in range(len(config.upsample_rates)):
        found[f"grow.{i}"] = f"ups.{i}"
        for j in range(blocks):
            ours, theirs = f"fuse.{i}.blocks.{j}", f"resblocks.{i * blocks + j}"
            for m in range(len(config.resblock_dilations)):
                found[f"{ours}.dilated.{m}"] = f"{theirs}.convs1.{m}"
                found[f"{ours}.plain.{m}"] = f"{theirs}.convs2.{m}"
    return found | {"last": "conv_post"}


def without_weight_norm(theirs: dict[str, Tensor]) -> dict[str, Tensor]:
    """`weight_g`, `weight_v` -> `weight` = g v / |v|, the norm over all axes but the first."""
    found = {k: v for k, v in theirs.items() if not k.endswith(("weight_g", "weight_v"))}
    for name, v in theirs.items():
        if name.endswith("weight_v"):
            g = theirs.get(f"{name[:-1]}g")
            if g is None or len(g) != len(v):
                raise TtsfError(f"the file has no {name[:-1]}g that fits {name}")
            length = v.flatten(1).norm(dim=1)
            found[name[:-2]] = v * (g.flatten() / length).view(-1, *[1] * (v.ndim - 1))
    return found


def load_hifigan(
    theirs: dict[str, Tensor],
    vocoder: nn.Module,
    config: VocoderConfig,
    audio: AudioConfig,
    partial: bool = False,
) -> Start:
    """Put a generator of HiFi-GAN's public layout into `vocoder`, see the head of this file.

    Raises TtsfError at the first tensor that does not fit; with `partial` such tensors stay as
    they are, and all that is taken is near.
    """
    plain, own, taken, used = without_weight_norm(theirs), vocoder.state_dict(), [], set()
    for module, source in _hifigan_sources(config).items():
        fitting = {}
        try:
            for part in PLAIN:
                name, wanted = f"{module}.{part}", f"{source}.{part}"
                if wanted not in plain:
                    raise TtsfError(f"the file has no {wanted}: another layout or configuration")
                fitting[name] = _take(own[name], name, [(wanted, plain[wanted])])
                used.add(wanted)
        except TtsfError:
            if not partial:
                raise
            continue
        own |= fitting
        taken += sorted(fitting)
    unplaced = sorted(plain.keys() - used)
    if unplaced and not partial:
        raise TtsfError(f"{unplaced[0]} has no place here: the file has another configuration")
    if not taken:
        raise TtsfError("nothing in the file fits this vocoder")
    if "first.weight" in taken:
        own["first.bias"] = own["first.bias"] + audio.mel_mean * own["first.weight"].sum((1, 2))
        own["first.weight"] = own["first.weight"] * audio.mel_std
    vocoder.load_state_dict(own)
    same, near = ([], list(taken)) if partial else (list(taken), [])
    return Start(same, near, sorted(own.keys() - set(taken)), unplaced)


def load_vocos(theirs: dict[str, Tensor], vocoder: nn.Module, config: VocoderConfig) -> Start:
    """Put a vocoder into `vocoder`, of its rate or a higher one; raises TtsfError if none fits."""
    own = vocoder.state_dict()
    prefix, head = "vocoder.", ("last.weight", "last.bias")
    new = [n for n in own if n.startswith("pitch.") and prefix + n not in theirs]
    same = sorted(own.keys() - set(head) - set(new))
    for name in own.keys() - set(new):
        if prefix + name not in theirs:
            raise TtsfError(f"the file has no {prefix + name}: no model with such a vocoder")
        if name not in head:
            parts = [(prefix + name, theirs[prefix + name])]
            own[name] = _take(own[name], name, parts)
    bins = len(theirs["vocoder.last.bias"]) // 2
    more = config.istft_n_fft // 2 + 1 - bins
    if not 0 <= more < bins:
        raise TtsfError(f"an STFT of {bins} bins does not grow to {bins + more}: less than twice")
    louder = math.log((bins + more - 1) / (bins - 1))  # a longer inverse FFT divides by more
    for name in head:
        level, phase = (half.clone() for half in theirs[prefix + name].chunk(2))
        if more:
            first = int(FALL_OFF * bins)
            for half in (level, phase):
                half[first:] = half[first - BELOW : bins - BELOW].clone()
            if name == "last.bias":
                phase[first:] += 2 * math.pi * torch.rand(bins - first)
        high_level, high_phase = level[bins - more :], phase[bins - more :]
        if name == "last.bias":
            level, high_level = level + louder, high_level + louder - HIGHER_LOG
            high_phase = high_phase + 2 * math.pi * torch.rand(more)
        own[name] = torch.cat([level, high_level, phase, high_phase])
    vocoder.load_state_dict(own)
    return Start(same, list(head), new, [])


def start_matcha(path: Path, config: ModelConfig, speakers: int, out: Path) -> Start:
    """Write a run of the TTS stage at step 0 that begins with a Matcha-TTS checkpoint."""
    keep = "encoder.*, decoder.* and spk_emb.weight of its state_dict"
    theirs, model = read_tensors(path, "state_dict", keep), TTSF(config)
    net, table = Parts(model, SPEECH), nn.Embedding(speakers, config.speech.voice_channels)
    net.add_module("table", table)
    return _write(out, net, load_matcha(theirs, model.speech, table))


def start_hifigan(
    path: Path, config: ModelConfig, training: VocoderTraining, partial: bool, out: Path
) -> Start:
    """Write a run of the vocoder stage at step 0; its discriminators are new."""
    theirs = read_tensors(
        path, "generator", "conv_pre, ups, resblocks and conv_post of 'generator'"
    )
    model = TTSF(config)
    net = Parts(model, ("vocoder",))
    discriminators = build_discriminators(training.discriminators, training.divisor)
    if discriminators is not None:
        net.add_module("discriminators", discriminators)
    start = load_hifigan(theirs, model.vocoder, config.vocoder, config.audio, partial)
    return _write(out, net, start)


def start_vocos(path: Path, config: ModelConfig, out: Path) -> Start:
    """Write a run of the vocoder stage at step 0, for `--warm-start`."""
    theirs, model = read_tensors(path, "state_dict", "vocoder.*"), TTSF(config)
    return _write(
        out, Parts(model, ("vocoder",)), load_vocos(theirs, model.vocoder, config.vocoder)
    )


def start_speech(path: Path, config: ModelConfig, out: Path) -> Start:
    """Write a run of the TTS stage at step 0, for `--warm-start`; raises TtsfError if none fits."""
    theirs, model = read_tensors(path, "state_dict", "speech.*"), TTSF(config)
    net = Parts(model, SPEECH)
    own = net.state_dict()
    same = [name for name in own if name in theirs and theirs[name].shape == own[name].shape]
    if not same:
        raise TtsfError("nothing in the file fits this text-to-speech")
    net.load_state_dict(own | {name: theirs[name] for name in same})
    net.add_module("table", nn.Embedding(1, config.speech.voice_channels))
    start = _write(out, net, Start(same, [], sorted(own.keys() - set(same)), []))
    (out / SPEAKERS).write_text(json.dumps(["anyone"]), encoding="utf-8")
    return start


def _write(out: Path, net: Parts, start: Start) -> Start:
    """The state at step 0, and beside it what was taken."""
    if (out / STATE).exists():
        raise TtsfError(f"{out} already holds a run; name a new folder")
    average = {name: value.clone() for name, value in net.state_dict().items()}
    with new_file(out / "warm_start.json") as temporary:
        temporary.write_text(json.dumps(start._asdict(), indent=2))
        notes = {"parts": json.dumps(net.names)}
        save_state(out, 0, net, average, torch.optim.Adam(net.parameters()), notes)
    return start


def _run(chosen: argparse.Namespace) -> Start:
    config, training = PRESETS[chosen.preset].model, PRESETS[chosen.preset].vocoder
    torch.manual_seed(chosen.seed)
    if chosen.kind == "matcha":
        return start_matcha(chosen.file, config, chosen.speakers, chosen.out)
    if chosen.kind == "vocos":
        return start_vocos(chosen.file, config, chosen.out)
    if chosen.kind == "speech":
        return start_speech(chosen.file, config, chosen.out)
    if chosen.discriminators is not None:
        training = replace(training, discriminators=chosen.discriminators)
    return start_hifigan(chosen.file, config, training, chosen.partial, chosen.out)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    kinds = parser.add_subparsers(dest="kind", required=True)
    matcha = kinds.add_parser("matcha", help="a multi-speaker Matcha-TTS checkpoint")
    matcha.add_argument(
        "--speakers", type=int, required=True, help="training speakers of the corpus to come"
    )
    hifigan = kinds.add_parser("hifigan", help="a HiFi-GAN generator")
    hifigan.add_argument("--partial", action="store_true", help="take only what fits")
    hifigan.add_argument(
        "--discriminators",
        choices=get_args(DiscriminatorKind),
        help="of the vocoder stage (the preset's)",
    )
    vocos = kinds.add_parser(
        "vocos", help="the vocoder of a model of ours, at its rate or a higher one"
    )
    speech = kinds.add_parser("speech", help="the speech parts of a model of ours, what fits")
    for kind in (matcha, hifigan, vocos, speech):
        kind.add_argument("file", type=Path, metavar="FILE")
        kind.add_argument("--preset", choices=sorted(PRESETS), default="paper")
        kind.add_argument("--out", type=Path, required=True, help="new run folder")
        kind.add_argument("--seed", type=int, default=0, help="of what is new (0)")
    chosen = parser.parse_args()
    try:
        start = _run(chosen)
    except TtsfError as error:
        parser.exit(2, f"error: {' '.join(str(error).split())}\n")
    for title, names in start._asdict().items():
        print(f"{title}: {len(names) if isinstance(names, list) else names}")
    print(f"names in {chosen.out / 'warm_start.json'}; go on with the stage in the same folder")


if __name__ == "__main__":
    main()
