"""Mouth shapes over a whole video."""

# ruff: noqa: RUF001

from itertools import pairwise

import pytest

from ttsf.symbols import IPA, LETTERS
from ttsf.timings.visemes import SHAPES, visemes
from ttsf.timings.words import Phone

OCULUS = set(
    ["sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "ih", "oh", "ou"]
)
PHONES = [
    Phone("p", 0.5, 0.6),
    Phone("ˈaɪ", 0.6, 0.8),
    Phone("tʃ", 0.85, 1.0),
    Phone("m", 1.5, 1.6),
    Phone("b", 1.6, 1.7),
]


def test_shapes_follow_each_other_from_start_to_end() -> None:
    found = visemes(PHONES, 2.0)
    assert [name for name, *_ in found] == ["sil", "PP", "aa", "ih", "CH", "sil", "PP", "sil"]
    assert found[0].start_s == 0 and found[-1].end_s == 2.0
    assert all(a.end_s == b.start_s and a.name != b.name for a, b in pairwise(found))
    assert found[2].end_s == pytest.approx(0.7)
    assert found[4].start_s == 0.8  # a pause of 50 ms closes no mouth


def test_names_of_the_other_tools() -> None:
    assert [name for name, *_ in visemes(PHONES, 2.0, "rhubarb")] == [*"XADBXAX"]
    names = [name for name, *_ in visemes(PHONES, 2.0, "polly")]
    assert names == ["sil", "p", "a", "i", "S", "sil", "p", "sil"]


def test_names_are_those_of_the_tools() -> None:
    assert {shape.oculus for shape in SHAPES.values()} == OCULUS - {"sil"}
    assert {shape.rhubarb for shape in SHAPES.values()} == set("ABCDEFGH")
    letters = set("pTtSsfkiru@aeEoO")
    assert {shape.polly for shape in SHAPES.values()} == letters


def test_every_sound_of_the_english_voice_has_a_shape() -> None:
    assert set("pbtdkɡfvθðszʃʒhmnŋlɹwjɾʔæɑɐɔəɚɛɜɪiʊuʌeoaᵻ") <= set(SHAPES)
    assert set(SHAPES) <= set(IPA + LETTERS)


def test_silence_alone_and_phones_past_the_end() -> None:
    assert visemes([], 1.0) == [("sil", 0.0, 1.0)]
    assert visemes([Phone("p", 0.0, 2.0), Phone("s", 2.0, 3.0)], 1.0) == [("PP", 0.0, 1.0)]
