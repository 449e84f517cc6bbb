"""What in a portrait is likely to spoil its video."""

import numpy as np
from PIL import Image

from ttsf.portrait.crop import crop_square, cut_square
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
    seen = detect(region, REFINED_BOX / face.side, CANDIDATE)
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
