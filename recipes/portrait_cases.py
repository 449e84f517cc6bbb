"""Cases for `ttsf evaluate`: held-out portraits that each say the same plain sentences.

    python recipes/portrait_cases.py PARTS OUT
    ttsf evaluate OUT --out REPORT --per-person 5 --limit 100

OUT/cases.csv and the portraits beside it; 20 portraits x 5 sentences unless asked otherwise.
"""

import argparse
import csv
import shutil
from pathlib import Path

from ttsf.research.data.parts import read_parts
from ttsf.research.data.report import spread
from ttsf.research.evaluation.cases import CASES, COLUMNS, PLAIN


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", type=Path, help="folder with manifest.csv")
    parser.add_argument("out", type=Path)
    parser.add_argument("--portraits", type=int, default=20)
    parser.add_argument("--sentences", type=int, default=5)
    chosen = parser.parse_args()
    portraits = spread(read_parts(chosen.parts, "portrait", ("valid",)), chosen.portraits)
    sentences = spread(PLAIN, chosen.sentences)
    chosen.out.mkdir(parents=True)
    with (chosen.out / CASES).open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        for part in portraits:
            path = chosen.parts / part.file
            shutil.copy(path, chosen.out / path.name)
            for number, text in enumerate(sentences, start=1):
                case = f"{path.stem}-{number}"
                register = part.voice_register or ""
                rows.writerow([case, path.stem, path.name, "", text, register])


if __name__ == "__main__":
    main()
