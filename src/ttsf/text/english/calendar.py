"""Dates, months and days, years with an era, times of day and durations."""

import re

from ttsf.text.english.abbreviations import at_end
from ttsf.text.english.numbers import cardinal, digits, is_plural, ordinal, year
from ttsf.text.english.tokens import (
    find_left,
    find_right,
    left,
    rule,
    word_after,
    word_before,
)

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_M = rf"(?:(?:{'|'.join(MONTHS)})\b|(?:Sept|{'|'.join(m[:3] for m in MONTHS)})\b\.?)"
_D = r"(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?(?![\d%])"
_DAY = r"(?:Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun)"
_TO = r"\s?(?:-|\u2014|to|until)\s?"
_Y = r"(?:,?\s+(?P<year>[12]\d{3})\b(?![,.]\d))?"
_ERA = r"(?P<era>BCE|CE|BC|AD|B\.C\.E\.|C\.E\.|B\.C\.|A\.D\.)"
_HALF = r"(?:\s?(?P<half>[ap]\.\s?m\.|[ap]m\b))"
_CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?!\d)"
_ZONES = r"\s?(?:[A-Z]{2,4}\b|local|sharp|hours|h\b|o'clock|in the)"


def month(name: str) -> str:
    """'Sept.' -> 'September'."""
    return next(m for m in MONTHS if m[:3].lower() == name[:3].lower())


def day(name: str) -> str:
    """'Thurs.' -> 'Thursday'."""
    return next(d for d in DAYS if d[:2].lower() == name[:2].lower())


def _day_words(text: str) -> str:
    return ordinal(int(re.sub(r"\D", "", text)))


def _with_year(words: str, number: str | None) -> str:
    if not number:
        return words
    return f"{words}, {year(int(number)) if len(number) == 4 else _short_year(number)}"


def _short_year(number: str) -> str:
    value = int(number)
    return year((2000 if value < 50 else 1900) + value)


def _month_day(match: re.Match[str]) -> str | None:
    """Read 'March 4, 2025', 'Dec 25-27'."""
    if match["month"] in ("March", "May", "Mar") and not match["year"]:
        after = word_after(match)
        if is_plural(after) and not re.search(r"[a-z]", left(match)[-3:]):
            return None
    words = f"{month(match['month'])} {_day_words(match['first'])}"
    if match["last"]:
        words += f" to {_day_words(match['last'])}"
    return _with_year(words, match["year"])


def _day_month(match: re.Match[str]) -> str | None:
    """Read 'the 4th of July, 1776', '25-27 December'."""
    on_it = find_left(match, rf"\b(?:(?i:on|by|until|since|from|to)|{_DAY}|[A-Z]\w+day),?\s+$")
    sure = on_it or match["year"] or re.search(r"\d(st|nd|rd|th)|\bof\b", match[0])
    the = "the " if re.match(r"[Tt]he\s\d+\s[A-Z]", match[0]) and word_after(match) else ""
    if match["month"] == "May" and not (sure or the) and find_right(match, r"\s+[a-z]"):
        return None
    words = f"{month(match['month'])} {_day_words(match['first'])}"
    if match["last"]:
        words += f" to {_day_words(match['last'])}"
    return the + _with_year(words, match["year"])


def _numeric(month_number: str, day_number: str, year_number: str | None) -> str | None:
    if int(month_number) > 12:
        month_number, day_number = day_number, month_number
    if not (1 <= int(month_number) <= 12 and 1 <= int(day_number) <= 31):
        return None
    return _with_year(f"{MONTHS[int(month_number) - 1]} {ordinal(int(day_number))}", year_number)


def _slashes(match: re.Match[str]) -> str | None:
    """Read '05/06/24', '3-4-2025': the month first, or the day where it can be nothing else."""
    words = _numeric(match["a"], match["b"], match["year"])
    if words is None and match["sign"] == "/" and len(match["year"]) == 4:
        return " slash ".join(cardinal(x) for x in (match["a"], match["b"], match["year"]))
    return words


_BEFORE_DATES = frozenset(
    ("on", "due", "until", "since", "dated", "starting", "ends", "date", "expires", "expiry")
)


def _bare_slash(match: re.Match[str]) -> str | None:
    """Read 'on 12/25', 'Fri. 6/14': only after a word that dates follow."""
    before = word_before(match)
    if before.lower() in _BEFORE_DATES or re.fullmatch(rf"{_DAY}(?:[a-z]*day)?\.?", before):
        return _numeric(match["a"], match["b"], None)
    return None


def _month_alone(match: re.Match[str]) -> str | None:
    """Read 'Dec.', 'Mar. 2020', 'Jan-Mar'."""
    name, last, number = match["month"], match["last"], match["year"]
    if "." not in name and not last and not number:
        return None
    words = month(name) + (f" to {month(last)}" if last else "")
    if number:
        return f"{words} {year(int(number))}"
    return words


def _day_alone(match: re.Match[str]) -> str | None:
    """Read 'Tues.', 'Mon-Fri', 'Sat., June 3'; never 'Sun.' or 'Sat.' where a sentence may end."""
    name, last = match["day"], match["last"]
    if last:
        return f"{day(name)} to {day(last)}"
    if not left(match).strip() and find_right(match, r"[,:]\s"):
        return day(name)
    if not match[0].endswith("."):
        return day(name) if find_right(match, rf",? {_M}|,? \d") else None
    if at_end(match):
        beside = find_left(match, r"\b(?:on|by|until|till|every|this|next|last|from) $")
        beside = beside or find_left(match, rf"{_DAY}(?:[a-z]*day)?\.?,? (?:and|or|to) $")
        return day(name) if beside or name not in ("Sun", "Sat", "Wed") else None
    return day(name)


def _era(match: re.Match[str]) -> str | None:
    """Read '753 BC', '1493 to 1479 BC', '3000-2500 BCE'."""
    letters = " ".join(match["era"].replace(".", ""))
    words = " to ".join(year(int(n)) for n in (match["a"], match["b"]) if n)
    return f"{words} {letters}"


def _anno(match: re.Match[str]) -> str:
    return f"A D {year(int(match[1]))}"


def _span(match: re.Match[str]) -> str | None:
    """Read '1914-18', '2024-25', '1990s-2000s' is left to the decades."""
    a, b = match["a"], match["b"]
    if len(b) == 2 and int(b) <= int(a[2:]) and not (a[2:] == "99" and b == "00"):
        return None
    if not 1000 <= int(a) < 2100 or (len(b) == 4 and not int(a) < int(b) < 2100):
        return None
    if is_plural(word_after(match)) and word_before(match).lower() not in ("the", "in", "from"):
        return None
    second = year(int(b)) if len(b) == 4 else f"oh {cardinal(b[1])}" if b[0] == "0" else cardinal(b)
    return f"{year(int(a))} to {second}"


def clock(hour: str, minute: str, half: str | None, bare: bool = False) -> str:
    """'14', '05' -> 'fourteen oh five'; half: 'am' or 'pm', in any spelling."""
    letters = " " + re.sub(r"[.\s]", "", half).upper() if half else ""
    if minute == "00":
        if half or bare:
            words = cardinal(str(int(hour)))
        elif int(hour) == 0:
            return "midnight"
        else:
            suffix = "o'clock" if int(hour) < 13 else "hundred"
            words = f"{cardinal(str(int(hour)))} {suffix}"
    else:
        tail = f"oh {cardinal(minute[1])}" if minute[0] == "0" else cardinal(minute)
        words = f"{'zero' if int(hour) == 0 else cardinal(str(int(hour)))} {tail}"
    return words + letters


def _time(match: re.Match[str]) -> str | None:
    hour, minute, half = match["hour"], match["minute"], match["half"]
    if int(hour) > 24 or int(minute) > 59:
        return f"{cardinal(hour)} to {cardinal(minute)}"
    if find_right(match, r"\s+(?:ratio|odds|aspect|scale|mix)\b"):
        return f"{cardinal(hour)} to {cardinal(minute)}"
    zoned = bool(minute == "00" and find_right(match, _ZONES) and int(hour) < 13)
    zoned = zoned and not find_right(match, r"\s?in the")
    return clock(hour, minute, half, bare=zoned)


def _time_range(match: re.Match[str]) -> str | None:
    """Read '9am-5pm', '9:30-11 a.m.', '09:00-17:00'."""
    pieces = [(match[f"h{k}"], match[f"m{k}"], match[f"half{k}"]) for k in (1, 2)]
    if not any(minute or half for _, minute, half in pieces):
        return None
    if any(int(h) > 24 or int(m or 0) > 59 for h, m, _ in pieces):
        return None
    bare = bool(pieces[1][2])
    words = " to ".join(clock(h, m or "00", half, bare=bare or not m) for h, m, half in pieces)
    return words


def _hour_half(match: re.Match[str]) -> str | None:
    if not 1 <= int(match["hour"]) <= 24:
        return None
    return clock(match["hour"], "00", match["half"])


def _counted(number: str, name: str) -> str:
    return f"{cardinal(str(int(number)))} {name}{'' if int(number) == 1 else 's'}"


def _duration(match: re.Match[str]) -> str | None:
    """'1:23:45' -> hours, minutes, seconds; after 'at' it is a time of day."""
    h, m, s, rest = match["h"], match["m"], match["s"], match["rest"]
    if int(m) > 59 or int(s) > 59:
        return None
    parts = [(h, "hour"), (m, "minute"), (s, "second")]
    said = " ".join(_counted(n, name) for n, name in parts if int(n)) or "zero seconds"
    return f"{said} point {digits(rest)}" if rest else said


def _lap(match: re.Match[str]) -> str:
    return f"{clock(match[1], match[2], None, bare=True)} point {digits(match[3])}"


def _military(match: re.Match[str]) -> str | None:
    """'0900 hrs' -> 'oh nine hundred', '1730 hours' -> 'seventeen thirty'."""
    hour, minute = match[1], match[2]
    named = match[0][0] == "0" or find_right(match, r"\s?(?:Zulu|sharp|local|UTC|GMT|h\b|hrs)")
    if not named and not find_left(
        match, r"(?i)\b(?:at|by|until|from|to|before|after|since|till) $"
    ):
        return None
    first = f"oh {cardinal(hour[1])}" if hour[0] == "0" else cardinal(hour)
    if minute == "00":
        return f"{first} hundred"
    return f"{first} {f'oh {cardinal(minute[1])}' if minute[0] == '0' else cardinal(minute)}"


def _letters_duration(match: re.Match[str]) -> str:
    """Read '1h 30m', '2h15m10s'."""
    names = (("h", "hour"), ("m", "minute"), ("s", "second"))
    return " ".join(_counted(match[k], name) for k, name in names if match[k])


def _date_dash(match: re.Match[str]) -> str | None:
    """Read 'Oct 30-Nov 3', '28 May - 3 June'."""
    day_before = find_left(match, rf"\b{_M}\s+{_D}(?:,?\s+[12]\d{{3}})?\s?$")
    return "to" if day_before or find_left(match, rf"\b{_D}\s+{_M}\s?$") else None


CALENDAR = (
    rule("date", "s", rf"[-\u2014](?=\s?(?:{_M}\s+{_D}|{_D}\s+{_M}))", _date_dash),
    rule("date", "w", rf"(?P<month>{_M})\s+(?P<first>{_D})(?:{_TO}(?P<last>{_D}))?(?![:/\w]|[.]\d)"
         + _Y, _month_day),
    rule("date", "dw", rf"(?:[Tt]he\s+)?(?P<first>{_D})(?:{_TO}(?P<last>{_D}))?(?:\s+(?:of\s+)?|-)"
         rf"(?P<month>{_M})(?:-|,?\s+)?(?:(?<=[-\s])(?P<year>[12]\d{{3}})\b(?![,.]\d))?(?<![\s,-])",
         _day_month),
    rule("date", "d", r"(?P<year>[12]\d{3})(?P<sign>[-/.])(?P<a>\d{1,2})(?P=sign)(?P<b>\d{1,2})\b"
         r"(?![-/.]?\d)", lambda m: _numeric(m["a"], m["b"], m["year"])),
    rule("date", "d", r"(?P<a>\d{1,2})(?P<sign>[-/])(?P<b>\d{1,2})(?P=sign)(?P<year>\d{4}|\d\d)\b"
         r"(?![-/]\d)", _slashes),
    rule("date", "d", r"(?P<b>\d{1,2})\.(?P<a>\d{1,2})\.(?P<year>(?:19|20)\d\d)\b(?!\.\d)",
         lambda m: _numeric(m["a"], m["b"], m["year"])),
    rule("date", "d", r"(?P<a>\d{1,2})/(?P<b>\d{1,2})\b(?![/\d])", _bare_slash),
    rule("date", "w", rf"(?P<month>{_M})(?:\s?-\s?(?P<last>{_M}))?(?:,?\s+(?P<year>[12]\d{{3}})\b"
         r"(?![,.]\d))?", _month_alone),
    rule("date", "w", rf"(?P<day>{_DAY})\b(?:\.?\s?-\s?(?P<last>{_DAY})\b)?\.?", _day_alone),
    rule("date", "w", rf"({'|'.join(DAYS)})-({'|'.join(DAYS)})\b", lambda m: f"{m[1]} to {m[2]}"),
    rule("date", "w", rf"({'|'.join(MONTHS)})-({'|'.join(MONTHS)})\b",
         lambda m: f"{m[1]} to {m[2]}"),
    rule("year", "d", rf"(?P<a>\d{{1,4}})(?:{_TO}(?P<b>\d{{1,4}}))?\s?{_ERA}(?!\w)", _era),
    rule("year", "w", r"(?:AD|A\.D\.)\s?(\d{1,4})\b", _anno),
    rule("year", "d", r"(?P<a>[12]\d{3})\s?[-\u2014/]\s?(?P<b>\d{4}|\d\d)\b(?![-/.,]\d)", _span),
    rule("time", "d", r"(?P<h1>\d{1,2})(?::(?P<m1>\d\d))?(?:\s?(?P<half1>[ap]\.\s?m\.|[ap]m))?"
         r"\s?(?:-|\u2014)\s?(?P<h2>\d{1,2})(?::(?P<m2>\d\d))?"
         r"(?:\s?(?P<half2>[ap]\.\s?m\.|[ap]m\b))?(?![\d:])", _time_range, re.I),
    rule("time", "d", r"(?P<h>\d{1,3}):(?P<m>\d\d):(?P<s>\d\d)(?:\.(?P<rest>\d{1,6}))?(?![\d:])",
         _duration),
    rule("time", "d", rf"(?P<hour>1?\d)\.(?P<minute>[0-5]\d){_HALF}", _time, re.I),
    rule("time", "d", r"(\d{1,2}):([0-5]\d)\.(\d{1,3})\b", _lap),
    rule("time", "d", rf"{_CLOCK}(?!:\d){_HALF}?", _time, re.I),
    rule("time", "d", r"\d{1,4}(?::\d{1,4}){1,4}(?![\d:])",
         lambda m: " to ".join(map(cardinal, m[0].split(":")))),
    rule("time", "d", rf"(?P<hour>\d{{1,2}}){_HALF}", _hour_half, re.I),
    rule("time", "s", r"[-\u2014](?=(?:midnight|noon|late|close)\b)",
         lambda m: "to" if find_left(m, r"(?i)(?:\d|[ap]m)$") else None),
    rule("time", "d", r"([01]?\d|2[0-4])h([0-5]\d)\b", lambda m: clock(m[1], m[2], None)),
    rule("time", "d", r"(?P<h>\d{1,2})h\s?(?P<m>\d{1,2})m?(?:in)?(?:\s?(?P<s>\d{1,2})s)?\b",
         _letters_duration),
    rule("time", "d", r"(?P<h>(?!))?(?P<m>\d{1,3})m\s?(?P<s>\d{1,2})s\b", _letters_duration),
    rule("time", "d", r"([01]\d|2[0-4])([0-5]\d)"
         r"(?=h\b|\s?(?:hours|hrs|Zulu|sharp|local|UTC|GMT)\b)", _military),
)  # fmt: skip
