"""Amounts: money, per cent, units, magnitudes, dimensions and their ranges."""

# ruff: noqa: RUF001 (signs)

import re

from ttsf.text.english.lists import DETERMINERS, FUNCTION_WORDS, words
from ttsf.text.english.numbers import N, cardinal, fraction, is_plural, pairs
from ttsf.text.english.tables import CODES_OF_MONEY, CURRENCIES, SCALES, UNITS, Currency
from ttsf.text.english.tokens import left, right, rule, word_after, word_before

_MINUS = {"-": "minus ", "+": "plus ", "~": "about ", "\u2212": "minus ", "±": "plus or minus "}
_SIGN = r"(?P<minus>[-+~\u2212±])?"
_RANGE = r"(?:\s?[-\u2014]\s?|\s+to\s+)"
_LONG_SCALE = r"[\s-]?(?:hundred|thousand|million|billion|trillion)\b"
_SCALE = rf"(?P<scale>{_LONG_SCALE}|\s?(?:[kK]|[mM]n?|[bB]n?|[tT]n?)\b(?!/))"
_units = "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True))
_signs = "|".join(sorted(map(re.escape, CURRENCIES), key=len, reverse=True))
_codes = "|".join(map(re.escape, CODES_OF_MONEY))
_FEW = words("two three four five six seven eight nine ten twelve several many few both")
_EURO_NUMBER = r"\d{1,3}(?:\.\d{3})*,\d\d(?!\d|,\d)"


def _number(text: str) -> str:
    """An amount's number; '1.234,50' and '1,50' are written the European way."""
    if re.fullmatch(_EURO_NUMBER, text):
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
    found = re.search(r"([A-Za-z']+)\s(?:[a-z]+\s)?$", before)
    if not found:
        return False
    near = re.findall(r"[A-Za-z']+", before)[-2:]
    owner = any(word.lower() in DETERMINERS or word.endswith("'s") for word in near[-1:])
    counted = near[-1].lower() in _FEW and is_plural(after[1])
    return owner or counted or (len(near) == 2 and near[0].lower() in ("a", "an"))


def money(number: str, currency: Currency, scale: str = "", singular: bool = False) -> str:
    """'1234.56' dollars -> 'one thousand ... dollars and fifty-six cents'."""
    whole, _, fraction = _number(number).partition(".")
    name = currency.one if singular else currency.many
    if scale:
        return f"{cardinal(_number(number))} {scale} {name}"
    if len(fraction) != 2 or not currency.cents:
        one = whole == "1" and not fraction
        return f"{cardinal(_number(number))} {currency.one if one else name}"
    cents = currency.cent if int(fraction) == 1 or singular else currency.cents
    small = f"{cardinal(str(int(fraction)))} {cents}"
    large = f"{cardinal(whole)} {currency.one if whole == '1' else name}"
    if not int(fraction):
        return large
    return small if not int(whole) else f"{large} and {small}"


def _scale(text: str | None) -> str:
    short = (text or "").strip(" -")
    return SCALES.get(short.lower(), short.lower())


def _money(match: re.Match[str]) -> str | None:
    """'-$12.34K', '$5-10', '$5M-$10M', 'US$5', '$3/kg'."""
    currency = CURRENCIES[match["sign"]]
    found = match.groupdict()
    minus = _MINUS.get(found["minus"] or found.get("minus2") or "", "")
    scale = _scale(found["scale"])
    singular = is_adjective(match)
    if found["to"] and " to " in match[0] and match[0].count(match["sign"]) > 1:
        last = money(found["to"], currency, _scale(found["scale2"]))
        words = f"{money(found['number'], currency, scale)} to {last}"
    elif found["to"]:
        last = money(found["to"], currency, _scale(found["scale2"]), singular)
        first, first_scale = cardinal(_number(found["number"])), scale
        if first_scale and first_scale != _scale(found["scale2"]):
            first += f" {first_scale}"
        words = f"{first} to {last}"
    else:
        words = money(found["number"], currency, scale, singular)
    return f"{minus}{words}{_per(found['per'])}"


def _per(text: str | None) -> str:
    if not text:
        return ""
    name = text.lstrip("/").strip()
    return f" per {UNITS.get(name, name)}"


def _money_after(match: re.Match[str]) -> str | None:
    """'20 €', '50¢', '12 USD', '50p'."""
    sign = match["sign"]
    currency = CURRENCIES.get(sign) or CODES_OF_MONEY[sign]
    number = _number(match["number"])
    minus = _MINUS.get(match["minus"] or "", "")
    if match["to"]:
        return f"{minus}{cardinal(number)} to {money(match['to'], currency)}"
    return f"{minus}{money(number, currency, _scale(match['scale']), is_adjective(match))}"


def _money_code(match: re.Match[str]) -> str:
    """'USD 12'."""
    currency, scale = CODES_OF_MONEY[match["sign"]], _scale(match["scale"])
    return money(match["number"], currency, scale, is_adjective(match))


def _pence(match: re.Match[str]) -> str | None:
    if int(match[1]) in (144, 240, 360, 480, 576, 720) or len(match[1]) > 3:
        return None
    return f"{cardinal(match[1])} {'penny' if match[1] == '1' else 'pence'}"


def _percent(match: re.Match[str]) -> str:
    first, last = match["number"], match["to"] or match["then"]
    words = cardinal(_number(first)) + (f" to {cardinal(_number(last))}" if last else "")
    mark = "per mille" if match["mark"] == "‰" else "percent"
    return f"{_MINUS.get(match['minus'] or '', '')}{words} {mark}"


def _minus_allowed(match: re.Match[str]) -> bool:
    """A hyphen is a minus only where nothing is written right before it."""
    return not match["minus"] or not re.search(r"[\w)\]]$", left(match))


def unit_words(number: str, unit: str, singular: bool) -> str:
    """'5', 'km/h' -> 'kilometers per hour': the unit alone, in the number the amount asks for."""
    name = UNITS[unit]
    head, _, rest = name.partition(" per ")
    adjective, _, noun = head.rpartition(" ")
    tail = ""
    if head.startswith("degree "):
        adjective, noun, tail = "", "degree", head.removeprefix("degree")
    if number not in ("1", "-1") and not singular:
        noun = _PLURAL_UNITS.get(noun, noun + "s")
    return f"{adjective + ' ' if adjective else ''}{noun}{tail}{' per ' + rest if rest else ''}"


_PLURAL_UNITS = {
    "foot": "feet", "inch": "inches", "hertz": "hertz", "kilohertz": "kilohertz",
    "megahertz": "megahertz", "gigahertz": "gigahertz", "horsepower": "horsepower",
    "celsius": "celsius", "century": "centuries", "inch-pound": "inch pounds", "psi": "P S I",
    "rpm": "R P M", "fps": "frames", "dpi": "D P I", "dots": "dots", "stone": "stone",
    "lux": "lux", "siemens": "siemens", "kelvin": "kelvin",
}  # fmt: skip


def _unit(match: re.Match[str]) -> str | None:
    """'40cm', '5-10 km', '1 lb', '50 m²', '2-in.'."""
    number, last, unit = _number(match["number"]), match["to"], match["unit"]
    if not _minus_allowed(match) or not _fits(match, unit):
        return None
    power = match["power"] or ""
    hyphen = match["gap"] == "-"
    amount = cardinal(number) + (f" to {cardinal(_number(last))}" if last else "")
    square = {"": "", "^2": "square ", "^3": "cubic "}.get(power)
    if square is None:
        return None
    words = unit_words(_number(last) if last else number, unit, hyphen or is_adjective(match))
    minus = _MINUS.get(match["minus"] or "", "")
    written = match[0].endswith(".") and not re.match(r"\s*[a-z(\d,;:]", right(match))
    return f"{minus}{amount} {square}{words}{'.' if written else ''}"


def _part_of_unit(match: re.Match[str]) -> str | None:
    """'1/2 tsp', '1 1/2 lbs', '1/4-in.'."""
    said = fraction(match)
    if said is None or not _fits(match, match["unit"]):
        return None
    unit = "in" if match["unit"] == '"' else match["unit"]
    one = not match["whole"] or match["gap"] == "-" or is_adjective(match)
    return f"{said} {unit_words('1' if one else '2', unit, False)}"


def _fits(match: re.Match[str], unit: str) -> bool:
    """Signs that are other things as well are units only where nothing else is likely."""
    if unit in ("A", "V", "W", "J", "N", "L", "t", "T", "h", "d", "l", "C", "F", "B", "K", "bar"):
        if word_before(match).lower() in ("room", "apartment", "apt", "gate", "seat", "section"):
            return False
        if unit in "AJNTB" and re.match(r"\.?\s+[A-Z]", right(match)):
            return False
    if unit == "s" and not match["gap"] and word_before(match) in ("iPhone", "iPad", "Pixel"):
        return False
    if unit in ("in", "in."):
        if match["gap"] == "-" or unit == "in.":
            return True
        return bool(re.match(r"\s+(?:wide|tall|long|deep|thick|x)\b", right(match)))
    people = re.match(r"\s+(?:users|people)\b", right(match))
    return not (unit == "m" and match["gap"] == "" and people)


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
    """'5' x 8'."""
    name = "feet" if match[2] == "'" else "inches"
    return f"{cardinal(match[1])} {name} by {cardinal(match[3])} {name}"


def _magnitude(match: re.Match[str]) -> str | None:
    """'1.5M users', '10K people'; '4K screen' and '221B Baker' stay letters."""
    letter, after = match["letter"].strip(), word_after(match)
    after = after or "".join(re.findall(r"^\+ ([a-z]+)", right(match)))
    if after[:1].isupper() or left(match)[-1:].isalpha():
        return None
    if letter in "kK" and not (
        is_plural(after) or "." in match["number"]
        or word_before(match).lower() in {"about", "over", "nearly", "almost", "than", "around",
                                          "reached", "hit", "got", "earns", "with"}
        or re.search(r"\b(?:salary|income|pay|debt|crowd|following|audience|population) of $",
                     left(match))
        or (word_before(match) in ("has", "have") and after != "of")
    ):  # fmt: skip
        return f"{cardinal(match['number'])} K"
    if letter in "BT" and not (is_plural(after) or "." in match["number"]):
        return None
    return f"{cardinal(_number(match['number']))} {SCALES[letter.lower()]}"


def _times(match: re.Match[str]) -> str:
    """'3x4 = 12', '1920x1080', '2 x 4 cm'."""
    numbers = [n for n in (match["a"], match["b"], match["c"]) if n]
    around = right(match), left(match)
    math = re.match(r"\s*[=+*/<>^]", around[0]) or re.search(r"[=+*/<>]\s*$", around[1])
    if math:
        return " times ".join(cardinal(n) for n in numbers)
    screen = all(len(n) in (3, 4) and n.isdecimal() for n in numbers) and not match["unit"]
    said = " by ".join(pairs(n) if screen else cardinal(n) for n in numbers)
    unit = match["unit"]
    return f"{said} {unit_words(numbers[-1], unit, is_adjective(match))}" if unit else said


def _multiple(match: re.Match[str]) -> str | None:
    if re.match(r"\s*[-+*/=\d]", right(match)) or re.search(r"[-+*/=]\s*$", left(match)):
        return None
    last = f" to {cardinal(match['to'])}" if match["to"] else ""
    return f"{cardinal(match['number'])}{last} times"


_NUM = rf"(?P<number>{_EURO_NUMBER}|{N}|\.\d+)"
_LAST = rf"(?P<to>{N})"
_LAST2 = rf"(?P<then>{N})"
_PER = r"(?P<per>/\s?[a-z]{1,8}\b)?"
AMOUNTS = (
    rule("money", "sw", rf"{_SIGN}(?P<sign>{_signs})(?P<minus2>-)?\s?{_NUM}{_SCALE}?"
         rf"(?:{_RANGE}(?:{_signs})?{_LAST}{_SCALE.replace('scale', 'scale2')}?(?!\d|-\d))?{_PER}"
         r"(?:\s?(?:USD|EUR|GBP)\b)?",
         lambda m: _money(m) if _minus_allowed(m) else None),
    rule("money", "w", rf"(?P<sign>{_codes})\s?{_NUM}{_SCALE}?", _money_code),
    rule("money", "sd", rf"{_SIGN}{_NUM}(?:{_RANGE}{_LAST})?(?P<scale>{_LONG_SCALE})?\s?"
         rf"(?P<sign>{_signs}|(?:{_codes}|¢)(?!\w))",
         lambda m: _money_after(m) if _minus_allowed(m) else None),
    rule("money", "d", r"(\d+)p(?=[\s.,;!?]|$)(?!\.\s?\d)", _pence),
    rule("percent", "sd", rf"{_SIGN}{_NUM}(?:\s?(?:%|‰)?\s?[-\u2014]\s?{_LAST}|\s+to\s+{_LAST2})?"
         r"\s?(?P<mark>%|‰)",
         lambda m: _percent(m) if _minus_allowed(m) else None),
    rule("percent", "sd", rf"{_SIGN}{_NUM}(?P<to>(?!))?(?P<then>(?!))?\s?(?P<mark>%|‰)",
         lambda m: _percent(m) if _minus_allowed(m) else None),
    rule("length", "d", r"(\d{1,3})(['\"])\s?[xX×]\s?(\d{1,3})\2", _sides),
    rule("length", "d", r"(?:(?P<feet>\d{1,3})'(?:\s?(?P<inches>\d{1,2})(?P<mark>\"|'')?)?(?![\w'])"
         r"|(?P<alone>\d{1,3})\"(?!\w))", _feet),
    rule("dimension", "d", rf"(?P<a>{N})\s?[xX×]\s?(?P<b>{N})(?:\s?[xX×]\s?(?P<c>{N}))?"
         r"(?:\s?(?P<unit>mm|cm|m|km|in\.|ft|px|yd)(?!\w))?(?![\d.]\d)", _times),
    rule("dimension", "d", rf"(?P<number>{N})(?:-(?P<to>{N}))?\s?[xX×](?!\w)", _multiple),
    rule("unit", "d", r"(?:(?P<whole>\d+)(?:\s+|-))?(?P<top>\d+)[/\u2044](?P<bottom>\d+)"
         rf"(?P<gap>[ -]?)(?P<unit>{_units}|\")(?![\w/'^])", _part_of_unit),
    rule("unit", "sd", rf"{_SIGN}{_NUM}(?:{_RANGE}{_LAST})?(?P<gap>[ -]?)(?P<unit>{_units})"
         r"(?P<power>\^[23])?(?![\w/'^])", _unit),
    rule("magnitude", "d", r"(?P<number>\d+(?:,\d{3})*(?:\.\d+)?)"
         r"(?P<letter>[KkMBT]|\s?(?:bn|mn|MM))\b", _magnitude),
)  # fmt: skip
