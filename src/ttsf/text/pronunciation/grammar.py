"""Decide from the neighbours of an English word whether it is a verb there."""

from collections.abc import Sequence

from ttsf.text.english.lists import PLURALS, words

AUXILIARIES = words(
    "to will would can could should must may might shall do does did don't doesn't didn't won't"
    " can't cannot couldn't wouldn't shouldn't let let's please i'll you'll we'll they'll he'll"
    " she'll it'll i'd you'd we'd they'd he'd she'd make makes made help helps helped"
)
"""Words that a verb in its base form follows, with or without a pronoun or "not" between."""
SUBJECTS = words("i you we they who")
ADVERBS = words("not never always often also just then really even only still usually")
OBJECTS = words(
    "the a an this that these those it them him her me us my your his its our their all both"
    " every each some any one up down off out"
)
NOUN_BEFORE = words(
    "the a an this these those my your his its our their no any some every each of good bad"
    " common daily great little much more in into by for with without new old first last"
)
_AFTER_A_USE = words("of in is case cases as by for are was has") | {""}
AFTER_VERB = (
    OBJECTS
    | words(
        "again in at to on from with by as if when while because against over about each every"
        " themselves water food goods tickets people through along around past into onto across old"
        " new many more thousands hundreds millions early late fast"
    )
    | {""}
)
BEFORE_SUBJECT = words(
    "the these those my your his her our their some many most all few two three four five young"
    " old local new if when that while and but as because most other"
)
_COMPOUND = words("sports sales customs news arms goods savings always perhaps does this series")
"""Nouns in -s that modify the noun after them, and words in -s that are not nouns."""


def at(words: Sequence[str], k: int) -> str:
    """Return words[k]; '' if k is out of range."""
    return words[k] if 0 <= k < len(words) else ""


def is_verb(words: Sequence[str], k: int, start: int) -> bool:
    """Whether words[k] is a verb here, not a noun; start: index of the clause's first word."""
    before, after = at(words, k - 1), at(words, k + 1)
    if before in ADVERBS:
        before = at(words, k - 2)
    if before in AUXILIARIES or before in SUBJECTS:
        return True
    if before in ("he", "she", "it", "him", "her", "them", "us", "me"):
        return at(words, k - 2) in AUXILIARIES
    if asked(words, k):
        return True
    begins = k == start or before in ("and", "then", "or", "so", "but")
    told = begins and words[k] == "use" and after not in _AFTER_A_USE
    many = many_before(words, k, start) and after in AFTER_VERB
    return told or many or (begins and after in OBJECTS)


def asked(words: Sequence[str], k: int) -> bool:
    """Whether words[k] is the verb of a question, as in 'When does the bank close?'"""
    aux, owner, after = at(words, k - 3), at(words, k - 2), at(words, k + 1)
    opens = k - 3 <= 1 and aux in ("do", "does", "did", "will", "can", "could", "should", "would")
    return opens and owner in NOUN_BEFORE and after in AFTER_VERB


def many_before(words: Sequence[str], k: int, start: int) -> bool:
    """Whether words[k - 1] is a plural noun that may be the subject: 'Prices increase'."""
    noun, before = at(words, k - 1), at(words, k - 2)
    plural = noun in PLURALS or (
        noun.endswith("s") and not noun.endswith(("'s", "ss", "us", "is")) and len(noun) > 3
    )
    alone = k - 1 == start or before in BEFORE_SUBJECT
    return plural and alone and noun not in _COMPOUND
