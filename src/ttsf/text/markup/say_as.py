"""SSML's <say-as>: characters, digits, telephone numbers, dates, numbers."""

import re

from ttsf.text.english.calendar import MONTHS
from ttsf.text.english.numbers import MOST_DIGITS, cardinal, digits, fraction_words, ordinal, year

_SPELLED = ("characters", "character", "spell-out", "verbatim", "letters")
_SIGN_NAMES = {
    "-": "dash", ".": "dot", "@": "at", "_": "underscore", "/": "slash", "+": "plus", "#": "hash",
    "*": "star", "&": "and", "%": "percent", "$": "dollar", "!": "exclamation mark",
}  # fmt: skip
_PART = re.compile(r"\d+")
_FORMATS = ("mdy", "dmy", "ymd", "ydm", "md", "dm", "ym", "my", "d", "m", "y")
PLAIN_KINDS = ("time", "currency", "unit", "address", "name", "duration", "measure")
"""Kinds that the rules for plain text already read correctly."""


def said_as(text: str, kind: str, form: str) -> str | None:
    """Put a text into words by its interpret-as (`kind`) and format (`form`); None if unknown."""
    if kind in _SPELLED:
        return _characters(text)
    if kind == "digits":
        return digits(text) or None
    if kind == "telephone":
        return _telephone(text)
    if kind == "date":
        return _date(text, form)
    number = text.replace(",", "").strip()
    whole = number.removeprefix("-")
    if kind in ("cardinal", "number") and re.fullmatch(r"-?\d{1,15}(?:\.\d{1,15})?", number):
        return f"{'minus ' if number[0] == '-' else ''}{cardinal(whole)}"
    if kind == "ordinal" and whole.rstrip("stndrh").isdecimal() and len(whole) <= MOST_DIGITS:
        return ordinal(int(whole.rstrip("stndrh")))
    if kind == "fraction" and (parts := re.fullmatch(r"(\d{1,4})/(\d{1,4})", number)):
        top, bottom = int(parts[1]), int(parts[2])
        return fraction_words(top, bottom) if bottom > 1 else None
    return text if kind in PLAIN_KINDS else None


def _characters(text: str) -> str | None:
    """'ABC12' -> 'A B C one two'."""
    said = [
        digits(c) if c.isdecimal() else c.upper() if c.isalpha() else _SIGN_NAMES.get(c, "")
        for c in text
    ]
    return " ".join(word for word in said if word) or None


def _telephone(text: str) -> str | None:
    """Digits one by one, a comma between the groups."""
    groups = [digits(group) for group in _PART.findall(text)]
    plus = "plus " if text.strip().startswith("+") else ""
    return plus + ", ".join(groups) if groups else None


def _date(text: str, form: str) -> str | None:
    """'3/4/2024' with "dmy" -> 'third of April, twenty twenty-four'."""
    parts = _PART.findall(text)
    if form not in _FORMATS or len(parts) != len(form):
        return None
    found = {name: int(part) for name, part in zip(form, parts, strict=True)}
    day, month = found.get("d"), found.get("m")
    if not (1 <= (day or 1) <= 31 and 1 <= (month or 1) <= 12 and found.get("y", 1) < 10_000):
        return None
    named = MONTHS[month - 1] if month else ""
    if day and month:
        first = form.index("d") < form.index("m")
        named = f"{ordinal(day)} of {named}" if first else f"{named} {ordinal(day)}"
    elif day:
        named = ordinal(day)
    if "y" not in found:
        return named
    number = found["y"]
    short = len(parts[form.index("y")]) == 2
    said = year((2000 if number < 50 else 1900) + number if short else number)
    return f"{named}{',' if day else ''} {said}".strip()
