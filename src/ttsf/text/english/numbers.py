"""Numbers as words, and the plain numbers of a text: cardinals, ordinals, fractions, decades."""

import re
from functools import lru_cache

from num2words import num2words

from ttsf.text.english.lists import (
    CALLS,
    CODES,
    DETERMINERS,
    NOT_PLURAL,
    NUMBERED,
    PLURALS,
    QUANTITIES,
    YEAR_BEFORE,
)
from ttsf.text.english.tokens import (
    find_left,
    find_right,
    left,
    right,
    rule,
    word_after,
    word_before,
)

MOST_DIGITS = 15
"""Longest number that is read as a whole; longer ones are read digit by digit."""
N = r"(?:\d{1,3}(?:,\d{3}){1,8}(?!\d)|\d{1,2}(?:,\d{2}){1,4},\d{3}(?![,\d])|\d+)(?:\.\d+)?"
_BIG_GROUPS = r"\d{1,3}(?:,\d{3}){1,8}(?!\d)"


_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@lru_cache(maxsize=4096)
def cardinal(number: str) -> str:
    """'1,234.5' -> 'one thousand two hundred thirty-four point five'."""
    whole, _, fraction = number.replace(",", "").partition(".")
    if len(whole) > MOST_DIGITS or (len(whole) > 1 and whole[0] == "0"):
        words = digits(whole)
    else:
        words = num2words(int(whole or 0)).replace(",", "").replace(" and ", " ")
    return f"{words} point {digits(fraction)}" if fraction else words


def ordinal(number: int) -> str:
    """21 -> 'twenty-first'."""
    return num2words(number, to="ordinal").replace(",", "").replace(" and ", " ")


def year(number: int) -> str:
    """1984 -> 'nineteen eighty-four', 2005 -> 'two thousand five', 753 -> 'seven fifty-three'."""
    if number < 1000 or 2000 <= number < 2010 or number % 1000 == 0 or number > 9999:
        return pairs(str(number)) if 100 < number < 1000 else cardinal(str(number))
    return pairs(str(number))


def pairs(number: str) -> str:
    """'1905' -> 'nineteen oh five', '747' -> 'seven forty-seven', '300' -> 'three hundred'."""
    if number[0] == "0" or len(number) > 4:
        return digits(number)
    head, tail = number[:-2], number[-2:]
    if not head or number[-3:] == "000":
        return cardinal(number)
    if tail == "00":
        return f"{cardinal(head)} hundred"
    if len(head) == 2 and head[1] == "0":
        return cardinal(number) if tail[0] == "0" else f"{cardinal(head)} {cardinal(tail)}"
    return f"{cardinal(head)} {f'oh {cardinal(tail[1])}' if tail[0] == '0' else cardinal(tail)}"


def digits(text: str) -> str:
    """Read digit by digit, and drop other characters: '5-07' -> 'five zero seven'."""
    return " ".join(_DIGITS[int(c)] for c in text if c.isdecimal())


def plural(words: str) -> str:
    """Return the plural of a number in words: 'twenty' -> 'twenties'."""
    if words.endswith("six"):
        return words + "es"
    return words[:-1] + "ies" if words.endswith("y") else words + "s"


def is_plural(word: str) -> bool:
    """Whether a word after a number is most likely a plural noun that the number counts."""
    if not word.islower() or word in NOT_PLURAL:
        return False
    return word in PLURALS or (word.endswith("s") and not word.endswith("ss"))


def _decade(match: re.Match[str]) -> str | None:
    start = match["decade"]
    if len(start) < 4 and match[0][0] != "'":
        if find_right(match, r"\s+of\b"):
            return plural(cardinal(start).removeprefix("one "))
        seconds = word_before(match).lower() in {
            "in", "for", "after", "every", "within", "took", "takes", "lasts", "than", "lasted",
        }  # fmt: skip
        if len(start) == 3 or (seconds and not is_plural(word_after(match))):
            return None
    if find_right(match, r"\s+of\b") and word_before(match).lower() not in ("the", "early", "late"):
        return plural(cardinal(start).removeprefix("one "))
    return plural(year(int(start)) if len(start) == 4 else cardinal(start))


def _ordinal(match: re.Match[str]) -> str | None:
    number = match[1].replace(",", "")
    return ordinal(int(number)) if len(number) <= MOST_DIGITS else f"{digits(number)}th"


def fraction_words(top: int, bottom: int, singular: bool = False) -> str:
    """3, 4 -> 'three quarters'."""
    name = {2: "half", 4: "quarter"}.get(bottom, ordinal(bottom))
    if top != 1 and not singular:
        name = "halves" if bottom == 2 else name + "s"
    return f"{cardinal(str(top))} {name}"


def fraction(match: re.Match[str]) -> str | None:
    """'1 1/2' -> 'one and one half', from the groups whole, top and bottom."""
    whole, top, bottom = match["whole"], match["top"], match["bottom"]
    if max(map(len, (whole or "", top, bottom))) > 6:
        return None
    a, b = int(top), int(bottom)
    if (a, b) in ((24, 7), (50, 50), (20, 20), (9, 11)) or not a or a + b == 100:
        return f"{cardinal(whole) + ' ' if whole else ''}{cardinal(top)} {cardinal(bottom)}"
    if a > b >= 40 or b < 2 or (b > 100 and (a != 1 or b not in (1000, 1_000_000))):
        return f"{cardinal(top)} over {cardinal(bottom)}"
    spoken = fraction_words(a, b, singular=find_right(match, r"-[a-z]") is not None)
    return f"{cardinal(whole)} and {spoken}" if whole else spoken


_GRADED = (
    r"(?i)\s+(?:on|in|for|at)\s+(?:the|her|his|my|this|that|a|an|our)?\s?(?:\w+\s)?"
    r"(?:tests?|exams?|quiz|quizzes|essay|paper|homework|rating|review|imdb)\b"
)


def _score(match: re.Match[str]) -> str | None:
    """Read '4.5/5', 'rated 8/10'."""
    rated = find_left(match, r"(?i)\b(?:rated?|scored?|gave|give|ratings?)\b[^.;]{0,24}$")
    if find_right(match, r"\s+of\b"):
        return None
    graded = find_right(match, _GRADED)
    rated = rated or (graded if int(match["bottom"]) in (5, 10, 20, 30, 40, 50, 100) else None)
    if "." in match["top"] or (match["top"] == match["bottom"] and len(match["top"]) < 2) or rated:
        return f"{cardinal(match['top'])} out of {cardinal(match['bottom'])}"
    return None


def _year(match: re.Match[str]) -> str | None:
    """Read a number of four digits as a year if its neighbours suggest one."""
    number, before, after = int(match[0]), word_before(match), word_after(match)
    modern = 1900 <= number < 2100
    if not 1000 <= number < 2200:
        return None
    counted = is_plural(after)
    owned = before.endswith("'s") or before.lower() in DETERMINERS - {"one", "no", "some", "any"}
    if modern:
        return year(number) if not counted or owned or before in ("In", "By", "Since") else None
    if counted and before not in ("In", "By", "Since"):
        return None
    if find_left(match, rf"\b(?:{'|'.join(QUANTITIES)}) of $") or find_right(
        match, r"\s+(?:of|to)\s+the\b|\s+(?:percent|dollars|euros)"
    ):
        return None
    named = bool(find_left(match, r"[(\u00a9]\s*(?:c\. ?|ca\. ?)?$"))
    near = before.lower().rstrip(".") in YEAR_BEFORE - {"the", "and", "to", "about", "around"}
    if before in ("about", "around") and number % 100 and (after == "" or after[0].isupper()):
        near = True
    joined = find_left(
        match, r"\b1\d{3}\s+(?:and|to|or)\s+$|(?i:\b(?:it|year|date|time)(?:'s| is| was)\s+$)"
    )
    dated = find_left(match, r"\bdat(?:es|ed|ing) (?:back )?(?:to|from) $")
    opens = not left(match).strip() and (
        right(match)[:1] == ":" or after in ("was", "saw", "is", "brought", "marked", "began")
    )
    aside = find_left(match, r"[a-z], $") and right(match)[:1] == ","
    of_the_year = before.lower() == "the" and after and not counted and after not in ("and", "or")
    era = find_right(match, r"\s+to\s+1\d{3}\b(?!,)") and number >= 1000
    owned = before.endswith("'s")
    said = (named, near, joined, of_the_year, era, dated, opens, aside, owned)
    return year(number) if any(said) else None


def _code(match: re.Match[str]) -> str | None:
    """Read digits next to letters, or after the name of something numbered."""
    number, before = match[0], left(match)
    if find_right(match, r"[.,]\d"):
        return None
    if len(number) == 3 and find_right(match, r"[A-Z]\b(?! ?[a-z])"):
        return pairs(number)
    nearby = re.findall(r"[a-z]+", before.lower())
    if before and (before[-1].isalpha() or find_left(match, r"[A-Za-z]-$")):
        if len(number) == 4 and find_left(match, r"(?i)\b(?:FY|pre-|post-|mid-|non-|CY|HY|Q\d )$"):
            return year(int(number))
        return pairs(number)
    if nearby and find_left(match, r"[\s(]$"):
        if set(nearby[-3:]) & CODES and find_left(
            match, rf"(?i)\b(?:{'|'.join(CODES)})(?: is| was| number|:| no\.)*[:\s]*$"
        ):
            return digits(number)
        name = nearby[-2] if len(nearby) > 1 and nearby[-1] in ("is", "was") else nearby[-1]
        if name in NUMBERED and 3 <= len(number) <= 4:
            return pairs(number)
        counted = is_plural(word_after(match))
        if nearby[-1] in CALLS and (len(number) == 3 or (len(number) > 3 and not counted)):
            return digits(number)
        ending = find_left(match, r"\b(?:card|number|account|phone)\b.*\bend(?:s|ing|ed)? in $")
        again = len(number) == 3 and find_left(
            match, r"(?i)\b(?:call|dial|ring|text) \d{3},? (?:or|and) $"
        )
        if (len(number) == 4 and ending) or again:
            return digits(number)
    if 3 <= len(number) <= 4 and find_right(match, rf"[A-Z]?\s(?:[NSEW]\.?\s)?{_STREET}"):
        return pairs(number)
    if re.fullmatch("7[0-8]7", number) and find_left(match, r"\b(?:[Tt]he|[Aa]|Boeing) $"):
        return None if is_plural(word_after(match)) else pairs(number)
    carrier = find_left(match, r"(?:^|\s)([A-Z][A-Z0-9]{1,2}|I|X)\s$")
    if carrier and 3 <= len(number) <= 4 and carrier[1] not in {"I", "AD", "BC", "AM", "PM", "NO"}:
        return pairs(number)
    return None


_STREET = (
    r"(?:[A-Z][\w'.]+\s){1,3}(?:St|Ave|Rd|Blvd|Dr|Ln|Ct|Pl|Sq|Hwy|Pkwy|Street|Avenue|Road|Lane"
    r"|Boulevard|Drive|Court|Place|Square|Terrace|Highway|Parkway)\b"
)


def _grouped(match: re.Match[str]) -> str | None:
    """Read digits in groups of three, separated by spaces, full stops or apostrophes."""
    groups = re.split(r"[ .'_]", match[0])
    if len(groups) == 2:
        if not (groups[1] == "000" or is_plural(word_after(match))) or "." in match[0]:
            return None
        if set(re.findall(r"[a-z]+", left(match).lower())[-1:]) & (CODES | CALLS | NUMBERED):
            return None
    return cardinal("".join(groups))


def _scientific(match: re.Match[str]) -> str:
    sign = {"-": "minus ", "+": "plus "}.get(match["sign"] or "", "")
    return f"{cardinal(match['base'])} E {sign}{cardinal(match['power'])}"


DECADES = (
    rule("decade", "s", r"'00'?s\b", "two thousands"),
    rule("number", "w", r"x(?=\s?\d{1,3}\s?(?:days?|weeks?|wks?|months?|years?|yrs?|hours?|hrs?|min"
         r"|minutes?|mins?|nights?|d)\b)", lambda m: None if find_left(m, r"\d\s?$") else "for"),
    rule("decade", "s", r"'(?P<decade>\d0)'?s\b", _decade),
    rule("decade", "s", r"'(?=\d\d\b(?![.:,]\d)(?!'))(\d\d)",
         lambda m: f"oh {cardinal(m[1][1])}" if m[1][0] == "0" and m[1][1] != "0" else
         cardinal(m[1]) if m[1][0] != "0" and not find_left(m, r"(?<![QH])\w$") else None),
    rule("decade", "d", r"(?P<decade>[12]\d{2}0|\d0|[1-9]00)'?s\b", _decade),
    rule("number", "d", r"(\d{1,2})s\b(?!\s+(?:of|in)\b)",
         lambda m: plural(cardinal(m[1])) if find_left(m, r"[-A-Z]$") else None),
    rule("number", "d", r"1,?000s\b(?=\s+of)", "thousands"),
    rule("number", "d", r"([01])s\b", lambda m: plural(cardinal(m[1]))),
)  # fmt: skip
NUMBERS = (
    rule("ordinal", "d", rf"({_BIG_GROUPS}|\d+)(?:st|nd|rd|th)\b", _ordinal, re.I),
    rule("number", "d", r"\d{1,3}(?:[ .]\d{3}){1,5}(?![.]?\d)", _grouped),
    rule("number", "d", r"\d{1,3}(?:'\d{3}){1,5}(?!\d)", _grouped),
    rule("number", "d", r"\d{1,3}(?:_\d{3}){1,5}(?!\d)", _grouped),
    rule("number", "d", rf"(?P<base>{N})[eE](?P<sign>[+-]?)(?P<power>\d{{1,3}})\b", _scientific),
    rule("fraction", "d", r"(?P<top>\d+(?:\.\d+)?)/(?P<bottom>\d+)\b(?!/)", _score),
    rule("fraction", "d", r"(?:(?P<whole>\d+)(?:\s+|-))?(?P<top>\d+)[/\u2044](?P<bottom>\d+)"
         r"(?:\b|(?!\d)(?:(?<=\u2044\d)|(?<=\u2044\d\d)))(?![/\u2044])", fraction),
    rule("code", "d", r"(\d{1,4})\(([a-z])\)", lambda m: f"{cardinal(m[1])} {m[2].upper()}"),
    rule("code", "d", r"(144|240|360|480|576|720|1080|1440|2160|4320)([pi])\b",
         lambda m: f"{pairs(m[1])} {m[2].upper()}"),
    rule("code", "d", r"\d(?:-\d){2,8}(?![-\d])", lambda m: digits(m[0])),
    rule("code", "d", r"\d+", _code),
    rule("year", "d", r"\d{4}(?![\d,.]\d)(?!\d)", _year),
    rule("number", "d", N, lambda m: cardinal(m[0])),
    rule("number", "s", r"\.\d+", lambda m: None if left(m)[-1:].isalnum() else
         f"point {digits(m[0])}"),
)  # fmt: skip
