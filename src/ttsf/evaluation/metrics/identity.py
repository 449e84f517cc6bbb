"""Whose face is it? dlib's face recognition, 128 numbers a face (`face_recognition_models`).

Offline grade, not the paper's CurricularFace. Distances below .6 are one person to its authors;
real clips lie about .23 from their own first picture.
"""

import warnings

import numpy as np

from ttsf.errors import TtsfError
from ttsf.evaluation.metric import version

EVERY = 10
"""Pictures from one that is looked at to the next."""
SHAPE, NETWORK = "pose_predictor_five_point_model_location", "face_recognition_model_location"


class IdentityJudge:
    """dlib's detector, five-point alignment and ResNet."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it imports pkg_resources, which says that it is old
            try:
                import dlib
                import face_recognition_models as models
            except ImportError:
                raise TtsfError("the identity judge is missing; install ttsf[eval]") from None
        self.detector = dlib.get_frontal_face_detector()
        self.shape = dlib.shape_predictor(getattr(models, SHAPE)())
        self.network = dlib.face_recognition_model_v1(getattr(models, NETWORK)())

    def embed(self, frame: np.ndarray) -> np.ndarray | None:
        """The largest face of RGB uint8 [H, W, 3] as float64 [128], or None without one."""
        frame = np.ascontiguousarray(frame)
        faces = self.detector(frame, 0)
        if not faces:
            return None
        largest = max(faces, key=lambda face: face.area())
        return np.array(self.network.compute_face_descriptor(frame, self.shape(frame, largest)))

    def embed_clip(self, frames: np.ndarray) -> np.ndarray:
        """Every tenth picture of [T, H, W, 3] that shows a face: [N, 128].

        Raises TtsfError where fewer than half of them do.
        """
        looked = frames[::EVERY]
        found = [face for face in map(self.embed, looked) if face is not None]
        if len(found) < len(looked) / 2:
            raise TtsfError(f"dlib sees a face in {len(found)} of {len(looked)} pictures")
        return np.stack(found)


def distance(faces: np.ndarray, source: np.ndarray) -> float:
    """Median Euclidean distance of faces [N, 128] to a source [128]."""
    return float(np.median(np.linalg.norm(faces - source, axis=1)))


def judge_name() -> str:
    """For a metric's `judge`."""
    return version("dlib-bin", "face_recognition_models")
