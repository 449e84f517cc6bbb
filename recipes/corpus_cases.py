"""Cases for `ttsf evaluate` from a corpus as it was shipped, Sec. 4.1: some of its videos.

    python recipes/corpus_cases.py lrs2 LRS2 OUT
    python recipes/corpus_cases.py voxceleb2 VOXCELEB2 OUT --texts lrs3 LRS3

OUT/cases.csv beside links to the videos, those of the split "test" where the corpus has one. Of a
video without a transcript the first frame says a random one of `--texts`, as the paper does with
VoxCeleb2. The paper's own subsets are not published; the seed fixes ours.
"""

import argparse
import csv
import random
from pathlib import Path

from PIL import Image

from ttsf.errors import TtsfError
from ttsf.media.recording import read_video
from ttsf.research.data.recorded.layouts import SourceVideo, find_videos
from ttsf.research.data.recorded.transcripts import read_transcript
from ttsf.research.evaluation.cases import CASES, COLUMNS


def held_out(layout: str, root: Path) -> list[SourceVideo]:
    """The videos of the split "test", or of "valid" where there is none."""
    videos = find_videos(layout, root)
    test = [video for video in videos if video.split == "test"]
    return test or [video for video in videos if video.split == "valid"]


def text_of(video: SourceVideo) -> str | None:
    """What is said in a video."""
    if video.transcript is None:
        return None
    return read_transcript(video.transcript).text


def case_of(video: SourceVideo, texts: list[str], out: Path, dice: random.Random) -> list[str]:
    """Name, person, portrait, video, text and register; its file is left in `out`."""
    name, person = video.key.replace("/", "_"), video.speaker.replace("/", "_")
    text = text_of(video)
    if text is not None:
        link = f"{name}{video.video.suffix}"
        (out / link).symlink_to(video.video)
        return [name, person, "", link, text, ""]
    Image.fromarray(next(read_video(video.video))).save(out / f"{name}.png")
    return [name, person, f"{name}.png", "", dice.choice(texts), ""]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("layout", help="lrs2, lrs3, voxceleb2, grid or folder")
    parser.add_argument("root", type=Path)
    parser.add_argument("out", type=Path, help="new folder")
    parser.add_argument("--texts", nargs=2, metavar=("LAYOUT", "ROOT"), help="transcripts to say")
    parser.add_argument("--count", type=int, default=100, help="videos (100)")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    dice = random.Random(chosen.seed)
    try:
        videos = held_out(chosen.layout, chosen.root)
        picked = dice.sample(videos, min(chosen.count, len(videos)))
        texts = []
        if chosen.texts is not None:
            others = held_out(chosen.texts[0], Path(chosen.texts[1]))
            texts = [text for video in others if (text := text_of(video))]
        if not texts and not all(map(text_of, picked)):
            raise TtsfError(f"{chosen.root} has videos without a transcript; name --texts")
        chosen.out.mkdir(parents=True)
        with (chosen.out / CASES).open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(COLUMNS)
            rows.writerows(case_of(video, texts, chosen.out, dice) for video in picked)
    except (TtsfError, OSError) as error:
        parser.exit(2, f"error: {error}\n")
    print(f"{chosen.out}: {len(picked)} cases")


if __name__ == "__main__":
    main()
