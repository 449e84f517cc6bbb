"""Head motion and blinks for recorded speech that has no picture.

A mean-reverting random walk for the pose, which goes on fast where the voice is loud and hardly
where it rests, small nods on what is stressed, and blinks. The ranges are those of speakers in
front of a camera (yaw 5-95 % range of 4-15 degrees, about 24 blinks a minute); it stands in for
tracked video where there is none.
"""

import numpy as np

from ttsf.config import FPS
from ttsf.data.synthetic.visemes import smooth
from ttsf.landmarks.labels import BLINK, FIRST_LIP, LABELS

SPREAD = {  # standard deviation about the resting pose, label units
    "yaw": 0.34, "pitch": 0.20, "roll": 0.13, "shift_x": 0.28, "shift_y": 0.20, "log_scale": 0.25,
}  # fmt: skip
SMOOTHING = 9.0  # frames, Gaussian
REST, HASTE = 0.35, 1.3  # pace of the walk in silence, and what full loudness adds
NOD = 0.45  # label units of pitch, of what is as much louder than its surroundings as can be
BLINKS_PER_S = 0.5
LIDS = np.array([0.35, 0.9, 1.0, 1.0, 0.8, 0.4, 0.12])  # lid closure over 280 ms
LEAD = 75


def head_track(loudness: np.ndarray, start: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Head labels [T, 7] for `loudness` [T] (0..1, 25 a second), beginning at `start` [7]."""
    frames = len(loudness)
    track = np.zeros((frames, FIRST_LIP), dtype=np.float64)
    clock = np.cumsum(REST + HASTE * smooth(loudness, 3))
    shared = _wander(clock, rng)
    for name, spread in SPREAD.items():
        own = _wander(clock, rng)
        if name in ("shift_x", "roll"):  # the head leans the way it turns
            own = 0.7 * shared + 0.7 * own
        elif name == "yaw":
            own = shared
        k = LABELS.index(name)
        settle = start[k] * (0.6 + 0.4 * np.exp(-np.arange(frames) / 40))
        track[:, k] = settle + spread * (own - own[0] * np.exp(-np.arange(frames) / 25))
    stressed = smooth(loudness, 3) * (smooth(loudness, 3) - smooth(loudness, 15))
    track[:, LABELS.index("pitch")] += NOD * stressed
    blink = np.zeros(frames + len(LIDS))
    for place in np.flatnonzero(rng.random(frames) < BLINKS_PER_S / FPS):
        window = slice(place, place + len(LIDS))
        blink[window] = np.maximum(blink[window], LIDS)
    track[:, BLINK] = blink[:frames]
    return track.astype(np.float32)


def _wander(clock: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Smooth unit-variance noise of two speeds, at the times of a clock [T] in frames."""
    total = int(clock[-1]) + 2 * LEAD + 2
    slow = smooth(rng.standard_normal(total), 3 * SMOOTHING)
    fast = smooth(rng.standard_normal(total), SMOOTHING)
    slow, fast = slow / slow.std(), fast / fast.std()
    return np.interp(clock + LEAD, np.arange(total), 0.8 * slow + 0.6 * fast)
