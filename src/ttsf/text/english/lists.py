"""Small word lists by which the rules judge the neighbours of a token, from their table."""

from ttsf.text.english.lexicons.table import rows


def words(text: str) -> frozenset[str]:
    """The words of a text, to look one up."""
    return frozenset(text.split())


def _list(name: str) -> frozenset[str]:
    """The words of a list of the table; raises KeyError where it has none of that name."""
    return _LISTS[name]


_LISTS: dict[str, frozenset[str]] = {}
for _name, _words in rows("words"):
    _LISTS[_name] = _LISTS.get(_name, frozenset()) | words(_words)

DETERMINERS = _list("determiners")
FUNCTION_WORDS = _list("function words")
"""What cannot be the noun of "a 5 dollar ..."."""
STARTERS = _list("starters")
"""Words that begin sentences: after one of them a stop ends the sentence before."""
JOINTS = _list("joints")
LETTERED = _list("lettered")
"""What is named by a letter: "Plan B. The end."."""
PLURALS = _list("plurals")
NOT_PLURAL = _list("not plural")
TITLES = _list("titles")
REGNAL_NAMES = _list("regnal names")
COUNTED = _list("counted")
"""After these, a Roman numeral is a plain number ("World War II")."""
NUMBERED = _list("numbered")
"""After these, three and four digits are said in pairs ("Room 1905")."""
NAMED = _list("named")
"""What is named by a number and a letter: "exit 12A", "rooms 3A and 4B"."""
AMOUNT_NOUNS = _list("amount nouns")
"""Before these an amount is an adjective even without an article: "10A fuse"."""
CODES = _list("codes")
"""After these, digits are said one by one."""
CALLS = _list("calls")
YEAR_BEFORE = _list("year before")
QUANTITIES = _list("quantities")
"""Of which there can be 1500: "a total of 1500"."""
