"""Abbreviations, grouped by the context in which they are expanded."""

from ttsf.text.english.lexicons.table import rows, words


def _where(place: str, how: str = "") -> dict[str, str]:
    return {
        short: said
        for short, said, where, flags in rows("abbreviations")
        if where == place and (not how or how in flags.split())
    }


BEFORE_NAMES, AFTER_NAMES = _where("before a name"), _where("after a name")
"""Case-sensitive, unlike the other groups."""
BEFORE_NUMBERS, ANYWHERE = _where("before a number"), _where("anywhere")
STATES = _where("after a town")
BARE_BEFORE_NAMES = frozenset(_where("before a name", "bare"))
BARE_AFTER_NAMES = frozenset(_where("after a name", "bare"))
BARE_ANYWHERE = frozenset(_where("anywhere", "bare"))
"""Abbreviations that are expanded even without a full stop."""
MAY_BE_WORDS = frozenset(
    short.lower() for short, _, _, flags in rows("abbreviations") if "word" in flags.split()
)
"""Abbreviations that are ordinary words at the end of a sentence or before a name."""
NEVER_LAST = frozenset(("p.s", "e.g", "i.e", "v")) | frozenset(
    short.lower() for short, _, _, flags in rows("abbreviations") if "goes-on" in flags.split()
)
"""Abbreviations whose stop never ends a sentence."""
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
"""All abbreviations whose stop may not end a sentence, in lower case."""
