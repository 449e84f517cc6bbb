"""Choose the pronunciation of homographs by their neighbours, where espeak-ng chooses wrongly."""

# ruff: noqa: RUF001 (IPA)

from collections.abc import Sequence
from itertools import pairwise

from ttsf.text.english.lists import words
from ttsf.text.markup.ipa import with_s
from ttsf.text.pronunciation.grammar import (
    ADVERBS,
    AUXILIARIES,
    BEFORE_SUBJECT,
    NOUN_BEFORE,
    OBJECTS,
    SUBJECTS,
    asked,
    at,
    is_verb,
    many_before,
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
"""IPA of each word as a noun or adjective, and as a verb; '' if espeak-ng has it right."""


BESIDE = {
    "lead": ("lˈɛd", "contain contains contained containing",
             "pipe pipes paint pencil pencils poisoning acid bullet bullets shot weight weights ore"
             " based free glass crystal"),
    "dove": ("dˈoʊv", "", "into in off under deep headfirst down for from"),
    "minute": ("maɪnˈuːt", "", "detail details particle particles amount amounts quantity fraction"
               " quantities differences traces creatures changes"),
    "content": ("kəntˈɛnt", "am is are was were be feel felt quite seemed perfectly i'm he's she's"
                " very happy", "with"),
    "lima": ("lˈaɪmə", "", "bean beans"),
    "sow": ("sˈaʊ", "the a old", ""),
    "resume": ("ɹˈɛzuːmˌeɪ", "my your his her a the their our updated", ""),
    "moped": ("mˈoʊpt", "he she i they we", ""),
    "invalid": ("ˈɪnvəlɪd", "", "who lay"),
    "refuse": ("ɹˈɛfjuːs", "of household more", "bin bins collection collectors heap dump truck"
               " bag bags"),
    "produce": ("pɹˈoʊduːs", "fresh local organic farm seasonal produce the",
                "aisle section stand"),
}  # fmt: skip
"""IPA of each word's rarer reading, and the words before and after it that indicate it."""
_BESIDE = {word: (ipa, words(a), words(b)) for word, (ipa, a, b) in BESIDE.items()}
_METALS = words("copper tin zinc iron gold silver mercury")
_OF_LEAD = words(
    "paint pencil pencils pipe pipes battery batteries gasoline petrol toxic metal metals melt"
    " melts melted poisonous dust roof heavy heavier mercury bullets solder"
)
_LEAD_OF = words("made piece lump traces pound pounds tons")


def homograph(words: Sequence[str], k: int, start: int) -> str:
    """Return the IPA of words[k] of a sentence; '' to leave it to espeak-ng.

    words: in lower case, except names within the sentence; start: index of the clause's first word.
    """
    word = words[k]
    special = _SPECIAL.get(word)
    if special is not None:
        return special(words, k, start)
    if word in _BESIDE:
        ipa, before, after = _BESIDE[word]
        if at(words, k - 1) in before or at(words, k + 1) in after:
            return ipa
    if word == "lead" and _is_metal(words, k, start):
        return "lˈɛd"
    if word == "invalid" and at(words, k - 1) in ("the", "an", "old") and not at(words, k + 1):
        return "ˈɪnvəlɪd"
    if word[:-1] in NOUN_VERB and word[-1] == "s" and NOUN_VERB[word[:-1]][1]:
        told = at(words, k - 1) in ("he", "she", "it", "who")
        return with_s(NOUN_VERB[word[:-1]][1]) if told else ""
    if word not in NOUN_VERB:
        return ""
    noun, verb = NOUN_VERB[word]
    if is_verb(words, k, start):
        return verb
    last = at(words, k - 1)
    return noun if last in NOUN_BEFORE or last.endswith("'s") else ""


def _is_metal(words: Sequence[str], k: int, start: int) -> bool:
    before, after = at(words, k - 1), at(words, k + 1)
    if at(words, k - 2) in _METALS or (before == "of" and at(words, k - 2) in _LEAD_OF):
        return True
    bare = before in ("no", "some", "of", "with", "is", "like", "and", "") or k == start
    return bare and after not in OBJECTS and bool(_OF_LEAD & set(words))


def _read(words: Sequence[str], k: int, start: int) -> str:
    """Past tense after he, she and names, and in a sentence about the past."""
    past, present = "ɹˈɛd", ""
    before = list(words[max(0, k - 4) : k])
    if not before or (k == start and at(words, k - 1) not in SUBJECTS):
        return present
    if any(w in _HAVE for w in before[-3:]):
        return past
    if any(w in AUXILIARIES for w in before[-3:]):
        return present
    last = before[-1] if before[-1] not in ADVERBS else at(words, k - 2)
    if last in _THIRD:
        return past
    told = any(b.endswith("ed") for a, b in pairwise(words) if a in ("and", "then"))
    if last in ("i", "we", "they", "you", "and"):
        return past if told or any(w in _PAST for w in words) else present
    plain = last.isalpha() and not last.endswith("s") and last not in OBJECTS | _NO_SUBJECTS
    owner = at(words, k - 2) in {"the", "a", "an", "my", "his", "her", "our", "their", "your"}
    named = last[0].isupper() or (k == 1 and last not in ADVERBS)
    return past if plain and (owner or named or any(w in _PAST for w in words)) else present


def _close(words: Sequence[str], k: int, start: int) -> str:
    before, after = at(words, k - 1), at(words, k + 1)
    if (before == "the" and after == "of") or (before in ("a",) and after == ""):
        return "klˈoʊz"
    if after == "to" or (after == "" and {"keep", "kept", "hold", "stay", "stayed"} & set(words)):
        return ""
    if is_verb(words, k, start):
        return "klˈoʊz" if before not in SUBJECTS or after not in ("friends",) else ""
    plural = before.endswith("s") and not before.endswith(("'s", "ss", "is", "was", "as", "always"))
    return "klˈoʊz" if plural and after in ("", "at", "on", "early", "for", "in", "when") else ""


def _wound(words: Sequence[str], k: int, start: int) -> str:
    before, after = at(words, k - 1), at(words, k + 1)
    paths = {"up", "through", "around", "its", "down", "along", "back", "round"}
    if after in paths or (before not in NOUN_BEFORE and after in ("the", "it", "his", "her", "a")):
        return "wˈaʊnd"
    return ""


def _bow(words: Sequence[str], k: int, start: int) -> str:
    """'Bow' in the sense of bending or of a ship; other bows are left to espeak-ng."""
    before, after = at(words, k - 1), at(words, k + 1)
    low = before in ("low", "deep", "slight", "little", "final", "stiff")
    given = before == "a" and at(words, k - 2) in _BOWING and not _KNOTS & set(words)
    if (low and after != "tie") or given or after == "wow" or is_verb(words, k, start):
        return "bˈaʊ"
    if after in ("to", "down", "before", "out") or before in ("to", "must"):
        return "bˈaʊ" if before not in ("a", "the", "his", "her") or after == "down" else ""
    ship = {"ship", "boat", "vessel", "yacht", "ferry", "canoe"}
    return "bˈaʊ" if after == "of" and set(words[k : k + 5]) & ship else "bˈoʊ"


_BOWING = words("take took takes taking made gave with")
_KNOTS = words(
    "arrow arrows shot shoot hunt hunted hunts tied tie ribbon hair wrapped gift box present"
    " archer violin cello armed killed"
)


def _bass(words: Sequence[str], k: int, start: int) -> str:
    fish = {"fish", "fishing", "caught", "catch", "sea", "lake", "striped", "largemouth", "grilled",
            "swim", "swam", "swims", "fried", "fillet", "fisherman", "river"}  # fmt: skip
    return "bˈæs" if fish & set(words[max(0, k - 4) : k + 3]) else ""


def _live(words: Sequence[str], k: int, start: int) -> str:
    if at(words, k - 1) == "long" and at(words, k + 1) in ("the", "our"):
        return "lˈɪv"
    before, after = at(words, k - 1), at(words, k + 1)
    people = {"people", "who", "children", "families", "animals", "parents", "friends", "men",
              "women", "birds", "fish", "bears"}  # fmt: skip
    told = before in SUBJECTS or (before in AUXILIARIES and after not in _SHOWS)
    many = before in people or many_before(words, k, start) or asked(words, k)
    both = after == "and" and "let" in words
    return "lˈɪv" if told or both or (many and after in _PLACES | {"", "long", "longer"}) else ""


def _lives(words: Sequence[str], k: int, start: int) -> str:
    """'Lives' as a verb, as in 'Anna lives in Rome', not the noun in 'their lives in Rome'."""
    before, after = at(words, k - 1), at(words, k + 1)
    places = _PLACES | {"just"}
    counted = before in NOUN_BEFORE | BEFORE_SUBJECT | {"human", "their", "two", "nine", "several"}
    owner = before.endswith(("'s", "s'")) or before in ("save", "saved", "lost", "lose", "and", "")
    return "" if counted or owner or after not in places else "lˈɪvz"


def _blessed(words: Sequence[str], k: int, start: int) -> str:
    owner = at(words, k - 1) in ("a", "the", "this", "that", "every", "my", "his", "her", "our")
    if k == start and at(words, k + 1) in ("are", "is", "be"):
        return "blˈɛsᵻd"
    return "blˈɛsᵻd" if owner and at(words, k + 1) not in ("", "with", "by") else ""


def _aged(words: Sequence[str], k: int, start: int) -> str:
    owner = at(words, k - 1) in ("an", "the", "his", "her", "my", "their")
    kept = {"cheese", "beef", "whiskey", "whisky", "wine", "rum", "five", "between"}
    return "ˈeɪdʒᵻd" if owner and at(words, k + 1) not in kept | {""} else ""


def _beloved(words: Sequence[str], k: int, start: int) -> str:
    return "" if at(words, k + 1) == "by" or at(words, k - 1) in _HAVE else "bᵻlˈʌvᵻd"


def _used(words: Sequence[str], k: int, start: int) -> str:
    """'Used to' of a habit: 'used to live', 'is used to it'; not 'was used to open it'."""
    if at(words, k + 1) != "to":
        return ""
    passive = any(
        w in _HAVE - {"get", "got", "had", "have", "has"} for w in words[max(0, k - 2) : k]
    )
    after = at(words, k + 2)
    return "" if passive and not (after in OBJECTS or after.endswith("ing")) else "jˈuːst"


def _tear(words: Sequence[str], k: int, start: int) -> str:
    cloth = {"coat", "shirt", "dress", "jeans", "fabric", "page", "paper", "sleeve", "jacket",
             "muscle", "ligament", "cloth", "sail", "pants", "curtain", "tent", "net", "skirt",
             "trousers", "seam", "tendon", "meniscus", "wear"}  # fmt: skip
    torn = cloth & set(words[max(0, k - 2) : k + 5])
    told = k == start and at(words, k + 1) in ("along", "off", "up", "open", "apart")
    return "tˈɛɹ" if torn or told or is_verb(words, k, start) else ""


def _nice(words: Sequence[str], k: int, start: int) -> str:
    """'Nice' with a capital, the town."""
    place = at(words, k - 1) in ("in", "to", "from", "near", "of", "visited", "via")
    after = at(words, k + 1)
    return "nˈiːs" if place and (not after or after[0].isupper() or not after.isalpha()) else ""


def _does(words: Sequence[str], k: int, start: int) -> str:
    deer = {"bucks", "deer", "fawns"} & set(words)
    return "dˈoʊz" if deer and at(words, k - 1) in ("the", "two", "and", "three") else ""


def _axes(words: Sequence[str], k: int, start: int) -> str:
    graph = {"x", "y", "graph", "chart", "plot", "vertical", "horizontal", "coordinate", "rotation"}
    return "ˈæksiːz" if graph & set(words) else ""


def _buffet(words: Sequence[str], k: int, start: int) -> str:
    return "" if "wind" in words or "waves" in words else "bəfˈeɪ"


_PLACES = words(
    "in on at here there near under with alone together to next by beside abroad above below"
    " across down up for outside inside off"
)


def _row(words: Sequence[str], k: int, start: int) -> str:
    """'A row' in the sense of a quarrel."""
    had = at(words, k - 1) in ("a", "big", "terrible", "furious", "blazing", "the")
    return "ɹˈaʊ" if had and at(words, k + 1) in ("about", "with", "over") else ""


def _polish(words: Sequence[str], k: int, start: int) -> str:
    return "pˈɑːlɪʃ" if k == start and at(words, k + 1) in OBJECTS else ""


def _sake(words: Sequence[str], k: int, start: int) -> str:
    """'Sake' in the sense of the drink."""
    drinks = {"bottle", "cup", "cups", "drink", "drank", "sushi", "hot", "warm", "glass", "rice"}
    drunk = drinks & set(words[max(0, k - 4) : k]) and at(words, k + 1) != "of"
    return "sˈɑːki" if drunk and not at(words, k - 1).endswith("'s") else ""


_SHOWS = words("tv music broadcast broadcasts shows show concerts coverage streaming video action")
_SPECIAL = {
    "row": _row, "polish": _polish, "sake": _sake,
    "lives": _lives,
    "read": _read, "close": _close, "wound": _wound, "bow": _bow, "bass": _bass, "live": _live,
    "beloved": _beloved, "used": _used, "tear": _tear, "Nice": _nice,
    "blessed": _blessed, "aged": _aged, "does": _does, "axes": _axes, "buffet": _buffet,
}  # fmt: skip
