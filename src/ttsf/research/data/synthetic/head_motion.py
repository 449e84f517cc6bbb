"""Synthetic head motion and blinks for speech without video.

A mean-reverting random walk for the pose, and blinks. The ranges are those of speakers in front of
a camera (yaw 5-95 % range of 4-15 degrees, about 24 blinks a minute); the walk replaces tracked
video. It ignores the voice; `model.motion.prosody` re-times it by loudness.
"""

import numpy as np

from ttsf.config import FPS
from ttsf.model.labels import BLINK, FIRST_LIP, LABELS
from ttsf.research.data.synthetic.visemes import smooth

SPREAD = {  # standard deviation about the resting pose, label units
    "yaw": 0.34, "pitch": 0.20, "roll": 0.13, "shift_x": 0.28, "shift_y": 0.20, "log_scale": 0.25,
}  # fmt: skip
SMOOTHING = 7.5  # frames, Gaussian
BLINKS_PER_S = 0.5
LIDS = np.array([0.35, 0.9, 1.0, 1.0, 0.8, 0.4, 0.12])  # lid closure over 280 ms


def head_track(frames: int, start: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return head labels [frames, 7] at 25 fps, starting at `start` [7]."""
    track = np.zeros((frames, FIRST_LIP), dtype=np.float64)
    clock = np.arange(frames)
    shared = _wander(frames, rng)
    for name, spread in SPREAD.items():
        own = _wander(frames, rng)
        if name in ("shift_x", "roll"):  # the head leans the way it turns
            own = 0.7 * shared + 0.7 * own
        elif name == "yaw":
            own = shared
        k = LABELS.index(name)
        settle = start[k] * (0.6 + 0.4 * np.exp(-clock / 40))
        track[:, k] = settle + spread * (own - own[0] * np.exp(-clock / 25))
    blink = np.zeros(frames + len(LIDS))
    for place in np.flatnonzero(rng.random(frames) < BLINKS_PER_S / FPS):
        window = slice(place, place + len(LIDS))
        blink[window] = np.maximum(blink[window], LIDS)
    track[:, BLINK] = blink[:frames]
    return track.astype(np.float32)


def _wander(frames: int, rng: np.random.Generator) -> np.ndarray:
    """Return smooth unit-variance noise of two speeds, [frames]."""
    lead = round(10 * SMOOTHING)
    total = frames + 2 * lead
    slow = smooth(rng.standard_normal(total), 3 * SMOOTHING)
    fast = smooth(rng.standard_normal(total), SMOOTHING)
    slow, fast = slow / slow.std(), fast / fast.std()
    return (0.8 * slow + 0.6 * fast)[lead : lead + frames]
