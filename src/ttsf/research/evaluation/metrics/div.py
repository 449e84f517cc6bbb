"""DIV, Sec. 4.1: amount of head motion, a standard deviation over the frames of a clip.

The paper measures Hopenet's features, whose weights a user fetches; offline, the landmark scorer's
angles take their place.
"""

from typing import NamedTuple

import numpy as np
import torch

from ttsf.errors import TtsfError
from ttsf.research.evaluation.metrics.face import landmarks
from ttsf.research.evaluation.metrics.metric import Metric, of_file
from ttsf.research.experts.files import over_frames
from ttsf.research.experts.head_pose import Hopenet

DIV = Metric(
    name="DIV",  # of features, the reading that fits the paper's 0.168 for real clips
    better="higher",
    definition="Standard deviation over the frames of a clip, mean over Hopenet's 2048 "
    "features, then over clips.",
    scorer=of_file(Hopenet.FILE, "2048 features, whole portrait"),
    grade="public",
)
DIV_DEGREES = Metric(
    name="DIV (degrees)",
    better="higher",
    definition="Standard deviation over the frames of a clip in degrees, mean over yaw, pitch "
    "and roll, then over clips.",
    scorer=of_file(Hopenet.FILE, "angles, whole portrait"),
    grade="public",
)


class Diversity(NamedTuple):
    """Head motion of one clip: standard deviations over its frames."""

    features: float
    """Mean over Hopenet's 2048 features."""
    degrees: float
    """Mean over yaw, pitch and roll."""


def spread(values: np.ndarray) -> float:
    """Standard deviation over the frames of [T, D], mean over D."""
    return float(values.std(0).mean())


def diversity(network: Hopenet, frames: np.ndarray) -> Diversity:
    """Measure portrait frames, RGB uint8 [T, H, W, 3]; raises TtsfError for fewer than 2."""
    if len(frames) < 2:
        raise TtsfError(f"head motion needs at least 2 frames, not {len(frames)}")
    seen = over_frames(lambda batch: torch.cat(network(batch), dim=1), frames)
    return Diversity(features=spread(seen[:, 3:]), degrees=spread(seen[:, :3]))


def offline_div() -> Metric:
    """DIV of the landmark scorer's angles; raises TtsfError without its library."""
    return Metric(
        "DIV (degrees)",
        "reference",
        "Standard deviation of yaw, pitch and roll over a clip, mean of the three and over "
        "clips. Not the paper's DIV, which is of Hopenet's features.",
        landmarks.scorer_name(),
        "offline",
        2,
    )
