"""E_t, D_TTS and their joint class: shapes, masks, tempo, one step of learning."""

import pytest
import torch

from ttsf.config import (
    AudioConfig,
    DurationConfig,
    SpeechConfig,
    SpeechDecoderConfig,
    TextEncoderConfig,
)
from ttsf.model.layers import rotate
from ttsf.model.speech.decoder import SnakeBeta, SpeechDecoder
from ttsf.model.speech.text_encoder import TextEncoder, length_mask
from ttsf.model.speech.tts import SpokenText, TextToSpeech
from ttsf.research.presets import MINI

SMALL = SpeechConfig(
    voice_channels=8,
    text_encoder=TextEncoderConfig(channels=24, layers=1, ffn_channels=32, prenet_layers=1),
    duration=DurationConfig(channels=16),
    decoder=SpeechDecoderConfig(channels=(16, 16), mid_blocks=1, head_channels=8, time_channels=16),
)


@pytest.fixture
def model() -> TextToSpeech:
    torch.manual_seed(0)
    return TextToSpeech(SMALL, AudioConfig(mel_mean=-5.9, mel_std=2.3), 12, 4).eval()


def batch() -> tuple[torch.Tensor, ...]:
    torch.manual_seed(1)
    ids, mel = torch.randint(0, 90, (2, 9)), torch.randn(2, 80, 30) * 2 - 6
    return ids, torch.tensor([9, 5]), mel, torch.tensor([30, 22])


@torch.no_grad()
@pytest.mark.parametrize("rate", [0.7, 1.0, 1.6])
def test_encode_gives_whole_video_frames(model: TextToSpeech, rate: float) -> None:
    ids, lengths, _, _ = batch()
    voice = model.voice(torch.randn(2, 12))
    f = model.encode(ids, lengths, voice, rate)
    frames = f.mask.shape[-1]
    assert voice.shape == (2, 8) and frames % 4 == 0
    assert f.embedding.shape == (2, 24, frames) and f.hidden.shape == (2, 32, frames)
    assert (model.embedding_channels, model.hidden_channels) == (24, 32)
    assert f.mu.shape == (2, 80, frames) and f.durations.shape == (2, 9)
    assert (f.durations.sum(1) == f.mask.sum((1, 2))).all() and (f.durations[0] >= 1).all()
    assert model.decode(f, voice, 2, 0.667).shape == (2, 80, frames)


@torch.no_grad()
def test_slower_speech_is_longer(model: TextToSpeech) -> None:
    ids, lengths, _, _ = batch()
    voice = torch.zeros(2, 8)
    with torch.no_grad():
        model.duration.out.bias.fill_(2.0)
    slow, fast = (model.encode(ids, lengths, voice, r).durations.sum() for r in (0.5, 2.0))
    assert slow > 3 * fast


@torch.no_grad()
def test_align_fills_the_mel(model: TextToSpeech) -> None:
    f = model.align(SpokenText(*batch()), torch.zeros(2, 8))
    assert f.durations.sum(1).tolist() == [30, 22] and f.mu.shape[-1] == 32
    assert f.mask.sum((1, 2)).tolist() == [30, 22]


@torch.no_grad()
def test_padding_does_not_change_an_utterance(model: TextToSpeech) -> None:
    ids, lengths, _, _ = batch()
    both = model.encoder(ids, lengths, torch.ones(2, 8))
    alone = model.encoder(ids[1:, :5], lengths[1:], torch.ones(1, 8))
    assert torch.allclose(both.hidden[1:, :, :5], alone.hidden, atol=1e-5)
    assert both.hidden[1, :, 5:].abs().sum() == 0


@torch.no_grad()
def test_decode_is_reproducible_and_follows_the_voice(model: TextToSpeech) -> None:
    ids, lengths, _, _ = batch()
    f = model.encode(ids, lengths, torch.zeros(2, 8))
    a, b, c = (
        model.decode(f, torch.full((2, 8), v), 2, 0.5, torch.Generator().manual_seed(3))
        for v in (0.0, 0.0, 2.0)
    )
    assert torch.equal(a, b) and not torch.allclose(a, c)


def test_steps_lower_every_loss(model: TextToSpeech) -> None:
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    history = []
    for _ in range(15):
        torch.manual_seed(0)
        losses, _ = model(SpokenText(*batch()), torch.zeros(2, 8))
        history.append([float(x.detach()) for x in losses.terms().values()])
        optimizer.zero_grad()
        losses.total().backward()
        optimizer.step()
    assert all(last < first for first, last in zip(history[0], history[-1], strict=True))


def test_duration_loss_does_not_teach_the_encoder(model: TextToSpeech) -> None:
    losses, _ = model(SpokenText(*batch()), torch.zeros(2, 8))
    losses.duration.backward()
    assert all(p.grad is None for p in model.encoder.parameters())
    assert model.duration.out.weight.grad is not None


@torch.no_grad()
@pytest.mark.parametrize("frames", [7, 8, 33])
@pytest.mark.parametrize("channels", [(16,), (16, 24), (16, 16, 24)])
def test_decoder_takes_any_length(frames: int, channels: tuple[int, ...]) -> None:
    config = SpeechDecoderConfig(channels=channels, mid_blocks=1, head_channels=8, time_channels=16)
    decoder = SpeechDecoder(config, 80, 8).eval()
    x, mask = torch.randn(2, 80, frames), length_mask(torch.tensor([frames, 5]), frames)
    out = decoder(x, torch.tensor([0.1, 0.9]), torch.randn_like(x), torch.zeros(2, 8), mask)
    assert out.shape == x.shape and out[1, :, 5:].abs().sum() == 0


def test_snake_beta_closed_form() -> None:
    x = torch.randn(1, 3, 5)
    assert torch.allclose(SnakeBeta(3)(x), x + torch.sin(x) ** 2, atol=1e-6)


def test_rotary_scores_depend_on_distance_only() -> None:
    q, k = (torch.randn(1, 1, 1, 16).expand(1, 1, 9, 16) for _ in range(2))
    scores = rotate(q, 8) @ rotate(k, 8).transpose(-1, -2)
    for offset in range(-8, 9):
        diagonal = scores[0, 0].diagonal(offset)
        assert torch.allclose(diagonal, diagonal[:1].expand_as(diagonal), atol=1e-4)


def test_mini_preset_size() -> None:
    c = MINI.model.speech
    encoder = TextEncoder(c.text_encoder, 122, c.voice_channels, 80)
    assert 3e6 < sum(p.numel() for p in encoder.parameters()) < 6e6
