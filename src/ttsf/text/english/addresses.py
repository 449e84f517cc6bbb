"""Hosts, mail, files, handles, versions, network addresses, telephone numbers and post codes."""

import re

from ttsf.text.english.lists import CALLS, words
from ttsf.text.english.numbers import MOST_DIGITS, cardinal, digits, pairs
from ttsf.text.english.tokens import find_left, find_right, left, right, rule, word_before

_TOP = (
    r"(?:com|org|net|edu|gov|mil|int|info|biz|io|ai|app|dev|tv|xyz|gg|ly|eu|uk|de|fr|nl|ch|ca|jp|"
    r"cn|au|nz|se|dk|pl|es|ru|br|kr|ie|tech|online|shop|store|blog|site|cloud|museum)"
)
_SHORT_HOST = r"(?:youtu\.be|t\.me|t\.co|goo\.gl|wa\.me|fb\.me|about\.me)"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_PATH_OF_WORDS = re.compile(r"[A-Za-z][A-Za-z0-9_-]*+(?:/[A-Za-z][A-Za-z0-9_-]*+)*+/?")
_SAID_TOPS = words(
    "com org net gov info biz co me app dev mil int shop store blog site cloud online tech"
    " museum in"
)
_FILE = (
    r"(?:txt|pdf|js|ts|py|exe|json|csv|html?|css|jpe?g|png|mp[34]|zip|docx?|xlsx?|pptx?|md|sh|cpp|"
    r"java|ya?ml|xml|gz|tar|ini|cfg|log|dll|iso|wav|gif|svg|webp|webm|mov|avi|rs|go|rb|php|sql|"
    r"toml|lock|bat|apk|dmg|epub|srt|vtt|onnx|safetensors|ipynb|net|NET|conf|rtf|tex|bak|tmp)"
)
_SAID_ENDS = words(
    "net zip java log lock bat conf go tar jpeg gif mov json webp yaml bak doc rust toml"
)
_SOFTWARE = words(
    "python ubuntu ios macos android version v release java node kernel linux firefox chrome"
    " django php ruby perl golang swift kotlin cuda pytorch tensorflow gcc windows debian fedora"
    " safari opera postgres mysql redis nginx section chapter update build"
)
_STATE = (
    r"(?:A[LKZR]|C[AOT]|D[EC]|FL|GA|HI|I[DLNA]|K[SY]|LA|M[EDAINSOT]|N[EVHJMYCD]|O[HKR]|PA|RI|S[CD]|"
    r"T[NX]|UT|V[TA]|W[AVIY])"
)


def spell(text: str) -> str:
    """Letters one by one: 'pdf' -> 'P D F', 'mp3' -> 'M P three'."""
    return " ".join(
        " ".join(part.upper()) if part.isalpha() else digits(part)
        for part in re.findall(r"[^\W\d_]+|\d+", text)
    )


def _name(label: str) -> str:
    """One part of an address; a lone letter or a name without vowels is spelled."""
    said = []
    for part in re.findall(r"[^\W\d_]+|\d+|[-_+~']", label):
        if part.isdecimal():
            said.append(cardinal(part) if len(part) < 4 and part[0] != "0" else digits(part))
        elif part in "-_+~'":
            said.append({"-": "dash", "_": "underscore", "+": "plus", "~": "tilde"}.get(part, ""))
        elif len(part) == 1 or (len(part) <= 4 and not re.search(r"[aeiouy]", part, re.I)):
            said.append(spell(part))
        else:
            said.append(part)
    return " ".join(said)


def _top(label: str) -> str:
    return spell(label) if len(label) <= 3 and label.lower() not in _SAID_TOPS else label


def host(text: str) -> str:
    """'a-b.co.uk' -> 'A dash B dot co dot U K'."""
    labels = text.split(".")
    if len(labels) > 2 and re.fullmatch(r"[a-z]{2}", labels[0]) and labels[0] not in _SAID_TOPS:
        return f"{spell(labels[0])} dot {host('.'.join(labels[1:]))}"
    names = [_name(x) if k == 0 or len(labels) - k > 2 else _top(x) if k == len(labels) - 1
             else _name(x) if len(x) > 3 else _top(x) for k, x in enumerate(labels)]  # fmt: skip
    return " dot ".join(name for name in names if name)


def _url(match: re.Match[str]) -> str:
    """The host, and a path that is short and made of words, without fragment and query."""
    text = match[1].rstrip(".,;:!?\"')]")
    rest = match[1][len(text) :]
    site, _, path = text.partition("/")
    site = re.sub(r":\d+$|^.*@", "", site)
    words = host(site.removeprefix("www."))
    if path and len(path) <= 40 and _PATH_OF_WORDS.fullmatch(path):
        words += "".join(f" slash {_name(part)}" for part in path.split("/") if part)
    return words + rest


def _email(match: re.Match[str]) -> str:
    name, _, site = match[0].partition("@")
    return f"{' dot '.join(_name(x) for x in name.split('.'))} at {host(site)}"


def _bare_host(match: re.Match[str]) -> str | None:
    if re.match(r"[A-Z][a-z]+\.[A-Z]", match[0]) and not match[0].endswith(".NET"):
        return None
    words = host(match["host"])
    path = (match["path"] or "").rstrip(".,;:!?")
    words += "".join(f" slash {_name(part)}" for part in path.split("/") if part)
    return words + (match["path"] or "")[len(path) :]


def _file(match: re.Match[str]) -> str | None:
    *names, end = match[0].split(".")
    ending = end.lower() if end.lower() in _SAID_ENDS else spell(end)
    stem = " dot ".join(_name(name) for name in names if name)
    ending = {"gitignore": "git ignore", "bashrc": "bash R C"}.get(end, ending)
    dot = "" if end == "js" and names[0].istitle() else "dot "
    return f"{stem + ' ' if stem else ''}{dot}{ending}"


def _handle(match: re.Match[str]) -> str:
    return f"at {_name(match[1])}"


def _hashtag(match: re.Match[str]) -> str:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", match[1])
    return f"hashtag {_name(words)}" if " " not in words else f"hashtag {words}"


def _path(match: re.Match[str]) -> str:
    text = match[0].rstrip(".,")
    said = text.replace("/", " slash ").replace("\\", " backslash ")
    said = said.replace("~", "tilde").replace(":", " colon")
    words = " ".join(_name(x) for x in said.split())
    return words + match[0][len(text) :]


def _dotted(match: re.Match[str]) -> str | None:
    """Network addresses, European thousands, versions."""
    parts = match["numbers"].split(".")
    if max(map(len, parts)) > MOST_DIGITS:
        return None
    prefix = "V " if match["v"] else ""
    if not prefix and _is_date(parts) and word_before(match).lower() not in _SOFTWARE:
        return None
    if len(parts) == 4 and not prefix and all(len(x) < 4 and int(x) < 256 for x in parts):
        said = " dot ".join(digits(x) for x in parts)
    elif (
        not prefix and len(parts) > 2 and len(parts[0]) < 4 and all(len(x) == 3 for x in parts[1:])
    ):
        return cardinal("".join(parts))
    elif (
        len(parts) > 2
        or prefix
        or (
            word_before(match).lower() in _SOFTWARE
            and len(parts[1]) == 2
            and parts[1][0] != "0"
            and parts[1][1] != "0"
        )
    ):
        said = " point ".join(cardinal(x) for x in parts)
    else:
        return None
    return prefix + said


def _is_date(parts: list[str]) -> bool:
    if len(parts) != 3:
        return False
    year_last = len(parts[2]) == 4 and max(map(len, parts[:2])) < 3
    year_first = re.match(r"(?:19|20)\d\d\.[01]\d\.[0-3]\d$", ".".join(parts))
    return year_last or bool(year_first)


def _phone(match: re.Match[str]) -> str | None:
    """Digits one by one, a comma after the area; "1-800" as people say it."""
    text = match[0]
    if text.startswith("("):
        area, _, rest = text.partition(")")
        return f"{digits(area)}, {digits(rest)}"
    plus = "plus " if text.startswith("+") else ""
    toll = re.match(r"1[-. ]([89]00)[-. ]", text)
    if toll:
        rest = text[toll.end() :]
        said = digits(rest) if not rest[:1].isalpha() else rest
        return f"one {pairs(toll[1])} {said}"
    if text.startswith("1"):
        return _after_trunk(text)
    if plus and "(" in text:
        head, _, tail = text.partition(")")
        return f"plus {digits(head)}, {digits(tail)}"
    return plus + digits(text)


def _after_trunk(text: str) -> str:
    """Read '1 (800) 555-0123', '1-212-555-0147'."""
    area, rest = re.findall(r"\d+", text)[1:2], re.findall(r"\d+", text)[2:]
    said = pairs(area[0]) if area[0] in ("800", "900") else digits(area[0])
    return f"one {said}, {digits(''.join(rest))}"


def _with_trunk(match: re.Match[str]) -> str | None:
    """Read '07700 900123', '020 7946 0018': nine to eleven digits, or fewer after a call."""
    count = len(re.sub(r"\D", "", match[0]))
    return _phone(match) if 9 <= count <= 12 or 7 <= count < 9 else None


def _after_call(match: re.Match[str]) -> str | None:
    """Read 'Call 116 123', 'Dial 12345 and then 678901'."""
    called = find_left(match, rf"(?i)\b(?:{'|'.join(sorted(CALLS))})\b[^.!?]{{0,30}}?"
                              r"(?:\s|:\s|\b(?:or|and|then)\s)$")  # fmt: skip
    near = find_left(match, r"(?i)\b(?:call|dial|text|ring|phone|fax|tel\.?|telephone|hotline)"
                            r"(?:\s(?:me|us|him|her|on|at|to|now|is|number|back))*[\s:]*$|"
                            r"\d\s(?:and|or|and then|then)\s$")  # fmt: skip
    return digits(match[0]) if called and near else None


_DIRECTIONS = {
    "N": "north", "S": "south", "E": "east", "W": "west", "NE": "northeast", "NW": "northwest",
    "SE": "southeast", "SW": "southwest", "NB": "northbound", "SB": "southbound",
    "EB": "eastbound", "WB": "westbound",
}  # fmt: skip
_ON_A_ROAD = (
    r"(?:\b(?:[Hh]wy|[Hh]ighway|[Rr]oute|Rte|[Ii]nterstate|I-?|US-?|SR-?|CR-?|M-?|A-?|Exit|Freeway)"
    r"\.?[\s-]?\d{1,4}[A-Z]?\s$"
    r"|\b(?:Ave|Avenue|St|Street|Rd|Road|Blvd|Boulevard|Dr|Drive|Ln|Lane|Ct|Pl|Way|Pkwy)\.?,?\s$)"
)


def _direction(match: re.Match[str]) -> str | None:
    """Read directions: 'I-95 S', 'Pennsylvania Ave NW', 'winds from the NW'."""
    name = _DIRECTIONS[match[0].rstrip(".")]
    if find_left(match, _ON_A_ROAD) and not find_right(match, r"\.?\s[A-Z][a-z]"):
        return name
    if len(match[0]) == 2 and find_left(
        match, r"\b(?:from the|to the|the|from|winds?|of|in the)\s$"
    ):
        fits = find_right(match, r"\s(?:at|of|winds?|corner|side|coast|of|and|to)\b|[.,;]|\s?$")
        return name if fits and match[0][1:] not in ("B",) else None
    return None


def _short_phone(match: re.Match[str]) -> str | None:
    a, b = re.split("[- ]", match[0])
    called = set(re.findall(r"[a-z]+", left(match).lower())[-4:]) & (CALLS | {"number", "at"})
    if not called and ((a.endswith("0") and b.endswith("0")) or " " in match[0]):
        return None
    return digits(match[0])


def _zip(match: re.Match[str]) -> str:
    state, number = match["state"], match["zip"]
    said = " ".join("oh" if c == "0" else cardinal(c) for c in number if c != "-")
    return f"{' '.join(state)} {said}"


def _post_code(match: re.Match[str]) -> str:
    return spell(match[0])


def _hex(match: re.Match[str]) -> str | None:
    text = match[0]
    if re.fullmatch(r"\d{1,4}[xX]\d{1,4}[a-z]{0,2}", text):
        return None
    if not (re.search(r"\d", text) and re.search(r"[A-Za-z]", text)):
        return None
    if quarter := re.fullmatch(r"Q([1-4])FY(\d\d)", text):
        return f"Q {cardinal(quarter[1])} F Y {cardinal(quarter[2])}"
    return spell(text) if len(re.findall(r"\d+|[A-Za-z]+", text)) > 3 else None


_SEP = r"[-. \u2011]"
ADDRESSES = (
    rule("address", "w", r"(?:https?|ftp)://([^\s<>]{1,2000})", _url, re.I),
    rule("address", "w", rf"www\.((?:{_LABEL}\.){{1,6}}[A-Za-z]{{2,12}}(?:/[^\s<>]{{0,500}})?)",
         _url, re.I),
    rule("address", "wd", rf"[\w+-]{{1,40}}(?:\.[\w+-]{{1,40}}){{0,4}}@(?:{_LABEL}\.){{1,5}}"
         r"[A-Za-z]{2,12}\b", _email),
    rule("address", "wd", rf"(?P<host>(?:{_LABEL}\.){{1,4}}{_TOP}|{_SHORT_HOST})(?![\w@-])"
         r"(?P<path>(?:/[\w.~-]{1,30}){0,3})", _bare_host),
    rule("address", "w", r"localhost(?::(\d{2,5}))?\b",
         lambda m: f"local host {pairs(m[1]) if m[1] else ''}".rstrip()),
    rule("address", "w", r"([ru])/(\w{2,30})\b", lambda m: f"{m[1].upper()} slash {_name(m[2])}"),
    rule("file", "wd", rf"[\w-]{{1,60}}(?:\.[\w-]{{1,30}}){{0,3}}\.{_FILE}(?![\w.]\w|\w)", _file),
    rule("file", "s", rf"\.(?:{_FILE}|env|gitignore|bashrc)(?!\w)",
         lambda m: None if left(m)[-1:].isalnum() else _file(m)),
    rule("address", "s", r"\.(com|org|net|edu|gov|io|ai)\b",
         lambda m: None if left(m)[-1:].isalnum() else f"dot {_top(m[1])}"),
    rule("file", "s", r"(?:~/[\w.-]{1,40}|(?:/[\w.-]{1,40}){2})(?:/[\w.-]{1,40}){0,6}/?(?![\w/])",
         lambda m: None if left(m)[-1:].isalnum() else _path(m)),
    rule("file", "w", r"[A-Z]:\\(?:[\w.-]{1,40}\\?){0,8}", _path),
    rule("handle", "s", r"@([A-Za-z]\w{1,30})", _handle),
    rule("handle", "s", r"#([A-Za-z]\w{1,40})", _hashtag),
    rule("code", "w", rf"(?P<state>{_STATE})\s(?P<zip>\d{{5}}(?:-\d{{4}})?)\b", _zip),
    rule("code", "d", r"(?:\d{1,7}-){4,6}[\dX]{1,7}\b(?!-)", lambda m: digits(m[0])),
    rule("code", "d", r"(7\d7)-(\d00)\b", lambda m: f"{pairs(m[1])} {pairs(m[2])}"),
    rule("code", "d", r"401\s?\(?k\)?(?!\w)", "four oh one K"),
    rule("code", "w", r"[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}\b", _post_code),
    rule("phone", "s", rf"\+\d{{1,3}}{_SEP}?\(\d{{2,4}}\)(?:{_SEP}?\d{{2,5}}){{2,4}}\b", _phone),
    rule("phone", "s", rf"\+\d{{1,3}}(?:{_SEP}\d{{1,8}}){{2,6}}\b|\+\d{{9,14}}\b",
         lambda m: None if find_left(m, r"[\w)]\s*$") and "+ " in m[0] else _phone(m)),
    rule("phone", "s", rf"\(\d{{3,5}}\){_SEP}?\d{{3,4}}{_SEP}?\d{{3,4}}\b", _phone),
    rule("phone", "d", rf"1{_SEP}[89]\d\d{_SEP}(?:\d{{3}}{_SEP}\d{{4}}\b|[A-Z]{{4,10}}\b)", _phone),
    rule("phone", "d", rf"1{_SEP}?\(\d{{3}}\){_SEP}?\d{{3}}{_SEP}\d{{4}}\b", _phone),
    rule("phone", "d", rf"(?:1{_SEP})?\d{{3}}[-.]\d{{3}}[-.]\d{{4}}\b", _phone),
    rule("phone", "d", r"\d{3} \d{3} \d{4}\b(?!,? ?\d)", _phone),
    rule("phone", "d", r"0\d{2,5}(?:[- ]\d{2,6}){1,3}+\b(?![-/.]\d)", _with_trunk),
    rule("phone", "d", r"\d{3}[- ]\d{3}\b(?![- ,.]?\d)", _after_call),
    rule("phone", "d", r"\d{5,15}\b(?![,.]\d|%)", _after_call),
    rule("direction", "w", rf"(?:{'|'.join(sorted(_DIRECTIONS, key=len, reverse=True))})"
         r"(?![\w&'-]|\.\w)(?:\.(?=\s[a-z(]))?", _direction),
    rule("code", "d", r"\d{3}-\d{2}-\d{4}\b|\d{4}[- ]\d{4}[- ]\d{4}[- ]\d{4}\b", lambda m:
         digits(m[0])),
    rule("phone", "d", r"00\d{1,3}(?:[- ]\d{2,5}){2,5}\b", _phone),
    rule("phone", "d", r"\d{3}[- ]\d{4}\b(?!-)", _short_phone),
    rule("version", "wd", r"(?P<v>[vV]\.?\s?(?=\d))?(?P<numbers>\d+(?:\.\d+){1,8})(?![\d.]\d|\w)",
         _dotted),
    rule("version", "w", r"[vV](?=\d{1,4}\b)(\d+)", lambda m: f"V {cardinal(m[1])}"),
    rule("code", "wd", r"[A-Za-z0-9]{6,64}\b", lambda m: _hex(m) if right(m)[:1] != "-" else None),
)  # fmt: skip
