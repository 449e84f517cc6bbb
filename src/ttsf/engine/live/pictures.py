"""Pictures of a live session, drawn ahead of the clock at the rate that the machine can keep."""

import math
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, wait
from typing import NamedTuple

import numpy as np

from ttsf.engine.live.performer import Performer, Segment
from ttsf.engine.talk import FRAMES_PER_BATCH
from ttsf.engine.workers import Workers

SOONEST = 2
"""Frames of a batch that is due at once, after an interruption or where speech begins late; the
next ones grow with the time until they are due."""
AHEAD, FARTHEST = 8, 25
"""Frames that are drawn ahead of the clock, and those of a slow machine."""
LATEST = 3
"""Frames by which a picture may be late; the eye hardly notices, and it beats no picture."""
INERTIA = 0.6
"""Weight of the earlier estimate of the machine's speed against a newer batch that was faster."""


class _Batch(NamedTuple):
    frames: range
    """Numbers of the frames in the session; a slow machine draws only some."""
    pictures: Future[list[np.ndarray]]


class Pictures:
    """Draws batches of frames on the workers; used by the thread that consumes the session.

    If a picture takes more than a frame's time, only every second, third, ... one is drawn, of
    frames that are due when it will be there.
    """

    def __init__(self, workers: Workers, performer: Performer, fps: int) -> None:
        self._workers, self._performer, self._fps = workers, performer, fps
        self._batches = deque[_Batch]()
        self._after = 0
        """The first frame that no batch has reached."""
        self._taken = -1
        self._cost = 0.0
        """Time of a picture if all workers draw, frames."""
        self._ended_s = deque[float](maxlen=workers.count)

    def __len__(self) -> int:
        return len(self._batches)

    def draw_ahead(self, plan: Sequence[Segment], shown: int, realtime: bool) -> None:
        """Start drawing the frames that can be ready in time; shown: the next frame's number."""
        step = max(1, math.ceil(self._cost)) if realtime else 1
        self._after = max(self._after, shown)
        while self._after < (end := min(shown + max(AHEAD, FARTHEST * (step > 1)), plan[-1].end)):
            waiting = sum(not batch.pictures.done() for batch in self._batches)
            if step > 1 and waiting >= self._workers.count:
                return
            segment = next(one for one in plan if one.end > self._after)
            longest = AHEAD if segment.speech is None else FRAMES_PER_BATCH
            longest = min(longest, max(SOONEST, self._after - shown))
            each = self._cost * self._workers.count if realtime else 0
            count = max(1, min(longest, int(AHEAD / max(each, 0.1))))
            if waiting or step > 1:  # what is ordered now comes later
                self._after = min(max(self._after, shown + math.ceil(each * count)), end - 1)
            self._order(next(one for one in plan if one.end > self._after), count, step)

    def wait(self) -> None:
        """Wait for the first batch."""
        wait([batch.pictures for batch in self._batches][:1])

    def take(self, number: int, realtime: bool) -> np.ndarray | None:
        """Return the picture of a frame, or one that is a little late; None: there is none."""
        found: np.ndarray | None = None
        while self._batches and self._batches[0].frames[0] <= number:
            frames, pictures = self._batches[0]
            if pictures.done() or not realtime:
                oldest = max(number - LATEST, self._taken + 1)
                due = [k for k, one in enumerate(frames) if oldest <= one <= number]
                if due:
                    found, self._taken = pictures.result()[due[-1]], frames[due[-1]]
                if frames[-1] > number:
                    break
            elif number - frames[-1] < LATEST:
                break
            self._batches.popleft().pictures.cancel()
        return found

    def drop(self, first: int) -> None:
        """Forget the pictures from frame `first` on."""
        while self._batches and self._batches[-1].frames[0] >= first:
            self._batches.pop().pictures.cancel()
        if self._batches:
            frames, pictures = self._batches.pop()
            kept = range(frames.start, min(frames.stop, first), frames.step)
            self._batches.append(_Batch(kept, pictures))
        self._after = min(self._after, first)

    def _order(self, segment: Segment, count: int, step: int) -> None:
        end = min(self._after + count * step, segment.end)
        frames, ordered_s = range(self._after, end, step), time.monotonic()
        places = range(frames.start - segment.first, end - segment.first, step)
        pictures = self._workers.submit(self._performer.draw, segment, places)
        pictures.add_done_callback(lambda done: self._learn(done, len(frames), ordered_s))
        self._batches.append(_Batch(frames, pictures))
        self._after = frames[-1] + step

    def _learn(self, done: Future[list[np.ndarray]], count: int, ordered_s: float) -> None:
        if done.cancelled():
            return
        now_s, free_s, workers = time.monotonic(), ordered_s, self._workers.count
        if len(self._ended_s) == workers:
            free_s = max(free_s, self._ended_s[0])  # since then a worker could draw it
        self._ended_s.append(now_s)
        cost = (now_s - free_s) * self._fps / count / workers
        self._cost = max(cost, INERTIA * self._cost + (1 - INERTIA) * cost)
