"""Texts beside the words that a reader says for them, compared as sounds.

The reader writes homographs and names as they sound ("red" for a past "read") or in braces as IPA.
Sounds are compared without stress; what espeak-ng reduces in some places only ("to", "a", "the")
counts as one. Where sentences end must agree, too; commas may not.
"""

# ruff: noqa: RUF001 (IPA)

import csv
import re
from pathlib import Path

from ttsf.config import SpeechConfig
from ttsf.errors import TtsfError
from ttsf.symbols import SYMBOLS
from ttsf.text.front_end import TextFrontEnd
from ttsf.text.phonemizer import espeak

REFERENCE = Path(__file__).parents[1] / "text" / "reference"
FRONT_END = TextFrontEnd(SpeechConfig(add_blank=False))
REFUSED = "<error>"
_WEAK = (
    ("ɹɹ", "ɹ"), ("ɾ", "t"), ("ɐ", "eɪ"), ("ɚɹ", "ɚ"), ("ᵻ", "ɪ"), ("ðɪ", "ðə"), ("tʊ", "tə"),
    ("tu", "tə"), ("fɚ", "fɔɹ"), ("ən", "n"), ("…", "."), ("..", "."), ("..", "."),
)  # fmt: skip


def table(name: str) -> list[tuple[str, str, str]]:
    with (REFERENCE / name).open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [(r["kind"], unescaped(r["written"]), r["spoken"]) for r in rows]


def unescaped(text: str) -> str:
    signs = {"\\n": "\n", "\\r": "\r", "\\t": "\t", "\\\\": "\\"}
    return re.sub(r"\\[nrt\\]", lambda m: signs[m[0]], text)


def plain(ipa: str) -> str:
    ipa = re.sub("[ˈˌː ʔ,;:—_]", "", ipa)
    for one, other in _WEAK:
        ipa = ipa.replace(one, other)
    return ipa.strip(".")


def heard(text: str) -> str:
    try:
        return plain("".join(SYMBOLS[k] for k in FRONT_END.ids(text)))
    except TtsfError:
        return REFUSED


def read_out(spoken: str) -> str:
    """The sounds of the reader's words, straight from espeak-ng."""
    if spoken == REFUSED:
        return REFUSED
    parts = re.findall(r"\{[^}]*\}|[,;:.!?—…]+|[^,;:.!?—…{}]+", spoken)
    said = (
        p[1:-1] if p[0] == "{" else p[0] if p[0] in ",;:.!?—…" else espeak(p, FRONT_END.language)
        for p in parts
    )
    return plain("".join(said))


def said(text: str) -> str:
    """The sounds of a text, sentence by sentence, as a user hears them."""
    try:
        utterances = list(FRONT_END.utterances(text, warn=lambda _: None))
    except TtsfError:
        return REFUSED
    return plain(" ".join("".join(SYMBOLS[k] for k in u.ids) for u in utterances))
