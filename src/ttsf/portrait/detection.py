"""Detect upright faces in pictures of any size, with histograms of oriented gradients.

A detector with a window of 40 px (Dalal & Triggs 2005; King 2015), trained by
`recipes/small_faces.py` on public-domain portraits, proposes; dlib's own, with a window of 80 px
and five views, examines each proposal at several scales and decides. It lies beside this module as
dlib saves it, because unpacking it from the library takes half a second.
"""

import os
import threading
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import dlib
import numpy as np
from PIL import Image

from ttsf.errors import TtsfError

MIN_FACE = 48
"""Minimum side of a face, px; smaller ones lack the detail that the model needs."""
SEARCH_SIDE = 640
"""Long side of the picture in which dlib's detector finds large faces directly, px."""
MEASURED = 0.95
"""Tolerance of the measured side: a face below this fraction of the minimum is too small."""
PROPOSER, DETECTOR = (Path(__file__).with_name(name) for name in ("faces.svm", "frontal.svm"))
WINDOW = 40
"""Side of the smallest face that the proposer detects, px."""
PROPOSED = -0.7
"""Minimum score of a proposal. Of 192 faces of 48 to 110 px, pasted into pictures of 12 megapixels,
the finest scale alone proposes 189, among 40 proposals per picture."""
MOST_PROPOSALS = 120
TILE = 4096
"""Side of the tiles the proposer processes, px; bounds its memory."""
LARGEST_ENLARGEMENT = 2.5
CANDIDATE = -0.3
"""Minimum score of dlib's detector for a closer look."""
SURE, DOUBTFUL = 0.3, 0.1
"""Minimum mean score of a face, and of the best face if none is sure. Nine of ten faces in 342
portraits at three tilts score above 0.75; patches and hands at most 0.21."""
REFINEMENTS = (1.0, 1.08, 1.17, 1.26)
"""Scales over which boxes are averaged, since the detector's sizes have steps of 10 %."""
REFINED_BOX = 130.0
"""Side to which a candidate is resized, px."""
LOOK = 1.0
"""Half the side of the examined region, in sides of the candidate."""
RESIZED = 0.55
"""Maximum log error of a proposal's side: proposals are up to 1.4 times too large, and the
detector's first box up to 1.15 times too small."""
APART = 0.5
"""Minimum distance between the centres of two faces, in sides of the larger."""
GLANCE_SIDE = 640
"""Long side of the frame for `glance`, px; it detects faces from an eighth of that."""
GLANCE_ENLARGEMENT = 1.5
GLANCE_SURE = 0.2
"""Minimum score in `glance`."""
FRONTAL_VIEW, SIDE_VIEWS = 0, (1, 2)
MISSED = -0.8
"""Score of a scale at which the candidate is not detected."""
_thread = threading.local()


class FaceBox(NamedTuple):
    """Square around eyes, nose, mouth and chin, in pixels of the picture."""

    x: float
    """x of the centre."""
    y: float
    """y of the centre."""
    side: float

    def scaled(self, factor: float) -> "FaceBox":
        """Return the box in a picture resized by `factor`."""
        return FaceBox(self.x * factor, self.y * factor, self.side * factor)

    def cut_by(self, width: int, height: int) -> dict[str, float]:
        """Return the fraction of the side beyond each edge of a picture; negative inside."""
        half = self.side / 2
        beyond = {
            "left": half - self.x,
            "right": self.x + half - width,
            "upper": half - self.y,
            "lower": self.y + half - height,
        }
        return {edge: length / self.side for edge, length in beyond.items()}


class ScoredBox(NamedTuple):
    """A face box with its detection score."""

    box: FaceBox
    score: float
    view: int = 0
    """Index of the detector's view: frontal, turned left or right, tilted left or right."""

    @property
    def turned(self) -> bool:
        """Whether a view for turned or tilted faces detected it."""
        return self.view != FRONTAL_VIEW


def find_faces(image: np.ndarray, least: float = MIN_FACE) -> list[FaceBox]:
    """Find upright faces in RGB uint8 [H, W, 3], the largest first; empty if there are none.

    least: minimum side of a face, px.
    """
    picture = Image.fromarray(image)
    refined: list[ScoredBox] = []
    for proposal in _proposals(picture, least):
        if all(_apart(proposal, found.box) for found in refined if found.score >= SURE):
            refined.append(_refine(picture, proposal))
    refined.sort(key=lambda found: -found.score)
    sure: list[FaceBox] = []
    for found in refined:
        if found.score >= SURE and all(_apart(found.box, box) for box in sure):
            sure.append(found.box)
    if not sure and refined and refined[0].score >= DOUBTFUL:
        sure = [refined[0].box]
    return sorted(sure, key=lambda box: -box.side)


def glance(image: np.ndarray, number: int) -> list[ScoredBox]:
    """Find faces in one video frame, the largest first; much faster than `find_faces`.

    Box sizes are accurate to a tenth; different `number`s use different scales, so that the median
    over several frames is finer.
    """
    picture = Image.fromarray(image)
    scale = min(GLANCE_SIDE / max(picture.size), GLANCE_ENLARGEMENT)
    found = detect(picture, scale * REFINEMENTS[number % len(REFINEMENTS)], GLANCE_SURE)
    return sorted(found, key=lambda face: -face.box.side)


def choose_face(faces: list[FaceBox], number: int = 1, least: float = MIN_FACE) -> FaceBox:
    """Return face `number`, 1 for the largest; raises TtsfError if it is missing or too small.

    least: minimum side, px.
    """
    if not faces:
        raise TtsfError("no face found; use a picture of a face that looks at the camera")
    if not 1 <= number <= len(faces):
        raise TtsfError(f"there is no face {number}: the picture shows {len(faces)}")
    face = faces[number - 1]
    if face.side < MEASURED * least:
        raise TtsfError(
            f"the face is too small: {face.side:.0f} px wide, at least {least:.0f} px are needed"
        )
    return face


def _detectors() -> tuple[Any, Any]:
    """Return proposer and detector of this thread; they are not thread-safe."""
    if not hasattr(_thread, "detectors"):
        _thread.detectors = tuple(
            dlib.fhog_object_detector(os.fsencode(file)) for file in (PROPOSER, DETECTOR)
        )
    return _thread.detectors


def _proposals(picture: Image.Image, least: float) -> list[FaceBox]:
    """Propose faces: large ones, then those of any size, each by descending score."""
    scale = min(SEARCH_SIDE / max(picture.size), LARGEST_ENLARGEMENT)
    large = sorted(detect(picture, scale, CANDIDATE), key=lambda found: -found.score)
    grey, proposed = picture.convert("L"), list[tuple[float, FaceBox]]()
    scale = min(WINDOW / least, LARGEST_ENLARGEMENT)
    while scale * max(picture.size) > SEARCH_SIDE:
        level = _resized(grey, scale)
        for left, top in product(range(0, level.width, TILE), range(0, level.height, TILE)):
            tile = level.crop((left, top, *_end_of_tile(level, left, top)))
            boxes, scores, _views = _detectors()[0].run(np.asarray(tile), 0, PROPOSED)
            for box, score in zip(map(_box, boxes), scores, strict=True):
                whole = FaceBox(box.x + left, box.y + top, box.side)
                proposed.append((score, whole.scaled(1 / scale)))
        scale /= 2  # at the finest scale a false small face may hide a large one
    proposed.sort(key=lambda found: -found[0])
    return [found.box for found in large] + [box for _score, box in proposed[:MOST_PROPOSALS]]


def _end_of_tile(level: Image.Image, left: int, top: int) -> tuple[int, int]:
    """Return right and bottom of a tile; tiles overlap, so the smallest faces are whole in one."""
    reach = TILE + 3 * WINDOW
    return min(left + reach, level.width), min(top + reach, level.height)


def _apart(one: FaceBox, other: FaceBox) -> bool:
    return np.hypot(one.x - other.x, one.y - other.y) > APART * max(one.side, other.side)


def _resized(picture: Image.Image, scale: float) -> Image.Image:
    size = (max(round(picture.width * scale), 1), max(round(picture.height * scale), 1))
    return picture.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)


def _box(found: dlib.rectangle) -> FaceBox:
    x, y = (found.left() + found.right() + 1) / 2, (found.top() + found.bottom() + 1) / 2
    return FaceBox(x, y, found.width())


def detect(picture: Image.Image, scale: float, least: float) -> list[ScoredBox]:
    """Run dlib's detector at `scale`; boxes are in pixels of `picture`."""
    boxes, scores, views = _detectors()[1].run(np.asarray(_resized(picture, scale)), 0, least)
    return [
        ScoredBox(_box(box).scaled(1 / scale), score, view)
        for box, score, view in zip(boxes, scores, views, strict=True)
    ]


def _refine(picture: Image.Image, face: FaceBox) -> ScoredBox:
    """Return the weighted mean box and mean score of detections near `face` at several scales."""
    half = face.side * LOOK
    left, top = int(face.x - half), int(face.y - half)
    region = picture.crop((left, top, int(face.x + half), int(face.y + half)))
    total, weights, scores = np.zeros(3), 0.0, []
    for factor in REFINEMENTS:
        near = [
            found
            for found in detect(region, REFINED_BOX / face.side * factor, MISSED)
            if abs(np.log(found.box.side / face.side)) < RESIZED
            and np.hypot(found.box.x - half, found.box.y - half) < 0.4 * face.side
        ]
        best = max(near, key=lambda found: found.score, default=ScoredBox(face, MISSED))
        scores.append(best.score)
        if len(scores) == 1 and best.score < CANDIDATE:
            return best
        if near:
            weight = max(best.score, 0.05)
            total, weights = total + weight * np.array(best.box), weights + weight
    if weights == 0:
        return ScoredBox(face, MISSED)
    x, y, side = (total / weights).tolist()
    return ScoredBox(FaceBox(x + left, y + top, side), float(np.mean(scores)))
