"""What is heard for texts of every kind, beside what an educated reader says.

The tables have a kind, the text, and the words of the reader, who writes homographs and names as
they sound ("red" for a past "read") or in braces as IPA. Both are compared as sounds, without
stress; what espeak-ng reduces in some places only ("to", "a", "the") counts as one. Where
sentences end must agree, too; commas may not.

Kinds are T01 to T25: years, letters at numbers, dates, ranges, money, magnitudes, amounts before
a noun, feet and inches, telephones and codes, stops inside tokens, addresses, abbreviations,
initialisms, Roman numerals, operators, grouped digits, fractions, homographs, apostrophes,
Markdown, tags, emoticons, line ends, lengthened words, names; and what was right before them.
"""

# ruff: noqa: RUF001 (IPA)

import csv
import re
from pathlib import Path

import pytest

from ttsf.config import SpeechConfig
from ttsf.errors import TtsfError
from ttsf.symbols import SYMBOLS
from ttsf.text.front_end import TextFrontEnd
from ttsf.text.phonemizer import espeak

REFERENCE = Path(__file__).parent / "reference"
FRONT_END = TextFrontEnd(SpeechConfig(add_blank=False))
REFUSED = "<error>"
WRONG = {
    "He could lead if he would get the lead out.": "the metal shows in the meaning alone",
    "Upon seeing the tear I shed a tear.": "which tear shows in the meaning alone",
    "Does share a field with bucks.": "the deer show in the meaning alone",
    "The invalid had an invalid ticket.": "that an invalid is a person shows in the meaning alone",
}
"""Known to be wrong, and why."""
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


SPOKEN, PROSE = table("spoken.tsv"), table("prose.tsv")


@pytest.mark.parametrize("kind", sorted({kind for kind, _, _ in SPOKEN}))
def test_a_reader_agrees(kind: str) -> None:
    rows = [(written, spoken) for k, written, spoken in SPOKEN if k == kind]
    wrong = {w: FRONT_END.normalize(w) for w, spoken in rows if heard(w) != read_out(spoken)}
    assert {w: said for w, said in wrong.items() if w not in WRONG} == {}


def test_every_kind_has_many_rows_and_few_are_wrong() -> None:
    kinds = [kind for kind, _, _ in SPOKEN]
    assert min(kinds.count(f"T{k:02}") for k in range(1, 26)) >= 7
    assert len(WRONG) <= 0.03 * len(SPOKEN)
    assert all(heard(w) != read_out(spoken) for _, w, spoken in SPOKEN if w in WRONG)


def test_ordinary_prose() -> None:
    assert len(PROSE) == len({written for _, written, _ in PROSE}) == 300
    wrong = {w: FRONT_END.normalize(w) for _, w, spoken in PROSE if heard(w) != read_out(spoken)}
    assert len(wrong) <= 3, wrong
