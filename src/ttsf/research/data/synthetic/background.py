"""Background of an animated person: person matte and filled background."""

import cv2
import numpy as np

from ttsf.compositing.surroundings import smoothstep
from ttsf.research.landmarks.face_mesh import load_solutions, quiet_natives


def person_matte(image: np.ndarray) -> np.ndarray:
    """Segment the person in RGB uint8 [H, W, 3] with mediapipe: float32 [H, W], 0 to 1."""
    segmentation = load_solutions().selfie_segmentation
    with quiet_natives():
        segmenter = segmentation.SelfieSegmentation(0)
        mask = segmenter.process(np.ascontiguousarray(image)).segmentation_mask
        segmenter.close()
    return smoothstep(0.25, 0.75, mask).astype(np.float32)


def fill_background(image: np.ndarray, matte: np.ndarray) -> np.ndarray:
    """Fill the area of the person smoothly from the background: float32 [H, W, 3]."""
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
