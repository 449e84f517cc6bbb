"""Sec. 3.3, before the phonemes: written English to words (numbers, money, dates, titles)."""

# ruff: noqa: RUF001

import re
import unicodedata
from collections.abc import Callable

from num2words import num2words

Rule = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_MONTH = "(" + "|".join(f"{m}|{m[:3]}\\.?" for m in MONTHS) + "|Sept\\.?)"
_SCALE = "hundred|thousand|million|billion|trillion|k|m|bn|b"
_SHORT_SCALES = {"k": "thousand", "m": "million", "b": "billion", "bn": "billion"}
CURRENCIES = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "€": ("euro", "euros", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
    "¥": ("yen", "yen", "sen", "sen"),
    "₹": ("rupee", "rupees", "paisa", "paise"),
}
ABBREVIATIONS = {
    "Mr.": "Mister", "Mrs.": "Missus", "Ms.": "Miz", "Dr.": "Doctor", "Prof.": "Professor",
    "Jr.": "Junior", "Sr.": "Senior", "Rev.": "Reverend", "Hon.": "Honorable", "Gov.": "Governor",
    "Gen.": "General", "Col.": "Colonel", "Capt.": "Captain", "Lt.": "Lieutenant",
    "Sgt.": "Sergeant", "Sen.": "Senator", "Rep.": "Representative", "Pres.": "President",
    "Mt.": "Mount", "Ave.": "Avenue", "Blvd.": "Boulevard", "Rd.": "Road", "Inc.": "Incorporated",
    "Ltd.": "Limited", "Corp.": "Corporation", "Co.": "Company", "Dept.": "Department",
    "vs.": "versus", "etc.": "et cetera", "e.g.": "for example", "i.e.": "that is",
    "approx.": "approximately", "est.": "established", "min.": "minutes", "max.": "maximum",
    "a.m.": "AM", "p.m.": "PM", "U.S.": "U S", "U.K.": "U K", "Ph.D.": "P H D",
}  # fmt: skip
UNITS = {
    "km/h": "kilometer per hour", "mph": "mile per hour", "km": "kilometer", "cm": "centimeter",
    "mm": "millimeter", "m": "meter", "kg": "kilogram", "g": "gram", "mg": "milligram",
    "lb": "pound", "lbs": "pound", "oz": "ounce", "ft": "foot", "mi": "mile", "L": "liter",
    "ml": "milliliter", "GB": "gigabyte", "MB": "megabyte", "kB": "kilobyte", "TB": "terabyte",
    "Hz": "hertz", "kHz": "kilohertz", "GHz": "gigahertz", "W": "watt", "kW": "kilowatt",
    "V": "volt", "ms": "millisecond", "s": "second", "min": "minute", "h": "hour",
    "°C": "degree Celsius", "°F": "degree Fahrenheit", "°": "degree",
}  # fmt: skip
SYMBOLS = {"&": "and", "@": "at", "+": "plus", "=": "equals", "<": "less than", ">": "greater than",
           "×": "times", "÷": "divided by", "±": "plus or minus", "%": "percent", "#": "number",
           "©": "copyright", "^": "to the power of", "→": "to"}  # fmt: skip


def cardinal(number: str) -> str:
    """'1,234.5' -> 'one thousand two hundred and thirty-four point five' (without the 'and')."""
    whole, _, fraction = number.replace(",", "").partition(".")
    if len(whole) > 15 or (len(whole) > 1 and whole[0] == "0"):
        return digits(number)
    words = num2words(int(whole or 0)).replace(",", "").replace(" and ", " ")
    return f"{words} point {digits(fraction)}" if fraction else words


def ordinal(number: int) -> str:
    """21 -> 'twenty-first'."""
    return num2words(number, to="ordinal").replace(",", "").replace(" and ", " ")


def year(number: int) -> str:
    """1984 -> 'nineteen eighty-four', 2005 -> 'two thousand five'."""
    return num2words(number, to="year").replace(" and ", " ")


def digits(text: str) -> str:
    """Digit by digit, other characters dropped: '5-07' -> 'five zero seven'."""
    return " ".join(num2words(int(c)) for c in text if c.isdecimal())


def _money(match: re.Match[str]) -> str:
    one, many, cent, cents = CURRENCIES[match["sign"]]
    whole, _, fraction = match["number"].replace(",", "").partition(".")
    if match["scale"]:
        scale = match["scale"].lower()
        return f"{cardinal(match['number'])} {_SHORT_SCALES.get(scale, scale)} {many}"
    if len(fraction) != 2:
        unit = one if whole == "1" and not fraction else many
        return f"{cardinal(match['number'])} {unit}"
    small = f"{cardinal(str(int(fraction)))} {cent if int(fraction) == 1 else cents}"
    large = f"{cardinal(whole)} {one if whole == '1' else many}"
    if not int(fraction):
        return large
    return small if not int(whole) else f"{large} and {small}"


def _time(match: re.Match[str]) -> str:
    hour, minute = int(match["hour"]), int(match["minute"])
    half = (match["half"] or "").upper().replace(".", "")
    if hour > 24 or minute > 59:
        return f"{cardinal(str(hour))} to {cardinal(str(minute))}"
    if minute == 0:
        spoken = "" if half else " o'clock" if 0 < hour < 13 else " hundred hours"
    else:
        spoken = f" oh {cardinal(str(minute))}" if minute < 10 else f" {cardinal(str(minute))}"
    return f"{cardinal(str(hour))}{spoken}{' ' + half if half else ''}"


def _month(name: str) -> str:
    return next(m for m in MONTHS if m[:3].lower() == name[:3].lower())


def _date(month: str, day: str, year_number: str | None) -> str:
    spoken = f"{month} {ordinal(int(day))}"
    return f"{spoken}, {year(int(year_number))}" if year_number else spoken


def _numeric_date(match: re.Match[str], month: str, day: str, year_number: str) -> str:
    if int(month) > 12:
        month, day = day, month
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31):
        return match[0].replace("/", " slash ").replace("-", " ")
    return _date(MONTHS[int(month) - 1], day, year_number)


def _decade(match: re.Match[str]) -> str:
    start = match["decade"]
    spoken = year(int(start)) if len(start) == 4 else cardinal(start)
    return (spoken[:-1] + "ies") if spoken.endswith("y") else spoken + "s"


def _fraction(match: re.Match[str]) -> str:
    top, bottom = int(match["top"]), int(match["bottom"])
    if not 0 < top < bottom <= 100 or bottom == 11:
        return f"{match['whole'] or ''} {cardinal(str(top))} {cardinal(str(bottom))}"
    name = {2: "half", 4: "quarter"}.get(bottom, ordinal(bottom))
    if top != 1:
        name = "halves" if bottom == 2 else name + "s"
    spoken = f"{cardinal(str(top))} {name}"
    return f"{cardinal(match['whole'])} and {spoken}" if match["whole"] else spoken


def _unit(match: re.Match[str]) -> str:
    name, number = UNITS[match["unit"]], match["number"]
    first, _, rest = name.partition(" ")
    if number != "1" and first != "hertz":
        first = "feet" if first == "foot" else first + "s"
    return f"{number} {first}{' ' + rest if rest else ''}"


def _rule(pattern: str, action: str | Callable[[re.Match[str]], str], flags: int = 0) -> Rule:
    return re.compile(pattern, flags), action


_N = r"\d+(?:,\d{3})*(?:\.\d+)?"
_units = "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True))
_SPOKEN_URL = re.compile(r"\b(?:https?://|www\.)(?P<site>[^\s/,;!?]+)\S*", re.I)
_EMAIL = re.compile(r"\b[\w.+-]+@[\w-]+\.[\w.-]*\w")

RULES: tuple[Rule, ...] = (
    _rule(r"\bSt\.(?=\s+[A-Z])", "Saint"),
    _rule(r"(?<=[a-z])\s+St\.", " Street"),
    _rule(r"\bNo\.\s*(?=\d)", "number "),
    _rule(rf"(?P<sign>[{''.join(CURRENCIES)}])\s?(?P<number>{_N})(?:\s?(?P<scale>{_SCALE})\b)?",
          _money, re.I),
    _rule(r"\b(\d{4})-(\d{1,2})-(\d{1,2})\b", lambda m: _numeric_date(m, m[2], m[3], m[1])),
    _rule(r"\b(\d{1,2})/(\d{1,2})/(\d{4})\b", lambda m: _numeric_date(m, m[1], m[2], m[3])),
    _rule(rf"\b{_MONTH}\s+(\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+(\d{{4}})\b)?",
          lambda m: _date(_month(m[1]), m[2], m[3])),
    _rule(rf"\b(\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}(?![a-z])(?:,?\s+(\d{{4}})\b)?",
          lambda m: _date(_month(m[2]), m[1], m[3])),
    _rule(r"\b(?P<hour>\d{1,2}):(?P<minute>\d{2})(?:\s?(?P<half>[ap]\.?m\b\.?))?", _time, re.I),
    _rule(r"\b(\d{1,2})\s?([ap])\.?m\b\.?", lambda m: f"{cardinal(m[1])} {m[2].upper()}M", re.I),
    _rule(r"'(?P<decade>\d0)s\b", _decade),
    _rule(r"\b(?P<decade>\d{3}0|\d0)'?s\b", _decade),
    _rule(r"\b(\d+)(?:st|nd|rd|th)\b", lambda m: ordinal(int(m[1])), re.I),
    _rule(r"\b(?:(?P<whole>\d+)\s+)?(?P<top>\d+)[/\u2044](?P<bottom>\d+)\b", _fraction),
    _rule(rf"(?P<number>{_N})\s?(?P<unit>{_units})(?![\w/])", _unit),
    _rule(r"\b\d{3}-\d{3}-\d{4}\b|\b\d{3}-\d{4}\b", lambda m: digits(m[0])),
    _rule(rf"({_N})\s?[-–]\s?({_N})\b", lambda m: f"{m[1]} to {m[2]}"),
    _rule(r"(?<![\w.])[-−](?=\d)", "minus "),
    _rule(rf"({_N})\s?%", lambda m: f"{m[1]} percent"),
    _rule(r"(?<![\d.,])(19\d\d|20\d\d)\b(?![,.]\d)", lambda m: year(int(m[1]))),
    _rule(r"(?<=\b[Ii]n )(1[1-8]\d\d)\b(?![,.]\d)", lambda m: year(int(m[1]))),
    _rule(_N, lambda m: f" {cardinal(m[0])} "),
)  # fmt: skip


def clean(text: str) -> str:
    """NFKC; controls, emoji and other pictures become spaces; quotes and dashes become plain."""
    text = re.sub(r"(?<=\d)(?=[¼-¾⅐-⅞])", " ", text)
    text = text.replace("²", " squared ").replace("³", " cubed ").replace("\u00b5", "micro ")
    text = unicodedata.normalize("NFKC", text).translate(
        {0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"', 0x2013: "-", 0x2212: "-"}
    )
    kept = []
    for c in text:
        category = unicodedata.category(c)
        if category in ("Mn", "Me", "Cf"):
            continue
        drawn = category in ("So", "Sk", "Co", "Cs", "Cn") and c not in SYMBOLS and c != "°"
        kept.append(" " if drawn or category in ("Cc", "Zl", "Zp") else c)
    return re.sub(r"\s+", " ", "".join(kept)).strip()


def _spell_address(match: re.Match[str]) -> str:
    site = match["site"] if "site" in match.groupdict() else match[0]
    return site.rstrip(".").replace(".", " dot ").replace("@", " at ").replace("-", " dash ")


def spell_out(text: str) -> str:
    """Cleaned English text with every number, sign and abbreviation written as words."""
    text = _SPOKEN_URL.sub(_spell_address, text)
    text = _EMAIL.sub(_spell_address, text)
    for short, long in ABBREVIATIONS.items():
        text = re.sub(rf"(?<![\w.]){re.escape(short)}(?!\w)", long, text)
    for pattern, action in RULES:
        text = pattern.sub(action, text)
    for sign, word in SYMBOLS.items():
        text = text.replace(sign, f" {word} ")
    text = re.sub(r"(?<=\w)[/_](?=\w)", " ", text)
    text = re.sub(r"\s+([,.;:!?])", r"\1", text)
    return re.sub(r"\s+", " ", text).strip()
