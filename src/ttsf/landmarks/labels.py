"""Known motion: what the labels of animated portraits mean and how they map onto the motion codes.

The first codes of E_m are fitted to these labels in face pre-training (without known motion the
model learns to copy its source); the remaining codes stay at zero until video teaches them.
"""

import numpy as np
import torch
from torch import Tensor

LABELS = (
    "yaw",  # degrees / 10
    "pitch",  # degrees / 10
    "roll",  # degrees / 10
    "shift_x",  # / .08 e, e the distance between the outer eye corners
    "shift_y",  # / .08 e
    "log_scale",  # / .05
    "blink",  # 0 open .. 1 closed
    "open",  # mouth gap / .17 e
    "wide",  # wide minus round, -1 .. 1
    "press",  # lips pressed, 0 .. 1
    "lip_fv",  # lower lip under the upper teeth, 0 .. 1
)
FIRST_LIP = LABELS.index("open")
FLIPPED = np.array([-1, 1, -1, -1, 1, 1, 1, 1, 1, 1, 1], dtype=np.float32)  # mirrored picture
GAIN = 5.0  # motion code units for one label unit; brings f_m near the size of f_id


def labels_to_alpha(labels: Tensor, codes: int) -> Tensor:
    """[..., 11] labels -> [..., codes] coordinates; the codes without a label are zero."""
    alpha = labels.new_zeros((*labels.shape[:-1], codes))
    alpha[..., : len(LABELS)] = labels * GAIN
    return alpha


def head_only(labels: Tensor) -> Tensor:
    """The labels with the mouth at rest: what the layers that are not lip layers may see."""
    return torch.cat([labels[..., :FIRST_LIP], torch.zeros_like(labels[..., FIRST_LIP:])], dim=-1)


def lips_only(labels: Tensor) -> Tensor:
    """The mouth's labels alone: what f_lip carries."""
    return torch.cat([torch.zeros_like(labels[..., :FIRST_LIP]), labels[..., FIRST_LIP:]], dim=-1)
