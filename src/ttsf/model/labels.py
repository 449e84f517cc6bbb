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
    brow_raise: float
    """Height of the brows over the eyes, 0.06 e above that of the mean face."""
    brow_knit: float
    """0.07 e by which the inner ends of the brows come closer than those of the mean face."""
    smile: float
    """Height of the mouth's corners, 0.06 e above that of the mean face; below 0 serious."""


LABELS = MotionLabels._fields
"""Later labels come last: weights and renders that know the first ones only stay valid."""
LABEL_UNITS = (10.0, 10.0, 10.0, 0.08, 0.08, 0.05)
"""Degrees (yaw, pitch, roll), e (shifts) and log-scale of one label unit."""
GAP_E = 0.17
"""Mouth gap of label open = 1, in e."""
BROW_E, KNIT_E, SMILE_E = 0.06, 0.07, 0.06
"""One label unit of brow_raise, brow_knit and smile, in e."""
MEASURABLE = np.array([name not in ("wide", "press", "lip_fv") for name in LABELS])
"""Labels that can be measured from landmarks of one picture, bool [14]."""
FLIPPED = np.array([-1, 1, -1, -1, *[1] * (len(LABELS) - 4)], dtype=np.float32)
"""Signs of the labels of a mirrored picture."""
SHIFTS = slice(LABELS.index("shift_x"), LABELS.index("log_scale") + 1)
"""Shifts and log-scale."""
PITCH = LABELS.index("pitch")
BLINK, OPEN, WIDE, PRESS, LIP_FV, BROW_RAISE, BROW_KNIT, SMILE = range(
    LABELS.index("blink"), len(LABELS)
)
FIRST_LIP = OPEN
"""Index of the first label of speech; those before are of head and lids."""
SPOKEN = slice(OPEN, LIP_FV + 1)
"""Mouth labels that speech sets."""
WITHOUT_EXPRESSION = BROW_RAISE
"""Number of labels of a model or of renders that know neither brows nor the mouth's corners."""
MOUTH = np.array([name in (*LABELS[SPOKEN], "smile") for name in LABELS])
"""Labels that lip layers see, bool [14]; all others are seen by the other layers."""
GAIN = 5.0
"""Motion code units for one label unit; brings f_m near the size of f_id."""


def labels_to_alpha(labels: Tensor, codes: int) -> Tensor:
    """[..., L] first labels -> [..., codes] coordinates; the codes without a label are zero."""
    alpha = labels.new_zeros((*labels.shape[:-1], codes))
    alpha[..., : labels.shape[-1]] = labels * GAIN
    return alpha


def head_only(labels: Tensor) -> Tensor:
    """Set the mouth labels of the first labels [..., L] to rest: what other layers see."""
    return labels * _mouth(labels).logical_not()


def lips_only(labels: Tensor) -> Tensor:
    """Keep the mouth labels of the first labels [..., L] only: what f_lip carries."""
    return labels * _mouth(labels)


def _mouth(labels: Tensor) -> Tensor:
    return torch.from_numpy(MOUTH[: labels.shape[-1]]).to(labels.device)
