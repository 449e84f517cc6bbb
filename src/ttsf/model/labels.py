"""Labels of known motion, Sec. 3.1: their list, and their mapping onto the motion codes.

The first codes of E_m are fitted to these labels in face pre-training (without known motion the
model learns to copy its source); the remaining codes stay at zero until video teaches them.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor


class MotionLabels(NamedTuple):
    """Absolute motion of one frame; zero is the mean face, frontal, centred, lips just closed.

    e is the distance between the outer eye corners.
    """

    yaw: float
    """Ten degrees; positive turns the nose to the right of the picture."""
    pitch: float
    """Ten degrees; positive turns the nose down."""
    roll: float
    """Ten degrees; positive turns the head clockwise in the picture."""
    shift_x: float
    """0.08 e; position of the pivot, positive to the right."""
    shift_y: float
    """0.08 e; position of the pivot, positive downwards."""
    log_scale: float
    """0.05 natural log units of the size of the face in the crop."""
    blink: float
    """0 open to 1 closed."""
    open: float
    """Gap between the inner lips in units of 0.17 e."""
    wide: float
    """-1 round to 1 wide."""
    press: float
    """0 to 1, lips pressed together."""
    lip_fv: float
    """0 to 1, lower lip under the upper teeth."""


LABELS = MotionLabels._fields
LABEL_UNITS = (10.0, 10.0, 10.0, 0.08, 0.08, 0.05)
"""Degrees (yaw, pitch, roll), e (shifts) and log-scale of one label unit."""
GAP_E = 0.17
"""Mouth gap of label open = 1, in e."""
MEASURABLE = np.array([name not in ("wide", "press", "lip_fv") for name in LABELS])
"""Labels that can be measured from landmarks of one picture, bool [11]."""
FLIPPED = np.array([-1, 1, -1, -1, 1, 1, 1, 1, 1, 1, 1], dtype=np.float32)
"""Signs of the labels of a mirrored picture."""
SHIFTS = slice(LABELS.index("shift_x"), LABELS.index("log_scale") + 1)
"""Shifts and log-scale."""
PITCH = LABELS.index("pitch")
BLINK, OPEN, WIDE, PRESS, LIP_FV = range(LABELS.index("blink"), len(LABELS))
FIRST_LIP = OPEN
"""Index of the first mouth label; all later ones are mouth labels too."""
GAIN = 5.0
"""Motion code units for one label unit; brings f_m near the size of f_id."""


def labels_to_alpha(labels: Tensor, codes: int) -> Tensor:
    """[..., 11] labels -> [..., codes] coordinates; the codes without a label are zero."""
    alpha = labels.new_zeros((*labels.shape[:-1], codes))
    alpha[..., : len(LABELS)] = labels * GAIN
    return alpha


def head_only(labels: Tensor) -> Tensor:
    """Set the mouth labels to rest: the input of layers that are not lip layers."""
    return torch.cat([labels[..., :FIRST_LIP], torch.zeros_like(labels[..., FIRST_LIP:])], dim=-1)


def lips_only(labels: Tensor) -> Tensor:
    """Keep the mouth labels only: what f_lip carries."""
    return torch.cat([torch.zeros_like(labels[..., :FIRST_LIP]), labels[..., FIRST_LIP:]], dim=-1)
