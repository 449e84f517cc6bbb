"""Couple head motion to the voice [ours]: faster where it is loud, a nod on stressed syllables.

Sec. 3.2 conditions f_c on a mean mu, which does not carry the speed of random motion: a sampler
trained on heads that speed up with the voice generated heads that did not (docs/paper_map.md). So
motion is sampled at uniform speed, and then re-timed by the loudness of the voice.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from ttsf.config import VoicePaceConfig
from ttsf.model.labels import BLINK, PITCH


def prosodic(track: Tensor, loudness: Tensor, config: VoicePaceConfig) -> Tensor:
    """Re-time a uniformly sampled head track so that it speeds up with loudness, and add nods.

    track: motion labels [B, T, K], K >= 7; loudness: [T], 0 (silence) .. 1 (loud). Apart from
    nods, the ends move by at most half a frame; blinks keep their time and speed.
    """
    heard = smoothed(loudness, config.syllable)
    moved = _at(track, _own_time(config.rest + config.haste * heard), config.blur)
    moved[..., BLINK] = track[..., BLINK]
    moved[..., PITCH] += config.nod * heard * (heard - smoothed(loudness, config.phrase))
    return moved


def _own_time(pace: Tensor) -> Tensor:
    """Return the centres [T] of T frames with durations proportional to `pace` [T].

    Together they last as long as T uniform frames, whose centres are 0 to T - 1.
    """
    return (pace.cumsum(0) - pace / 2) * (len(pace) / pace.sum().clamp_min(1e-6)) - 0.5


def _at(track: Tensor, times: Tensor, blur: float) -> Tensor:
    """Sample track [B, T, K] at fractional times [N] with a Gaussian kernel.

    The track is extrapolated beyond its ends.
    """
    reach = round(4 * blur)
    frames = torch.arange(-reach, track.shape[1] + reach, device=times.device)
    inside = frames.clamp(0, track.shape[1] - 1)
    mirrored = (2 * inside - frames).clamp(0, track.shape[1] - 1)
    longer = 2 * track[:, inside] - track[:, mirrored]
    weights = (-0.5 * ((times[:, None] - frames) / blur).square()).softmax(-1)
    return weights.to(track) @ longer


def smoothed(x: Tensor, sigma: float) -> Tensor:
    """Smooth x [T] with a Gaussian; ends are repeated."""
    reach = round(4 * sigma)
    offsets = torch.arange(-reach, reach + 1, device=x.device, dtype=x.dtype)
    weights = (-0.5 * (offsets / sigma).square()).exp()
    held = F.pad(x[None, None], (reach, reach), mode="replicate")
    return F.conv1d(held, (weights / weights.sum())[None, None])[0, 0]
