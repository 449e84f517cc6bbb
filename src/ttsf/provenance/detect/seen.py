"""The mark found in pictures, without the original, wherever they were cut and at any size.

Frames are freed of what is large or strong in them and averaged, and the tiles are laid over each
other. Of what is left the phases count, and the sizes a little, so that no content can outweigh the
rest.
"""

import cv2
import numpy as np

from ttsf.provenance.detect.evidence import Evidence
from ttsf.provenance.embed.payload import likelihoods
from ttsf.provenance.embed.picture import GRAIN, SIDE

BLUR, LEAST = 3.0, 2.0
"""px, deviation of what counts as large; of 255, deviation that counts as none."""
SCALES = (0.45, 2.2)
"""Sizes, as parts of the marked picture's, that are looked for."""
MOST_SIDE = 1024
"""px of the picture's middle in which sizes are looked for."""
SLIP = 4.0
"""px between opposite edges of a picture from one size to the next."""
FINER = 8
"""Steps on each side of the best size."""
AT_ONCE = SIDE * SIDE
"""Places that are tried together."""
LOUDEST = 2.0
"""Of a frequency's usual size, what counts at most: between that and none, by its square root."""
RING = (np.hypot(np.minimum(GRAIN.rows, SIDE - GRAIN.rows), GRAIN.columns) // 5).astype(int) - 1
"""Of each frequency, by its distance from zero."""


class Seen:
    """Frames of one size in which a mark is looked for."""

    def __init__(self) -> None:
        self.frames = 0
        self._sum = np.zeros((0, 0), np.float32)

    def add(self, luma: np.ndarray) -> None:
        """Lightness, uint8 [H, W], of the size of those before."""
        light = luma.astype(np.float32)
        fine = light - cv2.GaussianBlur(light, None, BLUR)
        around = cv2.GaussianBlur(fine * fine, None, BLUR)
        fine /= np.sqrt(around + LEAST**2)
        self._sum = self._sum + fine if self.frames else fine
        self.frames += 1

    def fits(self, luma: np.ndarray) -> bool:
        """Whether it has the size of the frames before."""
        return not self.frames or luma.shape == self._sum.shape

    def takes(self, other: "Seen") -> bool:
        """Whether another's frames have the size of these."""
        return self.fits(other._sum)

    def join(self, other: "Seen") -> None:
        """Take another's frames, of the same size."""
        self._sum = self._sum + other._sum if self.frames else other._sum
        self.frames += other.frames

    def evidence(self) -> Evidence:
        """At the size that the pictures have."""
        return _evidence(self._sum)

    def evidence_at_any_size(self) -> Evidence:
        """Scaled or mirrored, at the best of many sizes."""
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
    """As it was before it was scaled."""
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
    agreement = np.fft.ifft2(spread).real * AT_ONCE  # at each place of the tile's corner
    down, right = np.unravel_index(agreement.argmax(), agreement.shape)
    most = float(agreement[down, right])

    turn = np.exp(2j * np.pi / SIDE * (GRAIN.rows * down + GRAIN.columns * right))
    turned = (units * turn).real
    carried = np.array([turned[which].sum() for which in GRAIN.carrying])
    power = np.sum(weights[finding] ** 2) + 1e-12
    evidence = 2 * max(most, 0.0) / power * carried  # a phase counts by twice its mean cosine
    return Evidence(most / float(np.sqrt(power / 2)), AT_ONCE, likelihoods(evidence))


def _usual(sizes: np.ndarray) -> np.ndarray:
    """The mean of those of about the same frequency."""
    means = np.bincount(RING, sizes) / np.bincount(RING)
    return means[RING] + 1e-12
