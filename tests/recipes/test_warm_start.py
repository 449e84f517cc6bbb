"""Public layouts into our modules, each against plain maths on the checkpoint's own tensors."""

# ruff: noqa: RUF001

import hashlib
import json
import math
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F

from recipes import warm_start
from recipes.warm_start import MATCHA_SYMBOLS, load_matcha, read_tensors, start_matcha
from ttsf.config import (
    DurationConfig,
    ModelConfig,
    SpeechConfig,
    SpeechDecoderConfig,
    TextEncoderConfig,
)
from ttsf.errors import TtsfError
from ttsf.model.speech.tts import TextToSpeech
from ttsf.model.ttsf import TTSF
from ttsf.research.presets import MINI, PRESETS, Preset
from ttsf.research.training.parts import load_parts, part_of, read_weights
from ttsf.text.front_end import SYMBOLS, TextFrontEnd

TINY: ModelConfig = replace(
    MINI.model,
    speech=SpeechConfig(
        voice_channels=8,
        text_encoder=TextEncoderConfig(channels=16, layers=2, heads=2, ffn_channels=20),
        duration=DurationConfig(channels=12),
        decoder=SpeechDecoderConfig(
            channels=(16, 16), mid_blocks=1, heads=2, head_channels=4, time_channels=32
        ),
    ),
)


class SpeakerTts(nn.Module):
    """What a TTS run trains: the speech part of a model and a table of three voices."""

    def __init__(self) -> None:
        super().__init__()
        self.tts: TextToSpeech = TTSF(TINY).eval().speech
        self.table = nn.Embedding(3, 8)


WIDTH = 24
"""Of E_t's transformer: symbols' 16 channels and the voice's 8."""


def layer(name: str, *shape: int, bias: bool = True) -> dict[str, Tensor]:
    found = {f"{name}.weight": torch.randn(shape) / math.sqrt(math.prod(shape[1:]))}
    return found | ({f"{name}.bias": 0.1 * torch.randn(shape[0])} if bias else {})


def glow_norm(name: str, width: int) -> dict[str, Tensor]:
    return {f"{name}.gamma": 1 + 0.1 * torch.randn(width), f"{name}.beta": 0.1 * torch.randn(width)}


def norm(name: str, width: int) -> dict[str, Tensor]:
    return {f"{name}.weight": 1 + 0.1 * torch.randn(width), f"{name}.bias": torch.randn(width) / 9}


def residual(name: str, inside: int, width: int) -> dict[str, Tensor]:
    found = layer(f"{name}.mlp.1", width, 32) | layer(f"{name}.res_conv", width, inside, 1)
    for block, channels in (("block1", inside), ("block2", width)):
        found |= layer(f"{name}.{block}.block.0", width, channels, 3)
        found |= norm(f"{name}.{block}.block.1", width)
    return found


def transformer(name: str, width: int = 16) -> dict[str, Tensor]:
    found = norm(f"{name}.norm1", width) | norm(f"{name}.norm3", width)
    for part in "qkv":
        found |= layer(f"{name}.attn1.to_{part}", 8, width, bias=False)
    found |= layer(f"{name}.attn1.to_out.0", width, 8)
    found |= layer(f"{name}.ff.net.0.proj", 4 * width, width) | layer(f"{name}.ff.net.2", width, 64)
    found[f"{name}.ff.net.0.alpha"] = 0.3 * torch.randn(4 * width)
    found[f"{name}.ff.net.0.beta"] = 0.3 * torch.randn(4 * width)
    return found


@pytest.fixture
def matcha() -> dict[str, Tensor]:
    """A checkpoint of Matcha-TTS's layout with random weights."""
    torch.manual_seed(0)
    found = {"mel_mean": torch.tensor(-5.5), "mel_std": torch.tensor(2.1)}
    found |= {"spk_emb.weight": torch.randn(5, 8), "encoder.emb.weight": torch.randn(178, 16) / 4}
    for i in range(3):
        found |= layer(f"encoder.prenet.conv_layers.{i}", 16, 16, 5)
        found |= glow_norm(f"encoder.prenet.norm_layers.{i}", 16)
    found |= layer("encoder.prenet.proj", 16, 16, 1) | layer("encoder.proj_m", 80, WIDTH, 1)
    for i in range(2):
        for part in "qkvo":
            found |= layer(f"encoder.encoder.attn_layers.{i}.conv_{part}", WIDTH, WIDTH, 1)
        found |= layer(f"encoder.encoder.ffn_layers.{i}.conv_1", 20, WIDTH, 3)
        found |= layer(f"encoder.encoder.ffn_layers.{i}.conv_2", WIDTH, 20, 3)
        for n in (1, 2):
            found |= glow_norm(f"encoder.encoder.norm_layers_{n}.{i}", WIDTH)
        found |= layer(f"encoder.proj_w.conv_{i + 1}", 12, 12 if i else WIDTH, 3)
        found |= glow_norm(f"encoder.proj_w.norm_{i + 1}", 12)
    found |= layer("encoder.proj_w.proj", 1, 12, 1)
    net, inside = "decoder.estimator", 168
    found |= layer(f"{net}.time_mlp.linear_1", 32, inside) | layer(
        f"{net}.time_mlp.linear_2", 32, 32
    )
    for i, last in ((0, ".conv"), (1, "")):
        found |= residual(f"{net}.down_blocks.{i}.0", 16 if i else inside, 16)
        found |= transformer(f"{net}.down_blocks.{i}.1.0")
        found |= layer(f"{net}.down_blocks.{i}.2{last}", 16, 16, 3)
        found |= residual(f"{net}.up_blocks.{i}.0", 32, 16)
    return found | layer(f"{net}.final_proj", 80, 16, 1)


@pytest.fixture
def loaded(matcha: dict[str, Tensor]) -> SpeakerTts:
    torch.manual_seed(1)
    net = SpeakerTts()
    load_matcha(matcha, net.tts, net.table)
    return net


def glow_norm_of(x: Tensor, c: dict[str, Tensor], name: str, eps: float = 1e-5) -> Tensor:
    middle = x.mean(1, keepdim=True)
    scale = 1 / (x.var(1, keepdim=True, correction=0) + eps).sqrt()
    return (x - middle) * scale * c[f"{name}.gamma"][:, None] + c[f"{name}.beta"][:, None]


def conv(x: Tensor, c: dict[str, Tensor], name: str) -> Tensor:
    weight = c[f"{name}.weight"]
    return F.conv1d(x, weight, c.get(f"{name}.bias"), padding=weight.shape[-1] // 2)


def prenet_of(x: Tensor, c: dict[str, Tensor], mask: Tensor, eps: float = 1e-5) -> Tensor:
    y = x
    for i in range(3):
        y = conv(y * mask, c, f"encoder.prenet.conv_layers.{i}")
        y = glow_norm_of(y, c, f"encoder.prenet.norm_layers.{i}", eps).clamp_min(0)
    return (x + conv(y, c, "encoder.prenet.proj")) * mask


def half_rotated(x: Tensor) -> Tensor:
    """[L, D]: pairs (j, j + D/4) of the first half turn by position / 10000^(4j / D)."""
    out, quarter = x.clone(), x.shape[1] // 4
    for place in range(len(x)):
        for j in range(quarter):
            angle = place / 10_000 ** (2 * j / (2 * quarter))
            a, b = x[place, j], x[place, j + quarter]
            out[place, j] = a * math.cos(angle) - b * math.sin(angle)
            out[place, j + quarter] = b * math.cos(angle) + a * math.sin(angle)
    return out


def rotary_attention(x: Tensor, c: dict[str, Tensor], name: str, heads: int = 2) -> Tensor:
    """[1, C, L], head by head."""
    q, k, v = (conv(x, c, f"{name}.conv_{part}")[0].T for part in "qkv")
    size, found = q.shape[1] // heads, []
    for h in range(heads):
        part = slice(h * size, (h + 1) * size)
        scores = half_rotated(q[:, part]) @ half_rotated(k[:, part]).T / math.sqrt(size)
        found.append(scores.softmax(-1) @ v[:, part])
    return conv(torch.cat(found, 1).T[None], c, f"{name}.conv_o")


def test_symbols_are_matchas() -> None:
    assert len(MATCHA_SYMBOLS) == 178
    places = {"_": 0, ";": 1, " ": 16, "A": 17, "a": 43, "z": 68, "ɑ": 69, "ˈ": 156, "ᵻ": 177}
    assert all(MATCHA_SYMBOLS[place] == symbol for symbol, place in places.items())


def test_embedding_and_prenet(matcha: dict[str, Tensor], loaded: SpeakerTts) -> None:
    spoken = "_həlˈoʊ, wˈɜːld!"
    ids = torch.tensor([[SYMBOLS.index(s) for s in spoken]])
    theirs = torch.tensor([[MATCHA_SYMBOLS.index(s) for s in spoken]])
    embedded = F.embedding(theirs, matcha["encoder.emb.weight"]).transpose(1, 2) * 4
    encoder = loaded.tts.encoder
    assert torch.allclose(encoder.embedding(ids).transpose(1, 2), embedded, atol=1e-6)
    mask = torch.ones(1, 1, len(spoken))
    mask[..., -3:] = 0
    found = encoder.prenet(embedded, mask)
    assert torch.allclose(found, prenet_of(embedded, matcha, mask), atol=1e-5)
    assert torch.allclose(found, prenet_of(embedded, matcha, mask, eps=1e-4), atol=5e-3)


def test_text_encoder_and_durations(matcha: dict[str, Tensor], loaded: SpeakerTts) -> None:
    """The whole of E_t in our order: each norm before its block, the first without weights."""
    spoken = "_h_ə_l_ˈo_ʊ_"
    embedded = matcha["encoder.emb.weight"][[MATCHA_SYMBOLS.index(s) for s in spoken]].T[None] * 4
    voice, ones = torch.randn(1, 8), torch.ones(1, 1, len(spoken))
    x = prenet_of(embedded, matcha, ones)
    x = torch.cat([x, voice[:, :, None].expand(-1, -1, x.shape[-1])], 1)
    read = F.layer_norm(x.transpose(1, 2), (WIDTH,)).transpose(1, 2)
    for i in range(2):
        x = x + rotary_attention(read, matcha, f"encoder.encoder.attn_layers.{i}")
        read = glow_norm_of(x, matcha, f"encoder.encoder.norm_layers_1.{i}")
        y = conv(read, matcha, f"encoder.encoder.ffn_layers.{i}.conv_1").clamp_min(0)
        x = x + conv(y, matcha, f"encoder.encoder.ffn_layers.{i}.conv_2")
        read = glow_norm_of(x, matcha, f"encoder.encoder.norm_layers_2.{i}")
    mu = conv(read, matcha, "encoder.proj_m")
    ids = torch.tensor([[SYMBOLS.index(s) for s in spoken]])
    found = loaded.tts.encoder(ids, torch.tensor([len(spoken)]), voice)
    assert torch.allclose(found.hidden, read, atol=1e-5)
    assert torch.allclose(found.mu, mu, atol=1e-5)
    y = read
    for n in (1, 2):
        y = conv(y, matcha, f"encoder.proj_w.conv_{n}").clamp_min(0)
        y = glow_norm_of(y, matcha, f"encoder.proj_w.norm_{n}")
    wanted = conv(y, matcha, "encoder.proj_w.proj")[:, 0]
    assert torch.allclose(loaded.tts.duration(found.hidden, found.mask)[:, 0], wanted, atol=1e-5)


def test_time_embedding(matcha: dict[str, Tensor], loaded: SpeakerTts) -> None:
    rates = [10_000 ** (-j / 83) for j in range(84)]
    angles = torch.tensor([[1_000 * t * rate for rate in rates] for t in (0.0, 0.3)])
    name = "decoder.estimator.time_mlp"
    x = torch.cat([angles.sin(), angles.cos()], 1)
    x = x @ matcha[f"{name}.linear_1.weight"].T + matcha[f"{name}.linear_1.bias"]
    x = (x * x.sigmoid()) @ matcha[f"{name}.linear_2.weight"].T + matcha[f"{name}.linear_2.bias"]
    assert torch.allclose(loaded.tts.decoder.time(torch.tensor([0.0, 0.3])), x, atol=1e-4)


def test_decoder_transformer_block(matcha: dict[str, Tensor], loaded: SpeakerTts) -> None:
    """diffusers' block: attention without biases, SnakeBeta between two linear layers."""
    x, name = torch.randn(1, 16, 9), "decoder.estimator.down_blocks.1.1.0"

    def normed(y: Tensor, which: str) -> Tensor:
        weight, bias = matcha[f"{name}.{which}.weight"], matcha[f"{name}.{which}.bias"]
        scale = weight / (y.var(1, keepdim=True, correction=0) + 1e-5).sqrt()
        return (y - y.mean(1, keepdim=True)) * scale + bias

    rows = x[0].T
    y = normed(rows, "norm1")
    q, k, v = (y @ matcha[f"{name}.attn1.to_{part}.weight"].T for part in "qkv")
    heads = [((q[:, s] @ k[:, s].T) / 2).softmax(-1) @ v[:, s] for s in (slice(0, 4), slice(4, 8))]
    out = f"{name}.attn1.to_out.0"
    rows = rows + torch.cat(heads, 1) @ matcha[f"{out}.weight"].T + matcha[f"{out}.bias"]
    inner = f"{name}.ff.net.0"
    y = normed(rows, "norm3") @ matcha[f"{inner}.proj.weight"].T + matcha[f"{inner}.proj.bias"]
    y = y + (y * matcha[f"{inner}.alpha"].exp()).sin() ** 2 / matcha[f"{inner}.beta"].exp()
    rows = rows + y @ matcha[f"{name}.ff.net.2.weight"].T + matcha[f"{name}.ff.net.2.bias"]
    found = loaded.tts.decoder.down[1].blocks[0](x, torch.ones(1, 1, 9))
    assert torch.allclose(found[0].T, rows, atol=1e-5)


def test_decoder_residual_block(matcha: dict[str, Tensor], loaded: SpeakerTts) -> None:
    """Matcha's block with SiLU for its Mish, the one thing in which ours is another."""
    name = "decoder.estimator.down_blocks.0.0"
    x, time = torch.randn(2, 168, 10), torch.randn(2, 32)

    def block(y: Tensor, which: str) -> Tensor:
        y = conv(y, matcha, f"{name}.{which}.block.0").unflatten(1, (8, 2))
        centred = y - y.mean((2, 3), keepdim=True)
        y = (centred / (centred.square().mean((2, 3), keepdim=True) + 1e-5).sqrt()).flatten(1, 2)
        weight, bias = (matcha[f"{name}.{which}.block.1.{p}"] for p in ("weight", "bias"))
        y = y * weight[:, None] + bias[:, None]
        return y * y.sigmoid()

    shift = (time * time.sigmoid()) @ matcha[f"{name}.mlp.1.weight"].T + matcha[
        f"{name}.mlp.1.bias"
    ]
    y = block(block(x, "block1") + shift[:, :, None], "block2") + conv(
        x, matcha, f"{name}.res_conv"
    )
    found = loaded.tts.decoder.down[0].residual(x, time, torch.ones(1, 1, 10))
    assert torch.allclose(found, y, atol=1e-5)
    strided = F.conv1d(
        y, matcha["decoder.estimator.down_blocks.0.2.conv.weight"],
        matcha["decoder.estimator.down_blocks.0.2.conv.bias"], 2, 1,
    )  # fmt: skip
    assert torch.allclose(loaded.tts.decoder.shrink[0](y), strided, atol=1e-5)


def test_what_was_taken_is_told(matcha: dict[str, Tensor]) -> None:
    torch.manual_seed(1)
    net = SpeakerTts()
    before = {name: value.clone() for name, value in net.tts.state_dict().items()}
    start = load_matcha(matcha, net.tts, net.table)
    after = net.tts.state_dict()
    assert start.symbols == len(SYMBOLS) - 1  # all but the nasal tilde
    tilde = SYMBOLS.index("̃")
    row = after["encoder.embedding.weight"][tilde]
    assert torch.equal(row, before["encoder.embedding.weight"][tilde])
    near = [name for name in start.near if name != "table.weight"]
    assert sorted([*start.same, *near, *start.own]) == sorted(after)
    assert all(torch.equal(after[name], before[name]) for name in start.own)
    assert {name.split(".")[0] for name in start.own} == {"voice_projection", "encoder", "decoder"}
    own = {".".join(name.split(".")[:3]) for name in start.own if name.startswith("encoder")}
    assert own == {"encoder.layers.0"}  # its first norm
    assert not any(name.startswith(("decoder.down", "decoder.time")) for name in start.own)
    mean = matcha["spk_emb.weight"].mean(0)
    assert all(torch.allclose(row, mean) for row in net.table.weight)
    prefixes = {name.split(".")[2] for name in start.unplaced if "." in name}
    assert prefixes == {"down_blocks", "up_blocks", "final_proj"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"encoder.proj_m.weight": torch.zeros(80, 30, 1)},
         r"encoder.proj_m.weight is 80 x 30 x 1, not the 80 x 24 x 1 of encoder.to_mu.weight"),
        ({"encoder.encoder.attn_layers.1.conv_k.weight": torch.zeros(9, 24, 1)}, r"conv_k.* 9 x"),
        ({"decoder.estimator.down_blocks.0.1.0.ff.net.0.alpha": torch.zeros(())}, "is one number"),
        ({"encoder.encoder.attn_layers.2.conv_q.bias": torch.zeros(24)}, "2.conv_q.bias has no"),
        ({"encoder.encoder.attn_layers.0.lambda_param": torch.zeros(())}, "lambda_param has no"),
        ({"encoder.emb.weight": torch.zeros(192, 16)}, "is 192 x 16, not 178 x 16"),
        ({"spk_emb.weight": torch.zeros(5, 9)}, "spk_emb.weight is 9, not the 8 of a voice"),
        ({"spk_emb.weight": None}, "no spk_emb.weight: no multi-speaker"),
        ({"encoder.proj_w.norm_2.beta": None}, "no encoder.proj_w.norm_2.beta"),
    ],
)  # fmt: skip
def test_another_configuration_is_refused(
    matcha: dict[str, Tensor], change: dict[str, Tensor | None], message: str
) -> None:
    net = SpeakerTts()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    changed = {k: v for k, v in (matcha | change).items() if v is not None}
    with pytest.raises(TtsfError, match=message):
        load_matcha(changed, net.tts, net.table)
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


def test_files_are_read_as_tensors_alone(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    tensors = {"a": torch.ones(2).half()}
    torch.save({"state_dict": tensors, "epoch": 3}, tmp_path / "plain.ckpt")
    save_file(tensors, tmp_path / "plain.safetensors")
    for name in ("plain.ckpt", "plain.safetensors"):
        found = read_tensors(tmp_path / name, "state_dict", "a")
        assert found.keys() == {"a"} and found["a"].dtype == torch.float32
        digest = hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()
        assert digest in capsys.readouterr().out


class Trap:
    """Unpickling it would write a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return Path.write_text, (self.path, "sprung")


def test_foreign_files_are_refused_unopened(tmp_path: Path) -> None:
    bad = tmp_path / "bad.ckpt"
    torch.save({"state_dict": {"a": torch.ones(1)}, "x": Trap(tmp_path / "sprung")}, bad)
    with pytest.raises(TtsfError, match=r"convert it to safetensors first, keeping encoder\.\*"):
        read_tensors(bad, "state_dict", "encoder.*")
    assert not (tmp_path / "sprung").exists()
    for content in (b"", b"PK\x03\x04 no archive", b"\x80\x02 no pickle", b"words"):
        for name in ("bad.ckpt", "bad.safetensors"):
            (tmp_path / name).write_bytes(content)
            with pytest.raises(TtsfError):
                read_tensors(tmp_path / name, "state_dict", "a")
    for content in ([torch.ones(1)], {"epoch": 3}, {}, {"state_dict": {"a": 3}}):
        torch.save(content, bad)
        with pytest.raises(TtsfError, match="holds no"):
            read_tensors(bad, "state_dict", "a")
    with pytest.raises(TtsfError, match="cannot read"):
        read_tensors(tmp_path / "none.ckpt", "state_dict", "a")


def test_a_matcha_run_goes_on_at_step_0(matcha: dict[str, Tensor], tmp_path: Path) -> None:
    torch.save({"state_dict": matcha}, tmp_path / "matcha.ckpt")
    torch.manual_seed(1)
    start_matcha(tmp_path / "matcha.ckpt", TINY, 3, tmp_path / "run")
    model, kept = TTSF(TINY), read_weights(tmp_path / "run")
    assert {part_of(name) for name in kept} == {
        "speech.encoder.", "speech.duration.", "speech.decoder.", "table.",
    }  # fmt: skip
    load_parts(model, tmp_path / "run", ("speech.encoder", "speech.duration", "speech.decoder"))
    assert torch.equal(model.speech.encoder.to_mu.weight, matcha["encoder.proj_m.weight"])
    ids = torch.tensor([TextFrontEnd(TINY.speech).ids("Hello.")])
    voice = kept["table.weight"][:1]
    features = model.eval().speech.encode(ids, torch.tensor([ids.shape[1]]), voice)
    assert torch.isfinite(model.speech.decode(features, voice, 2, 0.6)).all()
    with pytest.raises(TtsfError, match="already holds a run"):
        start_matcha(tmp_path / "matcha.ckpt", TINY, 3, tmp_path / "run")


def test_command_line(
    matcha: dict[str, Tensor],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    monkeypatch.setitem(PRESETS, "tiny", Preset(model=TINY))
    save_file(matcha, tmp_path / "matcha.safetensors")
    line = ["matcha", str(tmp_path / "matcha.safetensors"), "--preset", "tiny", "--speakers", "2"]
    monkeypatch.setattr(sys, "argv", ["x", *line, "--out", str(tmp_path / "run")])
    warm_start.main()
    said = json.loads((tmp_path / "run/warm_start.json").read_text())
    assert f"same: {len(said['same'])}" in capsys.readouterr().out
    with pytest.raises(SystemExit) as stopped:
        warm_start.main()
    assert stopped.value.code == 2
    assert "error: " in capsys.readouterr().err
