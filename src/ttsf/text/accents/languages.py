"""Languages other than English: their codes, and their numbers and signs as words."""

# ruff: noqa: RUF001 (Cyrillic)

import re
from typing import NamedTuple

from num2words import num2words

from ttsf.errors import TtsfError
from ttsf.text.english.lists import words
from ttsf.text.english.numbers import MOST_DIGITS
from ttsf.text.english.trace import Traced

_ENGLISH = "en"
_LOOKED_AT = 2_000
"""Number of characters of a text from which its language is guessed."""


class Language(NamedTuple):
    """A language that espeak-ng speaks and num2words counts in."""

    code: str
    name: str
    voice: str
    """Name of the language in espeak-ng."""
    percent: str
    minus: str
    point: str
    """Word for the decimal separator."""
    joint: str
    """Word for the sign &."""
    euro: str
    function_words: frozenset[str] = frozenset()
    """Frequent words by which `guess` recognises the language; empty if it cannot."""
    script: str = "LATIN"


def _language(
    code: str, name: str, signs: str, often: str = "", voice: str = "", script: str = "LATIN"
) -> Language:
    percent, minus, point, joint, euro = (word.replace("_", " ") for word in signs.split())
    spoken = (percent, minus, point, joint, euro)
    return Language(code, name, voice or code, *spoken, words(often), script)


_ALL = (
    _language("de", "German", "Prozent minus Komma und Euro",
              "der die das und ist nicht ein eine ich wir mit auf für zu den dem sich auch wie"),
    _language("fr", "French", "pour_cent moins virgule et euros",
              "le la les et est pas une des je nous vous avec pour dans que qui ce il elle du"),
    _language("es", "Spanish", "por_ciento menos coma y euros",
              "el los las y es no una que con para por en del se lo su muy pero como"),
    _language("it", "Italian", "per_cento meno virgola e euro",
              "il gli e è non una che con per di del della sono mi si come ma anche"),
    _language("pt", "Portuguese", "por_cento menos vírgula e euros",
              "o os e é não uma que com para por em do da se um mas como muito"),
    _language("nl", "Dutch", "procent min komma en euro",
              "de het en is niet een ik wij met op voor van dat die ook naar"),
    _language("sv", "Swedish", "procent minus komma och euro",
              "och är inte en ett jag vi med på för av som det att den"),
    _language("da", "Danish", "procent minus komma og euro"),
    _language("no", "Norwegian", "prosent minus komma og euro", voice="nb"),
    _language("fi", "Finnish", "prosenttia miinus pilkku ja euroa"),
    _language("pl", "Polish", "procent minus przecinek i euro"),
    _language("cs", "Czech", "procent minus čárka a euro"),
    _language("hu", "Hungarian", "százalék mínusz egész és euró"),
    _language("ro", "Romanian", "la_sută minus virgulă și euro"),
    _language("tr", "Turkish", "yüzde eksi virgül ve avro"),
    _language("id", "Indonesian", "persen minus koma dan euro"),
    _language("ru", "Russian", "процентов минус запятая и евро", script="CYRILLIC"),
    _language("uk", "Ukrainian", "відсотків мінус кома і євро", script="CYRILLIC"),
)  # fmt: skip
LANGUAGES = {language.code: language for language in _ALL}
_NUMBER = re.compile(r"(?P<minus>(?<![\w.])[-\u2212])?(?P<whole>\d{1,3}(?:[. \u202f]\d{3})+|\d+)"
                     r"(?:,(?P<rest>\d+))?")  # fmt: skip
_EURO_FIRST, _SIGN = re.compile(r"€\s?(\d(?:[\d.,]*\d)?)"), re.compile("[%&€]")
_SPACE, _BEFORE_STOP = re.compile(r"\s+"), re.compile(r"\s(?=[,.;:!?)])|(?<=\()\s")


def find(code: str) -> Language | None:
    """Return the language for a code such as "de" or "pt-BR"; None for English.

    Raises TtsfError, with the list of known codes, for any other.
    """
    base = code.lower().replace("_", "-").split("-")[0]
    if base == _ENGLISH:
        return None
    if base not in LANGUAGES:
        known = ", ".join(["en", *LANGUAGES])
        raise TtsfError(f"no language '{code}'; known are {known}")
    return LANGUAGES[base]


def spelled(cleaned: Traced, language: Language) -> Traced:
    """Spell out numbers and the signs % & € of a cleaned text in its language."""
    text = cleaned.sub(_EURO_FIRST, lambda match: f"{match[1]} €")
    text = text.sub(_NUMBER, lambda match: _number(match, language))
    signs = {"%": language.percent, "&": language.joint, "€": language.euro}
    text = text.sub(_SIGN, lambda match: f" {signs[match[0]]} ")
    return text.sub(_SPACE, " ").sub(_BEFORE_STOP, "").strip()


def guess(text: str) -> Language | None:
    """Guess the language of a text from its frequent words; None if unsure, or for English."""
    found = re.findall(r"[^\W\d_]+", text[:_LOOKED_AT].lower())
    if len(found) < 4:
        return None
    english = sum(word in _ENGLISH_WORDS for word in found)
    shares = {x.code: sum(word in x.function_words for word in found) for x in _ALL}
    best = max(shares, key=lambda code: shares[code])
    sure = shares[best] >= max(2, 0.2 * len(found)) and shares[best] > 2 * english
    return LANGUAGES[best] if sure else None


_ENGLISH_WORDS = words(
    "the and of to a in is it that was he she for on with as at by this not are but from they you"
    " i we"
)


def _number(match: re.Match[str], language: Language) -> str:
    whole, rest = re.sub(r"\D", "", match["whole"]), match["rest"]
    long = len(whole) > MOST_DIGITS or (len(whole) > 1 and whole[0] == "0")
    said = _digits(whole, language) if long else num2words(int(whole), lang=language.code)
    spoken = [language.minus] if match["minus"] else []
    spoken.append(said)
    if rest:
        spoken += [language.point, _digits(rest, language)]
    return f" {' '.join(spoken)} "


def _digits(text: str, language: Language) -> str:
    return " ".join(num2words(int(c), lang=language.code) for c in text)
