"""Warnings about portraits that are likely to give a poor video."""

from typing import Literal, NamedTuple

import numpy as np
from PIL import Image

from ttsf.portrait.crop import cut_square
from ttsf.portrait.detection import CANDIDATE, REFINED_BOX, SIDE_VIEWS, FaceBox, detect
from ttsf.portrait.square import CropSquare

SMALL_FACE = 56
"""Side of a face, px, below which the video looks blurred (faces are drawn at 155 px)."""
DARK_FACE, DARK_EYES, LIT_EYES = 50, 0.5, 0.75
"""Thresholds: median luminance (0-255) of a face; luminance of the eyes and of their brightest
tenth
relative to the cheeks. One of 70 portraits, in heavy shadow, falls below."""
CUT = 0.02
"""Fraction of a face's side beyond the picture's edge; 0 or less in 722 portraits."""
LEAST_CONTRAST = 50
"""Luminance range, 5th to 95th percentile, of a face; 70 to 230 in 240 portraits."""
COVERED = 24
"""Colour distance between mouth and cheeks; up to 19 in 240 portraits."""
INNER, EYES, CHEEKS, MOUTH = (
    ((0.31, 0.84, 0.25, 0.75),),
    ((0.38, 0.48, 0.30, 0.47), (0.38, 0.48, 0.53, 0.70)),
    ((0.55, 0.64, 0.31, 0.42), (0.55, 0.64, 0.58, 0.69)),
    ((0.68, 0.80, 0.40, 0.60),),
)
"""Top, bottom, left and right of facial regions, as fractions of the crop's side."""
TURNED_MARGIN = 0.3
"""Margin of the side views' best score over the others' that indicates a turned face."""


class Doubt(NamedTuple):
    """A reason why the video of a portrait may be poor."""

    about: Literal["file", "size", "cut", "pose", "light", "contrast", "eyes", "mouth"]
    """Machine-readable category."""
    sentence: str
    """Message for users, without a full stop."""

    def __str__(self) -> str:
        return self.sentence


def doubts(picture: np.ndarray, face: FaceBox, square: CropSquare) -> tuple[Doubt, ...]:
    """Return the warnings about a face in RGB uint8 [H, W, 3] and its crop.

    Hands in front of the mouth, paintings and children's faces are not detected.
    """
    found = []
    height, width = picture.shape[:2]
    for edge, share in face.cut_by(width, height).items():
        if share > CUT:
            found.append(Doubt("cut", f"the {edge} edge of the picture cuts the face"))
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
    return (*found, *_doubts_of_crop(Image.fromarray(cut_square(picture, square, 128))))


def _doubts_of_crop(crop: Image.Image) -> list[Doubt]:
    found = []
    light, *colours = np.moveaxis(np.asarray(crop.convert("YCbCr"), np.float32), 2, 0)
    inner = _parts(light, INNER)
    if np.median(inner) < DARK_FACE:
        found.append(Doubt("light", "the face is very dark"))
    elif np.subtract(*np.percentile(inner, (95, 5))) < LEAST_CONTRAST:
        found.append(Doubt("contrast", "the picture is very pale; the mouth may look too dark"))
    eyes, cheek = _parts(light, EYES), max(float(np.median(_parts(light, CHEEKS))), 1.0)
    if np.median(eyes) < DARK_EYES * cheek and np.percentile(eyes, 90) < LIT_EYES * cheek:
        sentence = "the eyes are dark (sunglasses or shadow) and may be drawn wrongly"
        found.append(Doubt("eyes", sentence))
    mouth, skin = (
        np.array([np.median(_parts(colour, place)) for colour in colours])
        for place in (MOUTH, CHEEKS)
    )
    if np.linalg.norm(mouth - skin) > COVERED:
        found.append(Doubt("mouth", "something seems to cover the mouth"))
    return found


def _parts(light: np.ndarray, places: tuple[tuple[float, ...], ...]) -> np.ndarray:
    """Return the pixels of some regions of a square picture [S, S], flattened."""
    corners = [[round(edge * len(light)) for edge in place] for place in places]
    return np.concatenate([light[t:b, left:r].ravel() for t, b, left, r in corners])
