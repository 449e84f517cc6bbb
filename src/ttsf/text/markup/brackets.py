"""Parse SSML, or plain text with `[pause:0.5s]`, `[smile]...[/smile]` and `[word](/IPA/)`."""

import re

from ttsf.errors import TtsfError
from ttsf.text.markup.ipa import read_ipa
from ttsf.text.markup.marked_text import MarkedText, ScriptWriter, seconds
from ttsf.text.markup.ssml import is_ssml, read_ssml

DEFAULT_PAUSE_S = 0.5
_NO_LINK = r"(?!\((?:/|#|\.{1,2}/|www\.|[a-z][a-z0-9+.-]{0,20}:))"
"""Brackets before an address or a pronunciation hold plain words, not markup."""
EXPRESSION = re.compile(rf"\[\s?(?P<mark>/?(?:smile|serious))\s?\]{_NO_LINK}", re.I)
_MARKUP = re.compile(
    rf"\[\s?pause\s?(?P<length>:[^\[\]\n]{{0,40}})?\]{_NO_LINK}"
    rf"|{EXPRESSION.pattern}"
    r"|(?P<before>\w)?\[(?P<word>[^\[\]\n]{1,200})\]\(/(?P<ipa>[^/()\n]{0,200})/\)(?P<after>\w)?",
    re.I,
)


def read_script(text: str) -> MarkedText:
    """Parse a user's text into stretches; raises TtsfError for invalid markup."""
    if is_ssml(text):
        return read_ssml(text)
    writer, done = ScriptWriter(), 0
    for match in _MARKUP.finditer(text):
        first = match.start() + len(match["before"] or "")
        writer.add(text[done:first], done, first)
        done = match.end() - len(match["after"] or "")
        if match["mark"]:
            writer.mark(match["mark"].lower())
            continue
        if match["word"] is None:
            length = (match["length"] or "")[1:]
            pause_s = seconds(length, match[0]) if match["length"] else DEFAULT_PAUSE_S
            writer.end(pause_s, ends=False)
            continue
        if match["before"] or match["after"]:
            raise TtsfError(f"{match[0]}: the brackets must hold the whole word")
        if not any(c.isalnum() for c in match["word"]):
            raise TtsfError(f"{match[0]}: the brackets hold no word")
        sound = read_ipa(match["ipa"], match[0])
        writer.add(match["word"], match.start("word"), match.end("word"), sound)
    writer.add(text[done:], done, len(text))
    return writer.finish()
