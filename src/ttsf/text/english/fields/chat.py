"""Spelling of chats and messages: "thx", "c u tmrw", "r u ok"."""

import re

from ttsf.text.english.lexicons.table import words
from ttsf.text.english.tokens import find_left, find_right, rule

CHAT = words("chat")
_LETTER_WORDS = {"u": "you", "r": "are", "y": "why", "c": "see", "2": "to", "4": "for"}
_NOT_A_NAME = r"(?:^|[\s,.!?(\"'])(?:[a-z']{2,}|[rucyi]|I|[24]|[A-Z][a-z']+),?\s$|^\W*$"
_ALPHABET = (
    r"(?:\b(?:letters?|vowels?|the|a|an|type|class|variables?|function|vitamin|and|or|=)\s$)"
)
_SPEAKS_OF_YOU = r"\s+(?:[a-z']{2,}|[ru24]\b)|\s*[,.!?]|\s*$|\s*[\"')]"


def _spelling(match: re.Match[str]) -> str | None:
    """A word of the table, in small letters or with a capital at its beginning."""
    text = match[0]
    said = CHAT.get(text)
    if said is None and text.istitle() and text.lower() in CHAT:
        said = CHAT[text.lower()]
        return said[:1].upper() + said[1:]
    return said


def _letter(match: re.Match[str]) -> str | None:
    """Read 'u', 'r', 'y', 'c', '2' and '4' as words among words in lower case."""
    letter = match[0].lower()
    if find_left(match, _ALPHABET) or not find_right(match, _SPEAKS_OF_YOU):
        return None
    after_r = find_right(match, r"\s+(?:u|ur|you)\b")
    if letter == "u" and find_left(match, _NOT_A_NAME):
        return "you"
    if letter == "r":
        asked = find_left(match, r"(?i)\b(?:how|where|what|who|why|when|y|u|you|they|we)\s$")
        return "are" if after_r or asked else None
    if letter == "y":
        return "why" if find_right(match, r"\s+(?:u|r|ur|you|did|do|not|so)\b") else None
    if letter == "b":
        return "be" if find_right(match, r"\s(?:there|back|right|ok|good|sure|on|4)\b") else None
    if letter == "c":
        return "see" if find_right(match, r"\s+(?:u|ya|you)\b") else None
    if letter in "24" and find_left(match, r"[a-z]\s$|^\W*$"):
        to_you = find_right(match, r"\s+(?:u|ur|me|real|sure|b)\b")
        return _LETTER_WORDS[letter] if to_you else None
    return None


CHAT_RULES = (
    rule("chat", "wd", r"[A-Za-z0-9]{2,9}+(?![\w'&@]|-\w|\.\w)", _spelling),
    rule("chat", "wd", r"[uUrRyYcCb24](?![\w'&@./:-]|\s?[=+*/^<>])", _letter),
    rule("chat", "w", r"(?<!\w)w/(?=\s)", "with"),
)
