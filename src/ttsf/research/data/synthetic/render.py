"""`ttsf render`: portraits in random known motion, rendered once for face pre-training, Sec. 3.1.

Each portrait is rendered with a generator seeded by its own name, kept as one file and packed at
the end, so a killed run resumes and gives the same bytes. `data.rendered_faces`
reads what is written: images, labels, known, flow, mouth, eyes (.npy) and names.json.
"""

import json
import zlib
from collections.abc import Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ttsf.errors import TtsfError
from ttsf.media.files import new_file, write_new
from ttsf.model.labels import BLINK, LIP_FV, MEASURABLE, OPEN, PRESS, SHIFTS, WIDE
from ttsf.parallel import Progress, only_run
from ttsf.research.data.parts import Part, read_parts
from ttsf.research.data.settings import RenderSettings
from ttsf.research.data.synthetic.animator import Animator
from ttsf.research.data.synthetic.mouth_layer import Teeth
from ttsf.research.data.synthetic.portraits import (
    check_movable,
    open_portrait,
    own_picture,
    shows_teeth,
    teeth_of,
)
from ttsf.research.landmarks.face_mesh import LandmarkDetector, load_solutions
from ttsf.research.landmarks.tracking import save_arrays

FLOW_SIDE = 64  # px at which the known flow is stored, the mean of each cell
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
    """Draw random labels near the portrait's `own` [11]: the head in 3 of 4, the mouth always."""
    labels = own.copy()
    if rng.random() < 0.75:
        labels[:3] += rng.uniform(-1, 1, 3) * (1.1, 0.8, 0.7)
        labels[SHIFTS] += rng.uniform(-1, 1, 3)
    kind = rng.random()
    if kind < 0.15:
        labels[OPEN] = 0.0
    else:
        labels[OPEN] = rng.uniform(0, 0.85) if kind < 0.85 else rng.uniform(0.85, 1.2)
    labels[WIDE] = np.clip(rng.normal(0, 0.5), -1, 1)
    labels[PRESS:] = 0.0
    shut = rng.random()
    if shut < 0.12:
        labels[OPEN], labels[PRESS] = 0.0, rng.uniform(0.4, 1)
    elif shut < 0.22:
        labels[OPEN], labels[LIP_FV] = 0.08, rng.uniform(0.5, 1)
    if rng.random() < 0.22:
        labels[BLINK] = rng.uniform(0.3, 1)
    return labels.astype(np.float32)


def render_person(animator: Animator, count: int, rng: np.random.Generator) -> Person:
    """Render the cropped portrait and `count` versions of it."""
    frames = [animator.render(draw_labels(animator.own, rng)) for _ in range(count)]
    line = np.linspace(-1, 1, animator.size, dtype=np.float32)
    flow = np.stack([np.stack(np.meshgrid(line, line), -1), *(frame.flow for frame in frames)])
    cell = animator.size // FLOW_SIDE
    flow = flow.reshape(-1, FLOW_SIDE, cell, FLOW_SIDE, cell, 2).mean((2, 4))
    known = np.ones((count + 1, len(animator.own)), dtype=bool)
    known[0] = MEASURABLE
    return Person(
        np.stack([own_picture(animator), *(frame.image for frame in frames)]),
        np.stack([animator.own, *(frame.labels for frame in frames)]).astype(np.float32),
        known,
        flow.astype(np.float16),
        np.stack([np.zeros(4, np.float32), *(frame.mouth for frame in frames)]),
        np.stack([np.zeros((2, 4), np.float32), *(frame.eyes for frame in frames)]),
    )


def donor_teeth(data: Path, detector: LandmarkDetector) -> list[Teeth]:
    """Collect teeth from frontal smiles of the training split, for portraits that show none."""
    donors = filter(shows_teeth, read_parts(data, "portrait", ["train"]))
    found = (teeth_of(data / part.file, detector) for part in donors)
    return list(islice((teeth for teeth in found if teeth is not None), DONORS))


def render(settings: RenderSettings, out: Path, progress: Progress | None = None) -> int:
    """Render all portraits of one use, and pack them in `out`; return the number of people kept.

    progress is called with portraits done and portraits in all. Raises TtsfError for a size that is
    no multiple of FLOW_SIDE, unusable parts, without mediapipe, and where `out` was begun with
    other settings or holds something else.
    """
    if settings.size < FLOW_SIDE or settings.size % FLOW_SIDE or settings.frames < 1:
        raise TtsfError(f"rendering needs a multiple of {FLOW_SIDE} px as side, and a frame")
    parts = read_parts(settings.data, "portrait", [settings.use])
    load_solutions()
    with only_run(out, asdict(settings) | {"data": str(settings.data.resolve())}):
        kept, refused = render_parts(settings, parts, out / "parts", progress)
        if not kept:
            raise TtsfError(f"no usable portrait of use '{settings.use}' in {settings.data}")
        pack(kept, out)
        write_new(out / "refused.json", json.dumps(refused, indent=1))
    return len(kept)


def render_parts(
    settings: RenderSettings, parts: Sequence[Part], folder: Path, progress: Progress | None
) -> tuple[list[tuple[Part, Path]], dict[str, str]]:
    """Render what is missing in `folder`; return the kept people with files, and refusals."""
    detector = LandmarkDetector()
    donors = donor_teeth(settings.data, detector)
    kept: list[tuple[Part, Path]] = []
    refused: dict[str, str] = {}
    for done, part in enumerate(parts, start=1):
        rng = np.random.default_rng((settings.seed, zlib.crc32(part.file.encode())))
        donor = donors[int(rng.integers(len(donors)))] if donors else None
        path = folder / f"{part.key}.npz"
        try:
            animator = open_portrait(settings.data / part.file, detector, donor, settings.size)
            check_movable(animator.own)
        except TtsfError as error:
            refused[part.file] = str(error)
        else:
            if not path.exists():
                person = render_person(animator, settings.frames, rng)
                save_arrays(path, person._asdict())
            kept.append((part, path))
        if progress is not None:
            progress(done, len(parts))
    detector.close()
    return kept, refused


def pack(kept: Sequence[tuple[Part, Path]], out: Path) -> None:
    """Write the arrays of all people, and last names.json, which marks them as complete."""
    names = out / "names.json"
    names.unlink(missing_ok=True)
    for field in Person._fields:
        stacked = np.stack([np.load(path)[field] for _, path in kept])
        with new_file(out / f"{field}.npy") as temporary, temporary.open("wb") as file:
            np.save(file, stacked)
    rows = [{"file": part.file, "voice_register": part.voice_register or ""} for part, _ in kept]
    write_new(names, json.dumps(rows, indent=1))
