"""Money: signs and codes before and after the amount, scales, ranges, "per"."""

import re

from ttsf.text.english.amounts import (
    LAST,
    LONG_SCALE,
    MINUS,
    NUMBER,
    PERIODS,
    RANGE,
    SIGN,
    is_adjective,
    minus_allowed,
    plain_number,
)
from ttsf.text.english.numbers import cardinal
from ttsf.text.english.tables import CODES_OF_MONEY, CURRENCIES, SCALES, UNITS, Currency
from ttsf.text.english.tokens import rule

_SCALE = rf"(?P<scale>{LONG_SCALE}|\s?(?:[kK]|[mM]n?|[bB]n?|[tT]n?)\b(?!/))"
_signs = "|".join(sorted(map(re.escape, CURRENCIES), key=len, reverse=True))
_codes = "|".join(map(re.escape, CODES_OF_MONEY))
_PER = r"(?P<per>(?:/\s?[a-z]{1,8}\b){1,2})?"


def money(number: str, currency: Currency, scale: str = "", singular: bool = False) -> str:
    """'1234.56' dollars -> 'one thousand ... dollars and fifty-six cents'."""
    whole, _, fraction = plain_number(number).partition(".")
    name = currency.one if singular else currency.many
    if scale:
        return f"{cardinal(plain_number(number))} {scale} {name}"
    if len(fraction) != 2 or not currency.cents:
        one = whole == "1" and not fraction
        return f"{cardinal(plain_number(number))} {currency.one if one else name}"
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
    """Read '-$12.34K', '$5-10', '$5M-$10M', 'US$5', '$3/kg'."""
    currency = CURRENCIES[match["sign"]]
    found = match.groupdict()
    minus = MINUS.get(found["minus"] or found.get("minus2") or "", "")
    scale = _scale(found["scale"])
    singular = is_adjective(match)
    if found["to"] and " to " in match[0] and match[0].count(match["sign"]) > 1:
        last = money(found["to"], currency, _scale(found["scale2"]))
        words = f"{money(found['number'], currency, scale)} to {last}"
    elif found["to"]:
        last = money(found["to"], currency, _scale(found["scale2"]), singular)
        first, first_scale = cardinal(plain_number(found["number"])), scale
        if first_scale and first_scale != _scale(found["scale2"]):
            first += f" {first_scale}"
        words = f"{first} to {last}"
    else:
        words = money(found["number"], currency, scale, singular)
    return f"{minus}{words}{_per(found['per'])}"


def _per(text: str | None) -> str:
    """'/person/night' -> ' per person per night'."""
    names = [name.strip() for name in (text or "").split("/")[1:]]
    return "".join(f" per {UNITS[n].one if n in UNITS else PERIODS.get(n, n)}" for n in names)


def _money_after(match: re.Match[str]) -> str | None:
    """Read '20 €', '50¢', '12 USD', '50p'."""
    sign = match["sign"]
    currency = CURRENCIES.get(sign) or CODES_OF_MONEY[sign]
    number = plain_number(match["number"])
    minus = MINUS.get(match["minus"] or "", "")
    if match["to"]:
        return f"{minus}{cardinal(number)} to {money(match['to'], currency)}"
    return f"{minus}{money(number, currency, _scale(match['scale']), is_adjective(match))}"


def _money_code(match: re.Match[str]) -> str:
    """Read 'USD 12'."""
    currency, scale = CODES_OF_MONEY[match["sign"]], _scale(match["scale"])
    return money(match["number"], currency, scale, is_adjective(match))


def _pence(match: re.Match[str]) -> str | None:
    if int(match[1]) in (144, 240, 360, 480, 576, 720) or len(match[1]) > 3:
        return None
    return f"{cardinal(match[1])} {'penny' if match[1] == '1' else 'pence'}"


MONEY = (
    rule("money", "sw", rf"{SIGN}(?P<sign>{_signs})(?P<minus2>-)?\s?{NUMBER}{_SCALE}?"
         rf"(?:{RANGE}(?:{_signs})?{LAST}{_SCALE.replace('scale', 'scale2')}?(?!\d|-\d))?{_PER}"
         r"(?:\s?(?:USD|EUR|GBP)\b)?",
         lambda m: _money(m) if minus_allowed(m) else None),
    rule("money", "w", rf"(?P<sign>{_codes})\s?{NUMBER}{_SCALE}?", _money_code),
    rule("money", "sd", rf"{SIGN}{NUMBER}(?:{RANGE}{LAST})?(?P<scale>{LONG_SCALE})?\s?"
         rf"(?P<sign>{_signs}|(?:{_codes}|¢)(?!\w))",
         lambda m: _money_after(m) if minus_allowed(m) else None),
    rule("money", "d", r"(\d+)p(?=[\s.,;!?]|$)(?!\.\s?\d)", _pence),
)  # fmt: skip
