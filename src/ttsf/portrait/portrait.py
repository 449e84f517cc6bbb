"""Read a portrait: a picture and its speaking face, reusable for many texts."""

import io
from numbers import Integral
from os import PathLike
from typing import BinaryIO, NamedTuple

import numpy as np
from PIL import Image

from ttsf.errors import TtsfError
from ttsf.media.files import local_path
from ttsf.media.images import Picture, name_of, read_picture
from ttsf.portrait.crop import crop_square
from ttsf.portrait.detection import MIN_FACE, FaceBox, choose_face, find_faces
from ttsf.portrait.doubts import Doubt, doubts
from ttsf.portrait.square import CropSquare

Source = str | PathLike[str] | bytes | BinaryIO | Image.Image | np.ndarray
MOST_CUT = 0.15
"""Maximum fraction of a face's side beyond the edge; a quarter of the face is missing then."""


class Portrait(NamedTuple):
    """A picture with a usable face."""

    picture: np.ndarray
    """RGB uint8 [H, W, 3], upright."""
    faces: tuple[FaceBox, ...]
    """All detected faces, the largest first."""
    face: FaceBox
    """The speaking face."""
    square: CropSquare
    """The square that the model reads and draws."""
    doubts: tuple[Doubt, ...]
    """Reasons why the video may be poor."""
    alpha: np.ndarray | None = None
    """uint8 [H, W], 0 is transparent; None if the picture is opaque."""

    @property
    def place(self) -> str:
        """Position of the face in words: "at the top left", "in the middle"."""
        return place_of(self.face, self.picture.shape[1], self.picture.shape[0])


def read_portrait(source: Source, face: int = 1) -> Portrait:
    """Read a portrait: path (`-`: standard input), bytes, open file, image of Pillow, or RGB uint8
    [H, W, 3].

    face: number of the face, 1 for the largest.

    Raises TtsfError if it is not a picture, or the face is unusable.
    """
    if not isinstance(face, Integral):
        raise TtsfError(f"face must be a whole number from 1, not {face!r}")
    if isinstance(source, np.ndarray):
        read = Picture(_check_array(source))
    elif isinstance(source, str | PathLike):
        source = local_path(source)
        read = read_picture(source)
    elif isinstance(source, bytes | bytearray | memoryview):
        read = read_picture(io.BytesIO(source))
    elif isinstance(source, Image.Image) or hasattr(source, "read"):
        read = read_picture(source)
    else:
        kinds = "a file, its bytes, an image or an array"
        raise TtsfError(f"a portrait must be {kinds}, not {type(source).__name__}")
    picture, least = read.pixels, MIN_FACE / read.shrunk
    faces = find_faces(picture, least)
    try:
        chosen = choose_face(faces, face, least)
        for edge, share in chosen.cut_by(picture.shape[1], picture.shape[0]).items():
            if share > MOST_CUT:
                raise TtsfError(f"the {edge} edge of the picture cuts the face; show it whole")
    except TtsfError as error:
        raise TtsfError(f"{name_of(source)}: {error}") from None
    square = crop_square(chosen)
    flaws = (Doubt("file", read.flaw),) if read.flaw else ()
    found = (*flaws, *doubts(picture, chosen, square))
    return Portrait(picture, tuple(faces), chosen, square, found, read.alpha)


def place_of(face: FaceBox, width: int, height: int) -> str:
    """Describe the position of a face in a picture of this size, by thirds."""
    down = "top" if face.y < height / 3 else "bottom" if face.y > height * 2 / 3 else ""
    along = "left" if face.x < width / 3 else "right" if face.x > width * 2 / 3 else ""
    if not down and not along:
        return "in the middle"
    return f"at the {down} {along}".replace("  ", " ").strip()


def _check_array(picture: np.ndarray) -> np.ndarray:
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3 or not picture.size:
        raise TtsfError(
            f"a portrait array must be RGB uint8 [H, W, 3], not {picture.dtype} {picture.shape}"
        )
    return picture
