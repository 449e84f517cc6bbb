"""Lips for a recording instead of speech: from its words where they fit, else from sound alone."""

import logging
import math
from bisect import bisect_left, bisect_right
from collections.abc import Generator, Sequence
from concurrent.futures import Future
from contextlib import closing
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ttsf.config import FPS
from ttsf.engine.options import GenerateOptions
from ttsf.engine.stamp import payload_of
from ttsf.engine.talk import PreparedUtterance, ReadFace, Session
from ttsf.engine.workers import Workers
from ttsf.errors import TtsfError
from ttsf.media.audio.pieces import AROUND, Piece, pieces
from ttsf.media.audio.source import OpenSound
from ttsf.media.video import Chunk
from ttsf.model.labels import GAIN, LIP_FV, PRESS
from ttsf.model.mel import loudness, mel_spectrogram
from ttsf.model.speech.recording import fit_recording, nearest_voice
from ttsf.model.ttsf import TTSF, HeadMotion, SpokenUtterance
from ttsf.provenance.embed.payload import Payload
from ttsf.provenance.embed.sound import SoundMark
from ttsf.text.front_end import Utterance
from ttsf.text.word_times import word_times
from ttsf.timings.words import WordTimes

WORDS_AHEAD = 5 * FPS
"""Frames of sound after a piece, by which its last words are separated from the next ones."""
SYMBOLS_PER_S = 25
"""Upper bound of the speaking rate, symbols per second."""
FITS = 0.12
"""Fraction by which words must fit the sound better than the same symbols reversed [measured]."""
LEAST_LOUD = 20
"""Number of loud mel frames from which a piece is not silence."""
HEARD_RMS = 10 ** (-23 / 20)
"""RMS of loud speech in the model's training data."""
LOUD = 1e-3
"""Power of a 10 ms block, relative to the loudest, above which it counts towards the level."""
FORGOTTEN_S, LEAST_POWER, LEAST_OF_ALL = 8.0, 1e-7, 1e-2
"""Half-life of the measured level, s; its floor, absolute and relative to the loudest block."""
LOUDEST = -2.5
"""Log-mel level of loud frames at HEARD_RMS [measured]."""
NOT_THIS_MODEL = (
    "this model reads no lips from sound alone: give the recording's words as well, "
    "or a model that has learned it (ttsf train sound-lips)"
)
SOUND_SHARE, SHUT_BY_WORDS = 0.7, 1.5
"""How much lips follow the sound where the words are known too, and how fast this falls with the
label of lips that the words shut: the sound tells better when, the words whether [measured]."""
logger = logging.getLogger("ttsf")


class Script(NamedTuple):
    """The words of all utterances in one sequence of symbols."""

    ids: list[int]
    spans: list[tuple[int, int]]
    """Range [start, end) of `ids` for each word."""
    words: list[tuple[str, tuple[int, int], str]]
    """Spoken form, range in the text and written form of each word."""
    marks: list[tuple[str, int]]
    """Name of each mark, and the index of the word that follows."""

    @classmethod
    def of(cls, utterances: Sequence[Utterance]) -> "Script":
        """Concatenate utterances without the pauses of the text; the recording has its own."""
        script = cls([], [], [], [])
        for one in utterances:
            start = len(script.ids)
            script.marks.extend((name, len(script.words) + k) for name, k in one.marks)
            script.ids.extend(one.ids)
            script.spans.extend((start + first, start + last) for first, last in one.spans)
            script.words.extend(zip(one.words, one.places, one.written, strict=True))
        return script

    def part(self, first_id: int, first: int, end: int) -> Utterance:
        """Return words [first, end) as an utterance whose ids begin with `first_id`."""
        spans = tuple((start - first_id, stop - first_id) for start, stop in self.spans[first:end])
        texts, places, written = zip(*self.words[first:end], strict=True)
        ids = self.ids[first_id : self.spans[end - 1][1]]
        over = end + (end == len(self.words))
        begin, stop = (bisect_left(self.marks, k, key=lambda mark: mark[1]) for k in (first, over))
        marks = tuple((name, k - first) for name, k in self.marks[begin:stop])
        return Utterance("", texts, ids, spans, places, written, marks=marks)

    def ends(self) -> np.ndarray:
        """Return for each id whether speech may stop after it: bool [L]."""
        may = np.ones(len(self.ids), bool)
        for first, stop in self.spans:
            may[first : stop - 1] = False
        return may


class RecordedSession(Session):
    """One portrait speaking with a recording; its pieces take the place of utterances.

    utterances: what is said in it, if known; raises TtsfError if the model needs it.
    """

    def __init__(
        self,
        model: TTSF,
        workers: Workers,
        face: ReadFace,
        sound: OpenSound,
        utterances: Sequence[Utterance],
        options: GenerateOptions,
    ) -> None:
        super().__init__(model, workers, face, utterances, options)
        self.payload = payload_of(face.portrait, utterances, options, sound.digest)
        self.heard = Listener(model, sound, utterances, options, self.payload)

    def expected_frames(self) -> int:
        """Length of the video in frames, as the recording declares it."""
        return max(self._frames, math.ceil((self.heard.sound.seconds or 0) * FPS))

    def moving(self) -> Generator[Chunk]:
        """Yield chunks as `Session` does; closing the iterator ends the thread that reads."""
        with closing(Workers(1)) as self._reader:  # it may wait for sound
            yield from super().moving()

    def _prepare(
        self, index: int, before: HeadMotion | None
    ) -> Future[PreparedUtterance | None] | None:
        return self._reader.submit(self._next, index, before, self._frames)

    def _next(
        self, index: int, before: HeadMotion | None, frames_before: int
    ) -> PreparedUtterance | None:
        said = self.heard.listen(index, frames_before)
        if said is None:
            return None
        words = self.heard.word_times(index, said, frames_before)
        return self._moved(index, said, said.spoken, words, before, frames_before)

    def _count(self, act: PreparedUtterance) -> None:
        """Do nothing: the length does not depend on the words."""


class Listener:
    """Reads a recording piece by piece, and finds the lips of each."""

    def __init__(
        self,
        model: TTSF,
        sound: OpenSound,
        utterances: Sequence[Utterance],
        options: GenerateOptions,
        payload: Payload,
    ) -> None:
        if not utterances and model.sound_lips is None:
            raise TtsfError(NOT_THIS_MODEL)
        self.model, self.sound, self.options = model, sound, options
        self._script = Script.of(utterances)
        self._ends = torch.from_numpy(self._script.ends())
        self._mark = SoundMark(payload, sound.rate) if options.mark_sound else None
        ahead, live = (WORDS_AHEAD, False) if utterances else (AROUND, sound.live)
        self._pieces = pieces(sound, model.config.audio.sample_rate, ahead, live)
        self._level = self._most = LEAST_POWER
        self._id = self._word = 0  # the first that have not been heard
        self._voice: Tensor | None = None
        self._heard: dict[int, Utterance] = {}
        self._misfits: list[tuple[int, int]] = []

    @torch.inference_mode()
    def listen(self, index: int, before: int) -> SpokenUtterance | None:
        """Return the next piece with its lips; None after the last.

        before: frames of all pieces before it. Raises TtsfError for sound that is damaged or too
        long, and for words that do not fit where they must.
        """
        piece = next(self._pieces, None)
        if piece is None:
            self._report()
            return None
        config, device = self.model.config, next(self.model.parameters()).device
        ratio, frames = config.mel_per_video, piece.frames
        heard = torch.from_numpy(piece.heard * self._gain(piece)).to(device)
        mel = mel_spectrogram(heard[None], config.audio)
        here = mel[:, :, piece.before * ratio :]
        loud = loudness(here[0, :, : frames * ratio], LOUDEST)
        durations, f_lip = torch.zeros(0, dtype=torch.int64), None
        speaks = int((loud > 0).sum()) >= LEAST_LOUD
        if speaks and self._word < len(self._script.words):
            durations, f_lip = self._by_words(index, here, loud > 0, frames)
        if f_lip is None and self._script.words and speaks:
            self._misfit(before, frames)
        if self.model.sound_lips is not None:
            by_sound = self.model.sound_lips(mel)[:, piece.before :]
            codes = self.model.motion_extractor.codes()
            f_lip = by_sound if f_lip is None else both_lips(f_lip, by_sound, codes)
        if f_lip is None:
            f_lip = mel.new_zeros(1, frames, config.face.style_channels)
        samples = torch.from_numpy(self._marked(piece.samples, before))
        loud = loud.view(frames, ratio).mean(1)
        f_lip = f_lip[:, :frames]
        if not self.options.as_sampled:
            f_lip = self.model.opened(f_lip)
        return SpokenUtterance(samples, f_lip, durations, frames, loud)

    def word_times(self, index: int, said: SpokenUtterance, before: int) -> WordTimes:
        """Return the word times of a piece, from the start of the video."""
        utterance, config = self._heard.pop(index, None), self.model.config
        if utterance is None:
            return WordTimes(())
        hop_s = config.audio.hop / config.audio.sample_rate
        return word_times(utterance, said.durations.tolist(), before / config.video.fps, hop_s)

    def _by_words(
        self, index: int, mel: Tensor, loud: Tensor, frames: int
    ) -> tuple[Tensor, Tensor | None]:
        """Align the next words with log-mel [1, bins, T], of which `frames` are the piece.

        Returns durations [L] of their symbols and f_lip, or no f_lip if they do not fit.
        """
        script, speech, ratio = self._script, self.model.speech, self.model.config.mel_per_video
        each = 2 if self.model.config.speech.add_blank else 1
        most = min(mel.shape[2], each * SYMBOLS_PER_S * mel.shape[2] // (ratio * FPS) + each)
        stop = bisect_right(script.spans, self._id + most, key=lambda span: span[1])
        if stop <= self._word:
            return torch.zeros(0, dtype=torch.int64), None
        first, end = self._id, script.spans[stop][0] if stop < len(script.spans) else None
        ids = torch.tensor([script.ids[first:end][: mel.shape[2]]], device=mel.device)
        ends = self._ends[first:end][: mel.shape[2]]
        voice = self._voice
        if voice is None:
            voice = nearest_voice(speech, ids, mel, ends)
        features, fit = fit_recording(speech, ids, mel, voice, ends)
        _, backwards = fit_recording(speech, ids.flip(1), mel, voice, ends.flip(0))
        now = slice(0, len(loud))
        wrong = float(backwards[0, now][loud].mean())
        if float(fit[0, now][loud].mean()) < (1 - FITS) * wrong:
            return torch.zeros(0, dtype=torch.int64), None
        self._voice = voice
        times = np.cumsum([0, *features.durations[0].tolist()])
        heard = self._word
        while heard < stop:
            begun, over = (times[k - first] for k in script.spans[heard])
            if begun + over >= 2 * frames * ratio:
                break
            heard += 1
        if heard > self._word:
            self._heard[index] = script.part(first, self._word, heard)
            self._id, self._word = script.spans[heard - 1][1], heard
        return features.durations[0].cpu(), self.model.lip_features(features)

    def _misfit(self, before: int, frames: int) -> None:
        if self.model.sound_lips is None and not self._word:
            raise TtsfError(
                f"{self.sound.name}: these words do not fit the sound from {_clock(before)} to "
                f"{_clock(before + frames)}; give exactly the words that are spoken"
            )
        end = before + frames
        if self._misfits and self._misfits[-1][1] == before:
            before = self._misfits.pop()[0]
        self._misfits.append((before, end))

    def _report(self) -> None:
        """Warn of sound without words and of words without sound."""
        where = ", ".join(f"{_clock(begin)} to {_clock(end)}" for begin, end in self._misfits[:5])
        if where:
            more = " and elsewhere" if len(self._misfits) > 5 else ""
            rest = "the mouth rests" if self.model.sound_lips is None else "lips follow the sound"
            told = f"no words fit from {where}{more}; there {rest}"
            logger.warning("%s: %s", self.sound.name, told)
        left = self._script.words[self._word :]
        if left:
            told = f"{len(left)} words were not heard, from '{left[0][0]}' on"
            logger.warning("%s: %s", self.sound.name, told)

    def _gain(self, piece: Piece) -> float:
        """Return the gain that brings speech to the level that the model knows."""
        rate = self.model.config.audio.sample_rate
        step, block = rate // FPS, rate // 100
        own = piece.heard[piece.before * step : (piece.before + piece.frames) * step]
        power = (own[: len(own) // block * block].reshape(-1, block) ** 2).mean(1)
        here = float(power[power >= LOUD * power.max()].mean())
        self._most = max(self._most, here)
        faded = self._level * 0.5 ** (piece.frames / FPS / FORGOTTEN_S)
        self._level = max(here, faded, LEAST_OF_ALL * self._most)
        return float(HEARD_RMS / np.sqrt(self._level))

    def _marked(self, samples: np.ndarray, before: int) -> np.ndarray:
        if self._mark is not None:
            start = before * (self.sound.rate // FPS)
            samples = np.stack([self._mark.on(channel, start) for channel in samples.T], 1)
        return samples if self.sound.channels > 1 else samples[:, 0]


def both_lips(by_words: Tensor, by_sound: Tensor, codes: Tensor) -> Tensor:
    """Combine two f_lip [B, T, S], one of which may be longer at its end; codes: [S, D] of E_m."""
    by_words, by_sound = by_words[:, : by_sound.shape[1]], by_sound[:, : by_words.shape[1]]
    shut = (by_words @ codes[:, [PRESS, LIP_FV]] / GAIN).amax(-1, keepdim=True).clamp(min=0)
    share = SOUND_SHARE * (1 - SHUT_BY_WORDS * shut).clamp(min=0)
    return by_words + share * (by_sound - by_words)


def _clock(frames: int) -> str:
    """12:05 for 725 s."""
    minutes, seconds = divmod(frames // FPS, 60)
    return f"{minutes}:{seconds:02d}"
