"""Places of what is said, what is left out, long tokens, and other languages."""

# ruff: noqa: RUF001 (signs)

import time

import pytest

from ttsf.config import SpeechConfig
from ttsf.errors import TtsfError
from ttsf.symbols import SYMBOLS
from ttsf.text.accents.accent import accented
from ttsf.text.accents.languages import LANGUAGES, find, guess
from ttsf.text.front_end import TextFrontEnd
from ttsf.text.normalize import Cleaned, Reading, clean, joined, spell_out

CONFIG = SpeechConfig(add_blank=False)
LEARNED = set(" ,.;:?!—abdefhijklmnoprstuvwzæðŋɐɑɔəɚɛɜɡɪɹɾʃʊʌʒʔˈˌːθ̩ᵻ")
"""Symbols that English texts have."""


def read(text: str) -> Reading:
    return joined(Cleaned(text).sentences())


def written(text: str) -> list[tuple[str, str]]:
    """Each piece that is said, and what stands in the text for it."""
    reading = read(text)
    pieces = zip(reading.text.split(), reading.places, strict=True)
    return [(piece, text[start:end]) for piece, (start, end) in pieces]


def test_words_know_where_they_are_written() -> None:
    assert written("At 7:30, **Dr.** O'Neil paid $5&nbsp;— twice!") == [
        ("At", "At"), ("seven", "7:30"), ("thirty,", "7:30,"), ("Doctor", "Dr."),
        ("O'Neil", "O'Neil"), ("paid", "paid"), ("five", "$5"), ("dollars", "$5"),
        ("—", "—"), ("twice!", "twice!"),
    ]  # fmt: skip


def test_places_are_in_order_and_inside() -> None:
    text = "# Plan\n- buy ½ kg of tea :)\n- e\u0301clairs\n\n<b>Ok</b>, see www.a-b.org & x² [1]."
    reading = read(text)
    assert reading.text == spell_out(clean(text))
    starts, ends = (list(edge) for edge in zip(*reading.places, strict=True))
    assert starts == sorted(starts) and ends == sorted(ends) and ends[-1] <= len(text)
    assert ("é", "e\u0301") in [(piece[:1], there[:2]) for piece, there in written(text)]


def test_what_is_left_out_is_told() -> None:
    assert Cleaned("Done ✅ and ready 🚀 :-)").silent == (":-)", "✅", "🚀")
    assert Cleaned("Plain text, 5 € & more: 3 × 4 → 12.").silent == ()
    told: list[str] = []
    list(TextFrontEnd(CONFIG).utterances("Up ⏫ and away.", warn=told.append))
    assert told == ["left out, for there is no way to say it: ⏫"]


@pytest.mark.parametrize(
    "text",
    [
        start + middle * 400 + end
        for start, middle, end in (
            *(("", "9", end) for end in ("", "th", " km", "%", "-9", ":30")),
            *((start, "9", "") for start in ("$", "10^", "1e", "#", "+", "1/")),
            *(("1", middle, "") for middle in (",000", ",", "-1", ":1", ".1", "/1", "5'")),
            *(("", middle, "com") for middle in ("A.", "a-", "a@", "abc.", "I", "9" * 20)),
        )
    ],
)
def test_long_tokens_are_read(text: str) -> None:
    assert spell_out(clean(text))


@pytest.mark.parametrize(
    "unit",
    [" ", "\n", "a\n", "| a |\n", "- ", "*a ", "[", "<", "`a ", "\\", "&amp;", "<b x=1 ", "9"],
)
def test_long_texts_take_time_in_proportion(unit: str) -> None:
    """At these lengths a pattern that looks at every pair of places would not come to an end."""
    read(unit * (30_000 // len(unit)))


@pytest.mark.parametrize(
    "unit",
    ["1", "½", "-1", "=1", "1a", "a.b.", "| a ", "<think>", "```\n", "[1]", "\\frac{", "U.S. ",
     "Mr. ", "1. a\n", "<sup>1", "**a", "【", "$AB.", "NaCl", "r u ", "\\n", "<!--", "θ"],
)  # fmt: skip
def test_the_front_end_is_linear(unit: str) -> None:
    def seconds(length: int) -> float:
        began = time.process_time()
        read(unit * (length // len(unit)))
        return time.process_time() - began

    seconds(100)
    assert seconds(8_000) < 8 * min(seconds(2_000) for _ in range(3)) + 0.3


@pytest.mark.parametrize("code", LANGUAGES)
def test_other_languages_are_read_in_sounds_that_the_model_knows(code: str) -> None:
    language = find(code)
    assert language
    text = {"ru": "Это 25.", "uk": "Це 25."}.get(code, "Anna: 25 %.")
    front_end = TextFrontEnd(CONFIG, language)
    assert "25" not in front_end.normalize(text)
    spoken = "".join(SYMBOLS[k] for k in front_end.ids(text))
    assert len(spoken) > 8 and set(spoken) <= LEARNED


def test_numbers_of_another_language() -> None:
    german, french = (TextFrontEnd(CONFIG, find(code)) for code in ("de", "fr-FR"))
    said = "drei Komma fünf null Euro, minus zwei Prozent"
    assert german.normalize("3,50 €, -2 %") == german.normalize("€3,50, -2 %") == said
    assert french.normalize("1 250 & 12") == "mille deux cent cinquante et douze"
    assert find("en-GB") is None
    with pytest.raises(TtsfError, match="no language 'xx'; known are en, de, fr"):
        find("xx")


def test_foreign_sounds_become_near_ones() -> None:
    assert accented("mˈœçtə") == "mˈɜːʃtə"
    assert accented("bɔ̃ʒˈuʁ") == "bɔnʒˈuːɹ"
    assert accented("ʎˈaβe") == "ljˈɑːvɛ"


def test_another_language_is_noticed() -> None:
    def told(text: str, code: str = "en") -> list[str]:
        warnings: list[str] = []
        list(TextFrontEnd(CONFIG, find(code)).utterances(text, warn=warnings.append))
        return warnings

    german = "Ich bin der Mann und das ist nicht gut."
    assert told(german) == ["the text looks German and is read as English"]
    assert told(german, "de") == [
        "German is read with the accent of a voice that knows English alone"
    ]
    assert told("Die hard is a film, and I like it. The man is not in.") == []
    assert guess("Le chat est sur la table avec une souris") == find("fr")
    assert guess("Berlin Hamburg") is None


@pytest.mark.parametrize(
    "line",
    ["-" * 20_000 + " cut here", "-- " * 7_000 + "x", "-+" * 9_000, "=" * 20_000 + " cut here",
     "_ " * 9_000 + "x", "*-" * 9_000 + "x", "-|" * 9_000 + "x", "~" * 20_000 + "x"],
    ids=lambda line: f"{line[:3]} {line[-1]}",
)  # fmt: skip
def test_a_line_of_dashes_takes_no_time(line: str) -> None:
    began = time.perf_counter()
    read(f"Before.\n{line}\nAfter.")
    assert time.perf_counter() - began < 10


def test_words_behind_dashes_are_read() -> None:
    for dashes in (3, 10, 34, 40, 60, 700):
        found = TextFrontEnd(CONFIG).utterances(f"Hi {'-' * dashes} end")
        assert [word.strip(" ,-—") for one in found for word in one.words if word] == ["Hi", "end"]
    wide = f" name{' ' * 36}| n\n{'-' * 41}+---\n ann{' ' * 37}| two\n"
    assert read(wide).text == "name, n. ann, two"


def test_the_rules_of_tables_are_silent() -> None:
    for rule in ("---|---", "|:--|:-:|", "----+----", "| ---- | ---: |", "---- ----"):
        assert read(f"| name | n |\n{rule}\n| ann | two |").text == "name, n. ann, two"
