"""A portrait and utterances to frames and sound, piece by piece, made ahead by several threads.

Speech, lips and head of one utterance follow those of the one before; its frames are drawn in
batches beside each other, while the caller writes those that are done. Nothing is kept of what has
been given away. Each thread computes alone, so that results do not depend on their number.
"""

from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import closing
from functools import cached_property
from itertools import accumulate, chain
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from ttsf.engine.workers import Workers
from ttsf.errors import TtsfError
from ttsf.media.video import Chunk
from ttsf.model import TTSF, Moved, Said, SourceFaces
from ttsf.options import GenerateOptions
from ttsf.picture.scene import Scene, scene
from ttsf.portrait.crop import crop_portrait
from ttsf.portrait.portrait import Portrait
from ttsf.speech.symbols import BLANK, SYMBOL_ID
from ttsf.speech.text import Utterance
from ttsf.times.spoken import Spoken, Word

FRAMES_PER_BATCH = 4
"""Drawn at once; more falls out of the processor's caches."""
BATCHES_AHEAD = 2
"""Per thread, that wait for the caller at most."""
SENTENCE_PAUSE_S = 0.4
"""Silence between two sentences, as in read speech."""


class Act(NamedTuple):
    """What is needed to draw one utterance."""

    place: int
    """In the text, from 0."""
    said: Said
    moved: Moved
    f_m: Tensor
    """Head motion as large as is wanted, [1, N, S]."""
    frames: int
    """To show, the first of N."""


class Batch(NamedTuple):
    """A piece that is being drawn."""

    regions: Future[np.ndarray]
    samples: np.ndarray
    spoken: Spoken

    def chunk(self) -> Chunk:
        """Wait for it."""
        return Chunk(self.regions.result(), self.samples, self.spoken)


class Talk:
    """One portrait that speaks one text, once."""

    def __init__(
        self,
        model: TTSF,
        workers: Workers,
        portrait: Portrait,
        utterances: Sequence[Utterance],
        options: GenerateOptions,
    ) -> None:
        self.model, self.workers = model, workers
        self.utterances, self.options = utterances, options
        self.portrait, self.source = portrait, workers.submit(self._read, portrait).result()
        self._frames = self._symbols = 0  # of the utterances that have been spoken
        self._all_symbols = sum(len(utterance.ids) for utterance in utterances)

    @cached_property
    def scene(self) -> Scene:
        """The frame that it speaks in; raises TtsfError for a framing or size that cannot be."""
        return scene(self.portrait, self.options.framing, self.options.size)

    def speech(self) -> Iterator[np.ndarray]:
        """The speech alone, utterance by utterance: float32 [640 n] in [-1, 1]."""
        rate = self.model.config.samples_per_video
        for index in range(len(self.utterances)):
            said, count = self.workers.submit(self._say, index).result()
            yield said.samples[: count * rate].numpy()

    def chunks(self) -> Generator[Chunk]:
        """Whole frames, sound and words in order; closing the iterator ends all work."""
        with closing(self.moving()) as moving:
            for regions, samples, spoken in moving:
                top, left, bottom, right = self.scene.region
                frames = self.scene.still[None].repeat(len(regions), 0)
                frames[:, top:bottom, left:right] = regions
                yield Chunk(frames, samples, spoken)

    def moving(self) -> Generator[Chunk]:
        """As `chunks`, but of each frame only the scene's region, where alone something moves."""
        most = BATCHES_AHEAD * self.workers.count
        waiting: deque[Batch] = deque()
        coming = self._prepare(0, None)
        try:
            _ = self.scene  # is made while the first utterance is spoken
            while coming or waiting:
                if coming is None or (waiting and not coming.done()):
                    yield waiting.popleft().chunk()
                    continue
                act, coming = coming.result(), None
                before, self._frames = self._frames, self._frames + act.frames
                self._symbols += len(self.utterances[act.place].ids)
                for batch in self._batches(act, before):
                    waiting.append(batch)
                    if len(waiting) > most:
                        coming = coming or self._prepare(act.place + 1, act.moved)
                        yield waiting.popleft().chunk()
                coming = coming or self._prepare(act.place + 1, act.moved)
        finally:
            jobs: list[Future[Any] | None] = [coming, *(batch.regions for batch in waiting)]
            wait([job for job in jobs if job and not job.cancel()])

    def expected_frames(self) -> int:
        """Length of the video: a guess until the last utterance has been spoken."""
        return self._frames * self._all_symbols // max(self._symbols, 1)

    @torch.inference_mode()
    def _read(self, portrait: Portrait) -> SourceFaces:
        crop = crop_portrait(portrait.picture, portrait.square, self.model.config.video.size)
        device = next(self.model.parameters()).device
        return self.model.read_faces(crop[None].to(device))

    def _prepare(self, index: int, before: Moved | None) -> Future[Act] | None:
        """The next utterance, where there is one."""
        if index == len(self.utterances):
            return None
        return self.workers.submit(self._act, index, before)

    def _act(self, index: int, before: Moved | None) -> Act:
        said, count = self._say(index)
        moved = self.model.move(self.source, said, self.options, index, before)
        f_m = self.model.scale_motion(self.source.f_m, moved.f_m, self.options)
        return Act(index, said, moved, f_m, count)

    def _say(self, index: int) -> tuple[Said, int]:
        """Speech of one utterance with the pause after it, and how much of it counts.

        The last needs no pause, but is made as the others are: a text may go on.
        """
        utterance, last = self.utterances[index], index + 1 == len(self.utterances)
        wanted = utterance.pause_s
        if not wanted and utterance.ids and utterance.ends_sentence:
            wanted = SENTENCE_PAUSE_S
        silence = round(wanted * self.model.config.video.fps)
        options = self.options.at_rate(utterance.rate)
        ids = utterance.ids or [SYMBOL_ID[BLANK]]
        said = self.model.say(self.source, ids, options, index, silence)
        if not torch.isfinite(said.samples).all():
            raise TtsfError("these weights give no valid sound (values that are not finite)")
        cut = last and not utterance.pause_s
        return said, said.spoken if cut else said.f_lip.shape[1]

    def _batches(self, act: Act, before: int) -> Iterator[Batch]:
        """Frames of one utterance, being drawn; before: frames of those before it."""
        fps, rate = self.model.config.video.fps, self.model.config.samples_per_video
        samples, spoken = act.said.samples.numpy(), self._spoken(act, before)
        for start in range(0, act.frames, FRAMES_PER_BATCH):
            end = min(start + FRAMES_PER_BATCH, act.frames)
            words = [w for w in spoken if start <= int(w.start_s * fps) - before < end]
            regions = self.workers.submit(self._draw, act, start, end)
            yield Batch(regions, samples[start * rate : end * rate], Spoken(tuple(words)))

    def _spoken(self, act: Act, before: int) -> list[Word]:
        """When each word of an utterance is said."""
        audio, fps = self.model.config.audio, self.model.config.video.fps
        mel_frames = accumulate(act.said.durations.tolist(), initial=0)
        ends = [before / fps + n * audio.hop / audio.sample_rate for n in mel_frames]
        utterance = self.utterances[act.place]
        spoken = zip(utterance.words, utterance.spans, strict=True)
        return [Word(word, ends[start], ends[end]) for word, (start, end) in spoken]

    @torch.inference_mode()
    def _draw(self, act: Act, start: int, end: int) -> np.ndarray:
        batch = slice(start, start + FRAMES_PER_BATCH)  # whole: its size decides on the rounding
        fields = self.model.fields(self.source, act.f_m[0, batch], act.said.f_lip[0, batch])
        flow, mask, drawn = (field[: end - start].float().cpu().numpy() for field in fields)
        return np.stack([self.scene.draw(*frame) for frame in zip(flow, mask, drawn, strict=True)])


def joined(pieces: Iterable[Spoken]) -> Spoken:
    """One after the other."""
    words, phones, marks = zip(*pieces, strict=True)
    return Spoken(*(tuple(chain.from_iterable(part)) for part in (words, phones, marks)))
