"""Initialisms and acronyms, Roman numerals, lone letters, words in capitals."""

import re

from ttsf.text.english.lexicons.table import rows
from ttsf.text.english.lists import COUNTED, LETTERED, REGNAL_NAMES, STARTERS, TITLES, words
from ttsf.text.english.numbers import cardinal, ordinal, year
from ttsf.text.english.tokens import find_left, left, right, rule, word_after, word_before

_BEFORE_SMALL_NUMERAL = (
    r"\b(?:[Ss]c(?:ene)?|[Aa]ct|[Cc]h(?:apter)?|pp?|[Pp]ages?|[Vv]ol(?:ume)?|[Pp]art|[Bb]ook|[Cc]anto"
    r"|[Ss]ection|[Aa]ppendix|[Cc]lause|[Ss]tep|[Tt]ype|[Ss]tage)\.?\s$"
)
ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_ROMAN = r"M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})"
SAID_AS_WORDS = frozenset(written for written, how in rows("initialisms") if how == "word")
SAID_OTHERWISE = {w: how for w, how in rows("initialisms") if how not in ("word", "letters")}
LETTER_BY_LETTER = frozenset(written for written, how in rows("initialisms") if how == "letters")
"""Initialisms that espeak-ng would read as words; for some, only alone or among capitals."""
SMALL_WORDS = words(
    "A I AN AS AT BE BY DO GO HE IF IN IS IT ME MY NO OF ON OR SO TO UP US WE AM OH HI HA"
    " AND ARE ALL ANY BAD BIG BUT BUY CAN DAY DID END FAR FEW FOR FUN GET GOD GOT HAD HAS HER"
    " HEY HIM HIS HOT HOW ITS JOB LET LIE LOT LOW MAN MAY MEN NEW NOT NOW OFF OLD ONE OUR OUT"
    " OWN PAY PUT RUN SAD SAW SAY SEE SET SHE SIT SIX TEN THE TOO TOP TRY TWO USE WAR WAS WAY"
    " WHO WHY WIN WON WOW YES YET YOU"
)
THREE_LETTER_WORDS = words(
    "ACE ACT ADD AGE AGO AID AIM AIR ALE ANT APE APP ARC ARK ARM ART ASH ASK ATE AXE BAG BAN BAR"
    " BAT BAY BED BEE BEG BET BID BIN BIT BOB BOW BOX BOY BUG BUN BUS BUT BYE CAB CAN CAP CAR CAT"
    " COP COW CRY CUP CUT DAD DAM DEN DEW DIE DIG DIM DIP DOG DOT DRY DUE DUG DYE EAR EAT EGG EGO"
    " ELF ERA EVE EYE FAN FAT FED FEE FIG FIN FIT FIX FLU FLY FOG FOX FRY FUR GAP GAS GEL GEM GUM"
    " GUN GUT GUY GYM HAM HAT HEN HID HIP HIT HOP HUG HUT ICE ICY ILL INK INN JAM JAR JAW JET JOY"
    " KEY KID KIT LAB LAP LAW LAY LED LEG LID LIP LIT LOG MAD MAP MAT MET MID MIX MOM MOP MUD MUG"
    " NAP NET NIL NOD NOR NUT OAK ODD OIL OLD OWE OWL PAD PAN PAW PEA PEN PET PIE PIG PIT POP POT"
    " RAG RAN RAT RAW RED RIB RID RIP ROB ROD ROT ROW RUB RUG SAT SEA SEW SHY SIN SIP SIR SKI SKY"
    " SOB SON SOW SOY SPY SUM SUN TAB TAG TAN TAP TAR TAX TEA TIE TIN TIP TOE TON TOY TUB UGH URN"
    " VAN VET VOW WAX WEB WED WET WIG WIT ZOO TOM BEN JIM SAM ANN AMY DAN RON JOE LEE MAX RAY ROY"
    " GOT LOL"
) - {"LOL", "LED", "ICE", "SAT", "MAP", "PET", "APP"}
"""Words that in capitals within other text are emphasised words, not initialisms."""
_ORDINAL_NOUNS = {"century", "centuries", "dynasty", "arrondissement", "olympiad", "congress",
                  "olympics", "olympic", "games", "summit", "edition",
                  "corps", "legion", "amendment"}  # fmt: skip
_SMALL = set("IVX")
"""Letters of numerals below 40: no king has a higher one, and others are initialisms (CD, MD).

Alone, two of them are initialisms as well ("an IV"); II and three or more are numbers, but for
those that the table of initialisms has."""
_YEARS = range(1501, 2100)
"""Range of the years that numerals on title pages and in films stand for."""
_VERBS_OF_I = words(
    "am have think know see love want need like do don't say go feel hope guess mean"
)


def roman(text: str) -> int | None:
    """Parse a Roman numeral: 'XIV' -> 14; None for anything else."""
    if not text or not re.fullmatch(_ROMAN, text):
        return None
    values = [ROMAN[c] for c in text]
    return sum(-a if a < b else a for a, b in zip(values, [*values[1:], 0], strict=True))


def _numeral(match: re.Match[str]) -> str | None:
    text, number = match[1], roman(match[1])
    before, after = word_before(match), word_after(match)
    if number is None:
        return None
    if match[2]:
        return ordinal(number) if len(text) > 1 or after in _ORDINAL_NOUNS else None
    if text == "I" and before.endswith("."):
        return None
    name = before.rstrip(".").removesuffix("'s")
    if after.lower() in _ORDINAL_NOUNS and (len(text) > 1 or before.lower() == "the"):
        return ordinal(number)
    if {name, name.capitalize()} & COUNTED and (name[:1].isupper() or len(text) > 1):
        return cardinal(str(number)) if len(text) > 1 or after not in _VERBS_OF_I else None
    title = find_left(match, rf"\b(?:{'|'.join(TITLES)})\s+(?:[A-Z]\w+\s+){{1,2}}$")
    small = set(text) <= _SMALL
    if name in REGNAL_NAMES or title:
        letter = len(text) == 1 and (
            name.lower() in LETTERED
            or (text == "I" and after in _VERBS_OF_I)
            or (text == "X" and after[:1].isupper())
        )
        return f"the {ordinal(number)}" if small and not letter else None
    if (
        len(text) > 1
        and small
        and before[:1].isupper()
        and not (before.isupper() or before in STARTERS)
    ):
        return f"the {ordinal(number)}" if name not in COUNTED else cardinal(str(number))
    if small and (len(text) > 2 or text == "II") and text not in LETTER_BY_LETTER:
        return cardinal(str(number))
    if number in _YEARS:
        return year(number)
    return spaced(text) if small and len(text) > 1 else None


def _in_capitals(match: re.Match[str]) -> bool:
    """Whether the words around are in capitals as well."""
    around = re.findall(r"[A-Za-z]{2,}", left(match) + " " + right(match))
    return len(around) >= 1 and sum(w.isupper() for w in around) > 0.8 * len(around)


def spaced(letters: str) -> str:
    """'FBI' -> 'F B I'."""
    return " ".join(letters)


def _initialism(match: re.Match[str]) -> str | None:
    """Capitals that are letters, where espeak-ng would take them for a word."""
    text, ending = match[1], match[2] or ""
    if _in_capitals(match):
        small = text.capitalize() if _begins(match) else text.lower()
        return small + ending if text in ("IT", "US", "AM") else None
    if text in SAID_OTHERWISE:
        return SAID_OTHERWISE[text] + ending
    if text in SAID_AS_WORDS:
        return (text.lower() if len(text) < 4 else text.capitalize()) + ending
    if ending == "s":
        return spaced(text) + "'s"
    if text in SMALL_WORDS and not _is_name_of_letters(match):
        return (text.capitalize() if _begins(match) else text.lower()) + ending
    short = len(text) == 3 and text not in THREE_LETTER_WORDS and not roman(text)
    if text in LETTER_BY_LETTER or text in ("IT", "WHO") or short:
        return spaced(text) + ending
    return None


def _begins(match: re.Match[str]) -> bool:
    return not find_left(match, r"[\w,;]\W*$")


def _is_name_of_letters(match: re.Match[str]) -> bool:
    """Return whether IT, WHO or US is an initialism, as in 'the IT room', and not a pronoun."""
    text, before, after = match[1], word_before(match).lower(), word_after(match)
    if text == "US":
        return True
    if text == "IT":
        last = before in ("in", "and", "with") and not after
        return last or before in _BEFORE_IT or after in _AFTER_IT
    if text == "WHO":
        if find_left(match, r"\b[A-Z]{2,5},?\s(?:and\s|or\s)?$"):
            return True
        return before in {"the", "by", "from"} or after in ("says", "said", "declared", "warned")
    return text == "AM" and before in _HOURS


_BEFORE_IT = words("the an our your their my his her of for")
_AFTER_IT = words(
    "department support team manager staff room company sector industry specialist services"
    " security systems consultant infrastructure"
)
_HOURS = words("one two three four five six seven eight nine ten eleven twelve")


def _mixed(match: re.Match[str]) -> str:
    """'PhDs' -> 'P H D's'."""
    return f"P H D{chr(39) + 's' if match[1] else ''}"


def _ampersand(match: re.Match[str]) -> str:
    """'AT&T' -> 'A T and T'."""
    return f"{spaced(match[1])} and {spaced(match[2])}{match[3] or ''}"


def _capital_words(match: re.Match[str]) -> str | None:
    """Read letters around a number: 'B2B', 'P2P'."""
    said = {"2": "two", "4": "four"}[match[2]]
    return f"{match[1]} {said} {match[3]}"


LETTERS = (
    rule("initialism", "w", r"([A-Z]{3,6})(?=\d{1,4}\b)", lambda m:
         m[1].capitalize() if m[1] in SAID_AS_WORDS else None),
    rule("initialism", "w", r"IPv(?=[46]\b)", "I P V"),
    rule("roman", "w", r"([ivx]{1,5})(?![\w'])", lambda m: cardinal(str(roman(m[1].upper())))
         if roman(m[1].upper()) and find_left(m, _BEFORE_SMALL_NUMERAL) else None),
    rule("initialism", "w", r"CAT(?= scan)", "cat"),
    rule("initialism", "w", r"VRAM\b", "V ram"),
    rule("initialism", "w", r"SEALs?\b(?<=s)|SEAL(?= team)", lambda m: m[0].lower()),
    rule("letters", "w", r"(X{0,3}[SL]|M)-(X{0,3}[SL]|M)\b(?!-)",
         lambda m: f"{spaced(m[1])} to {spaced(m[2])}"),
    rule("letters", "w", r"K-12\b", "K to twelve"),
    rule("letters", "w", r"[A-Za-z]{2}(?=\^\d)", lambda m:
         None if re.search("[aeiou]", m[0]) or len(m[0]) != 2 else spaced(m[0])),
    rule("roman", "w", r"WW(?:II|2)\b", "World War two"),
    rule("roman", "w", r"WW(?:I|1)\b", "World War one"),
    rule("initialism", "w", r"Ph\.?Ds?\b(?<=D)|PhD(s)\b", _mixed),
    rule("initialism", "w", r"([A-Z]{1,4})\s?&\s?([A-Z]{1,3})('?s)?(?![\w&])", _ampersand),
    rule("initialism", "w", r"([A-Z]{1,3})([24])([A-Z]{1,3})\b", _capital_words),
    rule("roman", "w", r"([IVXLCDM]{1,9})(th|st|nd|rd)?(?![\w&+#]|\.\w|'(?!s\b))", _numeral),
    rule("initialism", "w", r"([A-Z]{2,6})('s|s)?(?![\w&]|'\w)", _initialism),
    rule("letters", "w", r"([A-Za-z])-([A-Za-z])(?![\w-])", lambda m:
         f"{m[1]} to {m[2]}" if m[1] in "Aa" and m[2] in "CDEFGHJKZcdefghjkz" else None),
)  # fmt: skip
