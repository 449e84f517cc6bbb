"""What is heard for texts of every kind, beside what an educated reader says.

The tables have a kind, the text, and the words of the reader, who writes homographs and names as
they sound ("red" for a past "read") or in braces as IPA. Both are compared as sounds, without
stress; what espeak-ng reduces in some places only ("to", "a", "the") counts as one. Where
sentences end must agree, too; commas may not.

Kinds are T01 to T25: years, letters at numbers, dates, ranges, money, magnitudes, amounts before
a noun, feet and inches, telephones and codes, stops inside tokens, addresses, abbreviations,
initialisms, Roman numerals, operators, grouped digits, fractions, homographs, apostrophes,
Markdown, tags, emoticons, line ends, lengthened words, names; U01 to U15: letters that are no
units, two numbers that are no fraction, formulas, units, stops of abbreviations, chats, code,
initialisms, tickers, amounts, foreign money, telephones, stops in brackets, marks of chat programs,
single forms; and what was right before them.
"""

import pytest

from tests.support.spoken_words import FRONT_END, heard, read_out, said, table

WRONG = {
    "He could lead if he would get the lead out.": "the metal shows in the meaning alone",
    "Upon seeing the tear I shed a tear.": "which tear shows in the meaning alone",
    "Does share a field with bucks.": "the deer show in the meaning alone",
    "The invalid had an invalid ticket.": "that an invalid is a person shows in the meaning alone",
}
"""Known to be wrong, and why."""
SPOKEN, PROSE = table("spoken.tsv"), table("prose.tsv")


@pytest.mark.parametrize("kind", sorted({kind for kind, _, _ in SPOKEN}))
def test_a_reader_agrees(kind: str) -> None:
    rows = [(w, spoken) for k, w, spoken in SPOKEN if k == kind and w not in WRONG]
    assert {w: FRONT_END.normalize(w) for w, spoken in rows if heard(w) != read_out(spoken)} == {}


def test_sentence_by_sentence_the_same_is_said() -> None:
    apart = {w: said(w) for _, w, _ in SPOKEN if said(w) != heard(w)}
    assert len(apart) < 0.01 * len(SPOKEN), apart


def test_every_kind_has_many_rows_and_few_are_wrong() -> None:
    kinds = [kind for kind, _, _ in SPOKEN]
    assert min(kinds.count(f"T{k:02}") for k in range(1, 26)) >= 7
    assert min(kinds.count(f"U{k:02}") for k in range(1, 16)) >= 7
    assert len(WRONG) <= 0.03 * len(SPOKEN)
    assert all(heard(w) != read_out(spoken) for _, w, spoken in SPOKEN if w in WRONG)


def test_ordinary_prose() -> None:
    assert len(PROSE) == len({written for _, written, _ in PROSE}) == 300
    wrong = {w: FRONT_END.normalize(w) for _, w, spoken in PROSE if heard(w) != read_out(spoken)}
    assert len(wrong) <= 3, wrong
