"""A text in pieces is read as the whole text is, however it is cut."""

import random
import time

import pytest

from tests.support.paths import ROOT
from ttsf.config import SpeechConfig
from ttsf.text.front_end import TextFrontEnd
from ttsf.text.pieces import Clause, Clauses

FRONT_END = TextFrontEnd(SpeechConfig())
ROWS = (ROOT / "tests/text/reference/prose.tsv").read_text(encoding="utf-8").splitlines()[1:]
PROSE = [row.split("\t")[1].replace("\\n", "\n") for row in ROWS]


def words(text: str, ends: bool = True) -> list[str]:
    utterances = FRONT_END.utterances(text, warn=lambda _: None, ends=ends)
    return [word for utterance in utterances for word in utterance.words]


def cut(text: str, sizes: list[int], seed: int = 0) -> list[Clause]:
    clauses, found, at, dice = Clauses(), list[Clause](), 0, random.Random(seed)
    while at < len(text):
        end = at + dice.choice(sizes)
        found += clauses.add(text[at:end])
        at = end
    return found + clauses.finish()


@pytest.mark.parametrize("sizes", [[1], [2, 3, 5, 9], [1000]])
def test_pieces_are_read_as_the_whole(sizes: list[int]) -> None:
    for k in range(0, len(PROSE) - 3, 3):
        text = " ".join(PROSE[k : k + 3])
        parts = cut(text, sizes, k)
        assert "".join(part.text for part in parts) == text
        assert all(text[part.start :].startswith(part.text) for part in parts)
        assert [word for part in parts for word in words(part.text, part.ends)] == words(text)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Dr. Smith paid $3.50 at 7:30 p.m. on Jan. 5. Then he left", "Dr. Smith paid "),
        ("It costs 1,204.56 euros. Fine ", "It costs 1,204.56 euros."),
        ("Version 2.0. Next ", "Version 2.0."),
        ("Say [pause:0.5s] and [Worcester. Town](/w/) now. Then ", "Say [pause:0.5s] and "),
        ("```\nx = 1. Now\n```\nThat is all. Yes", "```\nx = 1. Now\n```\n"),
        ("A heading\n\nMore text", "A heading\n\n"),
    ],
)
def test_nothing_is_cut_where_it_may_go_on(text: str, first: str) -> None:
    parts = cut(text, [1])
    assert parts[0].text.startswith(first) and parts[0].ends
    assert len(parts) == 2, parts


@pytest.mark.parametrize("sizes", [[1], [7], [1000]])
def test_marks_between_sentences_are_not_lost(sizes: list[int]) -> None:
    text = "The first one is here for you. [/smile]\n\n[serious]\n\nThe second one is here."
    (_, second) = cut(text, sizes)
    assert text[second.start :].startswith(second.text)
    (said,) = FRONT_END.utterances(second.text)
    assert said.marks == (("/smile", 0), ("serious", 0))


def test_a_first_clause_comes_before_its_sentence_ends() -> None:
    clauses = Clauses()
    assert clauses.add("Well, of course you can, ") == []
    (first,) = clauses.add("and you ")
    assert (first.text, first.ends) == ("Well, of course you can, ", False)
    assert words(first.text, first.ends)[-1] == "can,"
    assert clauses.add("may, of course, go on, and on, too. Now ") == [
        Clause("and you may, of course, go on, and on, too.", 25, True)
    ]


@pytest.mark.parametrize("text", ["On May 5, all of us met.", "We met in Paris, Texas, U.S."])
def test_a_clause_with_numbers_or_names_waits(text: str) -> None:
    assert [part.text for part in cut(text, [1])] == [text]


def test_ssml_is_read_when_it_is_whole() -> None:
    text = '<speak>One. <break time="1s"/> Two. Three.</speak>'
    assert [part.text for part in cut(text, [3])] == [text]
    assert len(cut("< speak is a word. And this. ", [1])) == 2


def test_what_is_pending_is_replaced() -> None:
    clauses = Clauses()
    assert [part.text for part in clauses.add("One is here. Two is")] == ["One is here."]
    assert clauses.pending == " Two is"
    assert clauses.replace(" Three was. It ") == [Clause(" Three was.", 12, True)]
    assert clauses.finish() == [Clause(" It ", 23, True)]


def test_time_is_linear_in_the_length() -> None:
    def took(text: str, size: int) -> float:
        began = time.process_time()
        cut(text, [size])
        return time.process_time() - began

    for piece in ("word " * 40, "Mr. A. B. ", "[", "`", "- item\n"):
        text = piece * (1_500 // len(piece))
        assert took(text * 4, 1) < 8 * took(text, 1) + 0.2
        assert took(text * 40, 10_000) < 80 * took(text, 10_000) + 0.2


THOUGHTS = (
    "<think>Let me see. The user wants a greeting. I should be kind.</think>\n\nHello there. "
    'How are you? <tool_call>{"a": 1}</tool_call> Fine. <THINKING>hm. So.</think>Good. '
    "<think>no end. And on"
)


@pytest.mark.parametrize("size", [1, 3, 7, 999])
def test_thoughts_of_a_model_are_never_returned(size: int) -> None:
    found = cut(THOUGHTS, [size])
    assert [clause.text.strip() for clause in found] == [
        *("Hello there.", "How are you?", "Fine.", "Good.")
    ]
    for clause in found:
        assert THOUGHTS[clause.start : clause.start + len(clause.text)] == clause.text


@pytest.mark.parametrize("size", [1, 3, 7, 999])
def test_a_mark_before_a_thought_belongs_to_the_words_after_it(size: int) -> None:
    text = "Hm. [smile] [serious] <think>Long. And on.</think><reason>So.</reason>Hello there. Bye."
    found = cut(text, [size])
    assert [clause.text.strip() for clause in found] == [
        *("Hm.", "[smile] [serious] Hello there.", "Bye.")
    ]
    for clause in found:
        end = clause.start + len(clause.text)
        assert text[:end].endswith(clause.text.split("] ")[-1]), "words keep their places"


def test_a_thought_is_forgotten_when_the_text_is_replaced() -> None:
    made = Clauses()
    assert made.add("<think>This is long. It goes on") == []
    found = made.replace("Well. So it is") + made.finish()
    assert "".join(clause.text for clause in found) == "Well. So it is"


def test_long_thoughts_take_linear_time() -> None:
    made, begun = Clauses(), time.monotonic()
    made.add("<think>")
    assert not any(made.add("word, and so on. ") for _ in range(100_000))
    assert time.monotonic() - begun < 30 and len(made.pending) < 100


@pytest.mark.parametrize("size", [1, 5, 999])
@pytest.mark.parametrize(
    "text",
    [
        "Use the <think> tag for that. It helps a lot.",
        "Write `<reason>` in the file. Then save it.",
        "See this.\n```\n<think>\n```\nThat is all of it.",
    ],
)
def test_a_tag_that_is_only_mentioned_hides_nothing(text: str, size: int) -> None:
    assert "".join(clause.text for clause in cut(text, [size])) == text


def test_a_thought_is_not_pending() -> None:
    made = Clauses()
    made.add("<think>Long. It goes on")
    assert made.pending == ""
