"""Upright faces in a picture of any size, by histograms of oriented gradients.

A detector with a window of 40 px (Dalal & Triggs 2005; King 2015), learned by
`recipes/small_faces.py` from portraits in the public domain, proposes; dlib's own, with a window of
80 px and five views, looks at each proposal at several scales and decides.
"""

import threading
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import dlib
import numpy as np
from PIL import Image

from ttsf.errors import TtsfError

MIN_FACE = 48
"""px; the model would have to invent what a smaller face does not show."""
SEARCH_SIDE = 640
"""px; long side of the picture in which dlib's detector looks for large faces itself."""
MEASURED = 0.95
"""Boxes are up to this much too small: what measures less than this share of it is too small."""
PROPOSER = Path(__file__).with_name("faces.svm")
WINDOW = 40
"""px, side of the smallest face that the proposer sees."""
PROPOSED = -0.7
"""Least score of a proposal; of 192 faces of 48 to 110 px, pasted into pictures of 12 megapixels,
the finest scale alone shows 189 so, among 40 places a picture."""
MOST_PROPOSALS = 120
TILE = 4096
"""px, side of what the proposer sees at once; what it remembers is twice as large as the tile."""
LARGEST_ENLARGEMENT = 2.5
CANDIDATE = -0.3
"""Least score by dlib's detector of what is looked at more closely."""
SURE, DOUBTFUL = 0.3, 0.1
"""Least mean score of a face, and of the only face of a picture without a sure one. Nine of ten
faces in 342 portraits at three tilts score above 0.75; patches and hands reached 0.21."""
REFINEMENTS = (1.0, 1.08, 1.17, 1.26)
"""The detector's boxes come in steps of a tenth; the mean over these scales is finer."""
REFINED_BOX = 130.0
"""px, the side at which a candidate is looked at."""
LOOK = 1.0
"""Half the side of what is looked at, in sides of the candidate."""
RESIZED = 0.55
"""Logarithm of how much a proposal's side may be wrong: proposals are up to 1.4 times too large,
and the detector's first box up to 1.15 times too small."""
APART = 0.5
"""Of the larger side: centres that are nearer belong to one face."""
GLANCE_SIDE = 640
"""px, long side of a frame in which `glance` looks; it sees faces of an eighth of that."""
GLANCE_ENLARGEMENT = 1.5
GLANCE_SURE = 0.2
"""Least score of a single look."""
FRONTAL_VIEW, SIDE_VIEWS = 0, (1, 2)
MISSED = -0.8
"""Score where a scale does not show the candidate."""
_thread = threading.local()


class FaceBox(NamedTuple):
    """A square around eyes, nose, mouth and chin, in pixels of the picture."""

    x: float
    """Centre, to the right."""
    y: float
    """Centre, downwards."""
    side: float

    def scaled(self, factor: float) -> "FaceBox":
        """In a picture that is `factor` times as large."""
        return FaceBox(self.x * factor, self.y * factor, self.side * factor)

    def cut_by(self, width: int, height: int) -> dict[str, float]:
        """How much of it lies beyond each edge of a picture, in its sides; negative inside."""
        half = self.side / 2
        beyond = {
            "left": half - self.x,
            "right": self.x + half - width,
            "upper": half - self.y,
            "lower": self.y + half - height,
        }
        return {edge: length / self.side for edge, length in beyond.items()}


class ScoredBox(NamedTuple):
    """A box and how sure the detector is of it."""

    box: FaceBox
    score: float
    view: int = 0
    """Which of the detector's five views saw it: frontal, turned left or right, tilted."""

    @property
    def turned(self) -> bool:
        """Seen by one of the views of turned and tilted faces."""
        return self.view != FRONTAL_VIEW


def find_faces(image: np.ndarray, least: float = MIN_FACE) -> list[FaceBox]:
    """Upright faces in RGB uint8 [H, W, 3], the largest first; empty where there is none.

    least: px, side of the smallest that has to be found.
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
    """Faces of one frame of a video, the largest first; far quicker than `find_faces`.

    The size of a single box is a tenth off; looks of different `number` use different scales, so
    that the median over several looks is finer.
    """
    picture = Image.fromarray(image)
    scale = min(GLANCE_SIDE / max(picture.size), GLANCE_ENLARGEMENT)
    found = detect(picture, scale * REFINEMENTS[number % len(REFINEMENTS)], GLANCE_SURE)
    return sorted(found, key=lambda face: -face.box.side)


def choose_face(faces: list[FaceBox], number: int = 1, least: float = MIN_FACE) -> FaceBox:
    """Face `number`, counted from 1 for the largest; raises TtsfError where it does not serve.

    least: px, as in `find_faces`.
    """
    if not faces:
        raise TtsfError("no face found; use a picture of a face that looks to the camera")
    if not 1 <= number <= len(faces):
        raise TtsfError(f"there is no face {number}: the picture shows {len(faces)}")
    face = faces[number - 1]
    if face.side < MEASURED * least:
        raise TtsfError(
            f"the face is too small: {face.side:.0f} px wide, at least {least:.0f} px are needed"
        )
    return face


def _detectors() -> tuple[Any, Any]:
    """The proposer and the judge, this thread's own: one that two threads use at once crashes."""
    if not hasattr(_thread, "detectors"):
        proposer = dlib.fhog_object_detector(str(PROPOSER))
        _thread.detectors = proposer, dlib.get_frontal_face_detector()
    return _thread.detectors


def _proposals(picture: Image.Image, least: float) -> list[FaceBox]:
    """Where to look for faces: large ones, then those of any size, the likeliest of each first."""
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
        scale /= 2  # what looks like a small face inside a large one hides it at the finest scale
    proposed.sort(key=lambda found: -found[0])
    return [found.box for found in large] + [box for _score, box in proposed[:MOST_PROPOSALS]]


def _end_of_tile(level: Image.Image, left: int, top: int) -> tuple[int, int]:
    """Right and bottom, so that the smallest faces of a level are whole in one of its tiles."""
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
    """What the detector finds at `scale`, in pixels of `picture`."""
    boxes, scores, views = _detectors()[1].run(np.asarray(_resized(picture, scale)), 0, least)
    return [
        ScoredBox(_box(box).scaled(1 / scale), score, view)
        for box, score, view in zip(boxes, scores, views, strict=True)
    ]


def _refine(picture: Image.Image, face: FaceBox) -> ScoredBox:
    """The weighted mean box and the mean score of what is near `face` at several scales."""
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
