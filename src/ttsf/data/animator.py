"""Moves the face of one portrait by known motion (training data only).

A face mesh with rings around it is posed twice, as found and with the wanted motion, and the
picture is warped triangle by triangle, back to front, so that the exact backward flow is known.
Eyeballs, teeth and the mouth cavity are layers behind holes in the mesh; the background stays still
behind a person matte.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ttsf.data.expression import Expression
from ttsf.data.face_mesh import (
    EYE_RINGS,
    FACE_OVAL,
    GAP_E,
    LABEL_NAMES,
    LOWER_OUTER,
    MOUTH_RING,
    UPPER_OUTER,
    Crop,
    HeadPose,
    MotionLabels,
    canonical_crop,
    face_triangles,
    fit_head,
    load_mediapipe,
    measure,
    mouth_gap,
    pose_from_labels,
)
from ttsf.data.mouth_layer import MouthLayer, Teeth

RING_FACTORS = (1.07, 1.18, 1.32, 1.5, 1.75, 2.1, 2.6, 3.4)
RING_CENTRE = np.array([0.0, 0.42])
RING_DEPTH = 0.75
LIMITS_DEGREES = (12.0, 10.0, 10.0)
"""Largest plausible |yaw|, |pitch|, |roll| of a render."""
TURNED_DEGREES = 9.0
TURNED_CHANGE_DEGREES = 5.0


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


def smoothstep(low: float, high: float, x: np.ndarray) -> np.ndarray:
    """0 below `low`, 1 above `high`, smooth between."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def person_matte(image: np.ndarray) -> np.ndarray:
    """Share of person in each pixel of an RGB uint8 [H, W, 3], float32 [H, W] (mediapipe)."""
    segmenter = load_mediapipe().solutions.selfie_segmentation.SelfieSegmentation(0)
    mask = segmenter.process(np.ascontiguousarray(image)).segmentation_mask
    segmenter.close()
    return smoothstep(0.25, 0.75, mask).astype(np.float32)


def fill_background(image: np.ndarray, matte: np.ndarray) -> np.ndarray:
    """Background float32 [H, W, 3]: the picture where no person is, smoothly filled elsewhere."""
    import cv2

    keep = (cv2.dilate(matte, np.ones((9, 9))) < 0.02).astype(np.float32)
    filled, weight = image.astype(np.float32) * keep[..., None], keep
    result, share = filled.copy(), weight.copy()
    for sigma in (3, 8, 20, 60):
        soft = cv2.GaussianBlur(filled, (0, 0), sigma)
        mass = cv2.GaussianBlur(weight, (0, 0), sigma)
        gain = (1 - share) * np.clip(mass * 8, 0, 1)
        result += gain[..., None] * soft / np.maximum(mass, 1e-4)[..., None]
        share += gain
    return result / np.maximum(share, 1e-4)[..., None]


class Animator:
    """Renders a portrait with absolute motion labels.

    Args:
        image: RGB uint8 [H, W, 3].
        points: its landmarks float [468, 3] in pixels (`LandmarkDetector`).
        size: side of the rendered frames in pixels.
        teeth: donor teeth for portraits that do not show their own.
    """

    def __init__(
        self, image: np.ndarray, points: np.ndarray, size: int = 256, teeth: Teeth | None = None
    ) -> None:
        self.image, self.size = image, size
        self.crop: Crop = canonical_crop(points, image.shape[1], image.shape[0])
        self.pose: HeadPose = fit_head(points)
        self.expression = Expression(self.pose.frontal(points))
        self.own = measure(points, self.crop)
        """Labels of the portrait itself, float32 [11]."""
        self._matte = person_matte(image)
        self._background = fill_background(image, self._matte)
        self._build_rings()
        self._rest = self._place(self.expression.rest, self.pose)
        self._mouth = MouthLayer(image, self._rest[:468, :2], self.expression, teeth)

    def _build_rings(self) -> None:
        """Rings around the face oval in the frontal frame, their triangles and fading weights."""
        oval = self.expression.rest[list(FACE_OVAL)]
        out = oval[:, :2] - RING_CENTRE
        down = smoothstep(0.1, 0.8, out[:, 1] / np.linalg.norm(out, axis=1))
        rings, turn, express = [], [np.ones(468)], []
        for factor in RING_FACTORS:
            mix = smoothstep(1.0, 1.9, np.array(factor))
            depth = (1 - mix) * oval[:, 2] + mix * RING_DEPTH
            rings.append(np.column_stack([RING_CENTRE + factor * out, depth]))
            start, end = 1.5 - 0.45 * down, 2.6 - 0.7 * down
            turn.append(1 - smoothstep(0, 1, (factor - start) / (end - start)))
            express.append(1 - smoothstep(1.0, 1.45, np.full(len(oval), factor)))
        self._rings = np.concatenate(rings)
        self._turn, self._express = np.concatenate(turn)[:, None], np.concatenate(express)[:, None]
        n, strips = len(FACE_OVAL), []
        loops = [np.array(FACE_OVAL)]
        loops += [468 + n * i + np.arange(n) for i in range(len(RING_FACTORS))]
        for inner, outer in zip(loops[:-1], loops[1:], strict=True):
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
        """Labels float32 [11] limited to what looks plausible on this portrait."""
        wanted, own = np.asarray(labels, dtype=np.float64).copy(), self.own
        for i, limit in enumerate(np.array(LIMITS_DEGREES) / 10):
            low, high = own[i] - limit, own[i] + limit
            if abs(own[i]) * 10 >= TURNED_DEGREES:
                inward = own[i] - np.sign(own[i]) * TURNED_CHANGE_DEGREES / 10
                low, high = min(own[i], inward), max(own[i], inward)
            else:
                low, high = max(low, -limit), min(high, limit)
            wanted[i] = np.clip(wanted[i], min(low, own[i]), max(high, own[i]))
        wanted[3:6] = np.clip(wanted[3:6], own[3:6] - 1, own[3:6] + (1, 1, 1.15))
        wanted[6] = np.clip(wanted[6], own[6], 1)
        wanted[8] = np.clip(wanted[8], -1, 1)
        wanted[9:] = np.clip(wanted[9:], 0, 1)
        wanted[7] = min(np.clip(wanted[7], 0, 1.3), 1.3 * (1 - wanted[9]), 1.3 - 1.2 * wanted[10])
        return wanted.astype(np.float32)

    def render(self, labels: np.ndarray) -> Frame:
        """One frame with absolute labels [11], limited by `clip`."""
        labels = self.clip(labels)
        motion = MotionLabels(*labels.tolist())
        depth = (self.pose.project(np.array([[0.0, 1.0, 0.75]])))[0, 2]
        pose = pose_from_labels(labels, self.crop, depth)
        closing = (motion.blink - self.own[6]) / max(1 - self.own[6], 1e-3)
        shape = self.expression.shape(motion, float(np.clip(closing, 0, 1)))
        mesh = self._place(shape, pose)
        head = self._place(self.expression.rest, pose)
        labels[LABEL_NAMES.index("open")] = mouth_gap(shape) / GAP_E
        return self._draw(mesh, head, labels, pose)

    def _to_frame(self, points: np.ndarray) -> np.ndarray:
        """Pixels of the portrait [..., 2] to pixels of the frame."""
        ratio = self.size / self.crop.side
        return (points[..., :2] + 0.5 - (self.crop.x0, self.crop.y0)) * ratio - 0.5

    def _draw(
        self, mesh: np.ndarray, head: np.ndarray, labels: np.ndarray, pose: HeadPose
    ) -> Frame:
        import cv2

        target = self._to_frame(mesh)
        source, ids = self._trace(target, mesh[:, 2])
        holes = self._trace_holes(source, ids, self._to_frame(head))
        image = self.image.astype(np.float32)
        x, y = source[..., 0], source[..., 1]
        face = cv2.remap(image, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        mouth = self._mouth.draw(source, self._to_frame(pose.project(self._mouth.plane)), self.size)
        face = _blend_hole(face, mouth, holes)
        alpha = cv2.remap(self._matte, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        still = self._still_grid()
        back = cv2.remap(
            self._background, still[..., 0], still[..., 1], cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REPLICATE,
        )  # fmt: skip
        alpha = alpha[..., None]
        drawn = np.clip(alpha * face + (1 - alpha) * back + 0.5, 0, 255).astype(np.uint8)
        flow = np.where(alpha > 0.5, source, still)
        lips = target[list(UPPER_OUTER + LOWER_OUTER)]
        box = np.concatenate([lips.min(0), lips.max(0)]).astype(np.float32)
        flow = self._to_frame(flow) * 2 / (self.size - 1) - 1
        return Frame(drawn, labels, flow.astype(np.float32), target[:468], box)

    def _still_grid(self) -> np.ndarray:
        """Where frame pixels lie in the portrait without motion, float32 [size, size, 2]."""
        ratio = self.crop.side / self.size
        axis = (np.arange(self.size) + 0.5) * ratio - 0.5
        x, y = np.meshgrid(axis + self.crop.x0, axis + self.crop.y0)
        return np.stack([x, y], -1).astype(np.float32)

    def _trace(self, target: np.ndarray, depth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Source pixels [size, size, 2] and hole numbers [size, size] (0 none, 1 mouth, 2-3 eyes).

        Triangles are painted back to front into a map of their numbers, holes between the rings
        and the face.
        """
        import cv2

        face = face_triangles()
        triangles = np.concatenate([self._ring_triangles, face])
        split, ids = len(self._ring_triangles), np.zeros((self.size, self.size), np.int32)
        fixed = np.round(target * 16).astype(np.int32)
        order = np.argsort(-depth[triangles].mean(1), kind="stable")
        corners = fixed[triangles]
        for i in order[order < split]:
            cv2.fillConvexPoly(ids, corners[i], int(i) + 4, cv2.LINE_8, 4)
        for number, ring in enumerate((MOUTH_RING, *EYE_RINGS), start=1):
            cv2.fillPoly(ids, [fixed[list(ring)]], number, cv2.LINE_8, 4)
        for i in order[order >= split]:
            cv2.fillConvexPoly(ids, corners[i], int(i) + 4, cv2.LINE_8, 4)
        rest = self._rest[:, :2]
        source = self._still_grid()
        inside = ids >= 4
        number = ids[inside] - 4
        affine = _affines(target[triangles], rest[triangles])
        yy, xx = np.nonzero(inside)
        grid = np.stack([xx, yy, np.ones_like(xx)], -1).astype(np.float64)
        found = np.einsum("nij,nj->ni", affine[number], grid)
        low, high = rest[triangles].min(1), rest[triangles].max(1)
        source[inside] = np.clip(found, low[number], high[number])
        return source, np.where(inside, 0, ids)

    def _trace_holes(self, source: np.ndarray, ids: np.ndarray, head: np.ndarray) -> np.ndarray:
        """Point the hole pixels of `source` at the head without expression; mouth mask [s, s]."""
        for number, ring in enumerate((MOUTH_RING, *EYE_RINGS), start=1):
            yy, xx = np.nonzero(ids == number)
            if len(yy):
                ring = list(ring)
                a = np.column_stack([head[ring], np.ones(len(ring))])
                affine = np.linalg.lstsq(a, self._rest[ring, :2], rcond=None)[0]
                source[yy, xx] = np.column_stack([xx, yy, np.ones_like(xx)]) @ affine
        return (ids == 1).astype(np.float32)


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


def _blend_hole(face: np.ndarray, mouth: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """Put `mouth` into the hole of `face` with a soft rim that takes its colour from the lips."""
    import cv2

    if not hole.any():
        return face
    keep = 1 - hole
    soft = cv2.GaussianBlur(hole, (0, 0), 0.8)
    mass = cv2.GaussianBlur(keep, (0, 0), 1.5)
    lips = cv2.GaussianBlur(face * keep[..., None], (0, 0), 1.5) / np.maximum(mass, 1e-3)[..., None]
    under = np.where(hole[..., None] > 0, lips, face)
    return under + soft[..., None] * (mouth - under)
