"""Small corpora in the layouts of LRS3, LRS2 and VoxCeleb2, for `reproduce.sh --try`.

    python recipes/try_corpora.py OUT [--talks 2] [--tests]

OUT/lrs3 and, with --tests, OUT/lrs2 and OUT/voxceleb2 hold videos of one public-domain picture in
several tints, animated by the bundled model, each with a synthetic voice of its own; OUT/systems
holds the videos of another system, a picture that stands still while the real sound is heard. They
show that every command fits the next; what is trained or measured on them is of no use.
"""

import argparse
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps

from ttsf.compositing.framing import Framing
from ttsf.engine.options import GenerateOptions
from ttsf.media.files import write_new
from ttsf.media.images import read_image
from ttsf.media.recording import fit_sound, read_sound, read_video
from ttsf.media.video import Chunk, new_video
from ttsf.pipeline import Pipeline, load

PICTURE = Path(__file__).parents[1] / "docs" / "pictures" / "astronaut.jpg"
SIDE = 224  # px, as LRS3 was shipped
TINTS = ((1.0, 1.0, 1.0), (0.8, 0.9, 1.1), (1.1, 0.9, 0.8), (0.9, 1.1, 0.9))
TEXTS = (
    "the morning was clear and cold",
    "please bring me five red apples",
    "nobody knows where the river ends",
    "she opened the window and looked out",
    "we will meet again in the evening",
    "my brother works in a big hotel",
)
TRAIN, FILES = ("pretrain", "trainval"), 2
"""Parts of LRS3 to train on, and videos of each talk."""
TESTS = 2
"""Test videos of every corpus."""
STILL = Path("systems") / "lrs2" / "still picture, GT audio"


class Film(NamedTuple):
    """A video to make; numbers count the people."""

    path: Path
    person: int
    text: str
    written: bool
    """Whether the corpus has its text."""


def films(out: Path, talks: int, tests: int) -> Iterator[Film]:
    """List all videos; no person of a test is one of the training."""
    texts = cycle(TEXTS)
    for k, part in enumerate(TRAIN):
        for talk in range(talks):
            for number in range(1, FILES + 1):
                path = out / "lrs3" / part / f"talk{k}{talk}" / f"{number:05d}.mp4"
                yield Film(path, talks * k + talk, next(texts), True)
    people = len(TRAIN) * talks
    for k in range(tests):
        for root, written in (
            (out / "lrs3" / "test" / f"talk9{k}", True),
            (out / "lrs2" / "mvlrs_v1" / "main" / f"55{k}", True),
            (out / "voxceleb2" / "test" / "mp4" / f"id{k:05d}" / "show", False),
        ):
            yield Film(root / "00001.mp4", people, next(texts), written)
            people += 1


def make(film: Film, pipeline: Pipeline) -> None:
    """Write a video and its transcript, unless they are there."""
    if film.written:
        write_new(film.path.with_suffix(".txt"), f"Text:  {film.text.upper()}\nConf:  4\n")
    if film.path.exists():
        return
    person, voices = film.person, pipeline.model.config.speech.voices
    picture = read_image(PICTURE) * np.array(TINTS[person % len(TINTS)])
    shown = picture.clip(0, 255).astype(np.uint8)
    if person // len(TINTS) % 2:
        shown = np.asarray(ImageOps.mirror(Image.fromarray(shown)))
    options = GenerateOptions(
        seed=person, voice=voices[5 * person % len(voices)].name, framing=Framing("face"),
        size=SIDE, mark=False,
    )  # fmt: skip
    pipeline.write(shown, f"{film.text}.", film.path, options)


def stand_still(video: Path, out: Path) -> None:
    """Write the first picture of a video with all of its sound."""
    frames, sound = list(read_video(video)), read_sound(video)
    assert sound is not None
    still = np.stack([frames[0]] * len(frames))
    with new_video(out) as writer:
        writer.add(Chunk(still, fit_sound(sound, 0, len(frames))))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path, help="folder")
    parser.add_argument("--talks", type=int, default=2, help="talks of each training part (2)")
    parser.add_argument("--tests", action="store_true", help="test videos of all corpora as well")
    chosen = parser.parse_args()
    out, pipeline = chosen.out, load()
    for film in films(out, chosen.talks, TESTS if chosen.tests else 0):
        make(film, pipeline)
    if not chosen.tests:
        return
    lists = {"train.txt": [], "val.txt": [], "test.txt": []}
    for video in sorted((out / "lrs2").rglob("*.mp4")):
        name = f"{video.parent.name}/{video.stem}"
        lists["test.txt"].append(f"{name} NF\n")
        stand_still(video, out / STILL / f"main_{name.replace('/', '_')}.mp4")
    for name, lines in lists.items():
        write_new(out / "lrs2" / name, "".join(lines))


if __name__ == "__main__":
    main()
