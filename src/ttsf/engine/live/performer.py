"""Motion and sound of a face that speaks, rests and is interrupted, without a jump."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ttsf.config import CLIP_FRAMES
from ttsf.engine.key_frames import Arrays, around, between, fields_of, key_frames
from ttsf.engine.live.parts import Words
from ttsf.engine.renderer import LIDS
from ttsf.engine.talk import FRAMES_PER_BATCH, Session
from ttsf.model.labels import GAIN, PITCH
from ttsf.model.ttsf import SEAM, HeadMotion, SpokenUtterance
from ttsf.symbols import BLANK, SYMBOL_ID
from ttsf.timings.words import WordTimes

CALM = 0.6
"""Amount of head motion at rest, as a share of that in speech."""
RAMP = 25
"""Frames that the amount takes to change from 0 to 1."""
FADE, CLOSING, OPENING = 2, 6, 1
"""Frames in which an interrupted sound fades, its mouth closes, and a mouth leaves its rest."""
HUSHED = 12
"""Frames for which the head moves on after an interruption, while its rest is planned."""
NO_WORDS = WordTimes(())
EASED = 10
"""Frames over which the brows leave the height at the end of the segment before."""
NOD, NOD_FRAMES, NOD_EVERY = 0.35, 14, (50, 110)
"""Nods of a listener: size (label units), length, and range of the distance, frames."""


class Segment(NamedTuple):
    """N frames of motion and sound."""

    number: int
    """Number of the segment; segments cut from it keep the number."""
    first: int
    """Number of the first frame in the session."""
    f_m: Tensor
    """Head motion as it is drawn, [N, S]."""
    f_lip: Tensor
    """[N, S]."""
    samples: np.ndarray
    """float32 [N * samples per frame]."""
    keys: tuple[int, ...]
    """Frames that G has to draw; those between may be interpolated."""
    motion: HeadMotion
    """The sampled motion, with the context to continue it."""
    gain: np.ndarray
    """Amount of head motion of each frame, [N]."""
    expression: np.ndarray
    """`Expression` of each frame, float32 [N, 5]."""
    speech: int | None = None
    """Number of the speech that it belongs to (None: rest)."""
    voiced: int = 0
    """Frames before the pause at its end."""
    spoken: WordTimes = NO_WORDS

    @property
    def end(self) -> int:
        """Number of the frame after the last."""
        return self.first + len(self.f_m)


class Performer:
    """Plans segments, each of which continues the one before, and draws their frames."""

    def __init__(self, session: Session) -> None:
        self.session, self.model, self.options = session, session.model, session.options
        self._rate = self.model.config.samples_per_video
        self._index = 0
        self._before: HeadMotion | None = None
        self._gain = CALM
        self._blend = OPENING  # frames in which the next segment leaves the lips of the last
        self._lips = self._resting_lips()
        self._last_lips = self._lips[0, -1:]
        self._last_expression: np.ndarray | None = None
        self._dice = np.random.default_rng(self.options.seed)
        self._nod_in = NOD_EVERY[0]
        # of the last key frames that were drawn, by segment and frame:
        self._fields = dict[tuple[int, int], Arrays]()

    @torch.inference_mode()
    def rest(self, first: int, frames: int, listening: bool = False) -> Segment:
        """Rest for a number of frames: calm motion, still lips, nods of a listener."""
        said = SpokenUtterance(
            torch.zeros(frames * self._rate),
            self._lips.expand(-1, frames, -1),
            torch.zeros(1, dtype=torch.int64),
            0,
            torch.zeros(frames, device=self._lips.device),
        )
        return self._segment(first, said, CALM, self._nods(frames) if listening else None)

    @torch.inference_mode()
    def speak(self, first: int, speech: int, said: SpokenUtterance, words: Words) -> Segment:
        """Speak an utterance with the pause after it; words: its word times."""
        marked = self.session.speech.marked(said, first)
        spoken = words(said, first)
        segment = self._segment(first, marked, 1.0, None, spoken)
        return segment._replace(speech=speech, voiced=said.spoken, spoken=spoken)

    def calm(self, interrupted: bool = False) -> None:
        """End what the marks of a speech ask for, with the next segment.

        interrupted: some planned marks may not have been reached; the face eases out of what
        was shown last.
        """
        if self.session.renderer.expressions is not None:
            self.session.renderer.expressions.calm(at_once=interrupted)

    @torch.inference_mode()
    def cut(self, segment: Segment, frames: int) -> Segment:
        """Return the first frames, at least one, of a segment; the next one continues them."""
        if not self.options.still:
            self._before = self._until(segment, frames)
        self._gain, self._last_lips = float(segment.gain[frames - 1]), segment.f_lip[frames - 1 :]
        self._last_expression = segment.expression[frames - 1]
        self._blend = OPENING if segment.speech is None else CLOSING
        keys = (*(key for key in segment.keys if key < frames - 1), frames - 1)
        return segment._replace(
            f_m=segment.f_m[:frames],
            f_lip=segment.f_lip[:frames],
            samples=segment.samples[: frames * self._rate],
            gain=segment.gain[:frames],
            expression=segment.expression[:frames],
            keys=keys,
            voiced=min(segment.voiced, frames),
        )

    @torch.inference_mode()
    def hush(self, segment: Segment, frames: int) -> Segment:
        """Interrupt a segment after some frames: it falls silent, closes its mouth, and soon ends.

        The head moves on as planned, so nothing has to be sampled; the next segment continues it.
        """
        left, lips = len(segment.f_m) - frames, segment.f_lip.clone()
        share = (1 - torch.arange(1, left + 1) / (CLOSING + 1)).clip(0)[:, None].to(lips)
        lips[frames:] = self._lips[0].lerp(lips[frames:], share)
        samples = segment.samples.copy()
        sound = samples[frames * self._rate :]
        sound *= np.linspace(1, 1 - left / FADE, len(sound), dtype=np.float32).clip(0)
        expression = segment.expression.copy()
        expression[frames:, :LIDS] = expression[max(frames - 1, 0), :LIDS]  # blinks go on
        end = frames + min(left, HUSHED)
        keys = self._keys(segment.f_m[frames:end], lips[frames:end])
        self._index += 1
        hushed = segment._replace(
            number=self._index,
            f_lip=lips,
            samples=samples,
            expression=expression,
            keys=tuple(frames + key for key in keys),
            voiced=min(segment.voiced, frames),
        )
        return self.cut(hushed, end)._replace(speech=None, spoken=NO_WORDS)

    @torch.inference_mode()
    def draw(self, segment: Segment, frames: range) -> list[np.ndarray]:
        """Draw the region in some frames of a segment, uint8 [h, w, 3].

        G draws the key frames, each once; its fields are interpolated for the others.
        """
        session, known = self.session, self._fields
        pairs = [around(segment.keys, frame) for frame in frames]
        keys = [segment.keys[k] for k in sorted({k for pair in pairs for k in pair[:2]})]
        missing = [key for key in keys if (segment.number, key) not in known]
        fields = {key: known[segment.number, key] for key in set(keys).difference(missing)}
        for k in range(0, len(missing), FRAMES_PER_BATCH):
            some = missing[k : k + FRAMES_PER_BATCH]
            f_m, f_lip = segment.f_m[some], segment.f_lip[some]
            window = session.renderer.window
            parts = fields_of(self.model, session.source, f_m, f_lip, window)
            fields |= zip(some, parts, strict=True)
        self._fields = {(segment.number, key): fields[key] for key in keys[-2:]}
        pictures = list[np.ndarray]()
        for frame, (first, second, share) in zip(frames, pairs, strict=True):
            drawn = between(fields[segment.keys[first]], fields[segment.keys[second]], share)
            pictures.append(session.renderer.region(*drawn, segment.expression[frame]))
        return pictures

    def _until(self, segment: Segment, frames: int) -> HeadMotion:
        """Return the motion of the first frames of a segment, to be continued."""
        f_m, rest = segment.motion.f_m, segment.motion.rest
        after = torch.cat([f_m, rest], 1)[:, frames : frames + SEAM]
        after = torch.cat([after, after[:, -1:].expand(-1, SEAM - after.shape[1], -1)], 1)
        recent = slice(max(0, frames - CLIP_FRAMES), frames)
        known = self.model.normalizer.compress(f_m[:, recent])
        return HeadMotion(f_m[:, :frames], after, known, segment.f_lip[None, recent])

    def _segment(
        self,
        first: int,
        said: SpokenUtterance,
        gain: float,
        nods: Tensor | None,
        words: WordTimes = NO_WORDS,
    ) -> Segment:
        self._index += 1
        source, sampling = self.session.source, self.options.sampling()
        motion = self.model.move(source, said, sampling, self._index, self._before)
        self._before = None if self.options.still else motion
        frames = said.f_lip.shape[1]
        step = np.arange(1, frames + 1, dtype=np.float32) / RAMP
        gains = self._gain + (gain - self._gain) * step.clip(0, 1)
        shares = torch.from_numpy(gains).to(said.f_lip)[None, :, None]
        amount, blinks = self.options.motion * shares, self.options.blinks
        f_m = self.model.scale_motion(source.f_m, motion.f_m, amount, blinks)[0]
        if nods is not None:
            f_m = f_m + nods.to(f_m)[:, None] * GAIN * self.model.motion_extractor.codes()[:, PITCH]
        f_lip, samples = self._continued(said.f_lip[0]), said.samples.numpy()
        f_m, amounts = self.session.renderer.posed(said, f_m, first, words)
        if self._last_expression is not None:
            share = np.linspace(1, 0, EASED + 2, dtype=np.float32)[1 : frames + 1, None]
            n = min(EASED, frames)
            eased, last = amounts[:n, :LIDS], self._last_expression[:LIDS]  # blinks go on
            eased += share[:n] * (last - eased)
        self._gain, self._last_lips = float(gains[-1]), f_lip[-1:]
        self._last_expression = amounts[-1]
        keys = self._keys(f_m, f_lip)
        return Segment(self._index, first, f_m, f_lip, samples, keys, motion, gains, amounts)

    def _keys(self, f_m: Tensor, f_lip: Tensor) -> tuple[int, ...]:
        if self.options.as_sampled:
            return tuple(range(len(f_m)))
        return key_frames(self.model, f_m, f_lip)

    def _continued(self, f_lip: Tensor) -> Tensor:
        """Let the lips of the last segment pass into those of the next one."""
        f_lip, n = f_lip.clone(), min(self._blend, len(f_lip))
        tail = self._last_lips[1 : n + 1] if len(self._last_lips) > 1 else self._last_lips
        tail = torch.cat([tail, tail[-1:].expand(n - min(n, len(tail)), -1)])[:n]
        share = torch.linspace(1, 0, n + 2)[1:-1, None].to(f_lip)
        f_lip[:n] = f_lip[:n].lerp(tail, share)
        self._blend = OPENING
        return f_lip

    def _resting_lips(self) -> Tensor:
        """Return the lips of silence, [1, 1, S]."""
        said = self.model.say(
            self.session.speech.voice, [SYMBOL_ID[BLANK]], self.options.sampling(), 0, 10
        )
        return said.f_lip[:, -5:].mean(1, keepdim=True)

    def _nods(self, frames: int) -> Tensor:
        """Return the pitch [frames] of nods at irregular times."""
        nods = torch.zeros(frames)
        while self._nod_in + NOD_FRAMES < frames:
            at = max(0, self._nod_in)
            nods[at : at + NOD_FRAMES] += NOD * torch.hann_window(NOD_FRAMES)
            self._nod_in += int(self._dice.integers(*NOD_EVERY))
        self._nod_in -= frames
        return nods
