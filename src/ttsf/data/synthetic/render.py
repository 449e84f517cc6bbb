"""Portraits in random known motion, rendered once for face pre-training (Sec. 3.1).

    python -m ttsf.data.synthetic.render --data DIR --use train --frames 16 --out DIR

DIR/manifest.csv lists the portraits. Each portrait is rendered with a generator seeded by its own
name, kept as one file and packed at the end, so a killed run goes on where it stopped and gives the
same bytes. Writes images, labels, known, flow, mouth, eyes (.npy) and names.json; see `data.faces`.
"""

import argparse
import json
import os
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from ttsf.data.parts import Part, Use, read_parts
from ttsf.data.synthetic.animator import Animator
from ttsf.data.synthetic.mouth_layer import Teeth, take_teeth
from ttsf.errors import TtsfError
from ttsf.landmarks.face_mesh import MEASURABLE, LandmarkDetector, fit_head
from ttsf.media.images import read_image

FLOW_SIDE = 64  # px at which the known flow is stored, the mean of each cell
MARGIN = 3.0  # px that landmarks must keep from the picture's edge
MOST_YAW, MOST_ROLL, MOST_SHIFT = 1.5, 2.0, 6.0  # label units of a portrait that is used
DONORS = 30


class Person(NamedTuple):
    """One portrait and its renders; F counts the portrait itself."""

    images: np.ndarray
    """uint8 [F, size, size, 3]."""
    labels: np.ndarray
    """float32 [F, 11]."""
    known: np.ndarray
    """bool [F, 11]."""
    flow: np.ndarray
    """float16 [F, 64, 64, 2], corners at pixel centres."""
    mouth: np.ndarray
    """float32 [F, 4], px."""
    eyes: np.ndarray
    """float32 [F, 2, 4], px."""


def draw_labels(own: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Random motion near the portrait's `own` labels [11]: head in 3 of 4, mouth always."""
    labels = own.copy()
    if rng.random() < 0.75:
        labels[:3] += rng.uniform(-1, 1, 3) * (1.1, 0.8, 0.7)
        labels[3:6] += rng.uniform(-1, 1, 3)
    kind = rng.random()
    if kind < 0.15:
        labels[7] = 0.0
    else:
        labels[7] = rng.uniform(0, 0.85) if kind < 0.85 else rng.uniform(0.85, 1.2)
    labels[8] = np.clip(rng.normal(0, 0.5), -1, 1)
    labels[9:] = 0.0
    shut = rng.random()
    if shut < 0.12:
        labels[7], labels[9] = 0.0, rng.uniform(0.4, 1)
    elif shut < 0.22:
        labels[7], labels[10] = 0.08, rng.uniform(0.5, 1)
    if rng.random() < 0.22:
        labels[6] = rng.uniform(0.3, 1)
    return labels.astype(np.float32)


def own_picture(animator: Animator) -> np.ndarray:
    """The portrait itself in its crop, RGB uint8 [size, size, 3]."""
    size, crop = animator.size, animator.crop
    box = (crop.x0, crop.y0, crop.x0 + crop.side, crop.y0 + crop.side)
    picture = Image.fromarray(animator.image)
    return np.asarray(picture.resize((size, size), Image.Resampling.BICUBIC, box=box))


def render_person(animator: Animator, frames: int, rng: np.random.Generator) -> Person:
    """The portrait, cropped, and `frames` renders of it."""
    size = animator.size
    line = np.linspace(-1, 1, size, dtype=np.float32)
    images, labels = [own_picture(animator)], [animator.own]
    flows, mouths = [np.stack(np.meshgrid(line, line), -1)], [np.zeros(4, np.float32)]
    eyes = [np.zeros((2, 4), np.float32)]
    for _ in range(frames):
        frame = animator.render(draw_labels(animator.own, rng))
        images.append(frame.image)
        labels.append(frame.labels)
        flows.append(frame.flow)
        mouths.append(frame.mouth)
        eyes.append(frame.eyes)
    cell = size // FLOW_SIDE
    flow = np.stack(flows).reshape(-1, FLOW_SIDE, cell, FLOW_SIDE, cell, 2).mean((2, 4))
    known = np.ones((frames + 1, len(animator.own)), dtype=bool)
    known[0] = MEASURABLE
    return Person(
        np.stack(images),
        np.stack(labels).astype(np.float32),
        known,
        flow.astype(np.float16),
        np.stack(mouths),
        np.stack(eyes),
    )


def open_portrait(
    path: Path, detector: LandmarkDetector, donor: Teeth | None, size: int
) -> Animator:
    """The animator of a portrait; raises TtsfError without a whole face."""
    image = read_image(path)
    points = detector(image)
    if points is None:
        raise TtsfError("no face")
    limit = np.array(image.shape[1::-1]) - MARGIN
    if (points[:, :2] < MARGIN).any() or (points[:, :2] > limit).any():
        raise TtsfError("the face leaves the picture")
    return Animator(image, points, size, donor)


def check_movable(own: np.ndarray) -> None:
    """Raises TtsfError where a portrait with these labels [11] cannot be moved well."""
    yaw, roll = abs(float(own[0])), abs(float(own[2]))
    if yaw > MOST_YAW:
        raise TtsfError(f"the face is turned by {10 * yaw:.0f} degrees")
    if roll > MOST_ROLL:
        raise TtsfError(f"the face is tilted by {10 * roll:.0f} degrees")
    if np.abs(own[3:6]).max() > MOST_SHIFT:
        raise TtsfError("the face is off centre")


def teeth_of(path: Path, detector: LandmarkDetector) -> Teeth | None:
    """Teeth of a frontal smile, or None where they cannot be seen."""
    image = read_image(path)
    points = detector(image)
    return points if points is None else take_teeth(image, points, fit_head(points).frontal(points))


def shows_teeth(part: Part) -> bool:
    """Whether a portrait may lend its teeth to those that show none."""
    return part.smile_teeth and part.frontal


def donor_teeth(data: Path, detector: LandmarkDetector) -> list[Teeth]:
    """Teeth of frontal training smiles, for portraits that show none."""
    found: list[Teeth] = []
    for part in filter(shows_teeth, read_parts(data, "portrait", ["train"])):
        teeth = teeth_of(data / part.file, detector)
        if teeth is not None:
            found.append(teeth)
        if len(found) == DONORS:
            break
    return found


def render(data: Path, use: Use, out: Path, frames: int, size: int, seed: int) -> int:
    """Render all portraits of `use` and pack them; returns how many people were kept."""
    parts = out / "parts"
    parts.mkdir(parents=True, exist_ok=True)
    detector = LandmarkDetector()
    donors = donor_teeth(data, detector)
    names: list[dict[str, str]] = []
    refused: dict[str, str] = {}
    kept: list[Path] = []
    for part in read_parts(data, "portrait", [use]):
        rng = np.random.default_rng((seed, zlib.crc32(part.file.encode())))
        donor = donors[int(rng.integers(len(donors)))] if donors else None
        try:
            animator = open_portrait(data / part.file, detector, donor, size)
            check_movable(animator.own)
        except TtsfError as error:
            refused[part.file] = str(error)
            continue
        rendered = parts / f"{Path(part.file).stem}.npz"
        if not rendered.exists():
            temporary = rendered.with_suffix(".partial")
            with temporary.open("wb") as file:
                np.savez(file, **render_person(animator, frames, rng)._asdict())
            os.replace(temporary, rendered)
            print(f"{len(kept) + 1} {part.file}", flush=True)
        kept.append(rendered)
        names.append({"file": part.file, "voice_register": part.voice_register or ""})
    if not kept:
        raise TtsfError(f"no usable portrait of use '{use}' in {data}")
    for field in Person._fields:
        stacked = np.stack([np.load(part)[field] for part in kept])
        np.save(out / f"{field}.npy", stacked)
    (out / "names.json").write_text(json.dumps(names, indent=1))
    (out / "refused.json").write_text(json.dumps(refused, indent=1))
    return len(kept)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.csv")
    parser.add_argument("--use", choices=("train", "valid"), default="train")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--frames", type=int, default=16, help="renders of each portrait")
    parser.add_argument("--size", type=int, default=256, help="px")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    try:
        count = render(args.data, args.use, args.out, args.frames, args.size, args.seed)
    except (TtsfError, ImportError) as error:
        raise SystemExit(f"error: {error}") from None
    print(f"{count} people, {args.frames + 1} pictures each")


if __name__ == "__main__":
    main()
