"""Portrait file and text to a talking-face video: the one place that knows files and the model."""

import math
from collections.abc import Generator
from contextlib import ExitStack, closing
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from ttsf import checkpoint
from ttsf.errors import TtsfError
from ttsf.jobs import Progress
from ttsf.media.sound import new_wav
from ttsf.media.video import Chunk, new_video
from ttsf.model import TTSF, GenerateOptions
from ttsf.portrait.crop import crop_portrait
from ttsf.portrait.portrait import Portrait, read_portrait
from ttsf.speech.text import TextFrontEnd
from ttsf.stream import Stream, Workers, joined
from ttsf.times.spoken import Spoken

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
    spoken: Spoken
    """What is said when."""


class Written(NamedTuple):
    """What `Pipeline.write` wrote."""

    frame_count: int
    seconds: float
    """Length of the video."""
    spoken: Spoken = Spoken(())
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
        on_cpu = next(model.parameters()).device.type == "cpu"
        self._workers = Workers(torch.get_num_threads() if on_cpu else 1)

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
        chunks = list(self.stream(portrait, text, options))
        config = self.model.config
        return Result(
            np.concatenate([chunk.frames for chunk in chunks]),
            np.concatenate([chunk.samples for chunk in chunks]),
            config.video.fps,
            config.audio.sample_rate,
            joined(chunk.spoken for chunk in chunks),
        )

    def say(
        self, portrait: AnyPortrait, text: str, options: GenerateOptions = DEFAULT_OPTIONS
    ) -> np.ndarray:
        """The speech alone, float32 [M] in [-1, 1]; no frame is drawn. Raises as `speak` does."""
        speech = self._open(portrait, text, options).speech()
        return np.concatenate([said.samples.numpy() for said in speech])

    def stream(
        self, portrait: AnyPortrait, text: str, options: GenerateOptions = DEFAULT_OPTIONS
    ) -> Generator[Chunk]:
        """The video piece by piece, each as soon as it is drawn: frames, sound, what is said.

        Closing the iterator ends the work. Several streams may run in several threads; they give
        what each gives alone. Raises as `speak` does, before the first piece.
        """
        return self._open(portrait, text, options).chunks()

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

        Frames are encoded while they are drawn; `progress(done, total)` follows them, the total
        being a guess until the last utterance is spoken. The files appear whole or not at all.
        Raises TtsfError as `speak` does and for unwritable files.
        """
        video_path = _with_suffix(output, ".mp4")
        audio_path = None if audio_output is None else _with_suffix(audio_output, ".wav")
        config = self.model.config
        fps, sample_rate = config.video.fps, config.audio.sample_rate
        with ExitStack() as files:
            sound = None
            if audio_path is not None:
                sound = files.enter_context(new_wav(audio_path, sample_rate))
            video = files.enter_context(new_video(video_path, fps, sample_rate))
            stream = self._open(portrait, text, options)
            spoken = []
            for chunk in files.enter_context(closing(stream.chunks())):
                if sound is not None:
                    sound.add(chunk.samples)
                video.add(chunk)
                spoken.append(chunk.spoken)
                if progress is not None:
                    progress(video.frames, stream.expected_frames())
        return Written(video.frames, video.frames / fps, joined(spoken))

    def _open(self, portrait: AnyPortrait, text: str, options: GenerateOptions) -> Stream:
        _check_options(options)
        utterances = list(self.front_end.utterances(text))
        read = portrait if isinstance(portrait, Portrait) else self.portrait(portrait)
        crop = crop_portrait(read.picture, read.square, self.model.config.video.size)
        return Stream(self.model, self._workers, crop, utterances, options)


def _with_suffix(path: AnyPath, suffix: str) -> Path:
    result = Path(path)
    if result.suffix.lower() != suffix:
        raise TtsfError(f"cannot write {result}: the name must end in {suffix}")
    return result


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
