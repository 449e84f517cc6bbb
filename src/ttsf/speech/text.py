"""Sec. 3.3: text to the symbol ids that E_t embeds (e_t); punctuation is kept as symbols."""

# ruff: noqa: RUF001

import re
import unicodedata

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
_CLAUSE = re.compile(r"([;:,.!?—…]+)")
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

    def phonemes(self, text: str) -> str:
        """IPA with stress marks and the punctuation , . ; : ! ? — … as pauses."""
        words = re.sub(r"\s+-+\s+|--+", " — ", self.normalize(text)).translate(_PAUSES)
        spoken = ""
        for i, part in enumerate(_CLAUSE.split(words)):
            if i % 2 == 0:
                sound = phonemize(part, self.language) if re.search(r"[^\W_]", part) else ""
                spoken += f" {sound}" if spoken and sound else sound
            elif spoken and spoken[-1] not in PUNCTUATION:
                spoken += part.strip()[0] if part.strip("…") else "…"
        spoken = "".join(c for c in spoken if c in _ID and c != BLANK)
        if not spoken.strip(PUNCTUATION):
            raise TtsfError("nothing to say: no sound belongs to this text")
        return spoken if spoken[-1] in ".!?…" else spoken.rstrip(PUNCTUATION) + "."

    def ids(self, text: str) -> list[int]:
        """Symbol ids, with a blank around and between symbols where the configuration says so."""
        return self.phoneme_ids(self.phonemes(text))

    def phoneme_ids(self, phonemes: str) -> list[int]:
        """Ids of a string that `phonemes` returned."""
        ids = [_ID[symbol] for symbol in phonemes]
        if not self.add_blank:
            return ids
        spaced = [_ID[BLANK]] * (2 * len(ids) + 1)
        spaced[1::2] = ids
        return spaced
