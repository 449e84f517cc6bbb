"""Parse the supported part of SSML 1.1; other tags are reported and never spoken.

Uses expat, since only expat reports positions in the source. A document with a DTD is refused: it
could define entities that expand without bound or refer to other files.
"""

import re
from collections.abc import Callable
from xml.parsers import expat

from ttsf.errors import TtsfError
from ttsf.text.markup.ipa import read_ipa
from ttsf.text.markup.marked_text import MarkedText, ScriptWriter, seconds
from ttsf.text.markup.say_as import said_as

MAX_DEPTH = 32
STRENGTHS = {
    "none": 0.0, "x-weak": 0.15, "weak": 0.25, "medium": 0.5, "strong": 0.75, "x-strong": 1.0,
}  # fmt: skip
"""Pause of each `<break strength>`, s; SSML leaves the values to the voice."""
RATES = {"x-slow": 0.5, "slow": 0.8, "medium": 1.0, "default": 1.0, "fast": 1.25, "x-fast": 1.6}
SLOWEST, FASTEST = 0.5, 2.0
PLAIN = {"speak", "voice", "lang", "w", "token", "emphasis"}
"""Tags that are ignored, while their text is read."""
_WORDS = {"phoneme", "sub", "say-as"}
"""Tags that set a word's pronunciation, or what is said instead."""
UNSPOKEN = {"audio", "desc", "lexicon", "lookup", "meta", "metadata"}


def is_ssml(text: str) -> bool:
    """Whether a text begins like an SSML document."""
    return re.match(r"\s*<(?:(?i:speak)[\s>/]|\?xml\s|!DOCTYPE\s)", text) is not None


def read_ssml(text: str) -> MarkedText:
    """Parse an SSML document into stretches.

    Raises TtsfError, with the position, for malformed XML, a DTD, and unsupported values.
    """
    return _Reader(text).script


class _Reader:
    """One document being read."""

    def __init__(self, text: str) -> None:
        content = text.lstrip()
        self._content, self._skipped = content.encode(), len(text) - len(content)
        self._byte = self._place = 0
        self._writer = ScriptWriter()
        self._rates = [1.0]
        self._open: list[str] = []
        self._ends: list[Callable[[], None]] = []
        self._silenced = 0
        self._warnings: dict[str, None] = {}
        self._waiting: tuple[int, str, str] | None = None
        """Depth, alias and IPA of the open `phoneme`, `sub` or `say-as` element."""
        self._said_as: tuple[str, str] | None = None
        """Attributes `interpret-as` and `format` of the open `say-as` element."""
        self._inner: list[tuple[str, int, int]] = []
        self._parser = parser = expat.ParserCreate("utf-8")
        parser.StartDoctypeDeclHandler = self._refuse
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        try:
            parser.Parse(self._content, True)
        except expat.ExpatError as error:
            reason = expat.ErrorString(error.code)
            raise TtsfError(
                f"SSML line {error.lineno}, column {error.offset + 1}: {reason}"
            ) from None
        self.script = self._writer.finish(tuple(self._warnings))

    def _refuse(self, *_: object) -> None:
        raise TtsfError("SSML: a document with a DTD is not read")

    def _here(self) -> int:
        """Index of the character of the user's text that is being read."""
        at = self._parser.CurrentByteIndex
        self._place += len(self._content[self._byte : at].decode())
        self._byte = at
        return self._skipped + self._place

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2].lower()
        if not self._open and name != "speak":
            raise TtsfError("SSML: the document must be one <speak> element")
        if len(self._open) == MAX_DEPTH:
            raise TtsfError(f"SSML: tags are nested more than {MAX_DEPTH} deep")
        self._open.append(name)
        where = f"SSML line {self._parser.CurrentLineNumber}, <{name}>"
        if name in UNSPOKEN:
            self._silenced += 1
        if name == "break":
            self._break(attributes, where)
        elif name == "mark":
            self._writer.mark(_needed(attributes, "name", where))
        elif name in ("p", "s"):
            self._writer.end(ends=True)
        elif name == "prosody":
            self._prosody(attributes, where)
        elif name in _WORDS and self._waiting is None:
            self._open_word(name, attributes, where)
        elif name not in PLAIN | _WORDS:
            self._warn(f"<{name}> is left out")
        if name in ("emphasis", "voice", "lang"):
            self._warn(f"<{name}> is read as plain text")

    def _end(self, name: str) -> None:
        name = name.rpartition(":")[2].lower()
        if self._waiting and self._waiting[0] == len(self._open):
            self._close_word()
        self._open.pop()
        if name in UNSPOKEN:
            self._silenced -= 1
        elif name in ("p", "s"):
            self._writer.end(ends=True)
        elif name == "prosody":
            self._rates.pop()
            self._writer.rate(self._rates[-1])

    def _text(self, data: str) -> None:
        if self._silenced:
            return
        here = self._here()
        stop = self._content.find(b";", self._byte)
        entity = len(data) == 1 and self._content[self._byte : self._byte + 1] == b"&"
        end = here + stop + 1 - self._byte if entity and stop > 0 else here + len(data)
        spoken = re.sub(r"\s", " ", data)
        if self._waiting:
            self._inner.append((spoken, here, end))
        else:
            self._writer.add(spoken, here, end)

    def _break(self, attributes: dict[str, str], where: str) -> None:
        strength = attributes.get("strength", "medium")
        if strength not in STRENGTHS:
            raise TtsfError(f"{where}: strength must be one of {', '.join(STRENGTHS)}")
        time = attributes.get("time")
        self._writer.end(seconds(time, where) if time else STRENGTHS[strength], ends=False)

    def _prosody(self, attributes: dict[str, str], where: str) -> None:
        others = sorted(set(attributes) - {"rate"})
        if others:
            self._warn(f"<prosody {others[0]}> is left out")
        rate = self._rates[-1]
        if "rate" in attributes:
            rate *= _rate(attributes["rate"].strip(), where)
        if not SLOWEST <= rate <= FASTEST:
            raise TtsfError(f"{where}: the rate must be from 50% to 200%, not {100 * rate:.0f}%")
        self._rates.append(rate)
        self._writer.rate(rate)

    def _open_word(self, name: str, attributes: dict[str, str], where: str) -> None:
        if name == "sub":
            self._waiting = len(self._open), _needed(attributes, "alias", where), ""
            return
        if name == "say-as":
            kind = _needed(attributes, "interpret-as", where).lower()
            self._said_as = kind, attributes.get("format", "").lower()
            self._waiting = len(self._open), "", ""
            return
        alphabet = attributes.get("alphabet", "ipa")
        if alphabet.lower() != "ipa":
            raise TtsfError(f"{where}: the alphabet must be ipa, not {alphabet}")
        self._waiting = len(self._open), "", read_ipa(_needed(attributes, "ph", where), where)

    def _close_word(self) -> None:
        """Add one run for a whole alias, or for a word with a given pronunciation."""
        assert self._waiting is not None
        _, alias, ipa = self._waiting
        written = " ".join("".join(text for text, _, _ in self._inner).split())
        if self._said_as:
            alias = said_as(written, *self._said_as) or ""
            if not alias:
                self._warn(f'<say-as interpret-as="{self._said_as[0]}"> is read as plain text')
            self._said_as = None
        if self._inner and any(c.isalnum() for c in written):
            start, end = self._inner[0][1], self._inner[-1][2]
            self._writer.add(alias or written, start, end, ipa)
        elif ipa or alias:
            here = self._here()
            self._writer.add(alias or "word", here, here, ipa)
        self._waiting, self._inner = None, []

    def _warn(self, sentence: str) -> None:
        self._warnings.setdefault(f"SSML: {sentence}")


def _needed(attributes: dict[str, str], name: str, where: str) -> str:
    if not attributes.get(name, "").strip():
        raise TtsfError(f"{where}: the attribute {name} is missing")
    return " ".join(attributes[name].split())


def _rate(written: str, where: str) -> float:
    """ "fast", "120%", "+20%" or "1.2" as a factor."""
    if written in RATES:
        return RATES[written]
    match = re.fullmatch(
        r"(?P<sign>[+-])?(?P<number>\d{1,4}(?:\.\d{1,4})?)(?P<percent>%)?", written
    )
    if match is None or (match["sign"] and not match["percent"]):
        raise TtsfError(f"{where}: a rate is written like 80%, +20%, 1.2 or slow, not '{written}'")
    number = float(match["number"]) / (100 if match["percent"] else 1)
    return {"+": 1 + number, "-": 1 - number}.get(match["sign"] or "", number)
