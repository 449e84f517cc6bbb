"""Abbreviations, by where they are read as the table says."""

from ttsf.text.english.lexicons.table import rows, words


def _where(place: str, how: str = "") -> dict[str, str]:
    return {
        short: said
        for short, said, where, flags in rows("abbreviations")
        if where == place and (not how or how in flags.split())
    }


BEFORE_NAMES, AFTER_NAMES = _where("before a name"), _where("after a name")
"""Written as here; the others are written in small or capital letters."""
BEFORE_NUMBERS, ANYWHERE = _where("before a number"), _where("anywhere")
STATES = _where("after a town")
BARE_BEFORE_NAMES = frozenset(_where("before a name", "bare"))
BARE_AFTER_NAMES = frozenset(_where("after a name", "bare"))
BARE_ANYWHERE = frozenset(_where("anywhere", "bare"))
"""Also without a stop."""
MAY_BE_WORDS = frozenset(
    short.lower() for short, _, _, flags in rows("abbreviations") if "word" in flags.split()
)
"""Words of their own where a sentence ends after them or a name follows."""
NEVER_LAST = frozenset(("p.s", "e.g", "i.e", "v")) | frozenset(
    short.lower() for short, _, _, flags in rows("abbreviations") if "goes-on" in flags.split()
)
"""A sentence never ends at their stop."""
LATIN = words("latin")
SHORT_FORMS = frozenset(
    {form.lower() for form in (*ANYWHERE, *BEFORE_NUMBERS, *STATES)}
    | {form.lower().rstrip(".") for form in LATIN}
    | set(
        [
            "jan",
            "feb",
            "mar",
            "apr",
            "jun",
            "jul",
            "aug",
            "sep",
            "sept",
            "oct",
            "nov",
            "dec",
            "mon",
            "tue",
            "tues",
            "wed",
            "thu",
            "thurs",
            "fri",
        ]
    )
)
"""All whose stop need not end a sentence, in small letters."""
