"""Landmarks and pose of a face, and motion labels computed from them, Sec. 3.1.

Landmarks are the 468 points of mediapipe's face mesh (Kartynnik et al. 2019). Coordinates are
pixels: x right, y down, z away from the camera. Lengths called "e" are units of the 3-D distance
between the outer eye corners (landmarks 33 and 263) of the mean face, whose origin is the bridge of
the nose (landmark 168).

On the 317 of 342 portraits where scikit-image's LBP cascade finds a face, the canonical crop is
1.47 (5-95 %: 1.31-1.71) times the side of its box, and the crop's centre lies (0.00, 0.00) sides of
the box from the centre of the box (standard deviation 0.09 both ways).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import combinations
from typing import NamedTuple

import numpy as np

from ttsf.errors import needing
from ttsf.model.labels import GAP_E, LABEL_UNITS

UPPER_OUTER = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291)
UPPER_INNER = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
LOWER_OUTER = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291)
LOWER_INNER = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
EYES_UPPER = (
    (33, 246, 161, 160, 159, 158, 157, 173, 133),
    (263, 466, 388, 387, 386, 385, 384, 398, 362),
)
EYES_LOWER = (
    (33, 7, 163, 144, 145, 153, 154, 155, 133),
    (263, 249, 390, 373, 374, 380, 381, 382, 362),
)
FACE_OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
BROWS_UPPER = ((70, 63, 105, 66, 107), (300, 293, 334, 296, 336))
BROWS_LOWER = ((46, 53, 52, 65, 55), (276, 283, 282, 295, 285))
EYE_CORNERS = ((33, 133), (263, 362))
IRISES = (468, 473)
"""Middles of the irises, which only a detector with `irises` gives."""
MOUTH_RING = UPPER_INNER + LOWER_INNER[-2:0:-1]
EYE_RINGS = tuple(u + low[-2:0:-1] for u, low in zip(EYES_UPPER, EYES_LOWER, strict=True))

STABLE = (
    33, 133, 362, 263, 168, 6, 197, 195, 5, 4, 10, 151, 9,
    8, 127, 356, 234, 454, 70, 300, 107, 336, 54, 284, 21, 251,
)  # fmt: skip
"""Indices of the landmarks that the head pose is fitted on."""
MEAN_STABLE = np.array(
    [
        (-0.5000, 0.0424, 0.2542),
        (-0.1919, 0.0588, 0.1962),
        (0.1919, 0.0588, 0.1962),
        (0.5000, 0.0424, 0.2542),
        (0.0000, 0.0000, 0.0000),
        (0.0000, 0.0829, -0.0473),
        (0.0000, 0.1645, -0.1005),
        (0.0000, 0.2402, -0.1593),
        (0.0000, 0.3217, -0.2209),
        (0.0000, 0.4210, -0.2447),
        (0.0000, -0.5342, 0.0327),
        (0.0000, -0.3585, 0.0004),
        (0.0000, -0.1678, -0.0238),
        (0.0000, -0.0751, -0.0063),
        (-0.7721, 0.0963, 0.8052),
        (0.7721, 0.0963, 0.8052),
        (-0.7651, 0.2550, 0.8640),
        (0.7651, 0.2550, 0.8640),
        (-0.6280, -0.1078, 0.2524),
        (0.6280, -0.1078, 0.2524),
        (-0.1560, -0.1812, -0.0156),
        (0.1560, -0.1812, -0.0156),
        (-0.6545, -0.3294, 0.3954),
        (0.6545, -0.3294, 0.3954),
        (-0.7217, -0.2043, 0.5358),
        (0.7217, -0.2043, 0.5358),
    ]
)
"""Mean positions of STABLE, float64 [26, 3]: the mean face.

Generalised Procrustes mean of the frontal portraits that the bundled model was trained on, mirrored
and averaged; units of e, origin at landmark 168.
"""
PIVOT = np.array([0.0, 1.0, 0.75])
"""Point about which the head turns, in e from landmark 168."""
FACE_CENTRE = np.array([0.0, 0.42, 0.1])
"""Middle of the visible face in e; the canonical crop is placed by it."""
CROP_SIDE_E = 2.75
"""Side of the canonical crop in e."""
CROP_DOWN_E = -0.18
"""Offset of the crop's centre below the face centre, in e."""
GAP_CLOSED_E = 0.008
"""Gap that the detector reports for lips that just touch, in e."""
EYE_OPEN_E = 0.09
"""Lid aperture of label blink = 0, in e."""
EYEBALL_E = 0.135
"""Radius of an eyeball in e: 12 of about 89 mm."""


class Crop(NamedTuple):
    """Square part of a picture in pixels."""

    x0: float
    y0: float
    side: float


class HeadPose(NamedTuple):
    """Similarity from the mean face (e) to a picture (px): p = scale * rotation @ q + offset."""

    rotation: np.ndarray
    scale: float
    offset: np.ndarray

    def project(self, points: np.ndarray) -> np.ndarray:
        """Project points [N, 3] in e to pixels of the picture [N, 3]."""
        return self.scale * points @ self.rotation.T + self.offset

    def frontal(self, points: np.ndarray) -> np.ndarray:
        """Bring points [N, 3] from pixels of the picture to the frontal frame in e."""
        return (points - self.offset) @ self.rotation / self.scale


MESH = "mediapipe.solutions (Python 3.11 or 3.12)"


def load_solutions():
    """`mediapipe.solutions`, which later releases lack; raises MissingPackage without it."""
    with needing("the face mesh", MESH, "data"):
        from mediapipe import solutions
    return solutions


@contextmanager
def quiet_natives() -> Iterator[None]:
    """Suppress mediapipe's native log on standard error."""
    kept = os.dup(2)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


class LandmarkDetector:
    """mediapipe face mesh on RGB uint8 pictures; `video` tracks from frame to frame.

    irises: use the mesh that also follows the irises. It places lips and lids a little differently,
    so that its measurements must not be mixed with those of the other.
    """

    def __init__(self, video: bool = False, irises: bool = False) -> None:
        solutions = load_solutions()
        with quiet_natives():
            self._mesh = solutions.face_mesh.FaceMesh(
                static_image_mode=not video,
                max_num_faces=1,
                min_detection_confidence=0.4,
                refine_landmarks=irises,
            )

    def __call__(self, image: np.ndarray) -> np.ndarray | None:
        """Landmarks float64 [468, 3] (with irises [478, 3]) in pixels of `image` [H, W, 3], or None
        without a face."""
        with quiet_natives():
            found = self._mesh.process(np.ascontiguousarray(image)).multi_face_landmarks
        if not found:
            return None
        height, width = image.shape[:2]
        points = np.array([(p.x, p.y, p.z) for p in found[0].landmark])
        return points * (width, height, width)

    def close(self) -> None:
        """Free the detector."""
        self._mesh.close()


@lru_cache(maxsize=1)
def face_triangles() -> np.ndarray:
    """Triangles int [852, 3] of the face mesh, without those that fill the mouth and the eyes."""
    edges = load_solutions().face_mesh.FACEMESH_TESSELATION
    near: list[set[int]] = [set() for _ in range(468)]
    for a, b in edges:
        near[a].add(b)
        near[b].add(a)
    holes = [frozenset(r) for r in (MOUTH_RING, *EYE_RINGS)]
    found = set()
    for a in range(468):
        for b, c in combinations(sorted(n for n in near[a] if n > a), 2):
            if c in near[b] and not any({a, b, c} <= h for h in holes):
                found.add((a, b, c))
    triangles = np.array(sorted(found))
    sides = np.stack([triangles[:, [0, 1]], triangles[:, [0, 2]], triangles[:, [1, 2]]], 1)
    keys = sides[..., 0] * 468 + sides[..., 1]
    shared = np.bincount(keys.ravel(), minlength=468 * 468)[keys]
    return triangles[(shared < 3).any(1)]  # the others only surround smaller triangles


def rotation_matrix(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """Rotation [3, 3] of a head from degrees (signs as in `MotionLabels`)."""
    a, b, c = np.radians((yaw, pitch, roll))
    turn = np.array([[np.cos(a), 0, -np.sin(a)], [0, 1, 0], [np.sin(a), 0, np.cos(a)]])
    nod = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    tilt = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return tilt @ nod @ turn


def rotation_angles(rotation: np.ndarray) -> np.ndarray:
    """Yaw, pitch and roll in degrees, the inverse of `rotation_matrix`."""
    pitch = np.arcsin(np.clip(rotation[2, 1], -1, 1))
    yaw = np.arctan2(rotation[2, 0], rotation[2, 2])
    roll = np.arctan2(-rotation[0, 1], rotation[1, 1])
    return np.degrees((yaw, pitch, roll))


def fit_head(points: np.ndarray) -> HeadPose:
    """Head pose of landmarks [468, 3], from those that speech does not move.

    The least-squares similarity from the mean face to them (Umeyama 1991).
    """
    stable = points[list(STABLE)]
    mean_m, mean_p = MEAN_STABLE.mean(0), stable.mean(0)
    m, p = MEAN_STABLE - mean_m, stable - mean_p
    u, s, vt = np.linalg.svd(p.T @ m)
    sign = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    rotation = (u * sign) @ vt
    scale = float((s * sign).sum() / (m**2).sum())
    return HeadPose(rotation, scale, mean_p - scale * rotation @ mean_m)


def canonical_crop(points: np.ndarray, width: int, height: int) -> Crop:
    """The crop that every stored picture uses, from landmarks [468, 3]; kept inside the picture.

    Centre: the projected face centre, `CROP_DOWN_E` lower; side `CROP_SIDE_E`.
    """
    pose = fit_head(points)
    centre = pose.project(FACE_CENTRE[None])[0, :2] + (0, CROP_DOWN_E * pose.scale)
    side = min(CROP_SIDE_E * pose.scale, width, height)
    x0 = np.clip(centre[0] - side / 2, 0, width - side)
    y0 = np.clip(centre[1] - side / 2, 0, height - side)
    return Crop(float(x0), float(y0), float(side))


def mouth_gap(frontal: np.ndarray) -> float:
    """Gap between the inner lips in e, mean of the three middle pairs; 0 for lips that touch."""
    gap = np.linalg.norm(frontal[[82, 13, 312]] - frontal[[87, 14, 317]], axis=1).mean()
    return max(float(gap) - GAP_CLOSED_E, 0.0)


def eye_aperture(frontal: np.ndarray) -> float:
    """Mean distance of the lids in the middle of both eyes, in e."""
    upper, lower = [160, 159, 158, 387, 386, 385], [144, 145, 153, 373, 374, 380]
    return float(np.linalg.norm(frontal[upper] - frontal[lower], axis=1).mean())


def brow_height(frontal: np.ndarray) -> np.ndarray:
    """Height of the brows above the corners of the eyes in e, mean of both: [..., 468, 3] -> [...].

    The head's pose, which is fitted on some landmarks of the brows too, shifts both alike.
    """
    brows = [i for row in (*BROWS_UPPER, *BROWS_LOWER) for i in row]
    eyes = [i for pair in EYE_CORNERS for i in pair]
    return frontal[..., eyes, 1].mean(-1) - frontal[..., brows, 1].mean(-1)


def corner_height(frontal: np.ndarray) -> np.ndarray:
    """Height of the mouth's corners in e, below 0: [..., 468, 3] -> [...].

    Zero is the base of the nose, which neither jaw nor lips move. A smile raises the corners.
    """
    return frontal[..., 2, 1] - frontal[..., [61, 291], 1].mean(-1)


def gaze_angles(frontal: np.ndarray) -> np.ndarray:
    """Yaw and pitch of the eyes in the head, degrees, mean of both: [..., 478, 3] -> [..., 2].

    Zero: the iris is midway between the corners. Positive: to the right of the picture, down.
    """
    corners = np.stack([frontal[..., list(pair), :2].mean(-2) for pair in EYE_CORNERS], -2)
    moved = (frontal[..., list(IRISES), :2] - corners) / EYEBALL_E
    return np.degrees(np.arcsin(np.clip(moved, -1, 1))).mean(-2)


def pose_labels(pose: HeadPose, crop: Crop) -> np.ndarray:
    """The first six labels of a head pose (pixels of the picture) seen through `crop`."""
    pivot = pose.project(PIVOT[None])[0, :2]
    reference = reference_pivot(crop)
    unit = crop.side / CROP_SIDE_E
    values = (
        *rotation_angles(pose.rotation),
        *((pivot - reference) / unit),
        np.log(pose.scale / unit),
    )
    return np.array(values) / LABEL_UNITS


def reference_pivot(crop: Crop) -> np.ndarray:
    """Where labels put the pivot of a centred head, in pixels of the picture."""
    down = (PIVOT - FACE_CENTRE)[1] - CROP_DOWN_E
    unit = crop.side / CROP_SIDE_E
    return np.array([crop.x0 + crop.side / 2, crop.y0 + crop.side / 2 + down * unit])


def pose_from_labels(labels: np.ndarray, crop: Crop, depth: float) -> HeadPose:
    """Inverse of `pose_labels`; `depth` is the pivot's z in pixels."""
    values = np.asarray(labels[:6], dtype=np.float64) * LABEL_UNITS
    unit = crop.side / CROP_SIDE_E
    rotation, scale = rotation_matrix(*values[:3]), unit * float(np.exp(values[5]))
    pivot = np.append(reference_pivot(crop) + values[3:5] * unit, depth)
    return HeadPose(rotation, scale, pivot - scale * rotation @ PIVOT)


def measure(points: np.ndarray, crop: Crop) -> np.ndarray:
    """Absolute labels float32 [11] of landmarks [468, 3]; wide, press and lip_fv are 0."""
    pose = fit_head(points)
    frontal = pose.frontal(points)
    blink = np.clip(1 - eye_aperture(frontal) / EYE_OPEN_E, 0, 1)
    gap = mouth_gap(frontal) / GAP_E
    return np.array([*pose_labels(pose, crop), blink, gap, 0, 0, 0], dtype=np.float32)
