"""Stock tickers, and money as written in Switzerland and Scandinavia."""

# ruff: noqa: RUF001

import re

from ttsf.text.english.fields.money import money
from ttsf.text.english.numbers import cardinal
from ttsf.text.english.tables import CODES_OF_MONEY, CURRENCIES, Currency
from ttsf.text.english.tokens import find_left, find_right, rule

_EXCHANGE = (
    r"(?:NYSE|NASDAQ|Nasdaq|AMEX|LON|LSE|TSX|TSE|ASX|HKEX|FRA|ETR|EPA|SIX|NSE|BSE|OTC|OTCMKTS|TYO"
    r"|CVE|AMS|STO|CPH|OSL|HEL)"
)
_KRONOR = Currency("krona", "kronor", "öre", "öre")
_KRONER = Currency("krone", "kroner", "øre", "øre")
_CODE = r"(?:CHF|SFr\.|Fr\.|NOK|SEK|DKK|ISK|kr\.?|EUR|€)"
_GROUPED = r"\d{1,3}(?:['’ .]\d{3})++(?!\d)|\d++"
_DASHED = r"(?:[.,:]\s?[-\u2014]{1,2}+(?!\w))"
"""Signs that mean "no hundredths", as in 20.-"""


def _letters(text: str) -> str:
    return " ".join(text.replace(".", ""))


def _dollar_name(match: re.Match[str]) -> str | None:
    """Spell '$AAPL', but read '$HOME' of a shell as a word."""
    name = match[1]
    return None if find_left(match, r"\w$") else _letters(name) if len(name) < 6 else name.lower()


def _share(match: re.Match[str]) -> str | None:
    """Spell the name of a share, such as 'BRK.B', which has no initials."""
    return _letters(match[0])


def _listed(match: re.Match[str]) -> str:
    exchange = match[1] if match[1].upper() not in ("NASDAQ", "AMEX") else match[1].capitalize()
    name = exchange if not exchange.isupper() else " ".join(exchange)
    return f"{name}{':' if match[2].strip(' ') == ':' else ''} {_letters(match[3])}"


def _northern(match: re.Match[str]) -> str | None:
    """ "CHF 1'250.-", '45 kr', '99:-', 'Fr. 5.50'."""
    code = match["code"] or match["after"] or ""
    if not code and not (match["dash"] or "").startswith(":"):
        return None
    if code in ("EUR", "€") and not match["dash"]:
        return None
    short = code.rstrip(".")
    if short == "kr" or not code:
        currency = _KRONOR if (match["dash"] or "").startswith(":") else _KRONER
    else:
        currency = CODES_OF_MONEY.get(code) or CODES_OF_MONEY.get(short) or CURRENCIES["€"]
    whole = re.sub(r"\D", "", match["whole"])
    if not find_left(match, r"(?<![\w.])$") or len(whole) > 12:
        return None
    cents = match["cents"]
    if cents and not currency.cents:
        return f"{cardinal(f'{whole}.{cents}')} {currency.many}"
    return money(f"{whole}.{cents}" if cents else whole, currency)


MARKETS = (
    rule("ticker", "s", r"\$([A-Z]{1,6}(?:\.[A-Z])?)(?![\w.]\w|\w)", _dollar_name),
    rule("ticker", "s", r"\^([A-Z]{2,5})\b", lambda m: None if find_left(m, r"[\w)]$") else
         _letters(m[1]) if not re.search("[AEIOU]", m[1]) else m[1].capitalize()),
    rule("ticker", "w", rf"({_EXCHANGE})(:\s?)([A-Z]{{1,5}}(?:\.[A-Z]{{1,2}})?)\b", _listed),
    rule("ticker", "w", r"[A-Z]{2,4}\.[A-Z](?![\w.])", lambda m: _share(m)
         if not find_right(m, r"\s[A-Z][a-z]") or find_right(m, r"\s(?:at|is|rose|fell)\b")
         else None),
    rule("money", "ws", rf"(?P<code>{_CODE})\s?(?P<whole>{_GROUPED})(?:[.,](?P<cents>\d\d)(?!\d))?"
         rf"(?P<dash>{_DASHED})?(?P<after>(?!))?(?![\d%]|[.,]\d)", _northern),
    rule("money", "d", rf"(?P<code>(?!))?(?P<whole>{_GROUPED})(?:[.,](?P<cents>\d\d)(?!\d))?"
         rf"(?P<dash>{_DASHED})?\s?(?P<after>kr\b\.?(?!\s[A-Z])|kr\b)", _northern),
    rule("money", "d", rf"(?P<code>(?!))?(?P<whole>{_GROUPED})(?P<cents>(?!))?(?P<dash>:-)"
         r"(?P<after>(?!))?(?!\w)", _northern),
)  # fmt: skip
