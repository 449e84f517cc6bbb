"""Motion of brows, mouth corners and eyes, by rules [ours], since no weights predict it.

Brows rise at some of the stressed syllables and at the end of a question, and drift; the gaze
leaves the camera for a moment and returns. The random part depends on the seed and the frame
number alone, so it continues through sentences and rest without a jump.
"""

import numpy as np
from torch import Tensor

from ttsf.config import ExpressionConfig
from ttsf.engine.options import GenerateOptions
from ttsf.model.motion.prosody import smoothed
from ttsf.timings.words import WordTimes

SYLLABLE, PHRASE = 5.0, 15.0
"""Sigma, in frames, over which loudness is averaged for a syllable, and for a phrase."""
SLOT = 30
"""Frames over which the random part of the brows' motion changes."""
LOWEST, HIGHEST = -0.6, 1.6
"""Limits that the brows' height approaches but never reaches; lower down the skin would fold."""
RISE = 20
"""Frames that the brows take to rise at the end of a question."""
GLANCE, TURN = (8, 30), 2
"""Range of a glance's length, and of the turn of the eyes, frames."""
FARTHEST = (12.0, 6.0)
"""Largest angles of a glance, degrees across and up or down; farther turns stretch the eye."""
SIDE_X, SIDE_Y = 8.0, 6.0
"""Degrees by which a face looks aside if asked to."""
SMILING = 10
"""Frames from the mouth at rest to a smile of 1."""
MARKS = {"smile": 0.8, "/smile": None, "serious": -0.8, "/serious": None}
"""What marks in the text ask of the corners of the mouth (None: the option's)."""
ASKED = {
    "left": (-SIDE_X, 0.0),
    "right": (SIDE_X, 0.0),
    "up": (0.0, -SIDE_Y),
    "down": (0.0, SIDE_Y),
}
"""Gaze in degrees by the option's value; the values not listed are "natural" and "camera"."""


class Expressions:
    """Expression of one video, utterance by utterance."""

    def __init__(self, config: ExpressionConfig, options: GenerateOptions, fps: int) -> None:
        self.config, self.options, self._fps = config, options, fps
        self._smile = self._asked = options.smile

    def calm(self, at_once: bool = False) -> None:
        """End the smiles that marks ask for; at_once: also reset the mouth."""
        self._asked = self.options.smile
        self._smile = self._asked if at_once else self._smile

    def of(self, loudness: Tensor, first: int, words: WordTimes) -> np.ndarray:
        """Return the `Expression`, but for lids, of the next utterance or rest, float32 [N, 4].

        loudness: [N], 0 (silence) .. 1 (loud); first: number of its first frame in the video.
        """
        config, options = self.config, self.options
        frames = np.arange(first, first + len(loudness))
        brows = np.zeros(len(frames))
        gaze = np.tile(ASKED.get(options.gaze, (0.0, 0.0)), (len(frames), 1))
        if not options.still:
            raised = _brows(config, options.seed, loudness, frames, words.asks)
            limit = np.where(raised < 0, LOWEST, HIGHEST)
            brows = limit * np.tanh(options.brows * raised / limit)
            if options.gaze == "natural":
                gaze += _glances(config, options.seed, frames, self._fps)
        smile = self._smiles(frames, words)
        return np.column_stack([brows, smile, gaze]).astype(np.float32)

    def _smiles(self, frames: np.ndarray, words: WordTimes) -> np.ndarray:
        """The corners of the mouth go where marks ask for, within some frames."""
        asked = np.full(len(frames), self._asked)
        for mark in words.marks:
            if mark.name in MARKS:
                wanted = MARKS[mark.name]
                self._asked = self.options.smile if wanted is None else wanted
                asked[frames >= mark.at_s * self._fps - SMILING / 2] = self._asked
        smile = np.empty(len(frames))
        for k, goal in enumerate(asked):
            self._smile += np.clip(goal - self._smile, -1 / SMILING, 1 / SMILING)
            smile[k] = self._smile
        return smile


def _brows(
    config: ExpressionConfig, seed: int, loudness: Tensor, frames: np.ndarray, asks: bool
) -> np.ndarray:
    syllable, phrase = (
        smoothed(loudness, width).cpu().double().numpy() for width in (SYLLABLE, PHRASE)
    )
    chosen, drift = (_noise(seed, kind, frames) for kind in (0, 1))
    stress = syllable * (syllable - phrase) * (1.6 * chosen - 0.4).clip(0, 2.4)
    brows = config.stress * stress + config.drift * drift
    voiced = np.flatnonzero(syllable > 0.5 * syllable.max())
    if asks and len(voiced):
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


def _glances(config: ExpressionConfig, seed: int, frames: np.ndarray, fps: int) -> np.ndarray:
    """Return by how many degrees glances turn the eyes, [N, 2]; a slot of time has at most one."""
    gaze, slot = np.zeros((len(frames), 2)), GLANCE[1] + 2 * TURN + SLOT
    chance = config.glances * slot / fps
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
