"""Where sentences end, and where long ones are cut."""

from itertools import pairwise

import pytest

from ttsf.text.markup.sentences import LONGEST, cuts, sentences
from ttsf.text.normalize import clean


def split(text: str) -> list[str]:
    cleaned = clean(text)
    return [cleaned[start:end] for start, end, _ in sentences(cleaned)]


@pytest.mark.parametrize(
    "expected",
    [
        ["Dr. Smith met Mr. J. K. Jones at 5 p.m. on Jan. 5.", "They talked."],
        ["It costs $3.50.", "Cheap!"],
        ["He lived in the U.S.", "The weather was bad."],
        ["The U.S. Government said no.", "End."],
        ["She works at Acme Inc. and likes it.", "Good."],
        ["Well... maybe.", "Well... I think so.", "Done...", "Now go."],
        ['"Stop!" he said.', '"Why?" she asked.', "He left."],
        ['He said "Stop."', "Then he left."],
        ["Version 3.5 of node.js is out.", "See example.com.", "Bye."],
        ["See Fig. 3 and p. 12.", "No. 5 is alive.", "I said no.", "Then left."],
        ["Plan B.", "The end."],
        ["So do I.", "Then we go."],
        ["Really?!", "Yes!!", "OK."],
        ["I live at 5 Main St. in Boston.", "Fine."],
        ["Wait (what?) for it.", "Yes.", "(No.)", "Ok."],
        ["The meeting is at 5 p.m.", "Bring food."],
        ["It opens at 9 a.m. EST.", "Come."],
        ["Apples, pears, etc. are fruit.", "Apples, etc.", "The rest."],
        ["I have an iPhone.", "iPads are big."],
        ["George W. Bush and John F. Kennedy.", "OK"],
        ["Was it by Dr. No?", "I guess.", "It was e.g. Bob vs. Al."],
    ],
    ids=lambda expected: expected[0],
)
def test_sentences_in_a_line(expected: list[str]) -> None:
    assert split(" ".join(expected)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Heading\nThis is it. And more.", ["Heading", "This is it.", "And more."]),
        ("Shopping list\nMilk\nBread", ["Shopping list", "Milk", "Bread"]),
        ("1. Open the box.\n2. Close it.", ["1. Open the box.", "2. Close it."]),
        ("Buy:\n- milk\n- bread", ["Buy: milk, bread"]),
        ("One paragraph\n\n***\n\nTwo", ["One paragraph", "Two"]),
        ("This was wrapped by hand\nat some column. Yes.",
         ["This was wrapped by hand at some column.", "Yes."]),
        ("We met with Mr.\nSmith there.", ["We met with Mr. Smith there."]),
        ("We all met long ago in the old house beside the river with\nJohn Smith there.",
         ["We all met long ago in the old house beside the river with John Smith there."]),
    ],
)  # fmt: skip
def test_lines_and_paragraphs(text: str, expected: list[str]) -> None:
    assert split(text) == expected


@pytest.mark.parametrize("text", ["", " \n ", "...", "***\n---", "?!"])
def test_nothing_to_read(text: str) -> None:
    assert sentences(text) == []


def test_what_has_no_end_is_cut() -> None:
    text = ", ".join(f"item {k}" for k in range(300))
    found = sentences(text)
    assert all(end - start <= LONGEST for start, end, _ in found)
    assert [ends for *_, ends in found] == [False] * (len(found) - 1) + [True]
    assert all(text[:end].endswith(",") for _, end, _ in found[:-1])
    assert " ".join(split(text)) == text
    assert [len(part) for part in split("9" * 2_000)] == [LONGEST] * 3 + [200]


def test_long_sentences_are_cut_at_their_own_pauses() -> None:
    words = [
        "one",
        "two",
        "three,",
        "four",
        "five",
        "six",
        "seven,",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
    ]
    assert cuts(words, 30) == [3, 7] or cuts(words, 30) == [7]
    assert cuts(words, 1_000) == []
    plain = ["word"] * 20 + ["and"] + ["word"] * 20
    assert cuts(plain, 110) == [20]
    assert cuts(["x" * 50, "y" * 50], 10) == [1]
    for longest in (20, 33, 50):
        edges = [0, *cuts(words, longest), len(words)]
        parts = [" ".join(words[a:b]) for a, b in pairwise(edges)]
        assert max(map(len, parts)) <= longest
