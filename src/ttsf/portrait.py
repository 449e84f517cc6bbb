"""The portrait path: faces in a picture and the crop that the face model was trained on."""

from functools import lru_cache
from typing import Any, NamedTuple

import dlib
import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ttsf.errors import TtsfError

CROP_SIDE = 1.65
"""Side of the crop in sides of the face box. Matches `ttsf.data.face_mesh.canonical_crop`."""
CROP_DOWN = -0.105
"""How far the centre of the crop lies below that of the face box, in sides of the box."""
SMALLEST_SHARE = 0.8
"""A crop that leaves the picture shrinks to at most this share; what is missing then is padded."""
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
TURNED_MARGIN = 0.3
"""Of the side views' best score over the others' in a turned face."""
SMALL_FACE = 56
"""px; it is drawn at 155 px, so that a smaller one looks blurred."""
DARK_FACE, DARK_EYES, LIT_EYES = 50, 0.5, 0.75
"""Median luminance (0-255) of a face, and of its eyes and their lightest tenth against its cheeks,
below which it is doubted. Of 70 portraits one, in heavy shadow, falls below."""
INNER, EYES, CHEEKS = (
    ((0.31, 0.84, 0.25, 0.75),),
    ((0.38, 0.48, 0.30, 0.47), (0.38, 0.48, 0.53, 0.70)),
    ((0.55, 0.64, 0.31, 0.42), (0.55, 0.64, 0.58, 0.69)),
)
"""Top, bottom, left and right of parts of a face, in sides of its crop."""
MISSED = -0.8
"""Score where a scale does not show the candidate."""


class FaceBox(NamedTuple):
    """A square around eyes, nose, mouth and chin, in pixels of the picture."""

    x: float
    """Centre, to the right."""
    y: float
    """Centre, downwards."""
    side: float


class _Scored(NamedTuple):
    box: FaceBox
    score: float
    view: int = 0
    """Which of the detector's five views saw it: frontal, turned left or right, tilted."""


def find_faces(image: np.ndarray) -> list[FaceBox]:
    """Upright faces in RGB uint8 [H, W, 3], the largest first; an empty list where there is none.

    Uses dlib's HOG detector (Dalal & Triggs 2005; King 2015), which needs no download.
    """
    picture = Image.fromarray(image)
    doubtful: list[_Scored] = []
    for long_side in SEARCH_SIDES:
        scale = min(long_side / max(picture.size), LARGEST_ENLARGEMENT)
        candidates = sorted(_detect(picture, scale, CANDIDATE), key=lambda found: -found.score)
        refined = [_refine(picture, found.box) for found in candidates[:MOST_CANDIDATES]]
        sure = [found.box for found in refined if found.score >= SURE]
        if sure:
            return sorted(sure, key=lambda box: -box.side)
        doubtful += [found for found in refined if found.score >= DOUBTFUL]
    return [max(doubtful, key=lambda found: found.score).box] if doubtful else []


class Glimpse(NamedTuple):
    """A face as one quick look sees it."""

    box: FaceBox
    turned: bool
    """Seen by one of the detector's views of turned and tilted faces."""


def glance(image: np.ndarray, number: int = 0) -> list[Glimpse]:
    """Faces of one frame of a video, the largest first; far quicker than `find_faces`.

    The size of a single box is a tenth off; looks of different `number` use different scales, so
    that the median over several looks is finer.
    """
    picture = Image.fromarray(image)
    scale = min(GLANCE_SIDE / max(picture.size), GLANCE_ENLARGEMENT)
    found = _detect(picture, scale * REFINEMENTS[number % len(REFINEMENTS)], GLANCE_SURE)
    faces = [Glimpse(scored.box, scored.view != FRONTAL_VIEW) for scored in found]
    return sorted(faces, key=lambda face: -face.box.side)


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


def doubts(image: np.ndarray, face: FaceBox) -> list[str]:
    """What in a portrait is likely to spoil its video; what nobody can see here is not named.

    A hand before the mouth, a painting or a child's face are not recognised.
    """
    found = []
    if face.side < SMALL_FACE:
        found.append(f"the face is only {face.side:.0f} px wide and will look blurred")
    half = face.side * 1.25
    box = (int(face.x - half), int(face.y - half), int(face.x + half), int(face.y + half))
    region = Image.fromarray(image).crop(box)
    seen = _detect(region, REFINED_BOX / face.side, CANDIDATE)
    side, front = (
        max((one.score for one in seen if (one.view in SIDE_VIEWS) == wanted), default=CANDIDATE)
        for wanted in (True, False)
    )
    if side > front + TURNED_MARGIN:
        found.append("the face is turned to the side and may look bent")
    square = cut_square(image, crop_square(image.shape[1], image.shape[0], face), 128)
    light = np.asarray(Image.fromarray(square).convert("L"), np.float64)
    if np.median(_parts(light, INNER)) < DARK_FACE:
        found.append("the face is very dark")
    eyes, cheek = _parts(light, EYES), max(float(np.median(_parts(light, CHEEKS))), 1.0)
    if np.median(eyes) < DARK_EYES * cheek and np.percentile(eyes, 90) < LIT_EYES * cheek:
        found.append("the eyes are dark (sunglasses or shadow) and may be drawn wrongly")
    return found


def _parts(light: np.ndarray, places: tuple[tuple[float, ...], ...]) -> np.ndarray:
    """The pixels of some parts of a square picture [S, S], in a row."""
    corners = [[round(edge * len(light)) for edge in place] for place in places]
    return np.concatenate([light[t:b, left:r].ravel() for t, b, left, r in corners])


class CropSquare(NamedTuple):
    """The square around a face in pixels of the picture; parts of it may lie outside."""

    left: float
    top: float
    side: float


def crop_square(width: int, height: int, face: FaceBox) -> CropSquare:
    """Where to cut a picture of this size.

    The square is moved and, down to `SMALLEST_SHARE`, shrunk to stay inside the picture.
    """
    wanted = CROP_SIDE * face.side
    side = max(min(wanted, width, height), SMALLEST_SHARE * wanted)
    left = _inside(face.x - side / 2, side, width)
    top = _inside(face.y + CROP_DOWN * face.side - side / 2, side, height)
    return CropSquare(left, top, side)


def cut_square(image: np.ndarray, square: CropSquare, size: int) -> np.ndarray:
    """The square of RGB uint8 [H, W, 3] as [size, size, 3]; outside, the edge is repeated."""
    height, width = image.shape[:2]
    left, top, side = square
    pad = int(np.ceil(max(0.0, -left, -top, left + side - width, top + side - height)))
    padded = np.pad(image, ((pad, pad), (pad, pad), (0, 0)), mode="edge") if pad else image
    box = (left + pad, top + pad, left + pad + side, top + pad + side)
    cut = Image.fromarray(padded).resize((size, size), Image.Resampling.LANCZOS, box=box)
    return np.asarray(cut)


def crop_portrait(image: np.ndarray, face: FaceBox, size: int) -> Tensor:
    """The square around a face as float32 [3, size, size] in [-1, 1]."""
    square = crop_square(image.shape[1], image.shape[0], face)
    pixels = torch.from_numpy(cut_square(image, square, size).astype(np.float32))
    return (pixels / 127.5 - 1).permute(2, 0, 1).contiguous()


def _inside(start: float, side: float, length: int) -> float:
    if side > length:
        return (length - side) / 2
    return min(max(start, 0.0), length - side)


@lru_cache(maxsize=1)
def _detector() -> Any:
    return dlib.get_frontal_face_detector()


def _detect(picture: Image.Image, scale: float, least: float) -> list[_Scored]:
    """What the detector finds at `scale`, in pixels of `picture`."""
    size = (max(round(picture.width * scale), 1), max(round(picture.height * scale), 1))
    pixels = np.asarray(picture.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0))
    boxes, scores, views = _detector().run(pixels, 0, least)
    found = []
    for box, score, view in zip(boxes, scores, views, strict=True):
        x, y = (box.left() + box.right() + 1) / 2, (box.top() + box.bottom() + 1) / 2
        found.append(_Scored(FaceBox(x / scale, y / scale, box.width() / scale), score, view))
    return found


def _refine(picture: Image.Image, face: FaceBox) -> _Scored:
    """The weighted mean box and the mean score of what is near `face` at several scales."""
    half = face.side * 1.25
    left, top = int(face.x - half), int(face.y - half)
    region = picture.crop((left, top, int(face.x + half), int(face.y + half)))
    total, weights, scores = np.zeros(3), 0.0, []
    for factor in REFINEMENTS:
        near = [
            found
            for found in _detect(region, REFINED_BOX / face.side * factor, MISSED)
            if abs(np.log(found.box.side / face.side)) < 0.35
            and np.hypot(found.box.x - half, found.box.y - half) < 0.3 * face.side
        ]
        best = max(near, key=lambda found: found.score, default=_Scored(face, MISSED))
        scores.append(best.score)
        if near:
            weight = max(best.score, 0.05)
            total, weights = total + weight * np.array(best.box), weights + weight
    if weights == 0:
        return _Scored(face, MISSED)
    x, y, side = total / weights
    return _Scored(FaceBox(x + left, y + top, side), float(np.mean(scores)))
