"""Abbreviations by their context, and whether the stop of one ends its sentence too."""

import re

from ttsf.text.english.lists import DETERMINERS, REGNAL_NAMES, STARTERS, words
from ttsf.text.english.tokens import left, right, rule, word_after, word_before

BEFORE_NAMES = {
    "Mr": "Mister", "Mrs": "Missus", "Ms": "Miz", "Dr": "Doctor", "Prof": "Professor",
    "Rev": "Reverend", "Hon": "Honorable", "Gov": "Governor", "Gen": "General", "Col": "Colonel",
    "Capt": "Captain", "Cpt": "Captain", "Cmdr": "Commander", "Lt": "Lieutenant",
    "Sgt": "Sergeant", "Cpl": "Corporal", "Pvt": "Private", "Maj": "Major", "Adm": "Admiral",
    "Sen": "Senator", "Rep": "Representative", "Pres": "President", "Mt": "Mount", "Ft": "Fort",
    "Messrs": "Messers", "Mme": "Madame", "Mlle": "Mademoiselle", "Supt": "Superintendent",
    "Insp": "Inspector", "Det": "Detective", "Amb": "Ambassador", "Atty": "Attorney",
    "Sr": "Sister", "Fr": "Father", "Br": "Brother", "St": "Saint", "Ste": "Saint",
    "Bros": "Brothers", "Univ": "University",
}  # fmt: skip
"""With a stop, or before a name without one."""
_WITHOUT_STOP = words(
    "Mr Mrs Ms Dr Prof Sgt Capt Lt Col Mt St Messrs Mme Mlle Gov Sen Rev Cpl Cmdr"
)
AFTER_NAMES = {
    "Jr": "Junior", "Sr": "Senior", "Inc": "Incorporated", "Ltd": "Limited",
    "Corp": "Corporation", "Co": "Company", "Bros": "Brothers", "Ave": "Avenue", "Av": "Avenue",
    "Blvd": "Boulevard", "Rd": "Road", "St": "Street", "Dr": "Drive", "Ln": "Lane", "Ct": "Court",
    "Pl": "Place", "Sq": "Square", "Hwy": "Highway", "Pkwy": "Parkway", "Mts": "Mountains",
    "Mt": "Mountain", "Ter": "Terrace", "Bldg": "Building", "Assn": "Association", "Esq": "Esquire",
    "Dept": "Department", "Univ": "University", "Inst": "Institute", "Div": "Division",
}  # fmt: skip
_AFTER_WITHOUT_STOP = words("Jr Sr Inc Ltd Corp Ave Blvd Rd St Hwy Pkwy")
BEFORE_NUMBERS = {
    "no": "number", "rev": "revision", "nos": "numbers",
    "p": "page", "pp": "pages", "pg": "page", "pgs": "pages",
    "fig": "figure", "figs": "figures", "vol": "volume", "vols": "volumes", "ch": "chapter",
    "chap": "chapter", "sec": "section", "sect": "section", "art": "article", "eq": "equation",
    "eqs": "equations", "par": "paragraph", "para": "paragraph", "tab": "table", "ref": "reference",
    "apt": "apartment", "ste": "suite", "rm": "room", "ext": "extension", "tel": "telephone",
    "ver": "version", "v": "version", "lot": "lot", "ep": "episode", "ser": "series",
    "op": "opus", "ca": "circa", "c": "circa", "cir": "circa", "b": "born", "d": "died",
    "hwy": "highway", "rte": "route", "bk": "book", "pt": "part", "app": "appendix", "l": "line",
    "ll": "lines", "ed": "edition", "est": "established", "n": "note", "col": "column",
}  # fmt: skip
ANYWHERE = {
    "vs": "versus", "etc": "et cetera", "approx": "approximately", "apt": "apartment",
    "dept": "department", "depts": "departments", "govt": "government", "min": "minimum",
    "max": "maximum", "avg": "average", "est": "estimated", "incl": "including",
    "excl": "excluding", "misc": "miscellaneous", "temp": "temperature", "assn": "association",
    "assoc": "associated", "cont": "continued", "dist": "district", "ed": "editor",
    "eds": "editors", "esp": "especially", "hwy": "highway", "intl": "international",
    "mfg": "manufacturing", "natl": "national", "orig": "originally",
    "pop": "population", "prev": "previous", "prob": "probably", "ref": "reference",
    "tel": "telephone", "univ": "university", "usu": "usually", "cf": "compare", "viz": "namely",
    "ibid": "ibidem", "fig": "figure", "figs": "figures", "vol": "volume", "vols": "volumes",
    "ext": "extension", "attn": "attention", "appt": "appointment", "tbsp": "tablespoon",
    "tsp": "teaspoon", "tbsps": "tablespoons", "tsps": "teaspoons", "oz": "ounce", "hrs": "hours",
    "mins": "minutes", "secs": "seconds", "yrs": "years", "wks": "weeks", "lbs": "pounds",
    "mgr": "manager", "mgmt": "management", "mkt": "market", "qty": "quantity", "wt": "weight",
    "ht": "height", "sq": "square", "cu": "cubic", "std": "standard", "asst": "assistant",
    "corp": "corporation", "bldg": "building", "inc": "including",
    "adj": "adjective", "adv": "adverb", "trans": "translated", "rev": "revised",
    "pub": "published",
    "co": "company", "phila": "Philadelphia",
    "repr": "reprinted", "al": "al", "pl": "plural", "sing": "singular",
    "calif": "California", "conn": "Connecticut", "mass": "Massachusetts", "penn": "Pennsylvania",
    "tenn": "Tennessee", "wash": "Washington", "ariz": "Arizona", "colo": "Colorado",
    "fla": "Florida", "mich": "Michigan", "minn": "Minnesota", "okla": "Oklahoma",
    "wis": "Wisconsin",
}  # fmt: skip
_STATES = words("calif conn mass penn tenn wash ariz colo fla mich minn okla wis")
"""Only after a town and a comma."""
_MAY_BE_WORDS = words(
    "al pop sing trans pub temp rev dist fig no art par app max ed inc est doc admin dev ext"
    " ref tab op mass wash penn jan pl adj"
)
_STOPLESS = words("vs etc approx dept govt avg qty mgmt hrs mins secs yrs tbsp tsp lbs ext")
LATIN = {
    "e.g.": "for example", "i.e.": "that is", "a.k.a.": "also known as", "a.m.": "AM",
    "p.m.": "PM", "et al.": "et al", "n.b.": "N B", "P.S.": "P S", "p.s.": "P S", "q.v.": "Q V",
    "Ph.D.": "P H D", "Ph.D": "P H D", "w/o": "without", "w/e": "week ending",
    "c/o": "care of", "n/a": "N A",
    "N/A": "N A", "w/": "with", "b/c": "because", "eg.": "for example", "ie.": "that is",
    "aka": "also known as", "R.S.V.P.": "R S V P",
}  # fmt: skip
DIRECTIONS = {"N": "North", "S": "South", "E": "East", "W": "West", "NE": "Northeast",
              "NW": "Northwest", "SE": "Southeast", "SW": "Southwest"}  # fmt: skip
_NOT_INITIALS = words(
    "vitamin plan hepatitis type grade class section option part appendix exhibit point letter"
    " group team block table figure step level model room gate unit"
)


def ends_sentence(match: re.Match[str]) -> bool:
    """Whether the stop at the end of an abbreviation ends the sentence as well."""
    after = right(match)
    starter = re.match(r"[\"')\]]*\s+[\"'(]*([A-Z][a-z]*)", after)
    return not after.strip("\"') \n") or bool(starter and starter[1] in STARTERS)


def _stop(match: re.Match[str]) -> str:
    return "." if match[0].endswith(".") and ends_sentence(match) else ""


def _name_follows(match: re.Match[str]) -> bool:
    return bool(re.match(r"\s+[\"'(]?[A-Z]", right(match)))


def _name_precedes(match: re.Match[str]) -> bool:
    """A capitalised word of more than an article, not at the start of its sentence."""
    before = left(match)
    found = re.search(r"(\S*)\s*\b([A-Z][\w'.&-]*|\d+(?:st|nd|rd|th)?),?\s+$", before)
    if not found or found[2] in STARTERS:
        return False
    if found[2][0].isdecimal():
        return found[2][-1].isalpha()
    title = found[1].endswith(".") and found[1][:-1] in BEFORE_NAMES
    return title or (bool(found[1]) and not found[1].endswith((".", "!", "?", ":")))


def _street_number(match: re.Match[str]) -> bool:
    return bool(re.search(r"\b\d+[A-Za-z]?\s+(?:[NSEW]\.?\s+)?[A-Z][\w.']*(?:\s[A-Z]\w+)?\s+$",
                          left(match)))  # fmt: skip


def _capital(match: re.Match[str]) -> str | None:
    """Titles, streets, companies: before a name, or after one."""
    short = match["short"]
    stopped = match[0].endswith(".")
    before, after = BEFORE_NAMES.get(short), AFTER_NAMES.get(short)
    follows = _name_follows(match)
    if before and follows and not (after and _is_after(match, short)):
        return before if stopped or short in _WITHOUT_STOP else None
    if before and after and stopped and not (_name_precedes(match) or _street_number(match)):
        return before
    if after and (stopped or (short in _AFTER_WITHOUT_STOP and _name_precedes(match))):
        return after + _stop(match)
    return before if before and stopped and not ends_sentence(match) else None


def _is_after(match: re.Match[str], short: str) -> bool:
    """'Baker St. London' and 'Main Dr. Suite': a place, not a title."""
    if short in ("Sr", "Bros", "Univ"):
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


def _number_follows(match: re.Match[str]) -> str | None:
    short = match["short"]
    words = BEFORE_NUMBERS.get(short.lower())
    if words is None or (len(short) == 1 and short.isupper()):
        return None
    if short.lower() in ("b", "d", "c", "ca", "n", "l", "est") and not re.match(
        r"\s*\d{3,4}\b" if short.lower() != "est" else r"\s*\d", right(match)
    ):
        return None
    if short.lower() in ("l", "ll", "n") or (short in ("No",) and word_before(match) in ("said",)):
        return None
    return words.capitalize() if short[0].isupper() else words


def _anywhere(match: re.Match[str]) -> str | None:
    short = match["short"]
    low = short.lower()
    words = ANYWHERE.get(low)
    if words is None or (short.isupper() and len(short) > 1):
        return None
    if low in _STATES and not (short[0].isupper() and re.search(r"\w,\s$", left(match))):
        return None
    if low == "al":
        return words if word_before(match) == "et" else None
    ended = ends_sentence(match)
    if low in _MAY_BE_WORDS and (ended or _name_follows(match)):
        return None if low not in ("est", "dept") else words + ("." if ended else "")
    if low == "approx" and word_before(match).lower() in DETERMINERS:
        return "approximate"
    if low == "sq" or low == "cu":
        return words
    return words + ("." if ended else "")


def _stopless(match: re.Match[str]) -> str | None:
    short = match["short"]
    return ANYWHERE[short.lower()] if short.islower() or short.istitle() else None


def _latin(match: re.Match[str]) -> str:
    found = match[0]
    key = next(k for k in LATIN if k.lower() == found.lower() or k == found)
    return LATIN[key] + ("" if key in ("P.S.", "p.s.") else _stop(match))


def _dotted_letters(match: re.Match[str]) -> str:
    """'U.S.A.' -> 'U S A'; 'J.R.R. Tolkien' keeps no stops."""
    letters = " ".join(re.sub(r"[\s.]", "", match["letters"]).upper())
    return letters + (match["plural"] or "") + _stop(match)


def _initial(match: re.Match[str]) -> str | None:
    """'J. K. Rowling', 'George W. Bush', 'E. coli'; not 'Plan B. He left.'."""
    letter, before = match[0][0], word_before(match)
    follows = re.match(r"\s+([A-Z](?:[a-z'.]|\b)[\w'-]*)", right(match))
    street = re.match(r"\s+\d+(?:st|nd|rd|th)\b", right(match))
    if letter in DIRECTIONS and (street or (re.search(r"\d\w*\s+$", left(match)) and follows)):
        return DIRECTIONS[letter]
    if letter == "E" and re.match(r"\s+coli\b", right(match)):
        return "E"
    if not follows or before.lower() in _NOT_INITIALS:
        return None
    single = len(follows[1].rstrip(".")) == 1
    if follows[1].rstrip(".") in STARTERS and not (single and follows[1].endswith(".")):
        return None
    if letter == "I" and before and not before[0].isupper():
        return None
    return letter


def _versus(match: re.Match[str]) -> str | None:
    named = re.search(r"[A-Z][\w.']*\s+$", left(match)) and _name_follows(match)
    return "versus" if named else None


_any = "|".join(sorted(ANYWHERE, key=len, reverse=True))
_numbered = "|".join(sorted(BEFORE_NUMBERS, key=len, reverse=True))
_capitals = "|".join(sorted({*BEFORE_NAMES, *AFTER_NAMES}, key=len, reverse=True))
_latin_forms = "|".join(re.escape(k) for k in sorted(LATIN, key=len, reverse=True))
SHORTENED = {
    "int'l": "international", "gov't": "government", "nat'l": "national", "dep't": "department",
    "ass'n": "association", "cont'd": "continued", "req'd": "required", "sec'y": "secretary",
}  # fmt: skip
ABBREVIATIONS = (
    rule("abbreviation", "w", rf"(?:{'|'.join(SHORTENED)})\b", lambda m: SHORTENED[m[0].lower()],
         re.I),
    rule("abbreviation", "w", rf"(?:{_latin_forms})(?!\w)(?<!\w/)|(?:w/)(?=\s?\w)", _latin, re.I),
    rule("abbreviation", "w", rf"(?P<short>{_numbered})\.(?=\s?\d|\s[IVXLC]{{2,}}\b)",
         _number_follows,
         re.I),
    rule("abbreviation", "w", r"(?P<short>pp|[Ff]igs?|[Nn]os|[Vv]ol|pg)(?=\s\d)", _number_follows),
    rule("abbreviation", "w", rf"(?P<short>{_capitals})\b(?!')\.?", _capital),
    rule("abbreviation", "w", r"vs?\.(?=\s)", lambda m: _versus(m) if m[0] == "v." else "versus"),
    rule("abbreviation", "w", rf"(?P<short>{_any})\.", _anywhere, re.I),
    rule("abbreviation", "w", rf"(?P<short>{'|'.join(_STOPLESS)})(?![\w.'-])", _stopless, re.I),
    rule("initials", "w", r"(?P<letters>(?:[A-Za-z]\.){2,9}(?:[A-Z](?![\w.]))?)(?P<plural>'s|s\b)?"
         r"(?!\w)", _dotted_letters),
    rule("initials", "w", r"[A-Z]\.(?=\s)", _initial),
)  # fmt: skip
