"""DistillMOS: listening quality of speech, a second judge beside NISQA [2502.05356].

The user installs the package, which contains its weights (MIT); nothing is downloaded.
"""

import importlib.metadata

import numpy as np
import torch

from ttsf.config import SAMPLE_RATE
from ttsf.errors import MissingPackage

LONGEST_S = 6.0
"""Scored length, s: scores of different lengths are not comparable, short clips score lower."""
INSTALL = "pip install distillmos"


class DistillMos:
    """The network, on the CPU. Raises MissingPackage if it is not installed."""

    def __init__(self) -> None:
        try:
            from distillmos import ConvTransformerSQAModel
        except (ImportError, OSError):  # OSError: a torchaudio that does not fit torch
            raise MissingPackage(f"DistillMOS cannot be loaded: {INSTALL}") from None
        self.version = importlib.metadata.version("distillmos")
        self._network = ConvTransformerSQAModel().eval()

    def score(self, samples: np.ndarray, sample_rate: int) -> float:
        """Return the mean opinion score, 1 to 5, of the first LONGEST_S of float32 [N] at 16
        kHz."""
        if sample_rate != SAMPLE_RATE:
            raise ValueError(f"DistillMOS rates sound of {SAMPLE_RATE} Hz, not {sample_rate}")
        heard = np.ascontiguousarray(samples[: int(LONGEST_S * SAMPLE_RATE)], dtype=np.float32)
        with torch.inference_mode():
            return float(self._network(torch.from_numpy(heard)[None]))
