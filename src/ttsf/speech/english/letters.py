"""Initialisms and acronyms, Roman numerals, lone letters, words in capitals."""

import re

from ttsf.speech.english.lists import COUNTED, REGNAL_NAMES, TITLES, words
from ttsf.speech.english.numbers import cardinal, ordinal
from ttsf.speech.english.tokens import left, right, rule, word_after, word_before

ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_ROMAN = r"M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})"
SAID_AS_WORDS = words(
    "NASA NATO UNESCO UNICEF OPEC SCUBA LASER RADAR SONAR ASCII JPEG GIF RAM ROM PIN SIM AIDS"
    " COVID SWAT POTUS SCOTUS FEMA OSHA NAFTA ASEAN FIFA UEFA IKEA LEGO CAPTCHA SARS MERS NASDAQ"
    " NASCAR MIDI RAID DOS BIOS CERN LIDAR DARPA AWOL MENSA ZIP FOMO YOLO BAFTA TASER UNIX LAN"
    " WAN"
)
"""Acronyms that have a plural: "two SIMs"."""
LETTER_BY_LETTER = words(
    "ACL AED ALS AMA ATF COO DEA DUI EPA ESP ETA FAQ GRE ICE IED IOU IPO IRA IRS ISO IUD IVF"
    " LED LOL OBE PTA ROI SEO SOS SUNY UAE UPS UFO VAT VIP YMCA IMO FYI USA EU AI ASAP ETF IMF"
    " OPS AMC EMT ATP ESA EMI ECB"
)
"""Initialisms that espeak-ng might take for words; it spells the others itself."""
_TWO = words(
    "UK TV EU OW AH EH UH UM ER AW EW OO OI YO YE YA HM LA LO ED AL JO MO BO AY AX OX PI MU NU"
    " XI RE FA TI EL LE DE DI DA DU VI"
)
"""Of two letters, and words, or spelled by espeak-ng itself."""
SMALL_WORDS = words(
    "A I AN AS AT BE BY DO GO HE IF IN IS IT ME MY NO OF ON OR SO TO UP US WE AM OH OK HI HA"
    " AND ARE ALL ANY BAD BIG BUT BUY CAN DAY DID END FAR FEW FOR FUN GET GOD GOT HAD HAS HER"
    " HEY HIM HIS HOT HOW ITS JOB LET LIE LOT LOW MAN MAY MEN NEW NOT NOW OFF OLD ONE OUR OUT"
    " OWN PAY PUT RUN SAD SAW SAY SEE SET SHE SIT SIX TEN THE TOO TOP TRY TWO USE WAR WAS WAY"
    " WHO WHY WIN WON WOW YES YET YOU"
)
_ORDINAL_NOUNS = {"century", "centuries", "dynasty", "arrondissement", "olympiad", "congress",
                  "corps", "legion", "amendment"}  # fmt: skip
_VERBS_OF_I = words(
    "am was have had will would can could think know see saw love want need like do did don't"
    " didn't should must might said say met went go feel felt hope guess mean believe"
)


def roman(text: str) -> int | None:
    """'XIV' -> 14; None for what is no Roman numeral."""
    if not text or not re.fullmatch(_ROMAN, text):
        return None
    values = [ROMAN[c] for c in text]
    return sum(-a if a < b else a for a, b in zip(values, [*values[1:], 0], strict=True))


def _numeral(match: re.Match[str]) -> str | None:
    text, number = match[1], roman(match[1])
    before, after = word_before(match), word_after(match)
    if number is None:
        return None
    if match[2]:
        return ordinal(number) if len(text) > 1 or after in _ORDINAL_NOUNS else None
    name = before.rstrip(".").removesuffix("'s")
    if after.lower() in _ORDINAL_NOUNS and (len(text) > 1 or before.lower() == "the"):
        return ordinal(number)
    if name.capitalize() in COUNTED and (name[:1].isupper() or len(text) > 1):
        return cardinal(str(number)) if len(text) > 1 or after not in _VERBS_OF_I else None
    title = re.search(rf"\b(?:{'|'.join(TITLES)})\s+(?:[A-Z]\w+\s+){{1,2}}$", left(match))
    if name in REGNAL_NAMES or title:
        if (len(text) > 1 and text not in ("CD", "MD", "DC", "MC")) or (
            text in "VXI" and name != "Malcolm"
            and not (text == "I" and after in _VERBS_OF_I)
            and not (text == "X" and after[:1].isupper())
        ):  # fmt: skip
            return f"the {ordinal(number)}"
        return None
    if len(text) > 1 and set(text) <= set("IVX") and before[:1].isupper() and not before.isupper():
        return f"the {ordinal(number)}" if name not in COUNTED else cardinal(str(number))
    if len(text) > 2 and set(text) <= set("IVX") and text != "XXX" and text not in ("XIX",):
        return cardinal(str(number))
    if text in ("II", "III"):
        return cardinal(str(number))
    return None


def _in_capitals(match: re.Match[str]) -> bool:
    """Whether the words around are in capitals as well."""
    around = re.findall(r"[A-Za-z]{2,}", left(match) + " " + right(match))
    return len(around) >= 1 and sum(w.isupper() for w in around) > 0.6 * len(around)


def spaced(letters: str) -> str:
    """'FBI' -> 'F B I'."""
    return " ".join(letters)


def _initialism(match: re.Match[str]) -> str | None:
    """Capitals that are letters, where espeak-ng would take them for a word."""
    text, ending = match[1], match[2] or ""
    if _in_capitals(match):
        small = text.capitalize() if _begins(match) else text.lower()
        return small + ending if text in ("IT", "US", "AM") else None
    if text in SAID_AS_WORDS:
        return text.capitalize() + ending if ending else None
    if ending == "s":
        return spaced(text) + "'s"
    if text in SMALL_WORDS:
        if _is_name_of_letters(match):
            return spaced(text) + ending
        small = text.capitalize() if _begins(match) else text.lower()
        return small + ending if text in ("IT", "WHO", "AM") else None
    short = len(text) == 2 and re.search(r"[AEIOUY]", text) and text not in _TWO
    return spaced(text) + ending if text in LETTER_BY_LETTER or short else None


def _begins(match: re.Match[str]) -> bool:
    return not re.search(r"[\w,;]\W*$", left(match))


def _is_name_of_letters(match: re.Match[str]) -> bool:
    """'the IT room', 'the WHO said', 'US troops': not the words it, who, us."""
    text, before, after = match[1], word_before(match).lower(), word_after(match)
    if text == "US":
        return True
    if text == "IT":
        last = before in ("in", "and", "with") and not after
        return last or before in _BEFORE_IT or after in _AFTER_IT
    if text == "WHO":
        return before in {"the", "by", "from"} or after in ("says", "said", "declared", "warned")
    return text in ("OK",) or (
        text == "AM" and bool(re.search(r"\d\s?$|[a-z]-?\s$", left(match))) and before in _HOURS
    )


_BEFORE_IT = words("the an our your their my his her of for")
_AFTER_IT = words(
    "department support team manager staff room company sector industry specialist services"
    " security systems consultant infrastructure"
)
_HOURS = words("one two three four five six seven eight nine ten eleven twelve")


def _mixed(match: re.Match[str]) -> str:
    """'PhDs' -> 'P H D's'."""
    return f"P H D{chr(39) + 's' if match[1] else ''}"


def _ampersand(match: re.Match[str]) -> str:
    """'AT&T' -> 'A T and T'."""
    return f"{spaced(match[1])} and {spaced(match[2])}{match[3] or ''}"


def _capital_words(match: re.Match[str]) -> str | None:
    """'B2B', 'P2P': letters about a number."""
    said = {"2": "two", "4": "four"}[match[2]]
    return f"{match[1]} {said} {match[3]}"


LETTERS = (
    rule("initialism", "w", r"Ph\.?Ds?\b(?<=D)|PhD(s)\b", _mixed),
    rule("initialism", "w", r"([A-Z]{1,4})\s?&\s?([A-Z]{1,3})('?s)?(?![\w&])", _ampersand),
    rule("initialism", "w", r"([A-Z]{1,3})([24])([A-Z]{1,3})\b", _capital_words),
    rule("roman", "w", r"([IVXLCDM]{1,9})(th|st|nd|rd)?(?![\w'&+#]|\.\w)", _numeral),
    rule("initialism", "w", r"([A-Z]{2,6})('s|s)?(?![\w&]|'\w)", _initialism),
    rule("letters", "w", r"([A-Za-z])-([A-Za-z])(?![\w-])", lambda m:
         f"{m[1]} to {m[2]}" if m[1] in "Aa" and m[2] in "CDEFGHJKZcdefghjkz" else None),
)  # fmt: skip
