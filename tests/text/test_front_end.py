"""The front end: what is said for numbers, signs and names, and what is refused."""

# ruff: noqa: RUF001

from itertools import pairwise

import pytest

from ttsf.config import SpeechConfig
from ttsf.errors import TtsfError
from ttsf.text.front_end import SYMBOLS, TextFrontEnd

FRONT_END = TextFrontEnd(SpeechConfig())
BARE = TextFrontEnd(SpeechConfig(add_blank=False))


def phonemes(text: str) -> str:
    return "".join(SYMBOLS[k] for k in BARE.ids(text))


def spoken_words(text: str) -> dict[str, str]:
    """The sound of each word; words must not be repeated."""
    utterance = BARE.utterance(text)
    sounds = [phonemes(text)[start:end] for start, end in utterance.spans]
    return dict(zip(utterance.words, sounds, strict=True))


SPOKEN = {
    "It costs $1,234.56.": "one thousand two hundred thirty-four dollars and fifty-six cents",
    "It costs $1.": "one dollar.",
    "Pay €5 million now.": "five million euros",
    "£0.99 each": "ninety-nine pence",
    "50% off": "fifty percent off",
    "3.5% more": "three point five percent",
    "On 3/4/2025.": "March fourth, twenty twenty-five",
    "On 2024-01-05.": "January fifth, twenty twenty-four",
    "March 4, 2025": "March fourth, twenty twenty-five",
    "the 5th of May": "May fifth",
    "at 3:45 pm": "three forty-five PM",
    "at 10:05": "ten oh five",
    "at 6:00": "six o'clock",
    "at 5pm": "five PM",
    "the 21st": "twenty-first",
    "in the 1990s": "nineteen nineties",
    "in 1984": "nineteen eighty-four",
    "in 1492": "fourteen ninety-two",
    "Dr. Smith and Mrs. Jones": "Doctor Smith and Missus Jones",
    "½ cup": "one half cup",
    "5½ miles": "five and one half miles",
    "3-5 days": "three to five days",
    "-5°C": "minus five degrees Celsius",
    "12 ft": "twelve feet",
    "call 555-1234": "five five five one two three four",
    "agent 007": "zero zero seven",
    "1,000,000 stars": "one million stars",
    "a+b": "a plus b",
    "see https://example.com/x?y=1": "see example dot com",
    "me@site.org": "me at site dot org",
    "π is 3.14": "pi is three point one four",
    "$5k or $2.5M": "five thousand dollars or two point five million dollars",
    "on 25/12/2025": "December twenty-fifth, twenty twenty-five",
    "open 24/7": "twenty-four seven",
    "3/4 of it": "three quarters of it",
    "5 µm": "micro",
    "1️⃣ first": "one first",
    "x² + 1": "x squared plus one",
}


@pytest.mark.parametrize("written", SPOKEN)
def test_written_forms_become_words(written: str) -> None:
    assert SPOKEN[written] in FRONT_END.normalize(written)


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "😀🎉", "\x00\x01", "...", "!?", "\u200b"])
def test_nothing_to_say(text: str) -> None:
    with pytest.raises(TtsfError, match="nothing to say") as error:
        FRONT_END.ids(text)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "script"),
    [("Привет", "Cyrillic"), ("你好", "Han"), ("مرحبا", "Arabic"), ("こんにちは", "Hiragana")],
)
def test_foreign_scripts_are_named(text: str, script: str) -> None:
    with pytest.raises(TtsfError, match=script):
        FRONT_END.ids(f"Hello {text}")


def test_emoji_are_dropped_and_accents_kept() -> None:
    assert phonemes("Hello 😀 world!") == phonemes("Hello world!")
    assert "kæfˈeɪ" in phonemes("a naïve café")


def test_punctuation_stays_as_symbols() -> None:
    assert phonemes("Hello, world! How are you?") == ("həlˈoʊ, wˈɜːld! hˈaʊ ɑːɹ juː?")
    assert phonemes("Yes") == phonemes("Yes.")


def test_blanks_surround_every_symbol() -> None:
    ids, bare = FRONT_END.ids("Hi."), BARE.ids("Hi.")
    assert ids[1::2] == bare and set(ids[::2]) == {0} and len(ids) == 2 * len(bare) + 1
    assert max(bare) < len(SYMBOLS) == len(set(SYMBOLS))


def test_every_word_has_its_own_sound() -> None:
    assert spoken_words("Well... it is 7:30, Mr. Smith!") == {
        "Well...": "wˈɛl", "it": "ɪɾ", "is": "ɪz", "seven": "sˈɛvən", "thirty,": "θˈɜːɾi",
        "Mister": "mˈɪstɚ", "Smith!": "smˈɪθ",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "sounds"),
    [
        ("None of the files", ["nˈʌn", "ʌv", "ðə", "fˈaɪlz"]),
        ("of the of a in the", ["ʌv", "ðɪ", "əv", "ə", "ɪn", "ðə"]),
        ("It would have been", ["ɪt", "wʊd", "hɐv", "bˌɪn"]),
        ("Part of WebP", ["pˈɑːɹt", "ʌv", "wˈɛb pˈiː"]),
        ("Hi.Hello — so-called", ["hˈaɪ. həlˈoʊ", "sˌoʊkˈɔːld"]),
        ('- (Yes) - "no" --', ["jˈɛs", "nˈoʊ"]),
    ],
)
def test_words_that_espeak_joins_or_takes_apart(text: str, sounds: list[str]) -> None:
    utterance = BARE.utterance(text)
    assert [phonemes(text)[start:end] for start, end in utterance.spans] == sounds


def test_words_joined_are_the_normal_text() -> None:
    for text in (*SPOKEN, "a - b, “c” -- (d)!", "Is it? It is."):
        assert " ".join(FRONT_END.utterance(text).words) == FRONT_END.normalize(text)


def test_a_blank_belongs_to_the_symbol_before_it() -> None:
    for text in (*SPOKEN, "None of the files, please."):
        bare, full = BARE.utterance(text), FRONT_END.utterance(text)
        assert full.text == text and full.words == bare.words and full.ids == FRONT_END.ids(text)
        for (a, b), (start, end) in zip(bare.spans, full.spans, strict=True):
            assert full.ids[start:end:2] == bare.ids[a:b] and set(
                full.ids[start + 1 : end : 2]
            ) == {0}
        assert all(end <= start for (_, end), (start, _) in pairwise(full.spans))


def test_long_text_is_allowed() -> None:
    text = "Dr. Smith went home. Did he? Yes! 3.5 is it."
    assert len(FRONT_END.ids(text * 50)) > 5_000


def test_unknown_language_is_an_error() -> None:
    with pytest.raises(TtsfError, match="no voice 'xx-nowhere'"):
        TextFrontEnd(SpeechConfig(language="xx-nowhere")).ids("Hi")


def test_threads_get_the_same_phonemes() -> None:
    from concurrent.futures import ThreadPoolExecutor

    texts = [f"Number {i} is here, not there." for i in range(40)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(phonemes, texts)) == [phonemes(t) for t in texts]
