"""How many words of the product's speech are misheard, by Whisper.

    python recipes/heard_words.py PARTS WHISPER [--model MODEL]

PARTS has manifest.csv; WHISPER is a model as `ttsf evaluate --whisper` takes it. Held-out portraits
say 20 plain sentences and 20 with names, numbers, dates and sums, which were written before
anything was heard. Words are compared as Whisper's normaliser writes them; and as the front end
reads both aloud, for which "7:45" and "seven forty-five" are the same.
"""

import argparse
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import ttsf
from ttsf import checkpoint
from ttsf.config import SAMPLE_RATE, SpeechConfig
from ttsf.research.data.parts import read_parts
from ttsf.research.data.report import spread
from ttsf.research.data.speech.speech_files import resample
from ttsf.research.evaluation.cases import PLAIN
from ttsf.research.evaluation.metrics.wer import load_whisper
from ttsf.text.front_end import TextFrontEnd

PLAINLY = PLAIN[:20]
NAMES_AND_NUMBERS = (
    "Margaret Sullivan moved to Portland on the 4th of May 1987.",
    "The 7:45 train to Oxford leaves from platform 12.",
    "Dr. Patel paid $3.50 for a sandwich and $12 for lunch.",
    "There are 365 days in a year, and 366 in 2024.",
    "Call Thomas at 555-0142 before 6 p.m. on Friday.",
    "Mount Everest is 8,849 metres high.",
    "On June 21, 1969, Sarah Connor bought 15 tickets.",
    "The recipe needs 250 grams of flour and 3 eggs.",
    "King Henry VIII had 6 wives.",
    "About 40% of voters in Ohio chose Senator Williams.",
    "Our flight BA 283 to Los Angeles takes 11 hours.",
    "The temperature fell to minus 15 degrees in Chicago.",
    "Mr. Robinson turned 93 on Tuesday.",
    "She ran 10 km in 52 minutes and 30 seconds.",
    "Room 204 is on the 2nd floor, next to Jennifer's office.",
    "In 1912 the Titanic sank with more than 1,500 people.",
    "Michael Jordan scored 63 points against Boston.",
    "The store at 1600 Madison Avenue opens at 9:30.",
    "Two thirds of the 48 students passed the test.",
    "Einstein was born in Ulm, Germany, in 1879.",
)


def read_aloud() -> Callable[[str], str]:
    """Return what writes a text as the front end reads it, in lower-case words."""
    front_end = TextFrontEnd(SpeechConfig())
    return lambda text: " ".join(re.findall("[a-z']+", front_end.normalize(text).lower()))


def main() -> None:
    """Command line."""
    from jiwer import wer
    from whisper_normalizer.english import EnglishTextNormalizer

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", type=Path)
    parser.add_argument("whisper", type=Path)
    parser.add_argument("--model", type=Path)
    given = parser.parse_args()
    transcribe, pipeline = load_whisper(given.whisper), ttsf.Pipeline(checkpoint.load(given.model))
    portraits = spread(read_parts(given.parts, "portrait", ("valid",)), len(PLAINLY))
    ways = {"Whisper's normaliser": EnglishTextNormalizer(), "read aloud": read_aloud()}
    texts: list[str] = []
    heard: list[str] = []

    def tell(name: str, part: slice) -> None:
        rates = [
            f"{how} {wer([write(t) for t in texts[part]], [write(h) for h in heard[part]]):.3f}"
            for how, write in ways.items()
        ]
        print(f"{name}: {', '.join(rates)}", flush=True)

    groups: dict[str, Sequence[str]] = {"plain": PLAINLY, "names, numbers": NAMES_AND_NUMBERS}
    for name, sentences in groups.items():
        first = len(texts)
        for seed, (part, text) in enumerate(zip(portraits, sentences, strict=True)):
            options = ttsf.GenerateOptions(seed=seed)
            said = pipeline.say(given.parts / part.file, text, options)
            texts.append(text)
            heard.append(transcribe(resample(said, pipeline.model.config.sample_rate, SAMPLE_RATE)))
        tell(name, slice(first, None))
    tell("all", slice(None))


if __name__ == "__main__":
    main()
