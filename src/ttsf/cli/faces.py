"""`ttsf faces`: list and number the faces of a picture."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import Positional, arg

from ttsf.errors import TtsfError

if TYPE_CHECKING:
    import numpy as np

    from ttsf.portrait.detection import FaceBox
SHOWN_SIDE = 1600
"""Maximum long side of the labelled picture, px."""
COLOUR = (255, 230, 0)


@dataclass(frozen=True)
class Faces:
    """List the faces of a picture, the largest first.

    ttsf faces group.jpg --output labelled.png
    """

    picture: Positional[Path]
    """Picture file; - reads standard input."""
    output: Annotated[
        Path | None, arg(aliases=("-o",), metavar="OUT.png", help_behavior_hint="")
    ] = None
    """Also write the picture with numbered faces."""

    def run(self) -> None:
        """Print a line for each face."""
        from ttsf.media.files import refuse_inputs
        from ttsf.media.images import read_picture
        from ttsf.portrait.detection import MIN_FACE, find_faces
        from ttsf.portrait.portrait import place_of

        refuse_inputs([self.output], [self.picture])
        if self.output and self.output.suffix.lower() != ".png":
            raise TtsfError(f"cannot write {self.output}: the name must end in .png")
        read = read_picture(self.picture)
        height, width = read.pixels.shape[:2]
        faces = find_faces(read.pixels, MIN_FACE / read.shrunk)
        if not faces:
            raise TtsfError(f"{self.picture}: no face found; it must look at the camera, upright")
        if self.output:
            self._write_labelled(self.output, read.pixels, faces)
        for number, face in enumerate(faces, start=1):
            x, y, side = (round(length * read.shrunk) for length in face)
            print(f"{number}: {side} px wide, {place_of(face, width, height)} ({x}, {y})")

    def _write_labelled(self, path: Path, pixels: "np.ndarray", faces: "list[FaceBox]") -> None:
        from PIL import Image, ImageDraw

        from ttsf.media.files import new_file

        picture = Image.fromarray(pixels)
        picture.thumbnail((SHOWN_SIDE, SHOWN_SIDE), reducing_gap=2.0)
        scale = picture.width / pixels.shape[1]
        draw = ImageDraw.Draw(picture)
        for number, face in enumerate(faces, start=1):
            x, y, side = face.scaled(scale)
            box = (x - side / 2, y - side / 2, x + side / 2, y + side / 2)
            draw.rectangle(box, outline=COLOUR, width=2)
            size = max(18.0, side / 4)
            corner = (max(box[0], 2.0), max(box[1], size))
            draw.text(
                corner,
                str(number),
                COLOUR,
                anchor="lb",
                font_size=size,
                stroke_width=1,
                stroke_fill="black",
            )
        with new_file(path) as temporary:
            picture.save(temporary, "PNG")
