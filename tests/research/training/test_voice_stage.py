"""The voice stage: who gets which voice, and mixtures of known voices."""

import torch

from ttsf.config import SpeechConfig, VoiceConfig
from ttsf.model.speech.voice import VoiceMixture, voice_projection
from ttsf.research.training.stages.voice import (
    k_means,
    named_speaker,
    register_of_people,
    voices_of_people,
)

VOICES = tuple(VoiceConfig(name, "low") for name in ("oak", "ash", "elm", "fir", "yew"))


def crowd(people: int, motions: int) -> tuple[torch.Tensor, torch.Tensor]:
    """f_id that differs between people along axis 3 and, as much, with motion along axis 0."""
    torch.manual_seed(0)
    trait = torch.randn(people)
    f_id = 0.05 * torch.randn(people, motions, 6)
    f_id[..., 3] += trait[:, None]
    f_id[..., 0] += torch.randn(people, motions)
    return f_id, trait


def test_a_person_keeps_a_voice_whatever_their_motion() -> None:
    f_id, trait = crowd(60, 5)
    weight, bias = voices_of_people(f_id, 4, ridge=0.001, sharpness=2)
    lead = (f_id @ weight.T + bias).argmax(-1)
    kept = (lead == lead[:, :1]).float().mean()
    assert kept > 0.9
    place = (f_id.mean(1) @ weight.T + bias).argmax(-1)
    sizes = place.bincount(minlength=4)
    assert sizes.min() >= 5
    ends = [trait[place == k].mean() for k in range(4)]
    assert max(ends) - min(ends) > 1.5, "groups differ in what people differ in"


def test_one_voice_is_everybodys() -> None:
    weight, bias = voices_of_people(crowd(5, 2)[0], 1, ridge=0.001, sharpness=2)
    assert weight.shape == (1, 6) and bias.shape == (1,)


def test_k_means_finds_separate_groups() -> None:
    torch.manual_seed(0)
    centres = torch.tensor([[0.0, 0], [9, 0], [0, 9], [9, 9], [20, 20]])
    found = k_means((centres[:, None] + torch.randn(5, 30, 2)).flatten(0, 1), 5)
    assert torch.cdist(centres, found).amin(1).max() < 1


def test_the_register_is_read_across_motions() -> None:
    f_id, trait = crowd(60, 5)
    weight, bias = register_of_people(f_id, trait > 0.3, ridge=0.001)
    odds = f_id @ weight + bias
    assert ((odds > 0) == (trait > 0.3)[:, None]).float().mean() > 0.95
    assert weight[0].abs() < 0.2 * weight[3].abs(), "motion says nothing"


MIXED = tuple(
    VoiceConfig(name, register) for name, register in (("a", "low"), ("b", "high"), ("c", "high"))
)


def test_a_mixture_stays_among_the_voices_of_one_register() -> None:
    torch.manual_seed(0)
    mixture = VoiceMixture(6, MIXED, 2)
    f_id = 5 + 3 * torch.randn(50, 6)
    with torch.no_grad():
        mixture.centre.fill_(5)
        mixture.voices.weight.copy_(torch.tensor([[9.0, 1.0, 0.0], [9.0, 0.0, 1.0]]))
        high = mixture.register(f_id - 5)[:, 0] > 0
        shares, voice = mixture.shares(f_id), mixture(f_id)
    assert 5 < high.sum() < 45
    assert (shares[high, 0] == 0).all() and (shares[~high, 0] == 1).all()
    torch.testing.assert_close(voice[high].sum(1), torch.ones(int(high.sum())))
    assert (voice[~high] == 9).all()


def test_a_single_register_is_everybodys() -> None:
    mixture = VoiceMixture(6, VOICES, 2)
    torch.testing.assert_close(mixture.shares(torch.randn(9, 6)).sum(1), torch.ones(9))


def test_a_voice_may_lie_between_speakers() -> None:
    assert named_speaker("ann+bea=willow") == ("ann+bea", "willow", None)
    assert named_speaker("ann=yew@en-gb-x-rp") == ("ann", "yew", "en-gb-x-rp")
    assert named_speaker("ann") == ("ann", "ann", None)


def test_without_voices_the_projection_is_straight() -> None:
    assert isinstance(voice_projection(SpeechConfig(), 6), torch.nn.Linear)
    mixture = voice_projection(SpeechConfig(voices=VOICES), 6)
    assert mixture(torch.zeros(2, 6)).shape == (2, 64)
