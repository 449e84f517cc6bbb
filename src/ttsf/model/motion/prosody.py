"""The head goes with the voice [ours]: fast where it is loud, a nod on what is stressed.

Sec. 3.2 draws f_c beside mu, a mean; how fast a head wanders does not show in a mean, and a
sampler trained on heads that hasten with the voice drew heads that did not (docs/paper_map.md). So
motion is drawn in a time of its own, and read at the pace of the voice.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from ttsf.config import VoicePaceConfig
from ttsf.model.labels import BLINK, PITCH


def prosodic(track: Tensor, loudness: Tensor, config: VoicePaceConfig) -> Tensor:
    """Motion labels of which each frame is the next of a head's own, as they go with a voice.

    track: [B, T, K], K >= 7; loudness: [T], 0 (silence) .. 1 (loud). It begins and ends within half
    a frame of where it did, but for a nod; blinks stay when they are and as fast.
    """
    heard = _smooth(loudness, config.syllable)
    moved = _at(track, _own_time(config.rest + config.haste * heard), config.blur)
    moved[..., BLINK] = track[..., BLINK]
    moved[..., PITCH] += config.nod * heard * (heard - _smooth(loudness, config.phrase))
    return moved


def _own_time(pace: Tensor) -> Tensor:
    """Middles [T] of T frames that last as long as a pace [T] says, whatever its unit.

    They fill the time of T even frames, whose middles are 0 to T - 1: what comes before and after
    is as far away as it was.
    """
    return (pace.cumsum(0) - pace / 2) * (len(pace) / pace.sum().clamp_min(1e-6)) - 0.5


def _at(track: Tensor, times: Tensor, blur: float) -> Tensor:
    """track [B, T, K] at times [N] between its frames, each seen through a Gaussian.

    It is thought to go on beyond its ends as it came.
    """
    reach = round(4 * blur)
    frames = torch.arange(-reach, track.shape[1] + reach, device=times.device)
    inside = frames.clamp(0, track.shape[1] - 1)
    mirrored = (2 * inside - frames).clamp(0, track.shape[1] - 1)
    longer = 2 * track[:, inside] - track[:, mirrored]
    weights = (-0.5 * ((times[:, None] - frames) / blur).square()).softmax(-1)
    return weights.to(track) @ longer


def _smooth(x: Tensor, sigma: float) -> Tensor:
    """Gaussian mean of x [T], its ends held."""
    reach = round(4 * sigma)
    offsets = torch.arange(-reach, reach + 1, device=x.device, dtype=x.dtype)
    weights = (-0.5 * (offsets / sigma).square()).exp()
    held = F.pad(x[None, None], (reach, reach), mode="replicate")
    return F.conv1d(held, (weights / weights.sum())[None, None])[0, 0]
