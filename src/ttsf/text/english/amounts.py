"""Amounts: per cent, units, magnitudes, dimensions and their ranges."""

# ruff: noqa: RUF001 (signs)

import re

from ttsf.text.english.lists import (
    AMOUNT_NOUNS,
    DETERMINERS,
    FUNCTION_WORDS,
    NAMED,
    words,
)
from ttsf.text.english.numbers import N, cardinal, fraction, is_plural, pairs
from ttsf.text.english.tables import SCALES, UNITS
from ttsf.text.english.tokens import (
    find_left,
    find_right,
    left,
    right,
    rule,
    word_after,
    word_before,
)

MINUS = {"-": "minus ", "+": "plus ", "~": "about ", "\u2212": "minus ", "±": "plus or minus "}
SIGN = r"(?P<minus>[-+~\u2212±])?"
RANGE = r"(?:\s?[-\u2014]\s?|\s+to\s+)"
LONG_SCALE = r"[\s-]?(?:hundred|thousand|million|billion|trillion)\b"
_units = "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True))
_FEW = words("two three four five six seven eight nine ten twelve several many few both")
EURO_NUMBER = r"\d{1,3}(?:\.\d{3})*,\d\d(?!\d|,\d)"


def plain_number(text: str) -> str:
    """Remove thousands separators, also from European numbers: '1.234,50' -> '1234.50'."""
    if re.fullmatch(EURO_NUMBER, text):
        text = text.replace(".", "").replace(",", ".")
    return ("0" if text.startswith(".") else "") + text.replace(",", "")


def is_adjective(match: re.Match[str]) -> bool:
    """Whether an amount stands before its noun, as in "a 10m (32ft) passageway"."""
    before = re.sub(r"[\d.,]+\s?\S+ \($|(?:\d[\d.,]*\s?\w{1,3}, )+$", "", left(match))
    rest = re.sub(r"^(?:, \d[\d.,]*\s?[A-Za-z]{1,3}(?=[, ]))+", "", right(match))
    if re.match(r"-an?-[a-z]", rest) or re.match(r" old [a-z]", rest):
        return True
    after = re.match(r"\)?(?:\s\([^()]{1,24}\))?[\s-]+([a-z]+(?:'s)?|[A-Z]{2,4}s?)\b", rest)
    if not after or after[1] in FUNCTION_WORDS or after[1].endswith("ly"):
        return False
    if after[1] in AMOUNT_NOUNS:
        return True
    found = re.search(r"(?<![A-Za-z'])([A-Za-z']++)\s(?:[a-z]++\s)?$", before)
    if not found:
        return False
    near = re.findall(r"[A-Za-z']+", before)[-2:]
    owner = any(word.lower() in DETERMINERS or word.endswith("'s") for word in near[-1:])
    counted = near[-1].lower() in _FEW and is_plural(after[1])
    return owner or counted or (len(near) == 2 and near[0].lower() in ("a", "an"))


def _percent(match: re.Match[str]) -> str:
    first, last = match["number"], match["to"] or match["then"]
    words = cardinal(plain_number(first)) + (f" to {cardinal(plain_number(last))}" if last else "")
    mark = "per mille" if match["mark"] == "‰" else "percent"
    return f"{MINUS.get(match['minus'] or '', '')}{words} {mark}"


def minus_allowed(match: re.Match[str]) -> bool:
    """Whether the hyphen of a match, if any, can be a minus: no word is attached before it."""
    return not match["minus"] or not find_left(match, r"[\w)\]]$")


def unit_words(number: str, unit: str, singular: bool) -> str:
    """Return the name of a unit in singular or plural: '5', 'km/h' -> 'kilometers per hour'."""
    one, many = UNITS[unit]
    return one if singular or number in ("1", "-1") else many


def _unit(match: re.Match[str]) -> str | None:
    """Read '40cm', '5-10 km', '1 lb', '50 m²', '2-in.'."""
    number, last, unit = plain_number(match["number"]), match["to"], match["unit"]
    if not minus_allowed(match) or not _fits(match, unit):
        return None
    power = match["power"] or ""
    if unit in ("bps", "bp") and _of_rates(match):
        unit = "bp"
    elif unit == "ct" and match["per"]:
        unit = "cts"
    hyphen = match["gap"] == "-"
    amount = cardinal(number) + (f" to {cardinal(plain_number(last))}" if last else "")
    square = {"": "", "^2": "square ", "^3": "cubic "}.get(power)
    if square is None:
        return None
    words = unit_words(plain_number(last) if last else number, unit, hyphen or is_adjective(match))
    minus = MINUS.get(match["minus"] or "", "")
    return f"{minus}{amount} {square}{words}{_pers(match['per'])}"


def _comma_unit(match: re.Match[str]) -> str | None:
    """Read '5,5 km': a comma as much of the world writes it."""
    if not _fits(match, match["unit"]) or match["unit"] in ("in", "s", "a"):
        return None
    said = f"{cardinal(match['whole'])} comma {cardinal(match['rest'])}"
    return f"{said} {unit_words('2', match['unit'], False)}"


def _pers(text: str | None) -> str:
    """'/kg/min' -> ' per kilogram per minute'."""
    said = ""
    for name in (text or "").replace(" ", "").split("/")[1:]:
        number, unit = re.findall(r"^(\d*)(.*)$", name)[0]
        one = UNITS[unit].one if unit in UNITS else PERIODS.get(unit, unit)
        said += f" per {cardinal(number)} {UNITS[unit].many}" if number else f" per {one}"
    return said


PERIODS = {"h": "hour", "d": "day", "y": "year", "a": "year", "mo": "month", "day": "day"}
_OF_RATES = (
    r"(?i)\b(?:rates?|yields?|fed|spreads?|bonds?|hikes?|hiked|cut|cuts|rose|fell|basis|inflation"
    r"|treasury|ecb|margin|gilts?)\b"
)


def _of_rates(match: re.Match[str]) -> bool:
    return find_left(match, _OF_RATES) is not None


def _part_of_unit(match: re.Match[str]) -> str | None:
    """Read '1/2 tsp', '1 1/2 lbs', '1/4-in.'."""
    said = fraction(match)
    if said is None or not _fits(match, match["unit"]):
        return None
    unit = "in" if match["unit"] == '"' else match["unit"]
    one = (
        (not match["whole"] and " over " not in said) or match["gap"] == "-" or is_adjective(match)
    )
    return f"{said} {unit_words('1' if one else '2', unit, False)}"


def _fits(match: re.Match[str], unit: str) -> bool:
    """Whether an ambiguous sign is a unit: only where nothing else is likely."""
    if len(unit) == 1 and _is_label(match):
        return False
    if unit in tuple("AJNTB") and find_right(match, r"\.?\s+[A-Z]"):
        return False
    if unit == "s" and not match["gap"] and word_before(match) in ("iPhone", "iPad", "Pixel"):
        return False
    if unit in ("in", "in."):
        if match["gap"] == "-" or unit == "in.":
            return True
        return bool(find_right(match, r"\s+(?:wide|tall|long|deep|thick|x)\b"))
    people = find_right(match, r"\s+(?:users|people)\b")
    return not (unit == "m" and match["gap"] == "" and people)


_LABELS_BEFORE = rf"(?i)\b(?:{'|'.join(sorted(NAMED))})s?\.?\s(?:\d{{1,4}}[a-z]|[a-z]\d{{1,4}})\b"


def _is_label(match: re.Match[str]) -> bool:
    """Whether a letter belongs to a name and is no unit: 'exit 12A', 'team 2A', 'Hwy 101 N'."""
    if match["unit"] in "NSEW" and find_left(match, r"\b(?:I|US|SR|CR|[ABEKLMN])-$"):
        return True
    name = word_before(match).lower().rstrip(".")
    if name in NAMED or name.removesuffix("s") in NAMED:
        return match["gap"] != " " or match["unit"] in "NSEWAB"
    tight = match["gap"] == "" and match["unit"].isupper()
    return tight and find_left(match, _LABELS_BEFORE) is not None


def _feet(match: re.Match[str]) -> str | None:
    """5' 11", 5'9, 6', 12" (where the sign closes no quotation)."""
    feet, inches = match["feet"], match["inches"]
    if feet and inches:
        if int(inches) > 11:
            return None
        if not match["mark"]:
            return f"{cardinal(feet)} {cardinal(inches)}"
        foot = "foot" if feet == "1" else "feet"
        inch = "inch" if inches == "1" else "inches"
        return f"{cardinal(feet)} {foot} {cardinal(inches)} {inch}"
    before = match.string[max(0, match.start() - 1000) : match.start()]
    if feet:
        if before.count("'") - len(re.findall(r"\w'\w", before)) > 0:
            return None
        return f"{cardinal(feet)} {'foot' if feet == '1' or is_adjective(match) else 'feet'}"
    if before.count('"') % 2:
        return None
    return f"{cardinal(match['alone'])} {'inch' if is_adjective(match) else 'inches'}"


def _sides(match: re.Match[str]) -> str:
    """Read '5' x 8'."""
    name = "feet" if match[2] == "'" else "inches"
    return f"{cardinal(match[1])} {name} by {cardinal(match[3])} {name}"


_OF_PEOPLE_OR_PAY = r"\b(?:salary|income|pay|debt|crowd|following|audience|population) of $"


def _magnitude(match: re.Match[str]) -> str | None:
    """Read '1.5M users', '10K people'; '4K screen' and '221B Baker' stay letters."""
    letter, after = match["letter"].strip(), word_after(match)
    after = after or "".join(re.findall(r"^\+ ([a-z]+)", right(match)))
    if after[:1].isupper() or left(match)[-1:].isalpha() or word_before(match).lower() in NAMED:
        return None
    if letter in "kK" and not (
        is_plural(after) or "." in match["number"]
        or word_before(match).lower() in {"about", "over", "nearly", "almost", "than", "around",
                                          "reached", "hit", "got", "earns", "with"}
        or find_left(match, _OF_PEOPLE_OR_PAY)
        or (word_before(match) in ("has", "have") and after != "of")
    ):  # fmt: skip
        return f"{cardinal(match['number'])} K"
    if letter in "BT" and not (is_plural(after) or "." in match["number"]):
        return None
    return f"{cardinal(plain_number(match['number']))} {SCALES[letter.lower()]}"


_LENGTHS = frozenset(("mm", "cm", "m", "km", "in.", "in", "ft", "ft.", "px", "yd", "mi", "dm"))


def _times(match: re.Match[str]) -> str:
    """Read '3x4 = 12', '1920x1080', '2 x 4 cm'."""
    numbers = [n for n in (match["a"], match["b"], match["c"]) if n]
    around = right(match), left(match)
    math = re.match(r"\s*[=+*/<>^]", around[0]) or re.search(r"[=+*/<>]\s*$", around[1])
    unit = match["unit"]
    if math or (unit and unit not in _LENGTHS):
        last = f" {unit_words(numbers[-1], unit, False)}" if unit else ""
        return " times ".join(cardinal(n) for n in numbers) + last
    screen = all(len(n) in (3, 4) and n.isdecimal() for n in numbers) and not match["unit"]
    said = " by ".join(pairs(n) if screen else cardinal(n) for n in numbers)
    return f"{said} {unit_words(numbers[-1], unit, is_adjective(match))}" if unit else said


def _multiple(match: re.Match[str]) -> str | None:
    if find_right(match, r"\s*[-+*/=\d]") or find_left(match, r"[-+*/=]\s*$"):
        return None
    last = f" to {cardinal(match['to'])}" if match["to"] else ""
    return f"{cardinal(match['number'])}{last} times"


NUMBER = rf"(?P<number>{EURO_NUMBER}|{N}|\.\d+)"
LAST = rf"(?P<to>{N})"
_LAST2 = rf"(?P<then>{N})"
AMOUNTS = (
    rule("percent", "sd", rf"{SIGN}{NUMBER}(?:\s?(?:%|‰)?\s?[-\u2014]\s?{LAST}|\s+to\s+{_LAST2})?"
         r"\s?(?P<mark>%|‰)",
         lambda m: _percent(m) if minus_allowed(m) else None),
    rule("percent", "sd", rf"{SIGN}{NUMBER}(?P<to>(?!))?(?P<then>(?!))?\s?(?P<mark>%|‰)",
         lambda m: _percent(m) if minus_allowed(m) else None),
    rule("length", "d", r"(\d{1,3})(['\"])\s?[xX×]\s?(\d{1,3})\2", _sides),
    rule("length", "d", r"(?:(?P<feet>\d{1,3})'(?:\s?(?P<inches>\d{1,2})(?P<mark>\"|'')?)?(?![\w'])"
         r"|(?P<alone>\d{1,3})\"(?!\w))", _feet),
    rule("dimension", "d", rf"(?P<a>{N})\s?[xX×]\s?(?P<b>{N})(?:\s?[xX×]\s?(?P<c>{N}))?"
         r"(?:\s?(?P<unit>mm|cm|m|km|in\.|ft|px|yd|mg|mcg|g|kg|mL|ml|L|oz|IU|W|V|A|GB|TB|MB|GHz|min|h|s|hp)"
         r"(?!\w))?(?![\d.]\d)", _times),
    rule("dimension", "d", rf"(?P<number>{N})(?:-(?P<to>{N}))?\s?[xX×](?!\w)", _multiple),
    rule("unit", "d", r"(?:(?P<whole>\d+)(?:\s+|-))?(?P<top>\d+)[/\u2044](?P<bottom>\d+)"
         rf"(?P<gap>[ -]?)(?P<unit>{_units}|\")(?![\w/'^])", _part_of_unit),
    rule("unit", "d", rf"(?P<whole>\d{{1,3}}),(?P<rest>\d)(?P<gap>\s)(?P<unit>{_units})(?![\w/'^])",
         _comma_unit),
    rule("unit", "sd", rf"{SIGN}{NUMBER}(?:{RANGE}{LAST})?(?P<gap>[ -]?)(?P<unit>{_units})"
         rf"(?P<power>\^[23])?(?P<per>(?:\s?/\s?(?:(?:10{{1,4}}\s?)?(?:{_units})|day|week|month|year|hour|minute|second"
         r"|person|head|user|page|night|unit|item|ml|h|d|y|mo)(?![\w^])){0,3})(?![\w/'^])", _unit),
    rule("magnitude", "d", r"(?P<number>\d+(?:,\d{3})*(?:\.\d+)?)"
         r"(?P<letter>[KkMBT]|\s?(?:bn|mn|MM))\b", _magnitude),
)  # fmt: skip
