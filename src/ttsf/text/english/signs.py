"""Signs, operators and powers; lengthened words and stutters."""

# ruff: noqa: RUF001 (signs)

import re

from ttsf.text.english.lists import words
from ttsf.text.english.numbers import cardinal
from ttsf.text.english.tables import RELATIONS, SIGNS
from ttsf.text.english.tokens import find_left, find_right, left, right, rule

_POWERS = {"2": "squared", "3": "cubed"}
_DOUBLE = words(
    "aah all app add agree bee been beer beet bell bill book boo boot call cool door eff egg"
    " feel feet fell food fool foot free full good goo grass green hall happy hell hello hill"
    " hoo keep kiss less loo look loose mall mean meet miss mood moo moon off odd pass pee pool"
    " poor queen really room roof root see seen seem sell shoot shoo silly sleep smell soon"
    " speed spell still street sweet tall teen tell three too tool toss tree wee week well will"
    " woo wood wool woohoo yahoo yippee yummy yell zoo zoom goal school cheer cheers deep hurry"
    " sorry pretty little better funny buddy daddy mommy puppy bunny sunny boom hoop loop poop"
    " hooray"
)
_SOUNDS = {
    sound: re.compile("".join(f"{c}++" for c in dict.fromkeys(sound)))
    for sound in ("hmm", "mmm", "shh", "brr", "grr", "zzz", "psst", "pfft", "aww", "eww")
}
_PERIOD_NAMES = {"q": "quarter", "y": "year", "m": "month", "w": "week"}
_ONSETS = {"kn": "n", "wr": "r", "wh": "w", "ph": "f", "gn": "n"}


def _relation(match: re.Match[str]) -> str | None:
    sign = match[0]
    if sign == ">" and find_left(match, r"[A-Z]\w*\s$") and find_right(match, r"\s[A-Z]\w"):
        return ","
    if sign in "<>" and not (
        find_left(match, r"[\w)]\s?$") and find_right(match, r"\s?[\w(.+$€£-]")
    ):
        return None if not find_right(match, r"\s?\d") else RELATIONS[sign]
    verb = "is " if find_left(match, r"(?:^|[\s(])(?:[A-Za-z]|\d[\d.,]*)\s?$") else ""
    return verb + RELATIONS[sign]


def _minus(match: re.Match[str]) -> str | None:
    """Read '5 - 3 = 2', '-3.5', 'x - y'."""
    if find_left(match, r"(?:^|\s)[A-F]$") and find_right(match, r"[\s.,;!?]|$"):
        return "minus"
    if find_right(match, r"\d|\.\d") and not find_left(match, r"[\w.)\]]-?$"):
        return "minus"
    equation = find_right(match, r"\s*+[\w.,()]++(?:\s*+[-+*/×÷^]\s*+[\w.,()]++){0,6}+\s*+=")
    equation = equation or find_left(match, r"=\s*[\w.,()]+\s*$")
    if find_left(match, r"[\d)a-z]\s*$") and find_right(match, r"\s*[\d(a-z]") and equation:
        return "minus"
    if find_left(match, r"(?:^|[\s(=+*/])[a-z]\s$") and find_right(match, r"\s[a-z\d](?:\W|$)"):
        return "minus"
    return None


_PERIOD = (
    r"/\s?(day|week|month|year|hour|minute|second|night|min|hr|sec|wk|mo|yr|person|head|user|kg|mile"
    r"|lb|page|item|team|game|match|serving|cup)\b"
)
_PERIOD_WORDS = {
    "min": "minute", "hr": "hour", "sec": "second", "wk": "week", "mo": "month", "yr": "year",
    "kg": "kilogram", "lb": "pound",
}  # fmt: skip


def _slash(match: re.Match[str]) -> str | None:
    """Divided by in a sum; a pause or nothing elsewhere."""
    before, after = left(match), right(match)
    if find_left(match, r"\d\s*$") and find_right(match, r"\s*\d[\d.,]*\s*(?:=|[-+*×÷]\s*\d)"):
        return "divided by"
    if find_left(match, r"\d\s$") and find_right(match, r"\s\d"):
        return "divided by"
    if find_left(match, r"=\s[^=]*\s$") and find_right(match, r"\s[\w(]"):
        return "divided by"
    if before[-1:].isspace() and after[:1].isspace():
        return ","
    return " "


def _range_dash(match: re.Match[str]) -> str | None:
    """Read '3-5 days'; a score is read without a word between."""
    if find_left(match, r"\d[\d.,]*\s?(?:[a-z%°]{1,3})?$") is None:
        return None
    if find_right(match, r"\d+\s(?:split|rule|chance|mix)\b"):
        return " "
    if find_right(match, r"\s?\d[\d.,]*\s*="):
        return "minus"
    if find_left(
        match,
        r"(?i)\b(?:won|win|wins|beat|lost|lose|loses|score|scored|tied|drew|draw|led|leads?"
        r"|victory|defeat|ended|finished|up|down)\b:?[^.;:]{0,30}?\d+\s?$",
    ) or find_right(
        match,
        r"\s?\d{1,3}\s(?:away |home |overtime )?(?:win|victory|loss|defeat|lead|record|draw|tie"
        r"|rout|thriller|scoreline)\b",
    ):
        return " "
    return "to"


def _power(match: re.Match[str]) -> str:
    sign, number = match[1], match[2]
    if not sign and number in _POWERS:
        return _POWERS[number]
    minus = "minus " if sign == "-" else ""
    return f"to the power of {minus}{cardinal(number) if number.isdecimal() else number}"


def _number_sign(match: re.Match[str]) -> str | None:
    if find_right(match, r"\s?\d"):
        return "number"
    return "sharp" if find_left(match, r"(?:^|\s)[A-G]$") else None


def _star(match: re.Match[str]) -> str | None:
    if find_left(match, r"\bSELECT\s$"):
        return "star"
    if find_left(match, r"[\w)]\s?$") and find_right(match, r"\s?[\w(]"):
        return "times"
    return ""


def _tilde(match: re.Match[str]) -> str:
    return "about" if find_right(match, r"\s?\d") else ""


def _lengthened(match: re.Match[str]) -> str | None:
    """'Noooo' -> 'No', 'cooool' -> 'cool', 'Aaaah' -> 'Ah'."""
    word = match[0]
    low = word.lower()
    if (
        low.startswith("www")
        or re.fullmatch(r"(?!m+$)[ivxlcdm]+", low)
        or (word.isupper() and (len(word) < 5 or not re.search(r"([AEIOU])\1\1", word)))
        or (len(set(low)) == 1 and (word.isupper() or low[0] not in "aeoum"))
    ):
        return None
    single = re.sub(r"([a-z])\1{2,}", r"\1", low)
    double = re.sub(r"([a-z])\1{2,}", r"\1\1", low)
    plain = double if double in _DOUBLE else single
    for sound, lengthened in _SOUNDS.items():
        if lengthened.fullmatch(low):
            plain = sound
    return plain.capitalize() if word[0].isupper() else plain


def _stutter(match: re.Match[str]) -> str | None:
    """'I-I-I' -> 'I, I, I'; 'kn-know' -> 'nuh, know'."""
    parts = match[0].split("-")
    last = parts[-1]
    if not all(last.lower().startswith(p.lower()) for p in parts[:-1]):
        return None
    if all(p.lower() == last.lower() for p in parts):
        return ", ".join(parts) if len(last) <= 2 or len(parts) > 2 else None
    said = []
    for part in parts[:-1]:
        if re.search(r"[aeiouy]", part, re.I) or (part.isupper() and len(part) > 1):
            said.append(part)
        else:
            said.append(_ONSETS.get(part.lower(), part.lower()) + "uh")
    if any(len(p) > 3 for p in parts[:-1]) or len(last) <= len(parts[0]):
        return None
    return ", ".join([*said, last])


WORDS = (
    rule("word", "w", r"([A-Za-z]{1,3})-(?:\1-){0,5}\1[A-Za-z]*\b(?!-)(?:'[a-z]+)?", _stutter,
         re.I),
    rule("word", "w", r"[A-Za-z]*?([A-Za-z])\1{2}[A-Za-z]*(?![\w'])", _lengthened, re.I),
    rule("word", "s", r"'n'?(?=\s)", lambda m: "and" if find_left(m, r"\w\s$") else None),
    rule("word", "w", r"(?:ctrl|Ctrl)(?=[\s+-])", "control"),
    rule("word", "w", r"(?:[Oo]')(?=\s)", "of"),
    rule("word", "w", r"[Oo]l'(?=\s)", "ole"),
    rule("word", "w", r"([qymw])/\1\b", lambda m: "{0} on {0}".format(_PERIOD_NAMES[m[1]])),
    rule("word", "w", r"(?:yoy|YoY|YOY|qoq|QoQ|QOQ|MoM|WoW)\b",
         lambda m: "{0} on {0}".format(_PERIOD_NAMES[m[0][0].lower()])),
)  # fmt: skip
SIGN_RULES = (
    rule("sign", "s", r"(?:<=|>=|!=|[<>≤≥≠≪≫])", _relation),
    rule("sign", "s", r"==+|=", "equals"),
    rule("sign", "s", r"\^([-+]?)(\d{1,12}|[A-Za-z](?![A-Za-z])|\w{1,12})", _power),
    rule("sign", "s", r"√(?=\s?\w)", lambda m: "square root of" if find_left(m, r"\bthe\s$")
         else "the square root of"),
    rule("sign", "s", r"§§(?=\s?\d)", "sections"),
    rule("sign", "s", r"#", _number_sign),
    rule("sign", "s", r"\*", _star),
    rule("sign", "s", r"~", _tilde),
    rule("sign", "s", r"-(?<=(?:UTC|GMT)-)(?=\d)", "minus"),
    rule("sign", "s", r"[-\u2014]\s?(?=\d)", _range_dash),
    rule("sign", "s", r"-", _minus),
    rule("sign", "s", r"[-+](?=\s|$)(?<=\w[-+])|\+\+", lambda m:
         "plus plus" if m[0] == "++" else None),
    rule("sign", "s", _PERIOD, lambda m: f"per {_PERIOD_WORDS.get(m[1], m[1])}"
         if find_left(m, r"\d[\d.,]*\s?-?[A-Za-z]+\s?$") else None),
    rule("sign", "s", r"/", _slash),
    rule("sign", "s", r"\+(?<=[⌘⌥⇧⌃]\+)", " "),
    rule("sign", "s", r"\\", " "),
    rule("sign", "s", r"_", " "),
    rule("sign", "s", r"°\s?(\d{1,2})'\s?(?:(\d{1,2}(?:\.\d+)?)\")?\s?([NSEW])?", lambda m:
         _coordinates(m)),
    rule("sign", "s", "[" + re.escape("".join(SIGNS)) + "]", lambda m: SIGNS[m[0]]),
)  # fmt: skip


def _coordinates(match: re.Match[str]) -> str:
    """The rest of 40°26'46"N."""
    minutes, seconds, side = match.groups()
    words = f"degrees {cardinal(minutes)} minutes"
    if seconds:
        words += f" {cardinal(seconds)} seconds"
    names = {"N": "north", "S": "south", "E": "east", "W": "west"}
    return words + (f" {names[side]}" if side else "")
