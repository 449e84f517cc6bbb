"""Animate the face of a portrait with known motion: a training aid, not part of the model.

A face mesh with rings around it is posed twice, as found and with the wanted motion, and the
picture is warped triangle by triangle, back to front, so that the exact backward flow is known.
Eyeballs, teeth and the mouth cavity are layers behind holes in the mesh; the background stays still
behind a person matte.
"""

from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np

from ttsf.compositing.surroundings import smoothstep
from ttsf.config import PICTURE_SIDE
from ttsf.model.labels import BLINK, GAP_E, LIP_FV, OPEN, PRESS, SHIFTS, WIDE, MotionLabels
from ttsf.research.data.synthetic.background import fill_background, person_matte
from ttsf.research.data.synthetic.expression import LID_ROWS, Expression
from ttsf.research.data.synthetic.mouth_layer import MouthLayer, Teeth
from ttsf.research.landmarks.face_mesh import (
    EYE_RINGS,
    EYES_LOWER,
    EYES_UPPER,
    FACE_OVAL,
    LOWER_OUTER,
    MOUTH_RING,
    PIVOT,
    UPPER_OUTER,
    Crop,
    HeadPose,
    canonical_crop,
    face_triangles,
    fit_head,
    measure,
    mouth_gap,
    pose_from_labels,
)

RING_FACTORS = (1.07, 1.18, 1.32, 1.5, 1.75, 2.1, 2.6, 3.4)
RING_CENTRE = np.array([0.0, 0.42])
RING_DEPTH = 0.75
LIMITS_DEGREES = (12.0, 10.0, 10.0)
"""Largest plausible |yaw|, |pitch|, |roll| of a render."""
TURNED_DEGREES = 9.0
TURNED_CHANGE_DEGREES = 5.0
OVERSAMPLE = 2
"""Triangles are drawn this much larger than the frame, so that edges are smooth."""


class Frame(NamedTuple):
    """One render of `Animator`."""

    image: np.ndarray
    """RGB uint8 [size, size, 3]."""
    labels: np.ndarray
    """Absolute labels that were rendered, float32 [11]."""
    flow: np.ndarray
    """Where each target pixel comes from in the cropped portrait, float32 [size, size, 2] as (x, y)
    in [-1, 1], corners at pixel centres (align_corners=True)."""
    points: np.ndarray
    """Landmarks of the render, float64 [468, 2] in pixels of the frame."""
    mouth: np.ndarray
    """Box of the mouth x0, y0, x1, y1 in pixels of the frame, float32 [4]."""
    eyes: np.ndarray
    """Boxes of the eyes, the person's right eye first, in pixels of the frame, float32 [2, 4]."""


class Animator:
    """Renders a portrait with absolute motion labels.

    Args:
        image: RGB uint8 [H, W, 3].
        points: its landmarks float [468, 3] in pixels (`LandmarkDetector`).
        size: side of the rendered frames in pixels.
        teeth: donor teeth for portraits that do not show their own.
    """

    def __init__(
        self,
        image: np.ndarray,
        points: np.ndarray,
        size: int = PICTURE_SIDE,
        teeth: Teeth | None = None,
    ) -> None:
        self.image, self.size = image, size
        self.crop: Crop = canonical_crop(points, image.shape[1], image.shape[0])
        self.pose: HeadPose = fit_head(points)
        self.expression = Expression(self.pose.frontal(points))
        self.own = measure(points, self.crop)
        """Labels of the portrait itself, float32 [11]."""
        self._matte = person_matte(image)
        self._picture = image.astype(np.float32)
        self._still = self._still_grid()
        self._back = _sample(fill_background(image, self._matte).astype(np.float32), self._still)
        self._build_rings()
        self._rest = self._place(self.expression.rest, self.pose)
        self._mouth = MouthLayer(image, self._rest[:468, :2], self.expression, teeth)

    def _build_rings(self) -> None:
        """Rings around the face oval in the frontal frame, their triangles and fading weights."""
        oval = self.expression.rest[list(FACE_OVAL)]
        out = oval[:, :2] - RING_CENTRE
        down = smoothstep(0.1, 0.8, out[:, 1] / np.linalg.norm(out, axis=1))
        rings: list[np.ndarray] = []
        turn: list[np.ndarray] = [np.ones(468)]
        express: list[np.ndarray] = []
        for factor in RING_FACTORS:
            mix = smoothstep(1.0, 1.9, np.array(factor))
            depth = (1 - mix) * oval[:, 2] + mix * RING_DEPTH
            rings.append(np.column_stack([RING_CENTRE + factor * out, depth]))
            start, end = 1.5 - 0.45 * down, 2.6 - 0.7 * down
            turn.append(1 - smoothstep(0, 1, (factor - start) / (end - start)))
            express.append(1 - smoothstep(1.0, 1.45, np.full(len(oval), factor)))
        self._rings = np.concatenate(rings)
        self._turn, self._express = np.concatenate(turn)[:, None], np.concatenate(express)[:, None]
        n = len(FACE_OVAL)
        strips: list[np.ndarray] = []
        loops: list[np.ndarray] = [np.array(FACE_OVAL)]
        loops += [468 + n * i + np.arange(n) for i in range(len(RING_FACTORS))]
        for inner, outer in pairwise(loops):
            inner_next, outer_next = np.roll(inner, -1), np.roll(outer, -1)
            strips.append(np.column_stack([inner, outer, inner_next]))
            strips.append(np.column_stack([inner_next, outer, outer_next]))
        self._ring_triangles = np.concatenate(strips)

    def _place(self, frontal: np.ndarray, pose: HeadPose) -> np.ndarray:
        """Mesh of face and rings [756, 3] in pixels of the portrait, for a frontal shape."""
        moved = (frontal - self.expression.rest)[list(FACE_OVAL)]
        rings = self._rings + self._express * np.tile(moved, (len(RING_FACTORS), 1))
        full = np.concatenate([frontal, rings])
        still = self.pose.project(np.concatenate([self.expression.rest, self._rings]))
        return still + self._turn * (pose.project(full) - still)

    def clip(self, labels: np.ndarray) -> np.ndarray:
        """Limit labels, float32 [11], to what looks plausible on this portrait."""
        wanted, own = np.asarray(labels, dtype=np.float64).copy(), self.own
        for i, limit in enumerate(np.array(LIMITS_DEGREES) / 10):
            low, high = own[i] - limit, own[i] + limit
            if abs(own[i]) * 10 >= TURNED_DEGREES:
                inward = own[i] - np.sign(own[i]) * TURNED_CHANGE_DEGREES / 10
                low, high = min(own[i], inward), max(own[i], inward)
            else:
                low, high = max(low, -limit), min(high, limit)
            wanted[i] = np.clip(wanted[i], min(low, own[i]), max(high, own[i]))
        shifts = own[SHIFTS]
        wanted[SHIFTS] = np.clip(wanted[SHIFTS], shifts - 1, shifts + np.array([1, 1, 1.15]))
        wanted[BLINK] = np.clip(wanted[BLINK], own[BLINK], 1)
        wanted[WIDE] = np.clip(wanted[WIDE], -1, 1)
        wanted[PRESS:] = np.clip(wanted[PRESS:], 0, 1)
        pressed, bitten = 1.3 * (1 - wanted[PRESS]), 1.3 - 1.2 * wanted[LIP_FV]
        wanted[OPEN] = min(np.clip(wanted[OPEN], 0, 1.3), pressed, bitten)
        return wanted.astype(np.float32)

    def render(self, labels: np.ndarray) -> Frame:
        """Render one frame with absolute labels [11], limited by `clip`."""
        labels = self.clip(labels)
        motion = MotionLabels(*labels.tolist())
        depth = self.pose.project(PIVOT[None])[0, 2]
        pose = pose_from_labels(labels, self.crop, depth)
        closing = (motion.blink - self.own[BLINK]) / max(1 - self.own[BLINK], 1e-3)
        closing = float(np.clip(closing, 0, 1))
        shape = self.expression.shape(motion, closing)
        mesh = self._place(shape, pose)
        head = self._place(self.expression.rest, pose)
        labels[OPEN] = mouth_gap(shape) / GAP_E
        return self._draw(mesh, head, labels, pose, closing)

    def _to_frame(self, points: np.ndarray, size: int) -> np.ndarray:
        """Pixels of the portrait [..., 2] to pixels of a frame of this size."""
        ratio = size / self.crop.side
        return (points[..., :2] + 0.5 - (self.crop.x0, self.crop.y0)) * ratio - 0.5

    def _draw(
        self, mesh: np.ndarray, head: np.ndarray, labels: np.ndarray, pose: HeadPose, closing: float
    ) -> Frame:
        fine = self.size * OVERSAMPLE
        target = self._to_frame(mesh, fine)
        source, ids = self._trace(target, mesh[:, 2], head[:, :2], closing)
        face = _sample(self._picture, source)
        plane = self._to_frame(pose.project(self._mouth.plane), fine)
        self._fill_holes(face, source, ids, plane)
        _draw_lashes(face, target, closing)
        alpha = cv2.remap(
            self._matte, source[..., 0], source[..., 1], cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )[..., None]  # fmt: skip
        drawn = self._back + alpha * (face - self._back)
        flow = np.where(alpha > 0.5, source, self._still)
        size = (self.size, self.size)
        drawn = cv2.resize(drawn, size, interpolation=cv2.INTER_AREA)
        flow = cv2.resize(flow, size, interpolation=cv2.INTER_AREA)
        points = self._to_frame(mesh[:468], self.size)
        return Frame(
            np.clip(drawn + 0.5, 0, 255).astype(np.uint8),
            labels,
            (self._to_frame(flow, self.size) * 2 / (self.size - 1) - 1).astype(np.float32),
            points,
            _box(points[list(UPPER_OUTER + LOWER_OUTER)]),
            np.stack([_box(points[list(ring)]) for ring in EYE_RINGS]),
        )

    def _still_grid(self) -> np.ndarray:
        """Where fine pixels lie in the portrait without motion, float32 [fine, fine, 2]."""
        fine = self.size * OVERSAMPLE
        ratio = self.crop.side / fine
        axis = (np.arange(fine) + 0.5) * ratio - 0.5
        x, y = np.meshgrid(axis + self.crop.x0, axis + self.crop.y0)
        return np.stack([x, y], -1).astype(np.float32)

    def _trace(
        self, target: np.ndarray, depth: np.ndarray, head: np.ndarray, closing: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Source pixels float32 [fine, fine, 2] and what covers each pixel, int [fine, fine]:
        0 nothing, 1 the mouth, 2-3 an eye, from 4 a triangle.

        Triangles are drawn back to front, holes between the rings and the face. Holes show the
        `head` [756, 2] without expression.
        """
        triangles = np.concatenate([self._ring_triangles, face_triangles()])
        split = len(self._ring_triangles)
        ids = np.zeros(self._still.shape[:2], np.int32)
        fixed = np.round(target * 16).astype(np.int32)
        order = np.argsort(-depth[triangles].mean(1), kind="stable")
        corners = fixed[triangles]
        for i in order[order < split]:
            cv2.fillConvexPoly(ids, corners[i], (int(i) + 4,), cv2.LINE_8, 4)
        for number, ring in enumerate((MOUTH_RING, *EYE_RINGS), start=1):
            cv2.fillPoly(ids, [fixed[list(ring)]], (number,), cv2.LINE_8, 4)
        for i in order[order >= split]:
            cv2.fillConvexPoly(ids, corners[i], (int(i) + 4,), cv2.LINE_8, 4)
        rest, fine = self._rest[:, :2], self.size * OVERSAMPLE
        skin = self._lid_skin(closing)
        ratio = self.crop.side / fine
        maps = [np.array([[ratio, 0, self._still[0, 0, 0]], [0, ratio, self._still[0, 0, 1]]])]
        for ring in (MOUTH_RING, *EYE_RINGS):
            a = np.column_stack([self._to_frame(head[list(ring)], fine), np.ones(len(ring))])
            maps.append(np.linalg.lstsq(a, rest[list(ring)], rcond=None)[0].T)
        affine = np.concatenate([maps, _affines(target[triangles], skin[triangles])])
        affine = affine.astype(np.float32)
        far = np.full((4, 2), 1e6)
        low = np.concatenate([-far, skin[triangles].min(1)]).astype(np.float32)
        high = np.concatenate([far, skin[triangles].max(1)]).astype(np.float32)
        axis = np.arange(fine, dtype=np.float32)
        source = np.empty_like(self._still)
        for k in range(2):
            value = affine[:, k, 0][ids] * axis + affine[:, k, 1][ids] * axis[:, None]
            value += affine[:, k, 2][ids]
            source[..., k] = np.minimum(np.maximum(value, low[:, k][ids]), high[:, k][ids])
        return source, ids

    def _lid_skin(self, closing: float) -> np.ndarray:
        """Mesh [756, 2] in the portrait; closing lids show their skin, not stretched lashes."""
        skin = self._rest[:, :2].copy()
        for upper, lower, rows in zip(EYES_UPPER, EYES_LOWER, LID_ROWS, strict=True):
            rim, low = list(upper[1:-1]), list(lower[1:-1])
            near, far = (self._rest[list(row), :2] for row in rows)
            skin[rim] += closing * (near + 0.25 * (far - near) - skin[rim])
            skin[list(rows[0])] += 0.6 * closing * (far - near)
            skin[low] += 0.2 * closing * (skin[low] - self._rest[rim, :2])
        return skin

    def _fill_holes(
        self, face: np.ndarray, source: np.ndarray, ids: np.ndarray, plane: np.ndarray
    ) -> None:
        """Draw the mouth into `face`; slits too thin to show what is behind become skin."""
        covered = ((ids > 0) & (ids < 4)).astype(np.uint8)
        wide = cv2.morphologyEx(covered, cv2.MORPH_OPEN, np.ones((3, 1), np.uint8))
        hole = ((ids == 1) & (wide > 0)).astype(np.float32)
        slits = (covered - wide).astype(np.float32)
        rows, columns = np.nonzero(hole + slits)
        if not len(rows):
            return
        top, left = max(rows.min() - 8, 0), max(columns.min() - 8, 0)
        part = (slice(top, rows.max() + 9), slice(left, columns.max() + 9))
        mouth = self._mouth.draw(source[part], plane - (left, top))
        near, keep = face[part], 1 - hole[part] - slits[part]
        mass = cv2.GaussianBlur(keep, (0, 0), 2.0)[..., None]
        skin = cv2.GaussianBlur(near * keep[..., None], (0, 0), 2.0) / np.maximum(mass, 1e-3)
        under = np.where(keep[..., None] > 0, near, skin)
        soft = cv2.GaussianBlur(hole[part], (0, 0), 1.2)[..., None]
        face[part] = under + soft * (mouth - under)


def _draw_lashes(face: np.ndarray, target: np.ndarray, closing: float) -> None:
    """Darken `face` along the rims of closing lids; target [468+, 2] in its pixels."""
    share = float(smoothstep(0.25, 0.9, np.array(closing)))
    if share == 0:
        return
    lines = np.zeros(face.shape[:2], np.float32)
    for upper in EYES_UPPER:
        rim = np.round(target[list(upper)] * 16).astype(np.int32)
        cv2.polylines(lines, [rim], False, (1.0,), 2, cv2.LINE_AA, 4)
    face *= 1 - 0.6 * share * cv2.GaussianBlur(lines, (0, 0), 0.9)[..., None]


def _box(points: np.ndarray) -> np.ndarray:
    """x0, y0, x1, y1 of points [N, 2], float32 [4]."""
    return np.concatenate([points.min(0), points.max(0)]).astype(np.float32)


def _sample(image: np.ndarray, source: np.ndarray) -> np.ndarray:
    """Picture float32 [H, W, 3] at the pixels `source` [h, w, 2]."""
    return cv2.remap(
        image, source[..., 0], source[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )


def _affines(target: np.ndarray, source: np.ndarray) -> np.ndarray:
    """Affine maps [N, 2, 3] that take triangles `target` [N, 3, 2] to `source` [N, 3, 2]."""
    ones = np.ones((*target.shape[:2], 1))
    matrix = np.concatenate([target, ones], -1)
    area = np.linalg.det(matrix)
    matrix[np.abs(area) < 1e-3] = np.eye(3)
    maps = np.linalg.solve(matrix, source)
    flat = np.abs(area) < 1e-3
    maps[flat] = 0
    maps[flat, 2] = source[flat].mean(1)
    return maps.transpose(0, 2, 1)
