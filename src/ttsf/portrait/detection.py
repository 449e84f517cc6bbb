"""Upright faces in a picture, by dlib's HOG detector (Dalal & Triggs 2005; King 2015)."""

import threading
from typing import Any, NamedTuple

import dlib
import numpy as np
from PIL import Image

from ttsf.errors import TtsfError

MIN_FACE = 48
"""px; the model would have to invent what a smaller face does not show."""
SEARCH_SIDES = (640, 1600)
"""px; long side of the searched picture, the second only where the first shows no sure face."""
LARGEST_ENLARGEMENT = 2.5
CANDIDATE = -0.3
"""Least detector score of what is looked at more closely."""
MOST_CANDIDATES = 10
SURE, DOUBTFUL = 0.3, 0.1
"""Least mean score of a face, and of the only face of a picture without a sure one. Nine of ten
faces in 342 portraits at three tilts score above 0.75; patches and hands reached 0.21."""
REFINEMENTS = (1.0, 1.08, 1.17, 1.26)
"""The detector's boxes come in steps of a tenth; the mean over these scales is finer."""
REFINED_BOX = 130.0
"""px, the side at which a candidate is looked at."""
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


def find_faces(image: np.ndarray) -> list[FaceBox]:
    """Upright faces in RGB uint8 [H, W, 3], the largest first; empty where there is none."""
    picture = Image.fromarray(image)
    doubtful: list[ScoredBox] = []
    for long_side in SEARCH_SIDES:
        scale = min(long_side / max(picture.size), LARGEST_ENLARGEMENT)
        candidates = sorted(detect(picture, scale, CANDIDATE), key=lambda found: -found.score)
        refined = [_refine(picture, found.box) for found in candidates[:MOST_CANDIDATES]]
        sure = [found.box for found in refined if found.score >= SURE]
        if sure:
            return sorted(sure, key=lambda box: -box.side)
        doubtful += [found for found in refined if found.score >= DOUBTFUL]
    return [max(doubtful, key=lambda found: found.score).box] if doubtful else []


def glance(image: np.ndarray, number: int) -> list[ScoredBox]:
    """Faces of one frame of a video, the largest first; far quicker than `find_faces`.

    The size of a single box is a tenth off; looks of different `number` use different scales, so
    that the median over several looks is finer.
    """
    picture = Image.fromarray(image)
    scale = min(GLANCE_SIDE / max(picture.size), GLANCE_ENLARGEMENT)
    found = detect(picture, scale * REFINEMENTS[number % len(REFINEMENTS)], GLANCE_SURE)
    return sorted(found, key=lambda face: -face.box.side)


def choose_face(faces: list[FaceBox], number: int = 1) -> FaceBox:
    """Face `number`, counted from 1 for the largest; raises TtsfError where it does not serve."""
    if not faces:
        raise TtsfError("no face found; use a picture of a face that looks to the camera")
    if not 1 <= number <= len(faces):
        raise TtsfError(f"there is no face {number}: the picture shows {len(faces)}")
    face = faces[number - 1]
    if face.side < MIN_FACE:
        raise TtsfError(
            f"the face is too small: {face.side:.0f} px wide, at least {MIN_FACE} px are needed"
        )
    return face


def _detector() -> Any:
    """This thread's own: a detector that two threads use at once crashes."""
    if not hasattr(_thread, "detector"):
        _thread.detector = dlib.get_frontal_face_detector()
    return _thread.detector


def detect(picture: Image.Image, scale: float, least: float) -> list[ScoredBox]:
    """What the detector finds at `scale`, in pixels of `picture`."""
    size = (max(round(picture.width * scale), 1), max(round(picture.height * scale), 1))
    pixels = np.asarray(picture.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0))
    boxes, scores, views = _detector().run(pixels, 0, least)
    found = []
    for box, score, view in zip(boxes, scores, views, strict=True):
        x, y = (box.left() + box.right() + 1) / 2, (box.top() + box.bottom() + 1) / 2
        found.append(ScoredBox(FaceBox(x / scale, y / scale, box.width() / scale), score, view))
    return found


def _refine(picture: Image.Image, face: FaceBox) -> ScoredBox:
    """The weighted mean box and the mean score of what is near `face` at several scales."""
    half = face.side * 1.25
    left, top = int(face.x - half), int(face.y - half)
    region = picture.crop((left, top, int(face.x + half), int(face.y + half)))
    total, weights, scores = np.zeros(3), 0.0, []
    for factor in REFINEMENTS:
        near = [
            found
            for found in detect(region, REFINED_BOX / face.side * factor, MISSED)
            if abs(np.log(found.box.side / face.side)) < 0.35
            and np.hypot(found.box.x - half, found.box.y - half) < 0.3 * face.side
        ]
        best = max(near, key=lambda found: found.score, default=ScoredBox(face, MISSED))
        scores.append(best.score)
        if near:
            weight = max(best.score, 0.05)
            total, weights = total + weight * np.array(best.box), weights + weight
    if weights == 0:
        return ScoredBox(face, MISSED)
    x, y, side = total / weights
    return ScoredBox(FaceBox(x + left, y + top, side), float(np.mean(scores)))
