"""Texts that may or may not be spoken, as bytes of a file."""
# ruff: noqa: RUF001, SIM905

import random
import sys
import unicodedata
from collections.abc import Callable

WORDS = "hello the Dr. St. read IV C++ naïve it's O'Brien a I e.g. fooBar H2O v1.2.3-rc".split()
LETTERS = "abcdefghijklmnopqrstuvwxyzABCXYZ"
UNITS = "kg km/h °C % € $ £ GB m² ′ ft bn ° ₿ ¥".split()
MARKS = ". , ! ? … — - -- ; : ( ) [ ] \" “ ” / * # & @ \\ | ~ ^ _ < > = + ` '".split()
MARKUP = """[pause:0.5s]
[pause:99999s]
[pause:-1s]
[pause:
[tomato](/təˈmɑːtoʊ/)
[x](/
[](//)
[a](/q9$/)
**bold**
# Title
- item
```code```
| a | b |""".splitlines()
TAGS = """<break time='500ms'/>
<break time='x'/>
<prosody rate='fast'>
</prosody>
<sub alias='World'>W</sub>
<mark name='a'/>
<phoneme ph='a'>b</phoneme>
<audio src='x'/>
<!--
-->
<![CDATA[a]]>
&amp;
&lol;
<!DOCTYPE a [<!ENTITY b 'c'>]>
<break
<speak>
</speak>
<voice name=''>""".splitlines()
ADDRESSES = """http://a.b/c?d=%20&e#f me@example.org www.x C:\\a\\b /usr/bin ::1 10.0.0.1 #tag @you
a_b +1-555-010-9999""".split()
ODD = (
    *("\0", "\a", "\x1b[31m", "\u200b", "\u202e", "\ufeff", "\ufffd", "\u2028", "\r\n", "\t"),
    *("\U0001f600", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U000e0041", "\ud7ff"),
    *("e\u0301", "\u0301" * 40, "ﬁ", "Å", "½", "⅞", "Ⅷ", "①", "中", "م", "Ж"),
)


def text(chance: random.Random) -> bytes:
    """A short one of many strange pieces, or one strange piece that is long."""
    pieces = [_piece(chance) for _ in range(chance.choice((1, 2, 5, 12)))]
    if chance.random() < 0.1:
        pieces = [chance.choice(pieces) * chance.choice((50, 400))]
    whole = chance.choice((" ", " ", " ", "", "\n")).join(pieces)
    if chance.random() < 0.25:
        whole = f"<speak>{whole}" + ("</speak>" if chance.random() < 0.8 else "")
    content = whole.encode(chance.choices(("utf-8", "utf-16", "cp1252"), (8, 1, 1))[0], "replace")
    if chance.random() < 0.1:
        content = content[: chance.randrange(len(content) + 1)] + chance.randbytes(3)
    return content


def _piece(chance: random.Random) -> str:
    makers: tuple[Callable[[random.Random], str], ...] = (
        *[lambda c: c.choice(WORDS)] * 4,
        *[_number] * 2,
        _date,
        lambda c: c.choice(ADDRESSES) * c.choice((1, 1, 5)),
        lambda c: c.choice(MARKS) * c.choice((1, 1, 3, 30)),
        lambda c: c.choice(MARKUP),
        lambda c: c.choice(TAGS),
        lambda c: c.choice(ODD),
        lambda c: "".join(c.choices(LETTERS, k=c.choice((3, 9, 200)))),
        _any_character,
    )
    return chance.choice(makers)(chance)


def _number(chance: random.Random) -> str:
    digits = "".join(chance.choices("0123456789", k=chance.choice((1, 2, 4, 7, 13, 60, 400))))
    further = (str(chance.randrange(10_000)) for _ in range(chance.choice((0, 0, 1, 2, 9))))
    joint = chance.choice(("", " ", *",.-/:–×^"))
    start = chance.choice(("", "", "-", "+", "#", "$", "€", "No. "))
    end = chance.choice(("", "", "th", "s", "e5", "x", ".")) + chance.choice(("", *UNITS[:3]))
    return start + joint.join((digits, *further)) + end


def _date(chance: random.Random) -> str:
    day, month, year = chance.randrange(40), chance.randrange(15), chance.randrange(3_000)
    forms = (
        *(f"{day}/{month}/{year}", f"{year}-{month:02}-{day:02}", f"{day}:{month}:{year}"),
        *(f"{month}.{day}.", f"{day} BC", f"{year}s", f"{day}:{month:02}pm"),
    )
    return chance.choice(forms)


def _any_character(chance: random.Random) -> str:
    """Of any script."""
    while True:
        found = chr(chance.randrange(sys.maxunicode))
        if unicodedata.category(found) not in ("Cs", "Cn", "Co"):
            return found * chance.choice((1, 3))
