"""Expressions as displacements of the frontal face mesh: lips, jaw and eyelids.

Lips, jaw and eyes are moved by hand-set rules in units of e; the other landmarks follow by a
biharmonic fill on the mesh graph (as in Botsch & Sorkine 2008, "On Linear Variational Surface
Deformation Methods").
"""

import numpy as np

from ttsf.model.labels import GAP_E, MotionLabels
from ttsf.research.landmarks.face_mesh import (
    EYES_LOWER,
    EYES_UPPER,
    LOWER_INNER,
    LOWER_OUTER,
    UPPER_INNER,
    UPPER_OUTER,
    face_triangles,
    mouth_gap,
)

JAW_WEIGHTS = {
    152: 1.0, 148: 1.0, 377: 1.0, 18: 1.0, 200: 1.0, 199: 1.0, 175: 1.0, 176: 0.97, 400: 0.97,
    149: 0.92, 378: 0.92, 150: 0.82, 379: 0.82, 136: 0.68, 365: 0.68, 172: 0.5, 397: 0.5,
    58: 0.3, 288: 0.3, 132: 0.14, 361: 0.14,
}  # fmt: skip
"""Movement of each landmark relative to the chin's."""
STILL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 93, 234, 127, 162, 21, 54, 103, 67, 109,
    168, 6, 197, 195, 5, 4, 1, 19, 94, 2, 97, 326, 98, 327, 129, 358, 48, 278, 64, 294, 115, 344,
    70, 63, 105, 66, 107, 55, 65, 52, 53, 46, 300, 293, 334, 296, 336, 285, 295, 282, 283, 276,
    9, 8, 151, 117, 118, 119, 346, 347, 348,
)  # fmt: skip
"""Landmarks that speech does not move."""
LID_ROWS = (
    ((247, 30, 29, 27, 28, 56, 190), (113, 225, 224, 223, 222, 221, 189)),
    ((467, 260, 259, 257, 258, 286, 414), (342, 445, 444, 443, 442, 441, 413)),
)
CHIN_E = 0.12
"""Drop of the chin for open = 1, in e."""
UPPER_SHARE = 0.18
"""Share of the gap between the lips that is opened by the upper lip."""


def _profile(x: np.ndarray) -> np.ndarray:
    """Opening along a lip row, 1 in the middle and 0 at the corners; x [11] positions."""
    middle, half = (x[0] + x[-1]) / 2, abs(x[-1] - x[0]) / 2
    return np.sqrt(np.clip(1 - ((x - middle) / half) ** 2, 0, 1))


class Expression:
    """Displacements of one face; `frontal` float [468, 3] are its frontal landmarks at rest."""

    def __init__(self, frontal: np.ndarray) -> None:
        self.rest = frontal
        self.gap = mouth_gap(frontal)
        """Gap of the lips at rest in e."""
        lips = (*UPPER_OUTER, *UPPER_INNER, *LOWER_OUTER, *LOWER_INNER)
        self._lips = list(dict.fromkeys(lips))
        self._jaw = list(JAW_WEIGHTS)
        eyes = [i for rows in (*EYES_UPPER, *EYES_LOWER) for i in rows]
        rows = [i for side in LID_ROWS for row in side for i in row]
        self._still = list(dict.fromkeys((*STILL, *eyes, *rows)))
        known = self._lips + self._jaw + self._still
        self._free = [i for i in range(468) if i not in set(known)]
        self._fill = self._biharmonic(known)

    def _biharmonic(self, known: list[int]) -> np.ndarray:
        """Return the matrix [free, known] that extends displacements smoothly over the mesh."""
        laplacian = np.zeros((468, 468))
        for triangle in face_triangles():
            for a, b in zip(triangle, np.roll(triangle, 1), strict=True):
                weight = 1 / max(float(np.linalg.norm(self.rest[a] - self.rest[b])), 0.01)
                laplacian[a, b] = laplacian[b, a] = -weight
        np.fill_diagonal(laplacian, -laplacian.sum(1))
        energy = laplacian.T @ laplacian
        free = self._free
        left = energy[np.ix_(free, free)] + 1e-6 * np.eye(len(free))
        return -np.linalg.solve(left, energy[np.ix_(free, known)])

    def shape(self, labels: MotionLabels, blink_closing: float) -> np.ndarray:
        """Return frontal landmarks [468, 3] for mouth labels; blink_closing: 0 open to 1 shut."""
        gap = labels.open * GAP_E
        move = np.zeros_like(self.rest)
        self._open(move, gap)
        self._round(move, labels.wide)
        self._press(move, labels.press, labels.lip_fv)
        extra, less = max(gap - self.gap, 0.0), max(self.gap - gap, 0.0)
        chin = CHIN_E / GAP_E * extra - 0.35 * less
        for index, weight in JAW_WEIGHTS.items():
            move[index, 1] = weight * chin
        known = self._lips + self._jaw + self._still
        move[self._free] = self._fill @ move[known]
        self._blink(move, blink_closing)
        return self.rest + move

    def _open(self, move: np.ndarray, gap: float) -> None:
        """Move the lips to a gap in e; below the gap at rest the lips scale towards a line."""
        rest = self.rest
        upper, lower = rest[list(UPPER_INNER)], rest[list(LOWER_INNER)]
        line = 0.4 * upper + 0.6 * lower
        close = 1 - min(gap / self.gap, 1.0) if self.gap > 1e-3 else 0.0
        extra = max(gap - self.gap, 0.0)
        for rows, inner, sign in (
            ((UPPER_INNER, UPPER_OUTER), upper, -UPPER_SHARE),
            ((LOWER_INNER, LOWER_OUTER), lower, 1 - UPPER_SHARE),
        ):
            for row, share in zip(rows, (1.0, 0.8), strict=True):
                index = list(row)
                move[index] = share * close * (line - inner)
                move[index, 1] += sign * extra * _profile(rest[index, 0])
        for corner in (61, 291, 78, 308):
            move[corner, 1] += 0.15 * extra

    def _round(self, move: np.ndarray, wide: float) -> None:
        """Scale the lips in width and push round lips forward."""
        index = self._lips
        middle = (self.rest[78, 0] + self.rest[308, 0]) / 2
        scale = 0.10 * wide if wide > 0 else 0.36 * wide
        move[index, 0] += scale * (self.rest[index, 0] - middle)
        move[index, 2] += 0.10 * min(wide, 0.0)

    def _press(self, move: np.ndarray, press: float, lip_fv: float) -> None:
        """Roll the lips in (press) or lift the lower lip to the teeth (lip_fv)."""
        rest = self.rest
        for outer_row, inner_row, pressed, bitten in (
            (UPPER_OUTER, UPPER_INNER, 0.035, -0.01),
            (LOWER_OUTER, LOWER_INNER, -0.045, -0.035),
        ):
            outer, inner = list(outer_row), list(inner_row)
            thick = 0.6 * np.abs(rest[outer, 1] - rest[inner, 1])
            roll = np.clip(pressed * press * _profile(rest[outer, 0]), -thick, thick)
            move[outer, 1] += roll + bitten * lip_fv * _profile(rest[outer, 0])
            move[inner, 1] -= 0.03 * lip_fv * _profile(rest[inner, 0])

    def _blink(self, move: np.ndarray, closing: float) -> None:
        """Close both eyes by `closing` of their aperture at rest."""
        for upper, lower, (near, far) in zip(EYES_UPPER, EYES_LOWER, LID_ROWS, strict=True):
            down = self.rest[list(lower)] - self.rest[list(upper)]
            move[list(upper)] = 0.88 * closing * down
            move[list(lower)] = -0.12 * closing * down
            move[list(near)] = 0.55 * closing * down[1:-1]
            move[list(far)] = 0.12 * closing * down[1:-1]
