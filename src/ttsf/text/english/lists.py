"""Small word lists, from a table, by which rules judge the neighbours of a token."""

from ttsf.text.english.lexicons.table import rows


def words(text: str) -> frozenset[str]:
    """Return the words of a text as a set."""
    return frozenset(text.split())


def _list(name: str) -> frozenset[str]:
    """The words of a list of the table; raises KeyError where it has none of that name."""
    return _LISTS[name]


_LISTS: dict[str, frozenset[str]] = {}
for _name, _words in rows("words"):
    _LISTS[_name] = _LISTS.get(_name, frozenset()) | words(_words)

DETERMINERS = _list("determiners")
FUNCTION_WORDS = _list("function words")
"""Words that cannot be the noun in "a 5 dollar ..."."""
STARTERS = _list("starters")
"""Words that often begin a sentence: a stop before one of them ends the previous sentence."""
JOINTS = _list("joints")
LETTERED = _list("lettered")
"""Nouns and names that a single letter may follow as a name: "Plan B. The end.", "Malcolm X"."""
PLURALS = _list("plurals")
NOT_PLURAL = _list("not plural")
TITLES = _list("titles")
REGNAL_NAMES = _list("regnal names")
COUNTED = _list("counted")
"""Words after which a Roman numeral is read as a cardinal: "World War II"."""
NUMBERED = _list("numbered")
"""Words after which three or four digits are read in pairs: "Room 1905"."""
NAMED = _list("named")
"""Nouns that a number with a letter may follow as a name: "exit 12A", "rooms 3A and 4B"."""
AMOUNT_NOUNS = _list("amount nouns")
"""Nouns before which an amount is an adjective even without an article: "10A fuse"."""
CODES = _list("codes")
"""Words after which digits are read one by one."""
CALLS = _list("calls")
YEAR_BEFORE = _list("year before")
QUANTITIES = _list("quantities")
"""Words after whose "of" four digits are a quantity, not a year: "a total of 1500"."""
