"""Words of two sounds, told apart by their neighbours where espeak-ng takes the wrong one."""

# ruff: noqa: RUF001 (IPA)

from collections.abc import Sequence

from ttsf.speech.english.lists import PLURALS, words

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
_NO_SUBJECTS = words(
    "a and or please now first carefully people children men women students always but so"
    " quickly slowly when if by widely"
)
_THIRD = words("he she it who somebody someone everyone nobody everybody")

_AFTER_A_USE = words("of in is case cases as by for are was has") | {""}
_AFTER_VERB = (
    OBJECTS
    | words(
        "again in at to on from with by as if when while because against over about each every"
        " themselves water food goods tickets people"
    )
    | {""}
)
_BEFORE_SUBJECT = words(
    "the these those my your his her our their some many most all few two three four five young"
    " old local new if when that while and but as because most other"
)
_COMPOUND = words("sports sales customs news arms goods savings always perhaps does this series")
"""Nouns in -s that stand before another noun, and words that are no nouns."""

NOUN_VERB = {
    "use": ("jˈuːs", "jˈuːz"), "project": ("", "pɹədʒˈɛkt"), "permit": ("", "pɚmˈɪt"),
    "conduct": ("", "kəndˈʌkt"), "record": ("", "ɹᵻkˈɔːɹd"), "object": ("", "əbdʒˈɛkt"),
    "contract": ("", "kəntɹˈækt"), "estimate": ("", "ˈɛstᵻmˌeɪt"),
    "separate": ("", "sˈɛpɚɹˌeɪt"), "duplicate": ("dˈuːplᵻkət", ""),
    "advocate": ("ˈædvəkət", ""), "associate": ("ɐsˈoʊsɪət", ""), "excuse": ("", "ɛkskjˈuːz"),
    "perfect": ("", "pɚfˈɛkt"), "subject": ("", "səbdʒˈɛkt"), "present": ("", "pɹɪzˈɛnt"),
    "increase": ("", "ɪŋkɹˈiːs"), "decrease": ("", "dᵻkɹˈiːs"), "insult": ("", "ɪnsˈʌlt"),
    "import": ("ˈɪmpɔːɹt", "ɪmpˈɔːɹt"), "suspect": ("", "səspˈɛkt"),
    "attribute": ("", "ɐtɹˈɪbjuːt"), "console": ("", "kənsˈoʊl"), "convict": ("", "kənvˈɪkt"),
    "conflict": ("", "kənflˈɪkt"), "extract": ("", "ɛkstɹˈækt"), "insert": ("", "ɪnsˈɜːt"),
    "reject": ("ɹˈiːdʒɛkt", ""), "transfer": ("", "tɹænsfˈɜː"), "transport": ("", "tɹænspˈɔːɹt"),
    "house": ("", "hˈaʊz"), "abuse": ("", "ɐbjˈuːz"),
    "protest": ("", "pɹətˈɛst"), "progress": ("", "pɹəɡɹˈɛs"), "rebel": ("", "ɹᵻbˈɛl"),
    "export": ("", "ɛkspˈɔːɹt"), "contest": ("", "kəntˈɛst"), "contrast": ("", "kəntɹˈæst"),
    "wind": ("", "wˈaɪnd"), "graduate": ("", "ɡɹˈædʒuːˌeɪt"), "alternate": ("ˈɔːltɚnət", ""),
    "compact": ("kˈɑːmpækt", ""), "elaborate": ("ᵻlˈæbɚɹət", ""), "moderate": ("", "mˈɑːdɚɹˌeɪt"),
}  # fmt: skip
"""Word: its sound as a noun or adjective and as a verb; '' where espeak-ng has it right."""


BESIDE = {
    "lead": ("lˈɛd", "contain contains contained containing",
             "pipe pipes paint pencil pencils poisoning acid bullet bullets shot weight weights ore"
             " based free glass crystal"),
    "dove": ("dˈoʊv", "", "into in off under deep headfirst down for from"),
    "minute": ("maɪnˈuːt", "", "detail details particle particles amount amounts quantity fraction"
               " quantities differences traces creatures changes"),
    "content": ("kəntˈɛnt", "am is are was were be feel felt quite seemed perfectly i'm he's she's"
                " very happy", "with"),
    "sow": ("sˈaʊ", "the a old", ""),
    "resume": ("ɹˈɛzuːmˌeɪ", "my your his her a the their our updated", ""),
    "moped": ("mˈoʊpt", "he she i they we", ""),
    "invalid": ("ˈɪnvəlɪd", "", "who lay"),
    "refuse": ("ɹˈɛfjuːs", "of household more", "bin bins collection collectors heap dump truck"
               " bag bags"),
    "produce": ("pɹˈoʊduːs", "fresh local organic farm seasonal produce the",
                "aisle section stand"),
}  # fmt: skip
"""Word: its rarer sound, and the words before it and after it of which one asks for that."""
_BESIDE = {word: (ipa, words(a), words(b)) for word, (ipa, a, b) in BESIDE.items()}
_METALS = words("copper tin zinc iron gold silver mercury")
_LEAD_OF = words("made piece lump traces pound pounds tons")


def homograph(words: Sequence[str], k: int, start: int) -> str:
    """The IPA of words[k] of a sentence; '' leaves it to espeak-ng.

    words: small letters, but for names within the sentence.

    start: the first word of its clause.
    """
    word = words[k]
    special = _SPECIAL.get(word)
    if special is not None:
        return special(words, k, start)
    if word in _BESIDE:
        ipa, before, after = _BESIDE[word]
        if _at(words, k - 1) in before or _at(words, k + 1) in after:
            return ipa
    if word == "lead" and (_at(words, k - 2) in _METALS or _lead_of(words, k)):
        return "lˈɛd"
    if word == "invalid" and _at(words, k - 1) in ("the", "an", "old") and not _at(words, k + 1):
        return "ˈɪnvəlɪd"
    if word not in NOUN_VERB:
        return ""
    noun, verb = NOUN_VERB[word]
    if _is_verb(words, k, start):
        return verb
    last = _at(words, k - 1)
    return noun if last in NOUN_BEFORE or last.endswith("'s") else ""


def _lead_of(words: Sequence[str], k: int) -> bool:
    return _at(words, k - 1) == "of" and _at(words, k - 2) in _LEAD_OF


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
    told = begins and words[k] == "use" and after not in _AFTER_A_USE
    return (
        told or (begins and after in OBJECTS) or (_many(words, k, start) and after in _AFTER_VERB)
    )


def _many(words: Sequence[str], k: int, start: int) -> bool:
    """Whether the word before is a plural noun that can be the subject: 'Prices increase'."""
    noun, before = _at(words, k - 1), _at(words, k - 2)
    plural = noun in PLURALS or (
        noun.endswith("s") and not noun.endswith(("'s", "ss", "us", "is")) and len(noun) > 3
    )
    alone = k - 1 == start or before in _BEFORE_SUBJECT
    return plural and alone and noun not in _COMPOUND


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
    plain = last.isalpha() and not last.endswith("s") and last not in OBJECTS | _NO_SUBJECTS
    owner = _at(words, k - 2) in {"the", "a", "an", "my", "his", "her", "our", "their", "your"}
    named = last[0].isupper() or (k == 1 and last not in ADVERBS)
    return past if plain and (owner or named or any(w in _PAST for w in words)) else present


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


def _wound(words: Sequence[str], k: int, start: int) -> str:
    before, after = _at(words, k - 1), _at(words, k + 1)
    paths = {"up", "through", "around", "its", "down", "along", "back", "round"}
    if after in paths or (before not in NOUN_BEFORE and after in ("the", "it", "his", "her", "a")):
        return "wˈaʊnd"
    return ""


def _bow(words: Sequence[str], k: int, start: int) -> str:
    before, after = _at(words, k - 1), _at(words, k + 1)
    low = before in ("low", "deep", "slight", "little", "final", "stiff")
    if (low and after != "tie") or (
        before == "a"
        and _at(words, k - 2)
        in (
            "take",
            "took",
            "takes",
            "taking",
            "made",
            "gave",
            "with",
        )
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


def _live(words: Sequence[str], k: int, start: int) -> str:
    if _at(words, k - 1) == "long" and _at(words, k + 1) in ("the", "our"):
        return "lˈɪv"
    before, after = _at(words, k - 1), _at(words, k + 1)
    people = {"people", "who", "children", "families", "animals", "parents", "friends", "men",
              "women", "birds", "fish", "bears"}  # fmt: skip
    places = {"in", "on", "at", "here", "there", "near", "under", "with", "alone", "together", "to"}
    return "lˈɪv" if before in people and after in places else ""


def _blessed(words: Sequence[str], k: int, start: int) -> str:
    owner = _at(words, k - 1) in ("a", "the", "this", "that", "every", "my", "his", "her", "our")
    return "blˈɛsᵻd" if owner and _at(words, k + 1) not in ("", "with", "by") else ""


def _aged(words: Sequence[str], k: int, start: int) -> str:
    owner = _at(words, k - 1) in ("an", "the", "his", "her", "my", "their")
    kept = {"cheese", "beef", "whiskey", "whisky", "wine", "rum", "five", "between"}
    return "ˈeɪdʒᵻd" if owner and _at(words, k + 1) not in kept | {""} else ""


def _beloved(words: Sequence[str], k: int, start: int) -> str:
    return "" if _at(words, k + 1) == "by" or _at(words, k - 1) in _HAVE else "bᵻlˈʌvᵻd"


def _used(words: Sequence[str], k: int, start: int) -> str:
    """The habit: 'used to live', 'is used to it'; a tool 'was used to open it'."""
    if _at(words, k + 1) != "to":
        return ""
    passive = any(
        w in _HAVE - {"get", "got", "had", "have", "has"} for w in words[max(0, k - 2) : k]
    )
    after = _at(words, k + 2)
    return "" if passive and not (after in OBJECTS or after.endswith("ing")) else "jˈuːst"


def _tear(words: Sequence[str], k: int, start: int) -> str:
    cloth = {"coat", "shirt", "dress", "jeans", "fabric", "page", "paper", "sleeve", "jacket",
             "muscle", "ligament", "cloth", "sail", "pants", "curtain", "tent", "net", "skirt",
             "trousers", "seam", "tendon", "meniscus", "wear"}  # fmt: skip
    torn = cloth & set(words[max(0, k - 2) : k + 5])
    return "tˈɛɹ" if torn or _is_verb(words, k, start) else ""


def _nice(words: Sequence[str], k: int, start: int) -> str:
    """The town, with a capital."""
    place = _at(words, k - 1) in ("in", "to", "from", "near", "of", "visited", "via")
    after = _at(words, k + 1)
    return "nˈiːs" if place and (not after or after[0].isupper() or not after.isalpha()) else ""


def _does(words: Sequence[str], k: int, start: int) -> str:
    deer = {"bucks", "deer", "fawns"} & set(words)
    return "dˈoʊz" if deer and _at(words, k - 1) in ("the", "two", "and", "three") else ""


def _axes(words: Sequence[str], k: int, start: int) -> str:
    graph = {"x", "y", "graph", "chart", "plot", "vertical", "horizontal", "coordinate", "rotation"}
    return "ˈæksiːz" if graph & set(words) else ""


def _buffet(words: Sequence[str], k: int, start: int) -> str:
    return "" if "wind" in words or "waves" in words else "bəfˈeɪ"


_SPECIAL = {
    "read": _read, "close": _close, "wound": _wound, "bow": _bow, "bass": _bass, "live": _live,
    "beloved": _beloved, "used": _used, "tear": _tear, "Nice": _nice,
    "blessed": _blessed, "aged": _aged, "does": _does, "axes": _axes, "buffet": _buffet,
}  # fmt: skip
