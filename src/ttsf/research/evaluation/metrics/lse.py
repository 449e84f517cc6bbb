"""LSE-C and LSE-D, Sec. 4.1: lip sync by the public SyncNet (Wav2Lip [25]).

Not comparable with papers that detect faces or resize differently.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ttsf.research.evaluation.metrics.metric import Metric, of_file
from ttsf.research.experts.public_syncnet import LipSyncNet

REACH = 15
"""Maximum shift between sound and frames, frames."""
DISTANCE_EPS = 1e-6
"""What PyTorch's `pairwise_distance`, which the public code uses, adds to every difference."""
SCORER = of_file(
    LipSyncNet.FILE,
    "whole frame resized to 224 (no face detection, as Wav2Lip's calculate_scores_LRS), "
    "offsets within 15 frames, no JPEG in between",
)
LSE_C = Metric(
    "LSE-C",
    "higher",
    "Median over 31 offsets of the mean distance, less the least; mean over clips.",
    SCORER,
    "public",
)
LSE_D = Metric(
    "LSE-D",
    "lower",
    "Least over 31 offsets of the mean distance of embeddings; mean over clips.",
    SCORER,
    "public",
)


class LipSync(NamedTuple):
    """Lip sync scores of one clip."""

    offset: int
    """Frames by which the sound comes early (negative: late), as the public code counts."""
    lse_c: float
    """Median over the offsets less the least mean distance; higher is better."""
    lse_d: float
    """Least mean distance of the embeddings; lower is better."""


def lse(network: LipSyncNet, frames: np.ndarray, samples: np.ndarray) -> LipSync:
    """Score one clip; arguments and errors as `LipSyncNet.embed`."""
    return best_offset(*network.embed(frames, samples))


def best_offset(seen: Tensor, heard: Tensor, reach: int = REACH) -> LipSync:
    """Mean distance over all windows at every offset; beyond its ends the sound is zero vectors.

    seen, heard: [W, C]. The zero vectors stay in the means, as in the public code: the figures of
    a clip of few windows are largely theirs.
    """
    padded = F.pad(heard, (0, 0, reach, reach))
    shifted = (padded[k : k + len(seen)] for k in range(2 * reach + 1))
    gaps = [torch.linalg.vector_norm(seen - part + DISTANCE_EPS, dim=1) for part in shifted]
    means = torch.stack([gap.mean() for gap in gaps])
    least, place = means.min(0)
    return LipSync(reach - int(place), float(means.median() - least), float(least))
