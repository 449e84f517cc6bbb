"""Head motion and blinks for recorded speech that has no picture.

A mean-reverting random walk for the pose, small nods with the loudness of the speech, and blinks.
The ranges are those of speakers in front of a camera (yaw 5-95 % range of 4-15 degrees, about 24
blinks a minute); it stands in for tracked video where there is none.
"""

import numpy as np

from ttsf.config import FPS
from ttsf.data.synthetic.visemes import smooth
from ttsf.landmarks.labels import BLINK, FIRST_LIP, LABELS

SPREAD = {  # standard deviation about the resting pose, label units
    "yaw": 0.24, "pitch": 0.15, "roll": 0.10, "shift_x": 0.28, "shift_y": 0.20, "log_scale": 0.25,
}  # fmt: skip
SMOOTHING = 9.0  # frames, Gaussian
BLINKS_PER_S = 0.35
LIDS = np.array([0.35, 0.9, 1.0, 0.8, 0.4, 0.12])  # lid closure over 240 ms


def head_track(loudness: np.ndarray, start: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Head labels [T, 7] for `loudness` [T] (0..1, 25 a second), beginning at `start` [7]."""
    frames, lead = len(loudness), 75
    track = np.zeros((frames, FIRST_LIP), dtype=np.float64)
    shared = _wander(frames, lead, rng)
    for name, spread in SPREAD.items():
        own = _wander(frames, lead, rng)
        if name in ("shift_x", "roll"):  # the head leans the way it turns
            own = 0.7 * shared + 0.7 * own
        elif name == "yaw":
            own = shared
        k = LABELS.index(name)
        settle = start[k] * (0.6 + 0.4 * np.exp(-np.arange(frames) / 40))
        track[:, k] = settle + spread * (own - own[0] * np.exp(-np.arange(frames) / 25))
    emphasis = smooth(loudness, 4) - smooth(loudness, 20)
    track[:, LABELS.index("pitch")] += 0.25 * emphasis
    blink = np.zeros(frames + len(LIDS))
    for place in np.flatnonzero(rng.random(frames) < BLINKS_PER_S / FPS):
        window = slice(place, place + len(LIDS))
        blink[window] = np.maximum(blink[window], LIDS)
    track[:, BLINK] = blink[:frames]
    return track.astype(np.float32)


def _wander(frames: int, lead: int, rng: np.random.Generator) -> np.ndarray:
    """Smooth unit-variance noise of two speeds."""
    total = frames + 2 * lead
    slow = smooth(rng.standard_normal(total), 3 * SMOOTHING)
    fast = smooth(rng.standard_normal(total), SMOOTHING)
    slow, fast = slow / slow.std(), fast / fast.std()
    return (0.8 * slow + 0.6 * fast)[lead : lead + frames]
