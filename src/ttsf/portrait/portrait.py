"""A picture and the face in it that is to speak: read once, used for many texts."""

from os import PathLike
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ttsf.errors import TtsfError
from ttsf.media.images import read_image
from ttsf.portrait.crop import CropSquare, crop_square
from ttsf.portrait.detection import FaceBox, choose_face, find_faces
from ttsf.portrait.doubts import Doubt, doubts


class Portrait(NamedTuple):
    """A picture with a face that can speak."""

    picture: np.ndarray
    """RGB uint8 [H, W, 3], upright."""
    faces: tuple[FaceBox, ...]
    """All that were found, the largest first."""
    face: FaceBox
    """The one that speaks."""
    square: CropSquare
    """What of the picture the model reads and draws."""
    doubts: tuple[Doubt, ...]
    """What is likely to spoil the video."""


def read_portrait(source: str | PathLike[str] | np.ndarray, face: int = 1) -> Portrait:
    """From a picture file or RGB uint8 [H, W, 3]; face: counted from 1 for the largest.

    Raises TtsfError where it is no picture or that face cannot speak.
    """
    if isinstance(source, np.ndarray):
        name, picture = "the portrait", _check_array(source)
    else:
        name, picture = str(source), read_image(Path(source))
    faces = find_faces(picture)
    try:
        chosen = choose_face(faces, face)
    except TtsfError as error:
        raise TtsfError(f"{name}: {error}") from None
    square = crop_square(chosen)
    return Portrait(picture, tuple(faces), chosen, square, doubts(picture, chosen, square))


def _check_array(picture: np.ndarray) -> np.ndarray:
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3 or not picture.size:
        raise TtsfError(
            f"a portrait array is RGB uint8 [H, W, 3], not {picture.dtype} {picture.shape}"
        )
    return picture
