"""What brows, mouth and eyes do beside speech: rules [ours], since no weights know it.

Brows rise at some of the stressed syllables and at the end of a question, and drift; the gaze
leaves the camera for a moment and returns. What is drawn at random depends on the seed and the
number of the frame alone, so it goes on through sentences and rest without a jump.
"""

import numpy as np
from torch import Tensor

from ttsf.compositing.expression import Expression
from ttsf.config import FPS, ExpressionConfig
from ttsf.engine.options import GenerateOptions
from ttsf.model.motion.prosody import smoothed

SYLLABLE, PHRASE = 5.0, 15.0
"""Over how many frames loudness is that of a syllable, and of a phrase, Gaussian."""
SLOT = 30
"""Frames over which the random part of the brows' motion changes."""
LOWEST, HIGHEST = -0.6, 1.6
"""Heights of the brows that they only near; the skin under them would fold farther down."""
RISE = 20
"""Frames in which the brows rise at the end of a question."""
GLANCE, TURN = (8, 30), 2
"""Range of a glance's length, and in how many frames the eyes turn."""
FARTHEST = (12.0, 6.0)
"""Largest angles of a glance, degrees across and up or down; farther turns stretch the eye."""
SIDE_X, SIDE_Y = 8.0, 6.0
"""Degrees by which a face looks aside if asked to."""
ASKED = {
    "left": (-SIDE_X, 0.0),
    "right": (SIDE_X, 0.0),
    "up": (0.0, -SIDE_Y),
    "down": (0.0, SIDE_Y),
}
"""Gaze in degrees by the option's value; the others are natural glances and none."""


def expression(
    config: ExpressionConfig, options: GenerateOptions, loudness: Tensor, first: int, asks: bool
) -> np.ndarray:
    """Return the `Expression` of each frame of an utterance or of rest, float32 [N, 4].

    loudness: [N], 0 (silence) .. 1 (loud); first: number of its first frame in the video. asks:
    whether the utterance is a question.
    """
    frames = np.arange(first, first + len(loudness))
    brows, (x, y) = np.zeros(len(frames)), ASKED.get(options.gaze, (0.0, 0.0))
    gaze = np.tile([x, y], (len(frames), 1))
    if not options.still:
        brows = options.brows * _brows(config, options.seed, loudness, frames, asks)
        limit = np.where(brows < 0, LOWEST, HIGHEST)
        brows = limit * np.tanh(brows / limit)
        if options.gaze == "natural":
            gaze += _glances(config, options.seed, frames)
    smile = np.full(len(frames), options.smile)
    return np.column_stack(Expression(brows, smile, *gaze.T)).astype(np.float32)  # type: ignore


def _brows(
    config: ExpressionConfig, seed: int, loudness: Tensor, frames: np.ndarray, asks: bool
) -> np.ndarray:
    syllable, phrase = (
        smoothed(loudness, width).cpu().double().numpy() for width in (SYLLABLE, PHRASE)
    )
    chosen, drift = (_noise(seed, kind, frames) for kind in (0, 1))
    stress = syllable * (syllable - phrase) * (1 + chosen).clip(0, 2)
    brows = config.stress * stress + config.drift * drift
    if asks:
        voiced = np.flatnonzero(syllable > 0.5 * syllable.max())
        after = np.arange(len(frames)) - voiced[-1]
        brows += config.question * np.exp(-0.5 * (after / (RISE / 2)) ** 2)
    return brows


def _noise(seed: int, kind: int, frames: np.ndarray) -> np.ndarray:
    """Smooth noise with a standard deviation near 1, a function of the frame number."""
    slots, share = np.divmod(frames / SLOT, 1)
    numbers = np.arange(slots[0], slots[-1] + 2).astype(int)
    values = np.array([_dice(seed, kind, n).normal() for n in numbers])
    before = (slots - slots[0]).astype(int)
    rise = share * share * (3 - 2 * share)
    return values[before] * (1 - rise) + values[before + 1] * rise


def _glances(config: ExpressionConfig, seed: int, frames: np.ndarray) -> np.ndarray:
    """Degrees [N, 2] by which the eyes are turned; at most one glance in each slot of time."""
    gaze, slot = np.zeros((len(frames), 2)), GLANCE[1] + 2 * TURN + SLOT
    chance = config.glances * slot / FPS
    for number in range(frames[0] // slot, frames[-1] // slot + 1):
        dice = _dice(seed, 2, number)
        if dice.random() >= chance:
            continue
        length = dice.integers(*GLANCE, endpoint=True)
        begins = number * slot + TURN + dice.integers(slot - length - 2 * TURN)
        angles = np.array([config.glance_x, config.glance_y]) * dice.normal(size=2)
        inside = np.minimum(frames - begins, begins + length - frames) / TURN + 1
        most = np.array(FARTHEST)
        gaze += inside.clip(0, 1)[:, None] * angles.clip(-most, most)
    return gaze


def _dice(seed: int, kind: int, number: int) -> np.random.Generator:
    return np.random.default_rng((seed, kind, number))
