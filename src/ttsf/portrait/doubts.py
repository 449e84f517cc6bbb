"""What in a portrait is likely to spoil its video."""

from typing import Literal, NamedTuple

import numpy as np
from PIL import Image

from ttsf.portrait.crop import CropSquare, cut_square
from ttsf.portrait.detection import CANDIDATE, REFINED_BOX, SIDE_VIEWS, FaceBox, detect

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
TURNED_MARGIN = 0.3
"""Of the side views' best score over the others' in a turned face."""


class Doubt(NamedTuple):
    """Something that is likely to spoil the video of a portrait."""

    about: Literal["size", "pose", "light", "eyes"]
    """What a program may go by."""
    sentence: str
    """For people, without a full stop."""

    def __str__(self) -> str:
        return self.sentence


def doubts(picture: np.ndarray, face: FaceBox, square: CropSquare) -> tuple[Doubt, ...]:
    """What is wrong with a face in RGB uint8 [H, W, 3] and its crop.

    A hand before the mouth, a painting or a child's face are not recognised.
    """
    found = []
    if face.side < SMALL_FACE:
        sentence = f"the face is only {face.side:.0f} px wide and will look blurred"
        found.append(Doubt("size", sentence))
    half = face.side * 1.25
    box = (int(face.x - half), int(face.y - half), int(face.x + half), int(face.y + half))
    region = Image.fromarray(picture).crop(box)
    seen = detect(region, REFINED_BOX / face.side, CANDIDATE)
    side, front = (
        max((one.score for one in seen if (one.view in SIDE_VIEWS) == wanted), default=CANDIDATE)
        for wanted in (True, False)
    )
    if side > front + TURNED_MARGIN:
        found.append(Doubt("pose", "the face is turned to the side and may look bent"))
    crop = Image.fromarray(cut_square(picture, square, 128))
    light = np.asarray(crop.convert("L"), np.float64)
    if np.median(_parts(light, INNER)) < DARK_FACE:
        found.append(Doubt("light", "the face is very dark"))
    eyes, cheek = _parts(light, EYES), max(float(np.median(_parts(light, CHEEKS))), 1.0)
    if np.median(eyes) < DARK_EYES * cheek and np.percentile(eyes, 90) < LIT_EYES * cheek:
        sentence = "the eyes are dark (sunglasses or shadow) and may be drawn wrongly"
        found.append(Doubt("eyes", sentence))
    return tuple(found)


def _parts(light: np.ndarray, places: tuple[tuple[float, ...], ...]) -> np.ndarray:
    """The pixels of some parts of a square picture [S, S], in a row."""
    corners = [[round(edge * len(light)) for edge in place] for place in places]
    return np.concatenate([light[t:b, left:r].ravel() for t, b, left, r in corners])
