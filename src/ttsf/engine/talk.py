"""Turn a portrait and utterances into a stream of frames and sound, on several threads.

Speech, lips and head motion are computed utterance by utterance, since each continues the one
before; the frames of an utterance are drawn in parallel batches, while the caller consumes finished
ones. Yielded chunks are not retained. Each batch is computed by one thread, so results do not
depend on the number of threads.
"""

import math
from bisect import bisect_left
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import closing
from functools import partial
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from ttsf.engine.key_frames import Arrays, around, between, fields_of, key_frames
from ttsf.engine.options import GenerateOptions
from ttsf.engine.renderer import Renderer
from ttsf.engine.stamp import payload_of
from ttsf.engine.workers import Workers
from ttsf.errors import TtsfError
from ttsf.media.video import Chunk
from ttsf.model.ttsf import TTSF, HeadMotion, SourceFaces, SpokenUtterance
from ttsf.portrait.crop import crop_portrait
from ttsf.portrait.portrait import Portrait
from ttsf.provenance.embed.payload import Payload
from ttsf.provenance.embed.sound import SoundMark, can_mark
from ttsf.symbols import BLANK, SYMBOL_ID
from ttsf.text.front_end import Utterance
from ttsf.text.word_times import word_times
from ttsf.timings.words import WordTimes

FRAMES_PER_BATCH = 4
"""Batch size of the generator; larger batches exceed the CPU caches."""
BATCHES_AHEAD = 2
"""Batches per thread that may be queued ahead of the caller."""
SENTENCE_PAUSE_S = 0.32
"""Least length of a sentence's last marks; with the silence around them .4 s, as in read speech."""


class PreparedUtterance(NamedTuple):
    """Everything needed to draw the frames of one utterance."""

    place: int
    """Index of the utterance, from 0."""
    said: SpokenUtterance
    moved: HeadMotion
    f_m: Tensor
    """Scaled head motion that G draws, [N, S]."""
    expression: np.ndarray
    """`Expression` of each frame, float32 [N, 5]."""
    keys: tuple[int, ...]
    """Frames that G draws, the first of the N and the last to show among them."""
    frames: int
    """Frames to show: the first of the N."""
    spoken: WordTimes
    """Times from the start of the video."""


class Batch(NamedTuple):
    """A batch of frames that is being drawn."""

    regions: Future[np.ndarray]
    samples: np.ndarray
    spoken: WordTimes

    def chunk(self) -> Chunk:
        """Wait for the frames, and return the chunk."""
        return Chunk(self.regions.result(), self.samples, self.spoken)


class ReadFace(NamedTuple):
    """A portrait as the model reads it."""

    portrait: Portrait
    source: SourceFaces
    voice: Tensor
    """[1, V]."""


def read_face(
    model: TTSF, workers: Workers, portrait: Portrait, voice: Tensor | None = None
) -> ReadFace:
    """Encode the face; voice: [1, V], overrides the one that the face chooses."""

    @torch.inference_mode()
    def read() -> ReadFace:
        crop = crop_portrait(portrait.picture, portrait.square, model.config.video.size)
        device = next(model.parameters()).device
        source = model.read_faces(crop[None].to(device))
        chosen = model.choose_voice(source) if voice is None else voice
        return ReadFace(portrait, source, chosen)

    return workers.submit(read).result()


class SpeechSession:
    """Synthesise utterances with a voice [1, V]; `payload` is the watermark's, if it is on."""

    def __init__(
        self,
        model: TTSF,
        voice: Tensor,
        utterances: Sequence[Utterance],
        options: GenerateOptions,
        payload: Payload,
    ) -> None:
        self.model, self.voice = model, voice
        self.utterances, self.options = utterances, options
        rate = model.config.sample_rate
        self._mark = SoundMark(payload, rate) if options.mark and can_mark(rate) else None

    def samples(self, workers: Workers) -> Iterator[np.ndarray]:
        """Yield the sound of each utterance: float32 [n * samples_per_video] in [-1, 1]."""
        rate, before = self.model.config.samples_per_video, 0
        for index in range(len(self.utterances)):
            said, count = workers.submit(self.say, index, before).result()
            before += count
            yield said.samples[: count * rate].numpy()

    def say(self, index: int, before: int) -> tuple[SpokenUtterance, int]:
        """Synthesise one utterance with the pause after it; return it and its frames to keep.

        The last utterance is computed with a pause too, which is then cut, so that it does not
        depend on whether the text continues. before: frames of all utterances before it.
        """
        utterance, last = self.utterances[index], index + 1 == len(self.utterances)
        said = self.marked(self.synthesise(utterance, index), before)
        cut = last and not utterance.pause_s
        return said, said.spoken if cut else said.f_lip.shape[1]

    def synthesise(self, utterance: Utterance, index: int) -> SpokenUtterance:
        """Synthesise an utterance with the pause after it, without the watermark; index: its
        number."""
        wanted = utterance.pause_s
        if not wanted and utterance.ids and utterance.ends_sentence:
            wanted = SENTENCE_PAUSE_S
        silence = round(wanted * self.model.config.video.fps)
        sampling = self.options.sampling(utterance.rate)
        ids = utterance.ids or [SYMBOL_ID[BLANK]]
        said = self.model.say(self.voice, ids, sampling, index, silence)
        if not torch.isfinite(said.samples).all():
            raise TtsfError("these weights give no valid sound (values that are not finite)")
        return said

    def marked(self, said: SpokenUtterance, before: int) -> SpokenUtterance:
        """Return an utterance with the watermark; before: frames that precede it."""
        if self._mark is None:
            return said
        start = before * self.model.config.samples_per_video
        samples = torch.from_numpy(self._mark.on(said.samples.numpy(), start))
        return said._replace(samples=samples)


class Session:
    """One portrait speaking one text; an instance generates one video.

    said: word times and end (s) of each utterance synthesised so far.
    """

    def __init__(
        self,
        model: TTSF,
        workers: Workers,
        face: ReadFace,
        utterances: Sequence[Utterance],
        options: GenerateOptions,
    ) -> None:
        if options.blinks != 1 and not model.config.face.codes_are_labels:
            raise TtsfError("this model does not tell blinks from other motion; leave out blinks")
        self.model, self.workers = model, workers
        self.utterances, self.options = utterances, options
        self.portrait, self.source = face.portrait, face.source
        self.payload = payload_of(face.portrait, utterances, options)
        self.renderer = Renderer(model, workers, *face[:2], options, self.payload)
        self.speech = SpeechSession(model, face.voice, utterances, options, self.payload)
        self.said: list[tuple[WordTimes, float]] = []
        self._frames = self._symbols = 0  # of the utterances synthesised so far
        self._voiced = 0  # frames of those that are more than a pause
        self._all_symbols = sum(len(utterance.ids) for utterance in utterances)

    def chunks(self) -> Generator[Chunk]:
        """Yield chunks of whole frames, sound and words; closing the iterator ends all work."""
        with closing(self.moving()) as moving:
            for regions, samples, spoken in moving:
                top, left, bottom, right = self.renderer.scene.region
                frames = self.renderer.still[None].repeat(len(regions), 0)
                frames[:, top:bottom, left:right] = regions
                yield Chunk(frames, samples, spoken)

    def moving(self) -> Generator[Chunk]:
        """Like `chunks`, but frames hold only the scene's region, the only part that moves."""
        most = BATCHES_AHEAD * self.workers.count
        waiting: deque[Batch] = deque()
        coming = self._prepare(0, None)
        try:
            _ = self.renderer.still  # computed while the first utterance is synthesised
            while coming or waiting:
                if coming is None or (waiting and not coming.done()):
                    yield waiting.popleft().chunk()
                    continue
                act, coming = coming.result(), None
                if act is None:
                    continue
                before, self._frames = self._frames, self._frames + act.frames
                self._count(act)
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
        """Length of the video in frames; an estimate until the last utterance is synthesised."""
        left = self._all_symbols - self._symbols
        return self._frames + left * self._voiced // max(self._symbols, 1)

    def _prepare(
        self, index: int, before: HeadMotion | None
    ) -> Future[PreparedUtterance | None] | None:
        """Start computing the next utterance, if there is one; the future may find none."""
        if index == len(self.utterances):
            return None
        return self.workers.submit(self._act, index, before, self._frames)

    def _act(self, index: int, before: HeadMotion | None, first: int) -> PreparedUtterance:
        said, count = self.speech.say(index, first)
        words = self.words_of(self.utterances[index], said, first)
        return self._moved(index, said, count, words, before, first)

    def words_of(self, utterance: Utterance, said: SpokenUtterance, first: int) -> WordTimes:
        """Return the word times of an utterance of the text that begins with that frame."""
        audio, durations = self.model.config.audio, said.durations.tolist()
        start_s, hop_s = first / self.model.config.video.fps, audio.hop / audio.sample_rate
        return word_times(utterance, durations, start_s, hop_s)

    def _moved(
        self,
        index: int,
        said: SpokenUtterance,
        count: int,
        words: WordTimes,
        before: HeadMotion | None,
        first: int,
    ) -> PreparedUtterance:
        """Add the motion; count: frames to show, first: number of the first in the video."""
        options = self.options
        moved = self.model.move(self.source, said, options.sampling(), index, before)
        f_m = self.model.scale_motion(self.source.f_m, moved.f_m, options.motion, options.blinks)
        f_m, amounts = self.renderer.posed(said, f_m[0], first, words)
        keys = tuple(range(len(f_m)))
        if not options.as_sampled:  # speech and pause apart, whichever of them are shown together
            speech, pause = (
                key_frames(self.model, f_m[part], said.f_lip[0, part])
                for part in (slice(said.spoken), slice(said.spoken, None))
            )
            keys = (*speech, *(said.spoken + key for key in pause))
        return PreparedUtterance(index, said, moved, f_m, amounts, keys, count, words)

    def _batches(self, act: PreparedUtterance, before: int) -> Iterator[Batch]:
        """Start drawing the frames of one utterance; before: frames of all utterances before it."""
        fps, samples = self.model.config.video.fps, act.said.samples.numpy()
        rate, left = len(samples) // act.said.f_lip.shape[1], act.spoken
        self.said.append((left, (before + act.frames) / fps))
        keys, start = [key for key in act.keys if key < act.frames], 0
        before_it: Future[Arrays] | None = None
        for k in range(0, len(keys), FRAMES_PER_BATCH):
            some = keys[k : k + FRAMES_PER_BATCH]
            end, last = some[-1] + 1, Future[Arrays]()
            until_s = (before + end) / fps if end < act.frames else math.inf
            now, left = split(left, until_s)
            regions = self.workers.submit(self._draw, act, start, some, before_it, last)
            regions.add_done_callback(partial(_drop, last))
            yield Batch(regions, samples[start * rate : end * rate], now)
            start, before_it = end, last

    def _count(self, act: PreparedUtterance) -> None:
        """Remember an utterance for the estimate of the video's length."""
        ids = self.utterances[act.place].ids
        self._symbols += len(ids)
        self._voiced += act.frames if ids else 0

    @torch.inference_mode()
    def _draw(
        self,
        act: PreparedUtterance,
        start: int,
        keys: Sequence[int],
        before: Future[Arrays] | None,
        last: Future[Arrays],
    ) -> np.ndarray:
        """Draw the frames from `start` to the last of some key frames.

        before: fields of the key frame before them, which a job that began earlier gives; last: is
        given those of the last.
        """
        try:
            # a full batch, since its size affects rounding
            batch = [*keys, *[keys[-1]] * (FRAMES_PER_BATCH - len(keys))]
            f_m, f_lip = act.f_m[batch], act.said.f_lip[0, batch]
            window = self.renderer.window
            fields = fields_of(self.model, self.source, f_m, f_lip, window)[: len(keys)]
        except BaseException as error:
            last.set_exception(error)
            raise
        last.set_result(fields[-1])
        known, places = fields, list(keys)
        if before is not None:
            known, places = [before.result(), *fields], [start - 1, *keys]
        regions = []
        for frame in range(start, keys[-1] + 1):
            first, second, share = around(places, frame)
            drawn = between(known[first], known[second], share)
            regions.append(self.renderer.region(*drawn, act.expression[frame]))
        return np.stack(regions)


def _drop(last: Future[Arrays], _: Future[np.ndarray]) -> None:
    """Wake the job that waits for one that never began."""
    last.cancel()


def split(whole: WordTimes, second: float) -> tuple[WordTimes, WordTimes]:
    """Split word times into those that begin before `second`, and the rest."""
    words = bisect_left(whole.words, second, key=lambda word: word.start_s)
    phones = bisect_left(whole.phones, second, key=lambda phone: phone.start_s)
    marks = bisect_left(whole.marks, second, key=lambda mark: mark.at_s)
    return (
        WordTimes(whole.words[:words], whole.phones[:phones], whole.marks[:marks]),
        WordTimes(whole.words[words:], whole.phones[phones:], whole.marks[marks:]),
    )


def joined(pieces: Iterable[WordTimes]) -> WordTimes:
    """Concatenate word times."""
    words, phones, marks = zip(*pieces, strict=True)
    return WordTimes(*(tuple(chain.from_iterable(part)) for part in (words, phones, marks)))
