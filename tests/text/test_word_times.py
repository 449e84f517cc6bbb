"""Durations become times of words, phones and marks."""

# ruff: noqa: RUF001

from itertools import pairwise

from ttsf.config import SpeechConfig
from ttsf.symbols import SYMBOLS
from ttsf.text.front_end import TextFrontEnd
from ttsf.text.word_times import sounding_durations, word_times
from ttsf.timings.words import Mark, WordTimes

BARE = TextFrontEnd(SpeechConfig(add_blank=False))
FULL = TextFrontEnd(SpeechConfig())


def test_words_and_phones_of_a_known_utterance() -> None:
    utterance = BARE.utterance("Choose oak, Bert.")  # tʃˈuːz ˈoʊk, bˈɜːt.
    symbols = [1] * len(utterance.ids)
    found = word_times(utterance, symbols, 2.0, 0.5)
    assert [phone.ipa for phone in found.phones] == [
        "tʃ", "ˈuː", "z", "ˈoʊ", "k", "b", "ˈɜː", "t"
    ]  # fmt: skip
    assert found.words[0] == ("Choose", 2.0, 5.0, 0, 6, "Choose")
    assert found.phones[:2] == (("tʃ", 2.0, 3.0), ("ˈuː", 3.0, 4.5))
    assert found.words[1].start_s == found.phones[3].start_s == found.words[0].end_s


def test_phones_fill_their_words() -> None:
    (utterance,) = FULL.utterances("The 2 of them aren't here at 7:30, I'm told: “Part II” of it!")
    durations = [(7 * k) % 5 for k in range(len(utterance.ids))]
    found = word_times(utterance, durations, 1.0, 0.01)
    assert all(a.end_s <= b.start_s for a, b in pairwise(found.words))
    assert all(a.end_s <= b.start_s for a, b in pairwise(found.phones))
    for word in found.words:
        inside = [p for p in found.phones if word.start_s <= p.start_s and p.end_s <= word.end_s]
        assert inside and inside[-1].end_s == word.end_s
    assert found.words[-1].end_s <= 1 + 0.01 * sum(durations)


def test_a_sound_has_the_blank_and_the_short_space_before_it() -> None:
    utterance = FULL.utterance("Oh, a ham.")  # ˈoʊ, ɐ hˈæm.
    symbols = [SYMBOLS[k] for k in utterance.ids]
    durations = sounding_durations(utterance.ids, [3] * len(symbols))
    assert sum(durations) == 3 * len(symbols)
    found = dict(zip(symbols, durations, strict=True))
    assert found["ˈ"] == found["m"] == 6 and found["h"] == 3 + 3 + 6
    comma, space, a = symbols.index(","), symbols.index(" "), symbols.index("ɐ")
    assert (durations[comma], durations[space], durations[a]) == (6, 6, 6)  # a pause stays one
    words = word_times(utterance, [3] * len(symbols), 0.0, 0.01).words
    assert words[0].start_s == 0 and words[2].start_s == words[1].end_s


def test_a_long_blank_is_a_pause() -> None:
    utterance = FULL.utterance("Ham.")
    durations = [40, *[0] * (len(utterance.ids) - 1)]
    assert sounding_durations(utterance.ids, durations)[:2] == [34, 6]
    assert word_times(utterance, durations, 0.0, 0.01).words[0].start_s == 0.34


def test_marks_stand_before_their_words() -> None:
    text = '<speak><mark name="a"/>One <mark name="b"/>two.<mark name="c"/></speak>'
    (utterance,) = FULL.utterances(text)
    found = word_times(utterance, [2] * len(utterance.ids), 0.0, 0.01)
    assert found.marks == (
        Mark("a", found.words[0].start_s),
        Mark("b", found.words[1].start_s),
        Mark("c", 0.02 * len(utterance.ids)),
    )


def test_a_pause_says_nothing() -> None:
    silence = next(iter(FULL.utterances("[pause:1s] Yes.")))
    assert word_times(silence, [], 3.0, 0.01) == WordTimes(())
