"""Words of two sounds, told apart by their neighbours where espeak-ng takes the wrong one."""

# ruff: noqa: RUF001 (IPA)

from collections.abc import Sequence

from ttsf.speech.english.lists import words

AUXILIARIES = words(
    "to will would can could should must may might shall do does did don't doesn't didn't won't"
    " can't cannot couldn't wouldn't shouldn't let let's please i'll you'll we'll they'll he'll"
    " she'll it'll i'd you'd we'd they'd he'd she'd make makes made help helps helped"
)
"""After these comes a verb in its plain form, a pronoun or "not" between or not."""
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
_HAVE = words(
    "have has had having haven't hasn't hadn't was were is are be been being i've we've you've"
    " they've he's she's it's isn't wasn't aren't weren't get got"
)
_PAST = words(
    "yesterday ago last once earlier then before previously was were had said went came saw"
    " thought knew found took told asked wrote smiled laughed cried looked sat stood already"
    " when"
)
_THIRD = words("he she it who somebody someone everyone nobody everybody")

NOUN_VERB = {
    "use": ("jˈuːs", "jˈuːz"), "project": ("", "pɹədʒˈɛkt"), "permit": ("", "pɚmˈɪt"),
    "conduct": ("", "kəndˈʌkt"), "record": ("", "ɹᵻkˈɔːɹd"), "object": ("", "əbdʒˈɛkt"),
    "contract": ("", "kəntɹˈækt"), "produce": ("pɹˈoʊduːs", ""), "estimate": ("", "ˈɛstᵻmˌeɪt"),
    "separate": ("", "sˈɛpɚɹˌeɪt"), "duplicate": ("dˈuːplᵻkət", ""),
    "advocate": ("ˈædvəkət", ""), "associate": ("ɐsˈoʊsɪət", ""), "excuse": ("", "ɛkskjˈuːz"),
    "perfect": ("", "pɚfˈɛkt"), "subject": ("", "səbdʒˈɛkt"), "present": ("", "pɹɪzˈɛnt"),
    "increase": ("", "ɪŋkɹˈiːs"), "decrease": ("", "dᵻkɹˈiːs"), "insult": ("", "ɪnsˈʌlt"),
    "import": ("ˈɪmpɔːɹt", "ɪmpˈɔːɹt"), "suspect": ("", "səspˈɛkt"),
    "attribute": ("", "ɐtɹˈɪbjuːt"), "console": ("", "kənsˈoʊl"), "convict": ("", "kənvˈɪkt"),
    "conflict": ("", "kənflˈɪkt"), "extract": ("", "ɛkstɹˈækt"), "insert": ("", "ɪnsˈɜːt"),
    "reject": ("ɹˈiːdʒɛkt", ""), "transfer": ("", "tɹænsfˈɜː"), "transport": ("", "tɹænspˈɔːɹt"),
    "tear": ("", "tˈɛɹ"), "house": ("", "hˈaʊz"), "abuse": ("", "ɐbjˈuːz"),
    "protest": ("", "pɹətˈɛst"), "progress": ("", "pɹəɡɹˈɛs"), "rebel": ("", "ɹᵻbˈɛl"),
    "export": ("", "ɛkspˈɔːɹt"), "contest": ("", "kəntˈɛst"), "contrast": ("", "kəntɹˈæst"),
    "wind": ("", "wˈaɪnd"), "intimate": ("", ""), "discount": ("", ""), "row": ("", ""),
    "graduate": ("", "ɡɹˈædʒuːˌeɪt"), "alternate": ("ˈɔːltɚnət", ""),
    "elaborate": ("ᵻlˈæbɚɹət", ""), "moderate": ("", "mˈɑːdɚɹˌeɪt"),
}  # fmt: skip
"""Word: its sound as a noun or adjective and as a verb; '' where espeak-ng has it right."""


_LEAD_THINGS = frozenset(
    {"pipe", "pipes", "paint", "pencil", "pencils", "poisoning", "acid", "bullet", "bullets"}
    | {"shot", "weight", "weights", "ore", "based", "free", "glass", "crystal"}
)
_LEAD_OF = frozenset({"made", "piece", "lump", "traces", "pound", "pounds", "tons"})


def homograph(words: Sequence[str], k: int, start: int) -> str:
    """The IPA of words[k], small letters, of a sentence; '' leaves it to espeak-ng.

    start: the first word of its clause.
    """
    word = words[k]
    special = _SPECIAL.get(word)
    if special is not None:
        return special(words, k, start)
    if word not in NOUN_VERB:
        return ""
    noun, verb = NOUN_VERB[word]
    if _is_verb(words, k, start):
        return verb
    before = words[k - 1] if k else ""
    return noun if before in NOUN_BEFORE or before.endswith("'s") else ""


def _at(words: Sequence[str], k: int) -> str:
    return words[k] if 0 <= k < len(words) else ""


def _is_verb(words: Sequence[str], k: int, start: int) -> bool:
    before, after = _at(words, k - 1), _at(words, k + 1)
    if before in ADVERBS:
        before = _at(words, k - 2)
    if before in AUXILIARIES or before in SUBJECTS:
        return True
    if before in ("he", "she", "it", "him", "her", "them", "us", "me"):
        return _at(words, k - 2) in AUXILIARIES
    begins = k == start or before in ("and", "then", "or", "so", "but")
    return begins and after in OBJECTS


def _read(words: Sequence[str], k: int, start: int) -> str:
    """Past after he, she and names, and where the sentence is of the past."""
    past, present = "ɹˈɛd", ""
    before = list(words[max(0, k - 4) : k])
    if not before or (k == start and _at(words, k - 1) not in SUBJECTS):
        return present
    if any(w in _HAVE for w in before[-3:]):
        return past
    if any(w in AUXILIARIES for w in before[-3:]):
        return present
    last = before[-1] if before[-1] not in ADVERBS else _at(words, k - 2)
    if last in _THIRD:
        return past
    if last in ("i", "we", "they", "you", "and"):
        return past if any(w in _PAST for w in words) else present
    plain = last.isalpha() and not last.endswith("s") and last not in OBJECTS | {"a", "and", "or"}
    owner = _at(words, k - 2) in {"the", "a", "an", "my", "his", "her", "our", "their", "your"}
    return past if plain and (owner or any(w in _PAST for w in words)) else present


def _close(words: Sequence[str], k: int, start: int) -> str:
    before, after = _at(words, k - 1), _at(words, k + 1)
    if (before == "the" and after == "of") or (before in ("a",) and after == ""):
        return "klˈoʊz"
    if after == "to":
        return ""
    if _is_verb(words, k, start):
        return "klˈoʊz" if before not in SUBJECTS or after not in ("friends",) else ""
    plural = before.endswith("s") and not before.endswith(("'s", "ss", "is", "was", "as", "always"))
    return "klˈoʊz" if plural and after in ("", "at", "on", "early", "for", "in", "when") else ""


def _lead(words: Sequence[str], k: int, start: int) -> str:
    before = _at(words, k - 2)
    made = _at(words, k - 1) == "of" and before in _LEAD_OF
    listed = before in ("copper", "tin", "zinc", "iron", "gold", "silver", "mercury")
    return "lˈɛd" if _at(words, k + 1) in _LEAD_THINGS or made or listed else ""


def _wound(words: Sequence[str], k: int, start: int) -> str:
    before, after = _at(words, k - 1), _at(words, k + 1)
    paths = {"up", "through", "around", "its", "down", "along", "back", "round"}
    if after in paths or (before in ("he", "she", "i", "they") and after in ("the", "it", "his")):
        return "wˈaʊnd"
    return ""


def _bow(words: Sequence[str], k: int, start: int) -> str:
    before, after = _at(words, k - 1), _at(words, k + 1)
    if before == "a" and _at(words, k - 2) in (
        "take",
        "took",
        "takes",
        "taking",
        "made",
        "gave",
        "with",
    ):
        return "bˈaʊ"
    if after in ("to", "down", "before", "out") or before in ("to", "must"):
        return "bˈaʊ" if before not in ("a", "the", "his", "her") or after == "down" else ""
    ship = {"ship", "boat", "vessel", "yacht", "ferry", "canoe"}
    return "bˈaʊ" if after == "of" and set(words[k : k + 5]) & ship else ""


def _bass(words: Sequence[str], k: int, start: int) -> str:
    fish = {"fish", "fishing", "caught", "catch", "sea", "lake", "striped", "largemouth", "grilled",
            "fried", "fillet", "fisherman", "river"}  # fmt: skip
    return "bˈæs" if fish & set(words[max(0, k - 4) : k + 3]) else ""


def _dove(words: Sequence[str], k: int, start: int) -> str:
    return "dˈoʊv" if _at(words, k + 1) in {"into", "in", "off", "under", "deep", "headfirst",
                                            "down", "for", "from"} else ""  # fmt: skip


def _minute(words: Sequence[str], k: int, start: int) -> str:
    small = {"detail", "details", "particles", "particle", "amount", "amounts", "quantities",
             "quantity", "differences", "traces", "fraction", "creatures", "changes"}  # fmt: skip
    return "maɪnˈuːt" if _at(words, k + 1) in small else ""


def _content(words: Sequence[str], k: int, start: int) -> str:
    before, after = _at(words, k - 1), _at(words, k + 1)
    pleased = before in {"am", "is", "are", "was", "were", "be", "feel", "felt", "quite", "seemed",
                         "perfectly", "not", "i'm", "he's", "she's", "very", "happy"}  # fmt: skip
    return "kəntˈɛnt" if pleased or (after in ("with", "to") and before != "the") else ""


def _live(words: Sequence[str], k: int, start: int) -> str:
    if _at(words, k - 1) == "long" and _at(words, k + 1) in ("the", "our"):
        return "lˈɪv"
    before, after = _at(words, k - 1), _at(words, k + 1)
    people = {"people", "who", "children", "families", "animals", "parents", "friends", "men",
              "women", "birds", "fish", "bears"}  # fmt: skip
    places = {"in", "on", "at", "here", "there", "near", "under", "with", "alone", "together", "to"}
    return "lˈɪv" if before in people and after in places else ""


def _blessed(words: Sequence[str], k: int, start: int) -> str:
    owner = _at(words, k - 1) in ("a", "the", "this", "that", "every")
    return "blˈɛsᵻd" if owner and _at(words, k + 1) not in ("", "with", "by") else ""


def _aged(words: Sequence[str], k: int, start: int) -> str:
    owner = _at(words, k - 1) in ("an", "the", "his", "her", "my", "their")
    kept = {"cheese", "beef", "whiskey", "whisky", "wine", "rum", "five", "between"}
    return "ˈeɪdʒᵻd" if owner and _at(words, k + 1) not in kept | {""} else ""


def _does(words: Sequence[str], k: int, start: int) -> str:
    deer = {"bucks", "deer", "fawns"} & set(words)
    return "dˈoʊz" if deer and _at(words, k - 1) in ("the", "two", "and", "three") else ""


def _axes(words: Sequence[str], k: int, start: int) -> str:
    graph = {"x", "y", "graph", "chart", "plot", "vertical", "horizontal", "coordinate", "rotation"}
    return "ˈæksiːz" if graph & set(words) else ""


def _sow(words: Sequence[str], k: int, start: int) -> str:
    pig = _at(words, k - 1) in ("the", "a", "old") and _at(words, k + 1) not in ("seeds", "seed")
    return "sˈaʊ" if pig else ""


def _resume(words: Sequence[str], k: int, start: int) -> str:
    owner = _at(words, k - 1) in ("my", "your", "his", "her", "a", "the", "their", "our", "updated")
    return "ɹˈɛzuːmˌeɪ" if owner else ""


def _buffet(words: Sequence[str], k: int, start: int) -> str:
    return "" if "wind" in words or "waves" in words else "bəfˈeɪ"


def _moped(words: Sequence[str], k: int, start: int) -> str:
    subject = _at(words, k - 1) in ("he", "she", "i", "they", "we", "and")
    return "mˈoʊpt" if subject else ""


def _invalid(words: Sequence[str], k: int, start: int) -> str:
    owner = _at(words, k - 1) in ("the", "an", "old") and _at(words, k + 1) in (
        "",
        "was",
        "is",
        "who",
        "lay",
        "sat",
        "had",
    )
    return "ˈɪnvəlɪd" if owner else ""


def _refuse(words: Sequence[str], k: int, start: int) -> str:
    rubbish = {"bin", "bins", "collection", "collectors", "heap", "dump", "truck", "bag", "bags"}
    return (
        "ɹˈɛfjuːs"
        if _at(words, k + 1) in rubbish or _at(words, k - 1) in ("of", "household", "the")
        else ""
    )


_SPECIAL = {
    "read": _read, "close": _close, "lead": _lead, "wound": _wound, "bow": _bow, "bass": _bass,
    "dove": _dove, "minute": _minute, "content": _content, "live": _live, "blessed": _blessed,
    "aged": _aged, "does": _does, "axes": _axes, "sow": _sow, "resume": _resume,
    "buffet": _buffet, "moped": _moped, "invalid": _invalid, "refuse": _refuse,
}  # fmt: skip
