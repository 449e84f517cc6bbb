"""Expand abbreviations by their context; a stop that also ends the sentence is kept."""

import re

from ttsf.text.english.lexicons.short_forms import (
    AFTER_NAMES,
    ANYWHERE,
    BARE_AFTER_NAMES,
    BARE_ANYWHERE,
    BARE_BEFORE_NAMES,
    BEFORE_NAMES,
    BEFORE_NUMBERS,
    LATIN,
    MAY_BE_WORDS,
    STATES,
)
from ttsf.text.english.lists import DETERMINERS, LETTERED, REGNAL_NAMES, STARTERS, words
from ttsf.text.english.tokens import (
    find_left,
    find_right,
    right,
    rule,
    word_after,
    word_before,
)

DIRECTIONS = {"N": "North", "S": "South", "E": "East", "W": "West", "NE": "Northeast",
              "NW": "Northwest", "SE": "Southeast", "SW": "Southwest"}  # fmt: skip


def at_end(match: re.Match[str]) -> bool:
    """Whether a match is the last of its sentence."""
    return not right(match).strip("\"')]} ")


def _name_follows(match: re.Match[str]) -> bool:
    return bool(find_right(match, r"\s+[\"'(]?[A-Z]"))


def _name_precedes(match: re.Match[str]) -> bool:
    """Whether a capitalised word, but no article, precedes, not at its sentence's start."""
    found = find_left(match, r"(\S*)\s*\b([A-Z][\w'.&-]*|\d+(?:st|nd|rd|th)?),?\s+$")
    if not found or found[2] in STARTERS:
        return False
    if found[2][0].isdecimal():
        return found[2][-1].isalpha()
    title = found[1].endswith(".") and found[1][:-1] in BEFORE_NAMES
    return title or (bool(found[1]) and not found[1].endswith((".", "!", "?", ":")))


_STREET_NUMBER = r"\b\d+[A-Za-z]?\s+(?:[NSEW]\.?\s+)?[A-Z][\w.']*(?:\s[A-Z]\w+)?\s+$"


def _street_number(match: re.Match[str]) -> bool:
    return find_left(match, _STREET_NUMBER) is not None


_AFTER_SENIOR = words(
    "Vice Manager Engineer Director Analyst Developer Editor Scientist Partner Consultant Advisor"
    " Architect Designer Associate Executive Account Software Data Research Project Product"
)


def _senior(match: re.Match[str]) -> str | None:
    """Read "Sr." as senior in 'John Doe Sr.' and 'Sr. Engineer', not in 'Sr. Mary'."""
    name = find_right(match, r"\s+([A-Z][\w']+)")
    if not match[0].endswith("."):
        return "Senior" if _name_precedes(match) else None
    if (name and name[1] in _AFTER_SENIOR) or find_right(match, r"\s[A-Z]{2,3}\b"):
        return "Senior"
    directly = find_left(match, r"[A-Z][\w'-]*\.?\s+$")
    if name and name[1] not in STARTERS and not (directly and _name_precedes(match)):
        return "Sister"
    return "Senior" if _name_precedes(match) else "Sister" if name else "Senior"


def _capital(match: re.Match[str]) -> str | None:
    """Titles, streets, companies: before a name, or after one."""
    short = match["short"]
    if short == "Sr":
        return _senior(match)
    if short == "Pt" and match[0] == "Pt." and find_right(match, r"\s[a-z]"):
        return "Patient"
    if short not in BEFORE_NAMES and short not in AFTER_NAMES:
        return None
    stopped = match[0].endswith(".")
    if short == "Cir" and stopped and find_left(match, r"(?:\d(?:st|nd|rd|th)|Fed\.|D\.C\.)\s$"):
        return "circuit"
    before, after = BEFORE_NAMES.get(short), AFTER_NAMES.get(short)
    follows = _name_follows(match)
    if before and follows and not (after and _is_after(match, short)):
        return before if stopped or short in BARE_BEFORE_NAMES else None
    if before and after and stopped and not (_name_precedes(match) or _street_number(match)):
        return before
    if after and (stopped or (short in BARE_AFTER_NAMES and _name_precedes(match))):
        return after
    return before if before and stopped and not at_end(match) else None


def _is_after(match: re.Match[str], short: str) -> bool:
    """Whether an abbreviation ends a place ('Baker St. London'), and is no title."""
    if short in ("Bros", "Univ"):
        return _name_precedes(match)
    if short not in ("St", "Dr", "Mt"):
        return False
    if _street_number(match):
        return True
    name = word_before(match)
    if short == "Mt" or not _name_precedes(match):
        return False
    if word_after(match) in STARTERS:
        return True
    return short == "St" and name not in REGNAL_NAMES and name not in ("Mount", "Port", "Fort")


_DATED = words("b d c ca n")
"""Before a year alone."""


def _number_follows(match: re.Match[str]) -> str | None:
    short = match["short"]
    low = short.lower()
    words = BEFORE_NUMBERS.get(low)
    if words is None or (len(short) == 1 and short.isupper()) or low in ("l", "ll", "n"):
        return None
    if low in _DATED and not find_right(match, r"\s*\d{3,4}\b"):
        return None
    if low == "cir" and find_left(match, r"\d(?:st|nd|rd|th)\s$"):
        return "circuit"
    if low == "est" and not find_right(match, r"\s*\d"):
        return None
    if short == "No" and word_before(match) == "said":
        return None
    return words.capitalize() if short[0].isupper() else words


def _anywhere(match: re.Match[str]) -> str | None:
    short = match["short"]
    low = short.lower()
    words = ANYWHERE.get(low)
    town = short[0].isupper() and find_left(match, r"\w,\s$|[(\s](?:D|R|I|Dem|Rep)-$")
    if low in STATES and town and not find_right(match, r"\s+(?:Ave|St|Rd|Blvd|Hwy)\b"):
        return STATES[low]
    if words is None or (short.isupper() and len(short) > 1):
        return None
    if low == "al":
        return words if word_before(match) == "et" else None
    if low in MAY_BE_WORDS and (at_end(match) or _name_follows(match)):
        return None if low not in ("est", "dept") else words
    if low == "approx" and word_before(match).lower() in DETERMINERS:
        return "approximate"
    if low == "sq" or low == "cu":
        return words
    return words


def _stopless(match: re.Match[str]) -> str | None:
    short = match["short"]
    if short.lower() not in BARE_ANYWHERE:
        return None
    return ANYWHERE[short.lower()] if short.islower() or short.istitle() else None


def _latin(match: re.Match[str]) -> str:
    found = match[0]
    key = next(k for k in LATIN if k.lower() == found.lower() or k == found)
    return LATIN[key]


def _dotted_letters(match: re.Match[str]) -> str:
    """'U.S.A.' -> 'U S A'; 'J.R.R. Tolkien' keeps no stops."""
    letters = " ".join(re.sub(r"[\s.]", "", match["letters"]).upper())
    return letters + (match["plural"] or "")


def _initial(match: re.Match[str]) -> str | None:
    """Read initials: 'J. K. Rowling', 'George W. Bush', 'E. coli'; not 'Plan B. He left.'."""
    letter, before = match[0][0], word_before(match)
    follows = find_right(match, r"\s+([A-Z](?:[a-z'.]|\b)[\w'-]*)")
    street = find_right(match, r"\s+\d+(?:st|nd|rd|th)\b")
    if letter in DIRECTIONS and (street or (find_left(match, r"\d\w*\s+$") and follows)):
        return DIRECTIONS[letter]
    if letter == "E" and find_right(match, r"\s+coli\b"):
        return "E"
    if not follows or before.lower() in LETTERED:
        return None
    single = len(follows[1].rstrip(".")) == 1
    if follows[1].rstrip(".") in STARTERS and not (single and follows[1].endswith(".")):
        return None
    if letter == "I" and before and not before[0].isupper():
        return None
    return letter


_VERY = words(
    "good bad nice small large big few little important useful old young hot cold hard easy tired"
    " happy sad busy late early much well fast slow strong weak rich poor high low close clear"
    " simple different similar interesting expensive cheap likely often common rare funny"
)


def _versus(match: re.Match[str]) -> str | None:
    """Read "v." as versus in 'Roe v. Wade', 'Smith et al. v. Jones', and as very in 'v. good'."""
    if word_after(match) in _VERY:
        return "very"
    named = find_left(match, r"(?:[A-Z][\w.']*|\bal\.|\))\s+$") and _name_follows(match)
    return "versus" if named else None


_latin_forms = "|".join(re.escape(k) for k in sorted(LATIN, key=len, reverse=True))
SHORTENED = {
    "int'l": "international", "gov't": "government", "nat'l": "national", "dep't": "department",
    "ass'n": "association", "cont'd": "continued", "req'd": "required", "sec'y": "secretary",
    "rec'd": "received", "comm'n": "commission", "prof'l": "professional",
}  # fmt: skip
ABBREVIATIONS = (
    rule("abbreviation", "w", rf"(?:{'|'.join(SHORTENED)})\b", lambda m: SHORTENED[m[0].lower()],
         re.I),
    rule("abbreviation", "w", r"c/o(?=\s)", lambda m: "complains of" if find_left(
         m, r"(?i)\b(?:pt\.?|pts|patient|patients|he|she)\s$") else None),
    rule("abbreviation", "w", r"SOB\b", lambda m: "shortness of breath" if find_left(
         m, r"\b(?:c/o|with|no|denies|and|for)\s$") else None),
    rule("abbreviation", "w", rf"(?:{_latin_forms})(?!\w)(?<!\w/)|(?:w/)(?=\s?\w)", _latin, re.I),
    rule("abbreviation", "w", r"(?P<short>[A-Za-z]{1,6}+)\.(?=\s?\d|\s(?:[IVXLC]{2,}|[ivx]{1,4})\b"
         r"|\s\([A-Z]{2,4}\)\s\d)", _number_follows),
    rule("abbreviation", "w", r"(?P<short>pp|[Ff]igs?|[Nn]os|[Vv]ol|pg|[Hh]wy|Rte|Apt|Rm|Bldg"
         r"|[Ss]ec|Ch|Art|[Ee]q)(?=\s\d)", _number_follows),
    rule("abbreviation", "w", r"(?P<short>[A-Z][A-Za-z]{1,9}+)(?!')\.?", _capital),
    rule("abbreviation", "w", r"vs?\.(?=\s)", lambda m: _versus(m) if m[0] == "v." else "versus"),
    rule("abbreviation", "w", r"(?P<short>[A-Za-z']{2,10}+)\.", _anywhere),
    rule("abbreviation", "w", r"(?P<short>[A-Za-z]{2,7}+)(?![\w.'-])", _stopless),
    rule("initials", "w", r"(?P<letters>(?:[A-Za-z]\.){2,9}(?:[A-Z](?![\w.]))?)(?P<plural>'s|s\b)?"
         r"(?!\w)", _dotted_letters),
    rule("initials", "w", r"[A-Z]\.(?=\s)", _initial),
)  # fmt: skip
