"""F0 RMSE, Sec. 4.1: difference in pitch from the real clip, by WORLD."""

import numpy as np

from ttsf.errors import TtsfError
from ttsf.research.data.speech.speech_files import REGISTER_BORDER_HZ
from ttsf.research.evaluation.metrics.mcd import F0_RANGE, FRAME_MS, ORDER, analyse, find_f0, warp
from ttsf.research.evaluation.metrics.metric import Metric, version


def f0_rmse(reference: np.ndarray, sample: np.ndarray) -> float:
    """RMSE of F0 in Hz over the pairs of the DTW path that are voiced in both.

    Raises TtsfError where no pair is, for a bad clip and without pyworld.
    """
    a, b = analyse(reference), analyse(sample)
    path = warp(a.cepstra[:, 1:], b.cepstra[:, 1:])
    f0 = np.stack([a.f0[path[:, 0]], b.f0[path[:, 1]]])
    voiced = (f0 > 0).all(0)
    if not voiced.any():
        raise TtsfError("no frame is voiced in both clips, so their F0 cannot be compared")
    return float(np.sqrt(np.mean((f0[0] - f0[1])[voiced] ** 2)))


def median_f0(samples: np.ndarray) -> float:
    """Median F0 in Hz over the voiced frames, NaN without; raises TtsfError as `mcd` does."""
    f0 = find_f0(samples)
    return float(np.median(f0[f0 > 0])) if f0.any() else float("nan")


def metrics() -> dict[str, Metric]:
    """F0 RMSE, F0 and its register; raises TtsfError without pyworld."""
    return {
        "f0_rmse": Metric(
            "F0 RMSE",
            "lower",
            "Root mean square error in Hz of F0 over the frame pairs voiced in both clips on the "
            f"DTW path. F0 by WORLD's DIO and StoneMask, {F0_RANGE[0]:.0f}-{F0_RANGE[1]:.0f} Hz "
            f"every {FRAME_MS:.0f} ms of 16 kHz sound; path over mel-cepstra c1-c{ORDER} as in "
            "MCD. Mean over clips.",
            version("pyworld-prebuilt", "numpy"),
            "none",
            2,
        ),
        "f0": Metric(
            "F0 (Hz)",
            "reference",
            "Median F0 of a clip, mean over clips.",
            version("pyworld-prebuilt"),
            "none",
            0,
        ),
        "register": Metric(
            "register",
            "higher",
            f"Share of clips with median F0 on the listed side of {REGISTER_BORDER_HZ:.0f} Hz.",
            version("pyworld-prebuilt"),
            "none",
            2,
        ),
    }
