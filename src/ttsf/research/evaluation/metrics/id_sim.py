"""ID-SIM, Sec. 4.1: similarity to the portrait, by CurricularFace or, offline, by dlib.

dlib's face recognition gives 128 numbers a face (`face_recognition_models`). Its authors take
distances below .6 for one person; real clips lie about .23 from their own first frame.
"""

import warnings

import numpy as np

from ttsf.errors import TtsfError, needing
from ttsf.research.evaluation.metrics.metric import Metric, of_file, version
from ttsf.research.experts.curricular_face import CurricularFace
from ttsf.research.experts.files import over_frames

EVERY = 10
"""Interval of scored frames."""
SHAPE, NETWORK = "pose_predictor_five_point_model_location", "face_recognition_model_location"
ID_SIM = Metric(
    name="ID-SIM",
    better="higher",
    definition="Cosine of face embeddings of every frame and the source portrait, mean over the "
    "frames of a clip, then over clips.",
    scorer=of_file(CurricularFace.FILE, "IR-101, fixed box of the portrait, no alignment"),
    grade="public",
)

ID_SIM_REAL = ID_SIM._replace(
    definition="Cosine of face embeddings of every frame and the real clip's frame of the same "
    "number, as far as both last, mean over the frames of a clip, then over clips.",
)
"""As in the paper's Table 1, whose real clips have 1.00."""


def id_sim(network: CurricularFace, frames: np.ndarray, others: np.ndarray) -> float:
    """Mean cosine of frames [T, s, s, 3] with others of the same numbers, or with a single one."""
    seen, known = over_frames(network, frames), over_frames(network, others)
    count = len(seen) if len(known) == 1 else min(len(seen), len(known))
    return float((seen[:count] * known[:count]).sum(1).mean())


class IdentityScorer:
    """dlib's detector, five-point alignment and ResNet."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it imports pkg_resources, which says that it is old
            with needing("ID distance", "face_recognition_models (and setuptools<81)", "eval"):
                import dlib
                import face_recognition_models as models
        self.detector = dlib.get_frontal_face_detector()
        self.shape = dlib.shape_predictor(getattr(models, SHAPE)())
        self.network = dlib.face_recognition_model_v1(getattr(models, NETWORK)())

    def embed(self, frame: np.ndarray) -> np.ndarray | None:
        """Embed the largest face of RGB uint8 [H, W, 3] as float64 [128]; None without a face."""
        frame = np.ascontiguousarray(frame)
        faces = self.detector(frame, 0)
        if not faces:
            return None
        largest = max(faces, key=lambda face: face.area())
        return np.array(self.network.compute_face_descriptor(frame, self.shape(frame, largest)))

    def embed_clip(self, frames: np.ndarray) -> np.ndarray:
        """Every tenth frame of [T, H, W, 3] that shows a face: [N, 128].

        Raises TtsfError where fewer than half of them do.
        """
        looked = frames[::EVERY]
        found = [face for face in map(self.embed, looked) if face is not None]
        if len(found) < len(looked) / 2:
            raise TtsfError(f"dlib sees a face in {len(found)} of {len(looked)} frames")
        return np.stack(found)


def distance(faces: np.ndarray, source: np.ndarray) -> float:
    """Median Euclidean distance of faces [N, 128] to a source [128]."""
    return float(np.median(np.linalg.norm(faces - source, axis=1)))


def scorer_name() -> str:
    """Describe dlib for a metric's `scorer`; raises TtsfError if it is not installed."""
    return version("dlib-bin", "face_recognition_models")


def offline_identity() -> Metric:
    """The distance of dlib's face numbers; raises TtsfError without dlib."""
    return Metric(
        "ID distance",
        "lower",
        "dlib's face distance of every tenth frame to the portrait, median over the clip, "
        "mean over clips. One person is below .6.",
        scorer_name(),
        "offline",
    )
