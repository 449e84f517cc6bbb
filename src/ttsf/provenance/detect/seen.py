"""Detect the watermark in pictures, without the original, at any crop and scale.

Frames are high-pass filtered, limited and averaged, and all tiles are folded into one. Mainly
the phases of its spectrum count, so that no content can outweigh the rest.
"""

import cv2
import numpy as np

from ttsf.provenance.detect.evidence import Evidence
from ttsf.provenance.embed.payload import likelihoods
from ttsf.provenance.embed.picture import GRAIN, SIDE

BLUR, LEAST = 3.0, 2.0
"""Sigma of the high-pass filter, px; standard deviation (of 255) below which a region is flat."""
SCALES = (0.45, 2.2)
"""Range of scales searched, relative to the marked picture."""
MOST_SIDE = 1024
"""Side of the central region used for the scale search, px."""
SLIP = 4.0
"""Step of the scale search: change in length of the picture, px."""
FINER = 8
"""Refinement steps on each side of the best scale."""
AT_ONCE = SIDE * SIDE
"""Number of positions tested by one transform."""
LOUDEST = 2.0
"""Cap of a magnitude, relative to its neighbourhood's mean; below it the square root counts."""
RING = (np.hypot(np.minimum(GRAIN.rows, SIDE - GRAIN.rows), GRAIN.columns) // 5).astype(int) - 1
"""Ring index of each frequency, by its distance from zero."""


class Seen:
    """Detector for frames of one size."""

    def __init__(self) -> None:
        self.frames = 0
        self._sum = np.zeros((0, 0), np.float32)

    def add(self, luma: np.ndarray) -> None:
        """Add luma, uint8 [H, W], of the same size as before."""
        light = luma.astype(np.float32)
        fine = light - cv2.GaussianBlur(light, None, BLUR)
        around = cv2.GaussianBlur(fine * fine, None, BLUR)
        fine /= np.sqrt(around + LEAST**2)
        self._sum = self._sum + fine if self.frames else fine
        self.frames += 1

    def fits(self, luma: np.ndarray) -> bool:
        """Whether the frame has the size of those added."""
        return not self.frames or luma.shape == self._sum.shape

    def takes(self, other: "Seen") -> bool:
        """Whether another detector's frames have the same size."""
        return self.fits(other._sum)

    def join(self, other: "Seen") -> None:
        """Merge another detector of the same size."""
        self._sum = self._sum + other._sum if self.frames else other._sum
        self.frames += other.frames

    def evidence(self) -> Evidence:
        """Return the evidence at the original scale."""
        return _evidence(self._sum)

    def evidence_at_any_size(self) -> Evidence:
        """Return the evidence at the best of many scales, mirrored or not."""
        height, width = self._sum.shape
        top, left = max(height - MOST_SIDE, 0) // 2, max(width - MOST_SIDE, 0) // 2
        middle = self._sum[top : top + MOST_SIDE, left : left + MOST_SIDE]
        step = SLIP / max(middle.shape)
        count = int(np.log(SCALES[1] / SCALES[0]) / step) + 1
        scales = SCALES[0] * np.exp(step * np.arange(count))
        tries = [(scale, mirrored) for mirrored in (False, True) for scale in scales]
        strengths = [_evidence(_resized(middle, *one)).strength for one in tries]
        scale, mirrored = tries[int(np.argmax(strengths))]
        near = scale * np.exp(step / FINER * np.arange(-FINER, FINER + 1))
        found = [_evidence(_resized(self._sum, one, mirrored)) for one in near]
        best = max(found, key=lambda evidence: evidence.strength)
        return best._replace(tries=(len(tries) + len(near)) * AT_ONCE)


def _resized(picture: np.ndarray, scale: float, mirrored: bool) -> np.ndarray:
    """Undo a scaling and mirroring."""
    height, width = picture.shape
    size = (max(round(width / scale), 1), max(round(height / scale), 1))
    way = cv2.INTER_AREA if scale > 1 else cv2.INTER_LINEAR
    resized = cv2.resize(picture, size, interpolation=way)
    return resized[:, ::-1] if mirrored else resized


def _evidence(picture: np.ndarray) -> Evidence:
    height, width = picture.shape
    tall, wide = -(-height // SIDE), -(-width // SIDE)
    padded = np.pad(picture, ((0, tall * SIDE - height), (0, wide * SIDE - width)))
    folded = padded.reshape(tall, SIDE, wide, SIDE).sum((0, 2), dtype=np.float64)
    waves = np.fft.rfft2(folded)[GRAIN.rows, GRAIN.columns]
    sizes = np.abs(waves)
    weights = np.sqrt(np.minimum(sizes / _usual(sizes), LOUDEST))
    units = weights * waves / (sizes + 1e-12) * np.exp(-1j * GRAIN.phases)

    finding = GRAIN.finding
    spread = np.zeros((SIDE, SIDE), complex)
    spread[GRAIN.rows[finding], GRAIN.columns[finding]] = units[finding]
    agreement = np.fft.ifft2(spread).real * AT_ONCE  # for each position of the tile's corner
    down, right = np.unravel_index(agreement.argmax(), agreement.shape)
    most = float(agreement[down, right])

    turn = np.exp(2j * np.pi / SIDE * (GRAIN.rows * down + GRAIN.columns * right))
    turned = (units * turn).real
    carried = np.array([turned[which].sum() for which in GRAIN.carrying])
    power = np.sum(weights[finding] ** 2) + 1e-12
    evidence = 2 * max(most, 0.0) / power * carried  # log-likelihood ratio: twice the mean cosine
    return Evidence(most / float(np.sqrt(power / 2)), AT_ONCE, likelihoods(evidence))


def _usual(sizes: np.ndarray) -> np.ndarray:
    """Mean magnitude over frequencies of the same ring."""
    means = np.bincount(RING, sizes) / np.bincount(RING)
    return means[RING] + 1e-12
