"""24 bits come back from 48 signs of which several are wrong."""

import numpy as np
import pytest

from ttsf.provenance.embed.payload import NUMBERS, VERSION, Payload, likelihoods, read


@pytest.mark.parametrize("number", [0, 1, 0x5C9DF, NUMBERS - 1])
def test_a_payload_is_read_again(number: int) -> None:
    found, certainty = read(likelihoods(3 * Payload(number).signs()))
    assert found == Payload(number, VERSION) and certainty > 0.999


def test_three_wrong_signs_in_each_word_are_righted() -> None:
    signs = Payload(0x12345, 7).signs()
    signs[[0, 5, 11, 30, 40, 47]] *= -1
    assert read(likelihoods(signs))[0] == Payload(0x12345, 7)


def test_noise_is_not_certain() -> None:
    noise = np.random.default_rng(0).normal(size=(20, 48))
    assert max(read(likelihoods(one))[1] for one in noise) < 0.5


def test_certainty_is_how_often_it_is_right() -> None:
    random, mean = np.random.default_rng(1), 1.0
    signs = Payload(0xABCDE).signs()
    reads = [read(likelihoods(mean * (mean * signs + random.normal(size=48)))) for _ in range(300)]
    right = np.mean([payload.number == 0xABCDE for payload, _ in reads])
    assert 0.2 < right < 0.8
    assert abs(np.mean([certainty for _, certainty in reads]) - right) < 0.08


def test_a_number_follows_from_all_parts() -> None:
    assert Payload.of(b"a", b"b") == Payload.of(b"a", b"b")
    assert Payload.of(b"a", b"b") != Payload.of(b"ab", b"")
    assert Payload(255).name == "000ff"
