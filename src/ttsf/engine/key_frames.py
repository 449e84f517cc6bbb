"""Which frames G draws: between them motion is so nearly straight that its fields are interpolated.

In speech G draws three frames of four. The others differ from what G would draw by .7 of 255 levels
on average (the face alone, 5 people), where one frame differs from the next by 2.4.
"""

from bisect import bisect_left
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ttsf.model.face.warping import Window
from ttsf.model.labels import BLINK, GAIN
from ttsf.model.ttsf import TTSF, SourceFaces

TOLERANCE, BLINK_TOLERANCE = 0.05, 0.07
"""Greatest error of an interpolated frame, label units (half a degree, .009 e of a mouth's gap),
and that of blinks."""
LONGEST = 16
"""Greatest distance of two key frames."""

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Fields of one frame: flow, mask and drawn, float32 [2 | 1 | 3, side, side]."""


@torch.inference_mode()
def key_frames(model: TTSF, f_m: Tensor, f_lip: Tensor) -> tuple[int, ...]:
    """Choose frames between which straight lines come close to all others: f_m, f_lip [N, S].

    The first and the last frame are among them; all are if the model's codes have no meaning.
    """
    if not model.config.face.codes_are_labels:
        return tuple(range(len(f_m)))
    track = model.motion_extractor.coordinates(f_m + f_lip).cpu().numpy() / GAIN
    track[:, BLINK] *= TOLERANCE / BLINK_TOLERANCE
    keys = [0] if len(track) else []
    while keys and keys[-1] < len(track) - 1:
        keys.append(_next(track, keys[-1]))
    return tuple(keys)


def _next(track: np.ndarray, first: int) -> int:
    """Return the last frame to which a straight line from `first` stays near the track [N, K]."""
    found = first + 1
    for end in range(first + 2, min(first + LONGEST + 1, len(track))):
        share = np.arange(1, end - first)[:, None] / (end - first)
        line = track[first] + share * (track[end] - track[first])
        if np.abs(track[first + 1 : end] - line).max() > TOLERANCE:
            break
        found = end
    return found


def fields_of(
    model: TTSF, source: SourceFaces, f_m: Tensor, f_lip: Tensor, window: Window | None
) -> list[Arrays]:
    """G's fields of n frames of one face, f_m and f_lip [n, S]; window: where they are finest."""
    fields = model.fields(source, f_m, f_lip, window)
    flow, mask, drawn = (field.float().cpu().numpy() for field in fields)
    return list(zip(flow, mask, drawn, strict=True))


def around(keys: Sequence[int], frame: int) -> tuple[int, int, float]:
    """Return the places in `keys` of the key frames around a frame, and its share of the way."""
    second = bisect_left(keys, frame)
    if keys[second] == frame:
        return second, second, 0.0
    first = second - 1
    return first, second, (frame - keys[first]) / (keys[second] - keys[first])


def between(first: Arrays, second: Arrays, share: float) -> Arrays:
    """Interpolate fields; share: 0 gives the first, 1 the second."""
    if share in (0, 1):
        return second if share else first
    part = np.float32(share)
    flow, mask, drawn = (a + part * (b - a) for a, b in zip(first, second, strict=True))
    return flow, mask, drawn
