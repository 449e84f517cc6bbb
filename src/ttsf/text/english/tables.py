"""Names of units, currencies and signs, from their tables."""

from typing import NamedTuple

from ttsf.text.english.lexicons.table import rows


class Currency(NamedTuple):
    """Singular and plural of a currency, and of its hundredth ("" if not in use)."""

    one: str
    many: str
    cent: str = ""
    cents: str = ""


class Unit(NamedTuple):
    """Singular and plural of a unit."""

    one: str
    many: str


def _many(one: str) -> str:
    """'kilometer per hour' -> 'kilometers per hour'."""
    head, per, rest = one.partition(" per ")
    if head.startswith("degree "):
        return f"degrees{head.removeprefix('degree')}{per}{rest}"
    return f"{head}s{per}{rest}"


UNITS = {sign: Unit(one, many or _many(one)) for sign, one, many in rows("units")}
CURRENCIES = {row[0]: Currency(*row[2:]) for row in rows("currencies") if row[1] == "sign"}
CODES_OF_MONEY = {row[0]: Currency(*row[2:]) for row in rows("currencies") if row[1] == "code"}
SIGNS = {sign: said for sign, said, kind in rows("signs") if not kind}
RELATIONS = {sign: said for sign, said, kind in rows("signs") if kind == "relation"}
SCALES = {
    "k": "thousand", "m": "million", "mn": "million", "mm": "million", "b": "billion",
    "bn": "billion", "t": "trillion", "tn": "trillion",
}  # fmt: skip
