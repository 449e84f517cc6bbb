"""The proposer of small faces (`ttsf.portrait.detection`), learned from a folder of portraits.

python recipes/small_faces.py PORTRAITS src/ttsf/portrait/faces.svm

Two thirds of the portraits teach it, the others say what it finds; photographs of things without
faces come with scikit-image. The bundled file was learned from 478 portraits in the public domain.
"""

import argparse
import random
import re
from pathlib import Path
from typing import Any

import dlib
import numpy as np
from PIL import Image
from skimage import data

from ttsf.media.images import read_image
from ttsf.portrait.detection import WINDOW, FaceBox, find_faces

FACELESS = (
    *("coffee", "chelsea", "rocket", "brick", "grass", "gravel", "page", "text", "coins"),
    *("hubble_deep_field", "immunohistochemistry", "clock", "cat", "moon"),
)
FACE_SIDES = (1.05, 1.2, 1.5)
"""In windows, before a few hundredths more or less."""
MARGIN = 30
"""px of one grey around a portrait: the detector sees nothing at the border of a small picture."""


def example(path: Path, face: FaceBox, chance: random.Random) -> tuple[np.ndarray, dlib.rectangle]:
    """A portrait at the size that is to be found, some tilted, blurred or dark; and its face."""
    scale = WINDOW * chance.choice(FACE_SIDES) * chance.uniform(0.97, 1.08) / face.side
    picture = Image.fromarray(read_image(path)).convert("L")
    if chance.random() < 0.5:
        tilt = chance.uniform(-12, 12)
        picture = picture.rotate(tilt, Image.Resampling.BILINEAR, center=face[:2])
    size = (round(picture.width * scale), round(picture.height * scale))
    picture = picture.resize(size, Image.Resampling.BOX)
    if chance.random() < 0.3:
        blur = chance.uniform(1.2, 2.2)
        coarse = picture.resize((round(size[0] / blur), round(size[1] / blur)))
        picture = coarse.resize(size, Image.Resampling.BILINEAR)
    shape = (size[0] + 2 * MARGIN, size[1] + 2 * MARGIN)
    canvas = Image.new("L", shape, chance.randint(0, 255))
    canvas.paste(picture, (MARGIN, MARGIN))
    pixels = np.asarray(canvas)
    if chance.random() < 0.3:
        dimmed = pixels * chance.uniform(0.3, 0.9) + chance.uniform(0, 40)
        pixels = dimmed.clip(0, 255).astype(np.uint8)
    x, y, side = face.scaled(scale)
    left, top = round(x + MARGIN - side / 2), round(y + MARGIN - side / 2)
    return np.ascontiguousarray(pixels), dlib.rectangle(
        left, top, left + round(side), top + round(side)
    )


def learn(pictures: list[np.ndarray], boxes: list[list[dlib.rectangle]]) -> Any:
    """A linear classifier of windows; pictures whose face lies between its steps are left out."""
    options = dlib.simple_object_detector_training_options()
    options.add_left_right_image_flips = True
    options.C, options.epsilon, options.num_threads, options.upsample_limit = 5, 0.05, 1, 0
    options.detection_window_size = WINDOW**2
    while True:
        try:
            return dlib.train_simple_object_detector(pictures, boxes, options)
        except RuntimeError as error:
            found = re.search(r"image index\s+(\d+)", str(error))
            if found is None:
                raise
            number = int(found[1]) % len(pictures)
            del pictures[number], boxes[number]


def main() -> None:
    """Learn, save and say what is found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("portraits", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    chance = random.Random(0)
    portraits = [
        (path, faces[0])
        for path in sorted(arguments.portraits.glob("*.jpg"))
        if (faces := find_faces(read_image(path)))
    ]
    taught = [example(*portrait, chance) for i, portrait in enumerate(portraits) if i % 3]
    held = [example(*portrait, chance) for portrait in portraits[::3]]
    faceless = [np.asarray(Image.fromarray(getattr(data, n)()).convert("L")) for n in FACELESS]
    pictures = [picture for picture, _box in taught] + faceless
    detector = learn(pictures, [[box] for _picture, box in taught] + [[] for _ in faceless])
    detector.save(str(arguments.out))
    measured = [picture for picture, _box in held], [[box] for _picture, box in held]
    print(f"{len(taught)} portraits; on {len(held)} others:")
    print(dlib.test_simple_object_detector(*measured, detector))


if __name__ == "__main__":
    main()
