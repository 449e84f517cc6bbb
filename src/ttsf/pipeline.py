"""Portrait file and text to a talking-face video: the one place that knows files and the model."""

import math
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import accumulate
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ttsf import checkpoint
from ttsf.errors import TtsfError
from ttsf.jobs import Progress
from ttsf.media.files import cannot_write, new_file
from ttsf.media.video import Chunk, Word, new_video, wav_bytes
from ttsf.model import TTSF, Generated, GenerateOptions
from ttsf.portrait.crop import crop_portrait
from ttsf.portrait.portrait import Portrait, read_portrait
from ttsf.speech.text import TextFrontEnd, Utterance

MAX_CHARACTERS = 2_000
MAX_STEPS = 1_000
MAX_TEMPERATURE = 10.0
RATES = (0.5, 2.0)
DEFAULT_OPTIONS = GenerateOptions()

AnyPath = str | PathLike[str]
AnyPortrait = Portrait | AnyPath | np.ndarray


class Result(NamedTuple):
    """A video in memory; frames and sound are equally long."""

    frames: np.ndarray
    """RGB uint8 [N, size, size, 3]."""
    samples: np.ndarray
    """float32 [M] in [-1, 1], mono."""
    fps: int
    sample_rate: int
    """Hz."""
    words: tuple[Word, ...]
    """What is said when."""


class Written(NamedTuple):
    """What `Pipeline.write` wrote."""

    frame_count: int
    seconds: float
    """Length of the video."""
    words: tuple[Word, ...] = ()
    """What is said when."""


def load(model: AnyPath | None = None, device: str = "cpu") -> "Pipeline":
    """A pipeline from a model directory (None: the bundled weights); raises TtsfError."""
    return Pipeline(checkpoint.load(None if model is None else Path(model), device))


class Pipeline:
    """Lets portraits speak; what comes out is a function of the arguments and the weights.

    A portrait is a `Portrait`, which serves for many texts, or what `portrait` takes.
    """

    def __init__(self, model: TTSF) -> None:
        self.model = model
        self.front_end = TextFrontEnd(model.config.speech)

    def portrait(self, picture: AnyPath | np.ndarray, face: int = 1) -> Portrait:
        """Read a picture file or RGB uint8 [H, W, 3].

        face: which one, counted from 1 for the largest. Raises TtsfError where it cannot speak.
        """
        return read_portrait(picture, face)

    def speak(
        self, portrait: AnyPortrait, text: str, options: GenerateOptions = DEFAULT_OPTIONS
    ) -> Result:
        """The video as arrays.

        Raises TtsfError for a portrait, text or option that cannot be used.
        """
        generated, words = self._generate(portrait, text, options)
        frames = np.concatenate([batch.numpy() for batch in generated.frames])
        samples, config = generated.samples.numpy(), self.model.config
        return Result(frames, samples, config.video.fps, config.audio.sample_rate, words)

    def say(
        self, portrait: AnyPortrait, text: str, options: GenerateOptions = DEFAULT_OPTIONS
    ) -> np.ndarray:
        """The speech alone, float32 [M] in [-1, 1]; no frame is drawn. Raises as `speak` does."""
        return self._generate(portrait, text, options)[0].samples.numpy()

    def write(
        self,
        portrait: AnyPortrait,
        text: str,
        output: AnyPath,
        options: GenerateOptions = DEFAULT_OPTIONS,
        audio_output: AnyPath | None = None,
        progress: Progress | None = None,
    ) -> Written:
        """Write the video to `output` (.mp4) and, if wanted, its sound to `audio_output` (.wav).

        Frames are encoded while they are drawn; `progress(done, total)` follows them. The files
        appear whole or not at all. Raises TtsfError as `speak` does and for unwritable files.
        """
        video_path = _with_suffix(output, ".mp4")
        audio_path = None if audio_output is None else _with_suffix(audio_output, ".wav")
        config = self.model.config
        fps, sample_rate = config.video.fps, config.audio.sample_rate
        with ExitStack() as files:
            audio_file = None if audio_path is None else files.enter_context(new_file(audio_path))
            video = files.enter_context(new_video(video_path, fps, sample_rate))
            generated, words = self._generate(portrait, text, options)
            if audio_path and audio_file:
                try:
                    audio_file.write_bytes(wav_bytes(generated.samples.numpy(), sample_rate))
                except OSError as error:
                    raise cannot_write(audio_path, error) from error
            for chunk in self._chunks(generated, words):
                video.add(chunk)
                if progress is not None:
                    progress(video.frames, generated.frame_count)
        return Written(generated.frame_count, generated.frame_count / fps, words)

    @torch.inference_mode()
    def _generate(
        self, portrait: AnyPortrait, text: str, options: GenerateOptions
    ) -> tuple[Generated, tuple[Word, ...]]:
        _check_options(options)
        utterance = self.front_end.utterance(_check_text(text))
        read = portrait if isinstance(portrait, Portrait) else self.portrait(portrait)
        crop = crop_portrait(read.picture, read.square, self.model.config.video.size)
        device = next(self.model.parameters()).device
        source = self.model.read_faces(crop[None].to(device))
        generated = self.model.generate(source, utterance.ids, options)
        if not torch.isfinite(generated.samples).all():
            raise TtsfError("these weights give no valid sound (values that are not finite)")
        return generated, self._words(utterance, generated.durations)

    def _words(self, utterance: Utterance, durations: Tensor) -> tuple[Word, ...]:
        """When each word is said; durations: mel frames of each symbol, [L]."""
        audio = self.model.config.audio
        ends = [
            n * audio.hop / audio.sample_rate for n in accumulate(durations.tolist(), initial=0)
        ]
        spoken = zip(utterance.words, utterance.spans, strict=True)
        return tuple(Word(word, ends[start], ends[end]) for word, (start, end) in spoken)

    def _chunks(self, generated: Generated, words: tuple[Word, ...]) -> Iterator[Chunk]:
        """Frames as they are drawn, with the sound and the words that belong to them."""
        config = self.model.config
        samples, done = generated.samples.numpy(), 0
        for batch in generated.frames:
            first, done = done, done + len(batch)
            heard = samples[first * config.samples_per_video : done * config.samples_per_video]
            begun = tuple(w for w in words if first <= int(w.start_s * config.video.fps) < done)
            yield Chunk(batch.numpy(), heard, begun)


def _with_suffix(path: AnyPath, suffix: str) -> Path:
    result = Path(path)
    if result.suffix.lower() != suffix:
        raise TtsfError(f"cannot write {result}: the name must end in {suffix}")
    return result


def _check_text(text: str) -> str:
    if len(text) > MAX_CHARACTERS:
        raise TtsfError(f"the text has {len(text):,} characters; at most {MAX_CHARACTERS:,} work")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise TtsfError("the text is not valid UTF-8")
    return text


def _check_options(options: GenerateOptions) -> None:
    if not 0 <= options.seed < 2**32:
        raise TtsfError(f"seed must be from 0 to {2**32 - 1}, not {options.seed}")
    if options.steps is not None and not 1 <= options.steps <= MAX_STEPS:
        raise TtsfError(f"steps must be from 1 to {MAX_STEPS}, not {options.steps}")
    temperature = options.temperature
    if temperature is not None and not 0 <= temperature <= MAX_TEMPERATURE:
        raise TtsfError(f"temperature must be from 0 to {MAX_TEMPERATURE:g}, not {temperature:g}")
    if not (math.isfinite(options.rate) and RATES[0] <= options.rate <= RATES[1]):
        raise TtsfError(f"rate must be from {RATES[0]:g} to {RATES[1]:g}, not {options.rate:g}")
