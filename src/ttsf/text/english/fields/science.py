"""Formulas of chemistry, mathematics and physics."""

# ruff: noqa: RUF001 (Greek)

import re
import unicodedata

from ttsf.text.english.lists import words
from ttsf.text.english.numbers import cardinal
from ttsf.text.english.tables import UNITS
from ttsf.text.english.tokens import find_left, find_right, rule

_ELEMENTS = words(
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br"
    " Kr Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho"
    " Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu"
)
_NO_FORMULAS = words(
    "NaN CoCo BoB HoHo PoP NoNo NiCo HeHe COP OPEC COPS COP26 COP27 COP28 COP29 COP30"
)
_ELEMENT = re.compile(r"([A-Z][a-z]?)(\d{0,3})")
_FUNCTIONS = {
    "sin": "sine", "cos": "cosine", "tan": "tangent", "cot": "cotangent", "sec": "secant",
    "csc": "cosecant", "sinh": "hyperbolic sine", "cosh": "hyperbolic cosine",
    "tanh": "hyperbolic tangent", "arcsin": "arc sine", "arccos": "arc cosine",
    "arctan": "arc tangent", "log": "log", "ln": "natural log", "exp": "exp",
    "det": "determinant of",
}  # fmt: skip
_units = "|".join(
    sorted((re.escape(u) for u in UNITS if u.isalpha() and u.isascii()), key=len, reverse=True)
)
_GREEK = "[\u0370-\u03ff\u1f00-\u1fff]"


def greek_name(letter: str) -> str:
    """'θ' -> 'theta'."""
    name = unicodedata.name(letter, "").split(" WITH ")[0].removesuffix(" SYMBOL").split()
    last = name[-1].lower() if name else ""
    return {"lamda": "lambda"}.get(last, last)


def _formula(match: re.Match[str]) -> str | None:
    """'NaCl' -> 'N A C L', 'H2SO4' -> 'H two S O four', 'Ca' of 'Ca^2+' -> 'C A'."""
    text = match[0]
    parts = _ELEMENT.findall(text)
    if (
        text in _NO_FORMULAS
        or text.rstrip("0123456789") == "COP"
        or any(symbol not in _ELEMENTS for symbol, _ in parts)
    ):
        return None
    mixed = any(len(symbol) == 2 for symbol, _ in parts) and len(parts) > 1
    numbered = any(number for _, number in parts) and len(parts) > 1
    charged = find_right(match, r"\^\d?[+-](?!\w)")
    if not (mixed or numbered or charged) or any(number[:1] == "0" for _, number in parts):
        return None
    if text.isupper() and len(parts) > 3 and not any(number for _, number in parts[:-1]):
        return None  # letters and one number at their end are a name
    said = []
    for symbol, number in parts:
        said += [*symbol.upper(), *([cardinal(number)] if number else [])]
    return " ".join(said)


def _charge(match: re.Match[str]) -> str:
    sign = "plus" if match[2] == "+" else "minus"
    return f"{cardinal(match[1])} {sign}" if match[1] else sign


def _function(match: re.Match[str]) -> str | None:
    name, power = match[1], match[2]
    inside = find_right(match, r"\s?\(?-?\s?(?:\d*[A-Za-z]?(?![A-Za-z])|\d*" + _GREEK + ")")
    plain = find_right(match, r"\s?\(?-?\s?(?:[a-zA-Z\d]|" + _GREEK + ")")
    if not (inside and plain):
        return None
    if name in ("sec", "log", "exp", "det") and not (power or find_right(match, r"\(|\s[a-z]\b")):
        return None
    raised = {"^2": " squared", "^3": " cubed", "^-1": " inverse"}.get(power or "", "")
    return _FUNCTIONS[name] + raised


def _of(match: re.Match[str]) -> str | None:
    """Read the bracket of 'f(x)', 'P(A|B)', 'O(n log n)' as "of"."""
    inner = match[2]
    letter = match[1]
    if not re.fullmatch(r"[\w\s,|^+*/.<>=≤≥-]{1,24}|.*" + _GREEK + ".*", inner):
        return None
    if letter not in "fghPOEFGHL" and not re.fullmatch(r"[a-z]|[a-z],\s?[a-z]", inner):
        return None
    if re.search(r"[A-Za-z]{4,}", inner) or not re.search(r"[A-Za-z]", inner):
        return None
    if find_left(match, r"\bsection\s$") or inner in ("s", "es"):
        return None
    return f"{letter} of"


def _per_power(match: re.Match[str]) -> str:
    """'mol^-1' -> 'per mole', 's^-2' -> 'per second squared'."""
    power = {"1": "", "2": " squared", "3": " cubed"}.get(match[2], f" to the {cardinal(match[2])}")
    return f"per {UNITS[match[1]].one}{power}"


def _factorial(match: re.Match[str]) -> str | None:
    after = find_right(match, r"\s?[=+*/×÷<>)^,-]|\s(?:is|equals|ways|divided|times|over)\b")
    number = match[1]
    return f"{cardinal(number) if number.isdecimal() else number} factorial" if after else None


def _letter(match: re.Match[str]) -> str:
    return greek_name(match[0])


def _given(match: re.Match[str]) -> str | None:
    return "given" if find_left(match, r"\b[PE]r?\([^()]{1,24}$") else None


def _log_base(match: re.Match[str]) -> str:
    of = " of" if find_right(match, r"\s?\(?[\dA-Za-z]") else ""
    return f"log base {cardinal(match[1])}{of}"


FORMULAS = (rule("formula", "w", r"(?:[A-Z][a-z]?\d{0,2}){1,12}(?![\w'&]|\.\w)", _formula),)
SCIENCE = (
    rule("formula", "w", r"d([a-z])/d([a-z])\b", lambda m: f"D {m[1].upper()} D {m[2].upper()}"),
    rule("formula", "w", r"(?!pi|mu|nu|xi|ln|is|it|in|on|no|as|at|or|so|to|up|us|we|an|if|he|be)"
         r"[a-zA-Z]{2}(?=\s|[.,;]|$)", lambda m: " ".join(m[0])
         if find_left(m, r"(?:^|\s)[A-Za-z]\s=\s$") else None),
    rule("formula", "w", r"P\(([A-Z]{1,3})\)", lambda m: f"P of {' '.join(m[1])}"),
    rule("formula", "w", r"([A-Za-z])(?=\(([^()]{1,24})\))\(", _of),
    rule("formula", "s", r"\|", _given),
    rule("formula", "w", rf"({'|'.join(sorted(_FUNCTIONS, key=len, reverse=True))})"
         r"(?:(\^(?:-1|[23])(?!\d))|(?![a-z\d]))", _function),
    rule("formula", "w", r"log_?\{?(\d{1,2})\}?(?=\s?\(?[\da-zA-Z]|\s*$)", _log_base),
    rule("formula", "d", r"(\d{1,3})!(?![!\w])", _factorial),
    rule("formula", "w", r"([nkmrNK])!(?![!\w])", _factorial),
    rule("formula", "s", r"\^(\d?)([+-])(?!\w)", _charge),
    rule("formula", "w", rf"({_units})\^-(\d)(?!\d)", _per_power),
    rule("formula", "w", rf"{_GREEK}(?!{_GREEK}{{2}})(?<!{_GREEK}{{3}})", _letter),
    rule("formula", "w", rf"[A-Za-z](?={_GREEK}(?!{_GREEK}))", lambda m: m[0]),
    rule("formula", "w", r"pH\b", "P H"),
)  # fmt: skip
