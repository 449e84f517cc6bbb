"""The face chooses the voice: the row of voices, and a mixture that stays among them."""

import torch

from ttsf.config import SpeechConfig, VoiceConfig
from ttsf.speech.voice import VoiceMixture, voice_projection
from ttsf.training.stages.voice import row_of_voices

VOICES = tuple(VoiceConfig(name, "low") for name in ("oak", "ash", "elm", "fir", "yew"))


def crowd(people: int, motions: int) -> tuple[torch.Tensor, torch.Tensor]:
    """f_id that differs between people along axis 3 and, as much, with motion along axis 0."""
    torch.manual_seed(0)
    trait = torch.randn(people)
    f_id = 0.05 * torch.randn(people, motions, 6)
    f_id[..., 3] += trait[:, None]
    f_id[..., 0] += torch.randn(people, motions)
    return f_id, trait


def test_alike_faces_get_neighbouring_voices_whatever_their_motion() -> None:
    f_id, trait = crowd(60, 5)
    shares = row_of_voices(f_id, 4, ridge=0.1, overlap=0.4)
    torch.testing.assert_close(shares.sum(1), torch.ones(60))
    place = shares @ torch.arange(4.0)
    assert torch.corrcoef(torch.stack([place, trait.argsort().argsort()]))[0, 1].abs() > 0.97
    assert all(14 <= count <= 16 for count in shares.argmax(1).bincount().tolist())


def test_one_voice_is_everybodys() -> None:
    shares = row_of_voices(crowd(5, 2)[0], 1, ridge=0.1, overlap=0.4)
    torch.testing.assert_close(shares, torch.ones(5, 1))


def test_a_mixture_stays_among_its_voices() -> None:
    torch.manual_seed(0)
    mixture = VoiceMixture(6, 3, 2)
    with torch.no_grad():
        mixture.voices.weight.copy_(torch.tensor([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]))
        voice = mixture(100 * torch.randn(50, 6))
        sharp = mixture(1e4 * mixture.choose.weight[1:2])
    assert (voice >= 0).all() and (voice.sum(1) <= 1 + 1e-6).all()
    torch.testing.assert_close(sharp, torch.tensor([[1.0, 0.0]]))


def test_without_voices_the_projection_is_straight() -> None:
    assert isinstance(voice_projection(SpeechConfig(), 6), torch.nn.Linear)
    mixture = voice_projection(SpeechConfig(voices=VOICES), 6)
    assert mixture(torch.zeros(2, 6)).shape == (2, 64)
