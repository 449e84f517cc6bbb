"""Select portraits that can be animated, and donors of teeth."""

from pathlib import Path

import numpy as np
from PIL import Image

from ttsf.errors import TtsfError
from ttsf.media.images import read_image
from ttsf.model.labels import SHIFTS
from ttsf.research.data.parts import Part
from ttsf.research.data.synthetic.animator import Animator
from ttsf.research.data.synthetic.mouth_layer import Teeth, take_teeth
from ttsf.research.landmarks.face_mesh import LandmarkDetector, fit_head

MARGIN = 3.0  # px that landmarks must keep from the picture's edge
MOST_YAW, MOST_ROLL, MOST_SHIFT = 1.5, 2.0, 6.0  # label units of a portrait that is used


def open_portrait(
    path: Path, detector: LandmarkDetector, donor: Teeth | None, size: int
) -> Animator:
    """Create the animator of a portrait; raises TtsfError without a complete face."""
    image = read_image(path)
    points = detector(image)
    if points is None:
        raise TtsfError("no face")
    limit = np.array(image.shape[1::-1]) - MARGIN
    if (points[:, :2] < MARGIN).any() or (points[:, :2] > limit).any():
        raise TtsfError("the face extends beyond the picture")
    return Animator(image, points, size, donor)


def check_movable(own: np.ndarray) -> None:
    """Raise TtsfError if a portrait with these labels [11] cannot be animated well."""
    yaw, roll = abs(float(own[0])), abs(float(own[2]))
    if yaw > MOST_YAW:
        raise TtsfError(f"the face is turned by {10 * yaw:.0f} degrees")
    if roll > MOST_ROLL:
        raise TtsfError(f"the face is tilted by {10 * roll:.0f} degrees")
    if np.abs(own[SHIFTS]).max() > MOST_SHIFT:
        raise TtsfError("the face is off centre")


def teeth_of(path: Path, detector: LandmarkDetector) -> Teeth | None:
    """Extract the teeth of a frontal smile, or None if they are not visible."""
    image = read_image(path)
    points = detector(image)
    return points if points is None else take_teeth(image, points, fit_head(points).frontal(points))


def shows_teeth(part: Part) -> bool:
    """Whether a portrait can provide teeth for others."""
    return part.smile_teeth and part.frontal


def own_picture(animator: Animator) -> np.ndarray:
    """Return the cropped portrait, RGB uint8 [size, size, 3]."""
    size, crop = animator.size, animator.crop
    box = (crop.x0, crop.y0, crop.x0 + crop.side, crop.y0 + crop.side)
    picture = Image.fromarray(animator.image)
    return np.asarray(picture.resize((size, size), Image.Resampling.BICUBIC, box=box))
