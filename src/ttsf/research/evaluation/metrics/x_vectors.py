"""C-SIM and voice consistency by x-vectors, Sec. 4.1, with a network whose file the user gives."""

import hashlib
from pathlib import Path
from typing import NamedTuple

from ttsf.research.evaluation.metrics.metric import Measure, Metric
from ttsf.research.experts.x_vector import XVector


class XVectors(NamedTuple):
    """The network, and the figures that it gives."""

    network: XVector
    metrics: dict[Measure, Metric]


def read_x_vectors(file: Path) -> XVectors:
    """Load a file, which the figures name by its hash; raises like `XVector.load_file`."""
    network = XVector.load_file(file)
    with file.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    scorer = (
        f"x-vectors of {file.name} (SHA-256 {digest[:8]}) as SpeechBrain computes them, of whole "
        "clips, without noise on the pooled means"
    )
    metrics = {
        Measure.X_VECTORS: Metric(
            "C-SIM",
            "higher",
            "Cosine of the x-vectors of a generated clip and of its reference clip; mean over "
            "clips in which speech is heard.",
            scorer,
            "public",
        ),
        Measure.CONSISTENCY: Metric(
            "voice consistency",
            "higher",
            "Mean cosine of x-vectors over all pairs of clips of the same person, less that over "
            "all pairs of clips of different people, as in the offline table.",
            scorer,
            "public",
        ),
    }
    return XVectors(network, metrics)
