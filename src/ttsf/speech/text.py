"""Sec. 3.3: text to the symbol ids that E_t embeds (e_t); punctuation is kept as symbols."""

# ruff: noqa: RUF001

import re
import unicodedata
from bisect import bisect
from itertools import accumulate, groupby
from typing import NamedTuple

from ttsf.config import SpeechConfig
from ttsf.errors import TtsfError
from ttsf.speech.normalize import clean, spell_out
from ttsf.speech.phonemizer import phonemize

BLANK = "_"
PUNCTUATION = ";:,.!?—… "
LETTERS = "abcdefghijklmnopqrstuvwxyz"
IPA = "ɑɐɒæɓʙβɔɕçɗɖðʤəɘɚɛɜɝɞɟɡɢɣɤɥɦɧħɨɪɫɬɭɮɯɰɱŋɳɲɴøɵɸθœɶɹɺɻɽɾʀʁʂʃʈʊʉʋʌʍχʎʏʑʐʒʔʕᵻˈˌːˑʰʲʷʼ̩̃ˠˤ˞"
SYMBOLS = (BLANK, *PUNCTUATION, *LETTERS, *IPA)
_ID = {symbol: i for i, symbol in enumerate(SYMBOLS)}
_CLAUSE = re.compile(r"[;:,.!?—…]+|[^;:,.!?—…]+")
_DASH = re.compile(r"\s+-+\s+|--+")
_PIECE = re.compile(r"\S*[^\W_]\S*")
_WORD = re.compile(r"\S*[^\W_]\S*(?:\s+[\W_]+(?!\S))*")
_PAUSES = str.maketrans({"(": ",", ")": ",", "[": ",", "]": ",", '"': " ", "«": " ", "»": " "})


def _scripts(text: str) -> dict[str, str]:
    """Script name -> its first letter, of every letter in the text."""
    found: dict[str, str] = {}
    for c in text:
        if unicodedata.category(c).startswith("L"):
            found.setdefault(unicodedata.name(c, "UNKNOWN").split()[0], c)
    return found


def _name_greek_signs(text: str) -> str:
    """A lone Greek letter, as in mathematics, becomes its English name."""
    return re.sub(
        r"(?<![^\W\d_])[Α-Ωα-ω](?![^\W\d_])",
        lambda m: f" {unicodedata.name(m[0]).split()[-1].lower()} ",
        text,
    )


class Utterance(NamedTuple):
    """A text as the model reads it, and where in it the words are.

    A word is what stands between the spaces of the normal text, punctuation included: "7:30" gives
    the two words "seven" and "thirty", "well-known" one. A lone dash stays with the word before;
    one that begins the text is left out.
    """

    text: str
    """As given."""
    words: tuple[str, ...]
    """Joined by spaces they are what `TextFrontEnd.normalize` gives."""
    ids: list[int]
    """[L] places in SYMBOLS, with a blank around and between them where the model wants it."""
    spans: tuple[tuple[int, int], ...]
    """Of each word, the first of its ids and the one after its last.

    In order and apart from each other. A blank belongs to the symbol before it: what stands after
    a pause is silent as well. Pauses belong to no word.
    """


class _Piece(NamedTuple):
    """A word, or a part of one with punctuation inside."""

    written: int
    """Where it begins in the normal text."""
    start: int
    """Its first symbol."""
    end: int
    """The one after its last."""


class TextFrontEnd:
    """Text -> normal words -> IPA -> ids, for the language of `config`."""

    def __init__(self, config: SpeechConfig) -> None:
        self.language, self.add_blank = config.language, config.add_blank

    def normalize(self, text: str) -> str:
        """Words and punctuation only. Raises TtsfError for nothing to say or a foreign script."""
        cleaned = _name_greek_signs(clean(text))
        foreign = {k: v for k, v in _scripts(cleaned).items() if k not in ("LATIN", "MODIFIER")}
        if foreign:
            name, letter = next(iter(foreign.items()))
            script = {"CJK": "Han", "FULLWIDTH": "full-width"}.get(name, name.capitalize())
            raise TtsfError(
                f"this voice speaks {self.language} and cannot read {script} letters ('{letter}')"
            )
        words = spell_out(cleaned)
        if not re.search(r"[^\W_]", words):
            raise TtsfError("nothing to say: the text holds no letters or digits")
        return words

    def ids(self, text: str) -> list[int]:
        """The symbols of `utterance` alone."""
        return self.utterance(text).ids

    def utterance(self, text: str) -> Utterance:
        """IPA with stress marks as symbols, and , . ; : ! ? — … as pauses.

        Raises TtsfError as `normalize` does, and for words that have no sound.
        """
        normal = self.normalize(text)
        spoken, pieces = self._speak(normal)
        if not spoken.strip(PUNCTUATION):
            raise TtsfError("nothing to say: no sound belongs to this text")
        if spoken[-1] not in ".!?…":
            spoken = spoken.rstrip(PUNCTUATION) + "."
        words = list(_WORD.finditer(normal))
        begins = [word.start() for word in words]
        spans = []
        for _, group in groupby(pieces, lambda piece: bisect(begins, piece.written)):
            own = list(group)
            spans.append((min(own[0].start, len(spoken)), min(own[-1].end, len(spoken))))
        ids = [_ID[symbol] for symbol in spoken]
        if self.add_blank:
            ids = [_ID[BLANK] if k % 2 == 0 else ids[k // 2] for k in range(2 * len(ids) + 1)]
            spans = [(2 * start + 1, 2 * end + 1) for start, end in spans]
        return Utterance(text, tuple(word[0] for word in words), ids, tuple(spans))

    def _speak(self, normal: str) -> tuple[str, list[_Piece]]:
        """The symbols of all clauses, and where in them each written piece is."""
        marked = _DASH.sub(lambda dash: "—".center(len(dash[0])), normal).translate(_PAUSES)
        spoken, pieces = "", list[_Piece]()
        for clause in _CLAUSE.finditer(marked):
            if clause[0][0] in PUNCTUATION.strip():
                spoken += clause[0][0] if spoken and spoken[-1] not in PUNCTUATION else ""
                continue
            written = list(_PIECE.finditer(clause[0]))
            sound = self._sound(clause[0]) if written else ""
            spoken += " " if spoken and sound else ""
            for piece, (a, b) in zip(written, self._share(written, sound), strict=True):
                place = clause.start() + piece.start()
                pieces.append(_Piece(place, len(spoken) + a, len(spoken) + b))
            spoken += sound
        return spoken, pieces

    def _sound(self, clause: str) -> str:
        spoken = phonemize(clause, self.language)
        return "".join(c for c in spoken if c in _ID and c != BLANK)

    def _share(self, written: list[re.Match[str]], sound: str) -> list[tuple[int, int]]:
        """Start and end of each written piece of a clause in its sound.

        espeak sets spaces between words, but joins some ("of the" is "ʌvðə") and takes others apart
        ("II" is "roman two"). Where the counts differ, the pieces are spoken one by one as well,
        and their edges are carried over by the cheapest edit.
        """
        found = [word.span() for word in re.finditer(r"\S+", sound)]
        if len(found) == len(written):
            return found
        alone = [self._sound(piece[0]) for piece in written]
        place = _edit_places(" ".join(alone), sound)
        starts = accumulate((len(one) + 1 for one in alone[:-1]), initial=0)
        return [(place[a], place[a + len(one)]) for a, one in zip(starts, alone, strict=True)]


def _edit_places(old: str, new: str) -> list[int]:
    """Where each place between the symbols of `old`, ends included, is in `new` (Levenshtein).

    A space is never exchanged for a symbol.
    """
    costs = [list(range(len(new) + 1))]
    for i, a in enumerate(old):
        row = [i + 1]
        for j, b in enumerate(new):
            exchanged = costs[i][j] + (a != b) + (a != b and " " in (a, b))
            row.append(min(exchanged, costs[i][j + 1] + 1, row[j] + 1))
        costs.append(row)
    i, j = len(old), len(new)
    places = [j]
    while i:
        cost = costs[i][j]
        if cost == costs[i - 1][j] + 1:
            i -= 1
        elif j and cost == costs[i][j - 1] + 1:
            j -= 1
            continue
        else:
            i, j = i - 1, j - 1
        places.append(j)
    return places[::-1]
