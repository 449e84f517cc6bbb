"""The teachers' sentences; speech is trimmed and levelled."""

import random

import numpy as np

from ttsf.research.data.speech.speech_files import trim_and_level
from ttsf.research.data.synthetic.sentences import everyday_sentence, sentences_of, teacher_texts

TEXT = """
The cat sat on the mat. It was warm there, wasn't it? NASA SAID NO.

* A list item that is left out.
-- Somebody, who is cited here
def main(): return x.
Too short. A penny saved
is a penny earned.
"""


def test_sentences_are_plain_english() -> None:
    assert sentences_of(TEXT) == [
        "The cat sat on the mat.",
        "It was warm there, wasn't it?",
        "A penny saved is a penny earned.",
    ]


def test_teacher_texts_are_unique_and_reproducible() -> None:
    texts = teacher_texts(60, [TEXT], random.Random(0))
    assert len(texts) == len(set(texts)) == 60
    assert texts == teacher_texts(60, [TEXT], random.Random(0))
    assert all(everyday_sentence(random.Random(i)) for i in range(50))


def test_trim_and_level() -> None:
    rng = np.random.default_rng(0)
    speech = 0.05 * rng.standard_normal(16_000)
    samples = np.concatenate([np.zeros(8_000), speech, np.zeros(9_000)]).astype(np.float32)
    cut = trim_and_level(samples)
    assert abs(len(cut) - (16_000 + 2 * 960)) <= 160
    loud = 20 * np.log10(np.sqrt((cut[2_000:-2_000] ** 2).mean()))
    assert abs(loud + 23) < 0.5
    assert len(trim_and_level(np.zeros(1_000, np.float32))) == 0
