"""Sec. 4.1: find stretches of a recording with one face in a fixed position.

Faces are detected in every fifth frame. A training clip has one fixed crop, in which the head moves
as before the camera: the square of `portrait.crop` around the mean face box. A stretch ends where
the face moves too far, is lost, or the video is cut.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from PIL import Image

from ttsf.config import FPS
from ttsf.portrait.crop import crop_square
from ttsf.portrait.detection import MIN_FACE, FaceBox, ScoredBox, glance
from ttsf.portrait.square import CropSquare
from ttsf.research.data.records import THUMBNAIL

LOOK_EVERY = 5  # frames
ANCHOR_LOOKS = 5  # first looks that say where the face's place is
GAP_LOOKS = 2  # looks in a row that may miss the face
DRIFT, GROWTH = 0.35, 1.35  # sides of the box, and ratio of sizes, that a face may leave its place
CROWD_SIZE, CROWD_SHARE = 0.6, 0.25  # of the main face's side; of the looks
CUT_CHANGE = 45.0  # mean change of grey levels of 16 x 16 fields between two looks


class Look(NamedTuple):
    """Detections in one frame of a recording."""

    frame: int
    """Frame number at 25 fps."""
    faces: list[ScoredBox]
    """The largest first."""
    grey: np.ndarray
    """float32 [16, 16], 0 to 255."""
    thumbnail: Image.Image


class Survey(NamedTuple):
    """Detections in all examined frames of a recording."""

    looks: list[Look]
    frames: int
    width: int
    height: int


class Stretch(NamedTuple):
    """Frames `start` to `end` (exclusive) that show one face in one place."""

    start: int
    end: int
    face: FaceBox = FaceBox(0, 0, 0)
    turned: float = 0.0
    """Fraction of detections that showed a turned or tilted face."""
    crowded: float = 0.0
    """Fraction of examined frames with another face of similar size."""
    ending: str = ""
    """Why the stretch ends; "" at the end of the range."""

    @property
    def square(self) -> CropSquare:
        """The crop that all frames of the stretch share."""
        return crop_square(self.face)


def survey_frames(frames: Iterable[np.ndarray]) -> Survey:
    """Detect faces in every fifth of RGB uint8 frames [H, W, 3]."""
    looks: list[Look] = []
    count, width, height = 0, 0, 0
    for count, frame in enumerate(frames, start=1):
        if (count - 1) % LOOK_EVERY:
            continue
        height, width = frame.shape[:2]
        small = Image.fromarray(frame)
        grey = np.asarray(small.convert("L").resize((16, 16), Image.Resampling.BOX), np.float32)
        small.thumbnail((2 * THUMBNAIL, THUMBNAIL))
        looks.append(Look(count - 1, glance(frame, len(looks)), grey, small))
    return Survey(looks, count, width, height)


def find_stretches(survey: Survey, start: int, end: int) -> list[Stretch]:
    """Find the stretches of one face within frames `start` to `end` (exclusive), in order."""
    looks = [look for look in survey.looks if start <= look.frame < end]
    stretches: list[Stretch] = []
    i = 0
    while i < len(looks):
        if not looks[i].faces:
            i += 1
            continue
        seen, last, ending = _follow(looks, i)
        first = start if i <= GAP_LOOKS and not stretches else looks[i].frame
        until = end if not ending else looks[last].frame + 1
        stretches.append(_stretch(seen, looks[i : last + 1], first, until, ending))
        i = last + 1
    return stretches


def refusal(stretch: Stretch, shortest: int) -> str | None:
    """Return why a stretch is unusable, or None."""
    if stretch.end - stretch.start < shortest:
        why = f", then {stretch.ending}" if stretch.ending else ""
        return f"too short: {(stretch.end - stretch.start) / FPS:.2f} s{why}"
    if stretch.crowded > CROWD_SHARE:
        return f"several faces in {stretch.crowded:.0%} of the looks"
    if stretch.face.side < MIN_FACE:
        return f"the face is {stretch.face.side:.0f} px wide, at least {MIN_FACE} are needed"
    return None


def _follow(looks: list[Look], first: int) -> tuple[list[ScoredBox], int, str]:
    """Follow the face at look `first` for as long as it stays in position.

    Returns its boxes, the last look that shows it, and why it ended ("" at the last look).
    """
    seen, last, missed = [looks[first].faces[0]], first, 0
    for i in range(first + 1, len(looks)):
        if np.abs(looks[i].grey - looks[i - 1].grey).mean() > CUT_CHANGE:
            return seen, last, "the picture is cut"
        anchor = FaceBox(*np.median([face.box for face in seen[:ANCHOR_LOOKS]], axis=0).tolist())
        here = [face for face in looks[i].faces if _same_place(face.box, anchor)]
        if here:
            seen.append(here[0])
            last, missed = i, 0
            continue
        missed += 1
        if missed > GAP_LOOKS:
            moved = bool(looks[i].faces)
            return seen, last, "the face moves too far" if moved else "the face is lost"
    return seen, last, ""


def _same_place(box: FaceBox, anchor: FaceBox) -> bool:
    distance = np.hypot(box.x - anchor.x, box.y - anchor.y)
    growth = max(box.side / anchor.side, anchor.side / box.side)
    return bool(distance < DRIFT * anchor.side and growth < GROWTH)


def _stretch(
    seen: list[ScoredBox], looks: list[Look], start: int, end: int, ending: str
) -> Stretch:
    face = FaceBox(*np.mean([one.box for one in seen], axis=0).tolist())
    crowded = [
        sum(other.box.side > CROWD_SIZE * face.side for other in look.faces) > 1 for look in looks
    ]
    turned = float(np.mean([one.turned for one in seen]))
    return Stretch(start, end, face, turned, float(np.mean(crowded)), ending)
