"""A session whose text arrives in pieces."""

from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import torch

from ttsf.engine.live.script import Script
from ttsf.engine.options import GenerateOptions
from ttsf.engine.talk import PreparedUtterance, ReadFace, Session
from ttsf.engine.workers import Workers
from ttsf.errors import TtsfError
from ttsf.media.video import Chunk
from ttsf.model.ttsf import TTSF, HeadMotion
from ttsf.text.front_end import TextFrontEnd, Utterance


class PiecedSession(Session):
    """One portrait speaking a `Script`, as its clauses become complete.

    The pause after an utterance is shown once the next one is known, so the video does not depend
    on when the pieces arrive, nor on how the text is cut into them.
    """

    def __init__(
        self,
        model: TTSF,
        workers: Workers,
        face: ReadFace,
        script: Script,
        front_end: TextFrontEnd,
        options: GenerateOptions,
    ) -> None:
        self._known = list[Utterance]()
        super().__init__(model, workers, face, self._known, options)
        self.script = script
        self._coming = script.utterances(front_end, options.lexicon)
        self._reader = ThreadPoolExecutor(1, "ttsf-script")  # waits for text, computes nothing
        self._pause: PreparedUtterance | None = None

    def moving(self) -> Generator[Chunk]:
        """Yield chunks as `Session` does; closing the iterator drops the rest of the text."""
        try:
            yield from super().moving()
        finally:
            self.script.drop()
            self._reader.shutdown(wait=False)

    def _prepare(
        self, index: int, before: HeadMotion | None
    ) -> Future[PreparedUtterance | None] | None:
        return self._reader.submit(self._next, before, self._frames)

    def _next(self, before: HeadMotion | None, frames_before: int) -> PreparedUtterance | None:
        """Wait for the next utterance; return it after the pause of the one before."""
        utterance = next(self._coming, None)
        if utterance is None:
            return None
        most_s = self.options.max_seconds
        if frames_before / self.model.config.video.fps > most_s:
            raise TtsfError(f"the text is spoken for longer than the {most_s:,.0f} s allowed")
        self._known.append(utterance)
        self._all_symbols += len(utterance.ids)
        index, pause = len(self._known) - 1, self._pause
        lead = 0 if pause is None else len(pause.f_m) - pause.frames
        act = self.workers.submit(self._act, index, before, frames_before + lead).result()
        self._pause = act
        return act if pause is None else _after(pause, act)


def _after(pause: PreparedUtterance, act: PreparedUtterance) -> PreparedUtterance:
    """Return an utterance that begins with the frames of another one that were not shown."""
    first = pause.frames
    samples = len(pause.said.samples) // pause.said.f_lip.shape[1]
    said = act.said._replace(
        samples=torch.cat([pause.said.samples[first * samples :], act.said.samples]),
        f_lip=torch.cat([pause.said.f_lip[:, first:], act.said.f_lip], 1),
    )
    f_m = torch.cat([pause.f_m[first:], act.f_m])
    expression = np.concatenate([pause.expression[first:], act.expression])
    lead = len(pause.f_m) - first
    keys = (*(k - first for k in pause.keys if k >= first), *(k + lead for k in act.keys))
    return act._replace(
        said=said, f_m=f_m, expression=expression, keys=keys, frames=act.frames + lead
    )
