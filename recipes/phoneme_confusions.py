"""Which phonemes a recogniser confuses: what it heard against what was to be said.

    python recipes/phoneme_confusions.py REPORT [--system ours]

REPORT is the folder of a `ttsf evaluate`. Both texts are turned into phonemes and aligned by least
edits; a word that is heard as another thus counts by the sounds in which the two differ.
"""

import argparse
import csv
from collections import Counter
from itertools import zip_longest
from pathlib import Path

from jiwer import process_words

from ttsf.config import SpeechConfig
from ttsf.media.recording import read_sound
from ttsf.research.evaluation.cases import CASES
from ttsf.research.evaluation.metrics.wer import transcribe
from ttsf.text.front_end import SYMBOLS, TextFrontEnd

MISSED = "-"
NO_SOUND = set(" _ˈˌː.,;:!?—…")


def phonemes(front_end: TextFrontEnd, text: str) -> list[str]:
    """Phonemes without stress, length and pauses."""
    if not text:
        return []
    return [s for s in (SYMBOLS[k] for k in front_end.ids(text)) if s not in NO_SOUND]


def alignment(said: list[str], heard: list[str]) -> list[tuple[str, str]]:
    """Pairs of least edits; `MISSED` stands for what has no partner."""
    (chunks,) = process_words(" ".join(said), " ".join(heard)).alignments
    pairs: list[tuple[str, str]] = []
    for chunk in chunks:
        a = said[chunk.ref_start_idx : chunk.ref_end_idx]
        b = heard[chunk.hyp_start_idx : chunk.hyp_end_idx]
        pairs += zip_longest(a, b, fillvalue=MISSED)
    return pairs


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("report", type=Path)
    parser.add_argument("--system", default="ours")
    chosen = parser.parse_args()
    front_end = TextFrontEnd(SpeechConfig())
    said: Counter[str] = Counter()
    wrong: Counter[tuple[str, str]] = Counter()
    with (chosen.report / "cases" / CASES).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        path = chosen.report / chosen.system / "speech" / f"{row['name']}.wav"
        samples = read_sound(path, path) if path.is_file() else None
        if samples is None:
            continue
        heard = phonemes(front_end, transcribe(samples))
        for a, b in alignment(phonemes(front_end, row["text"]), heard):
            said[a] += 1
            if a != b:
                wrong[a, b] += 1
    print("| said | heard | times | of |\n|---|---|---|---|")
    for (a, b), times in wrong.most_common(12):
        print(f"| {a} | {b} | {times} | {said[a]} |")
    total = sum(count for sound, count in said.items() if sound != MISSED)
    print(f"\n{sum(wrong.values())} wrong of {total} phonemes")


if __name__ == "__main__":
    main()
