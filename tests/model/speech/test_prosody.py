"""Known times, pitch and energy of symbols, and a mu that moves within them."""

import math
from dataclasses import replace

import pytest
import torch

from tests.support.tiny_model import TINY
from ttsf.config import ProsodyConfig, RefinerConfig, SpeechConfig
from ttsf.model.speech.prosody import SymbolProsody, mean_of_symbols
from ttsf.model.speech.refiner import place_in_symbols
from ttsf.model.speech.tts import TextToSpeech, pad_spoken
from ttsf.symbols import BLANK, SYMBOLS
from ttsf.text.front_end import TextFrontEnd

CONFIG = replace(
    TINY.speech,
    add_blank=False,
    prosody=ProsodyConfig(channels=8),
    refiner=RefinerConfig(channels=8, layers=2),
)


def speaker(config: SpeechConfig = CONFIG) -> TextToSpeech:
    torch.manual_seed(0)
    return TextToSpeech(config, TINY.audio, 16, 4).eval()


def test_means_are_those_of_each_symbols_frames() -> None:
    x = torch.arange(12.0).reshape(1, 2, 6)
    found = mean_of_symbols(x, torch.tensor([[2, 0, 1, 3]]))
    assert found.tolist() == [[[0.5, 0.0, 2.0, 4.0], [6.5, 0.0, 8.0, 10.0]]]


def test_frames_know_their_place_in_a_symbol() -> None:
    share, since, until = place_in_symbols(torch.tensor([[2, 4]]), 8)[0]
    assert share.tolist() == [0.25, 0.75, 0.125, 0.375, 0.625, 0.875, 0.0, 0.0]
    assert torch.allclose(since, torch.tensor([0.05, 0.15, 0.05, 0.15, 0.25, 0.35, 0, 0]))
    assert torch.allclose(until, torch.tensor([0.15, 0.05, 0.35, 0.25, 0.15, 0.05, 0, 0]))


def test_pitch_is_measured_in_its_units() -> None:
    prosody = SymbolProsody(ProsodyConfig(channels=8, pitch_mean=5.0, pitch_std=0.5), 4)
    log_f0, x_1 = torch.full((1, 6), 5.5), torch.full((1, 80, 6), -0.25)
    values = prosody.measure(log_f0, x_1, torch.tensor([[4, 2]]))
    assert torch.allclose(values, torch.tensor([[[1.0, 1.0], [-0.25, -0.25]]]))


def test_known_times_are_kept_and_others_searched() -> None:
    tts, voice = speaker(), torch.randn(2, CONFIG.voice_channels)
    ids = [torch.tensor([5, 20, 30]), torch.tensor([7, 9])]
    mels = [torch.randn(80, 12), torch.randn(80, 10)]
    known = [torch.tensor([1, 8, 3]), torch.tensor([0, 0])]
    spoken = pad_spoken(ids, mels, known, [torch.full((12,), 5.0), torch.full((10,), 5.0)])
    features = tts.align(spoken, voice)
    assert features.durations[0].tolist() == [1, 8, 3]
    assert features.durations[1].sum() == 10 and features.durations[1][:2].min() >= 1
    losses, _ = tts.train()(spoken, voice)
    assert list(losses.terms()) == ["prior", "duration", "flow", "prosody"]
    sum(losses.terms().values()).backward()
    assert tts.prosody.embed.weight.grad.abs().sum() > 0
    assert tts.refiner.last.weight.grad.abs().sum() > 0


def test_speech_without_f0_is_refused() -> None:
    spoken = pad_spoken([torch.tensor([5, 20])], [torch.randn(80, 12)])
    with pytest.raises(ValueError, match="whose F0 is known"):
        speaker().align(spoken, torch.randn(1, CONFIG.voice_channels))


def test_mu_moves_within_a_symbol_only_with_a_refiner() -> None:
    ids, lengths = torch.tensor([[5, 20, 30, 31]]), torch.tensor([4])
    voice = torch.randn(1, CONFIG.voice_channels)
    for config, moves in ((CONFIG, True), (replace(CONFIG, refiner=None), False)):
        tts = speaker(config)
        torch.nn.init.constant_(tts.duration.out.bias, math.log(6))
        features = tts.encode(ids, lengths, voice)
        first = int(features.durations[0, 0])
        assert bool((features.mu[0, :, 1:first] != features.mu[0, :, :1]).any()) == moves


def test_durations_round_to_the_nearest_ends_where_they_are_not_rounded_up() -> None:
    ids, lengths = torch.tensor([[5] * 40]), torch.tensor([40])
    voice = torch.randn(1, CONFIG.voice_channels)
    counts = []
    for round_up in (False, True):
        tts = speaker(replace(CONFIG, duration=replace(CONFIG.duration, round_up=round_up)))
        torch.nn.init.zeros_(tts.duration.out.weight)
        torch.nn.init.constant_(tts.duration.out.bias, math.log(4.4))
        counts.append(int(tts.encode(ids, lengths, voice).durations.sum()))
    assert counts == [176, 200]


def test_a_first_blank_stands_before_the_words() -> None:
    plain = TextFrontEnd(SpeechConfig(add_blank=False)).utterance("Good day.")
    led = TextFrontEnd(SpeechConfig(add_blank=False, first_blank=True)).utterance("Good day.")
    assert SYMBOLS[led.ids[0]] == BLANK and led.ids[1:] == plain.ids
    assert led.spans == tuple((a + 1, b + 1) for a, b in plain.spans)
