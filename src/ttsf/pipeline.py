"""Portrait file and text to a talking-face video: the one place that knows files and the model."""

import ctypes
import logging
import math
import platform
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ttsf import checkpoint
from ttsf.errors import TtsfError
from ttsf.media.files import new_file
from ttsf.media.images import read_image
from ttsf.media.video import encode_video, encode_wav
from ttsf.model import TTSF, Generated, GenerateOptions
from ttsf.portrait.crop import crop_portrait
from ttsf.portrait.detection import choose_face, find_faces
from ttsf.portrait.doubts import doubts
from ttsf.speech.text import TextFrontEnd

MAX_CHARACTERS = 2_000
MAX_STEPS = 1_000
MAX_TEMPERATURE = 10.0
RATES = (0.5, 2.0)
DEFAULT_OPTIONS = GenerateOptions()
GLIBC_OPTIONS = {-3: 2**30, -1: 2**31 - 1, -2: 2**28}
"""mallopt's M_MMAP_THRESHOLD, M_TRIM_THRESHOLD and M_TOP_PAD, bytes."""

AnyPath = str | PathLike[str]
Portrait = AnyPath | np.ndarray
Progress = Callable[[int, int], None]
logger = logging.getLogger("ttsf")


class Result(NamedTuple):
    """A video in memory; pictures and sound are equally long."""

    frames: np.ndarray
    """RGB uint8 [N, size, size, 3]."""
    samples: np.ndarray
    """float32 [M] in [-1, 1], mono."""
    fps: int
    sample_rate: int
    """Hz."""


class Written(NamedTuple):
    """What `Speaker.write` wrote."""

    frame_count: int
    seconds: float
    """Length of the video."""


def load(model: AnyPath | None = None, device: str = "cpu") -> "Speaker":
    """A speaker from a model directory (None: the bundled weights); raises TtsfError."""
    _keep_freed_memory()
    return Speaker(checkpoint.load(None if model is None else Path(model), device))


def _keep_freed_memory() -> None:
    """Ask glibc not to hand large buffers back after each layer; it costs a third of the time."""
    if platform.libc_ver()[0] == "glibc":
        library = ctypes.CDLL(None)
        for option, size in GLIBC_OPTIONS.items():
            library.mallopt(option, size)


class Speaker:
    """Makes portraits speak; all that it makes is a function of its arguments and the weights."""

    def __init__(self, model: TTSF) -> None:
        self.model = model
        self.front_end = TextFrontEnd(model.config.speech)

    def speak(
        self,
        portrait: Portrait,
        text: str,
        options: GenerateOptions = DEFAULT_OPTIONS,
        face: int = 1,
    ) -> Result:
        """The video as arrays.

        portrait: a picture file or RGB uint8 [H, W, 3]; face: which one, counted from 1 for the
        largest. Raises TtsfError for a portrait, text or option that cannot be used.
        """
        generated = self._generate(portrait, text, options, face)
        frames = np.concatenate([batch.numpy() for batch in generated.frames])
        config = self.model.config
        samples = _finite(generated.samples)
        return Result(frames, samples, config.video.fps, config.audio.sample_rate)

    def say(
        self,
        portrait: Portrait,
        text: str,
        options: GenerateOptions = DEFAULT_OPTIONS,
        face: int = 1,
    ) -> np.ndarray:
        """The speech alone, float32 [M] in [-1, 1]; no picture is drawn. Raises as `speak` does."""
        return _finite(self._generate(portrait, text, options, face).samples)

    def write(
        self,
        portrait: Portrait,
        text: str,
        output: AnyPath,
        options: GenerateOptions = DEFAULT_OPTIONS,
        face: int = 1,
        audio_output: AnyPath | None = None,
        progress: Progress | None = None,
    ) -> Written:
        """Write the video to `output` (.mp4) and, if wanted, its sound to `audio_output` (.wav).

        Pictures are encoded while they are drawn; `progress(done, total)` follows them. The files
        appear whole or not at all. Raises TtsfError as `speak` does and for unwritable files.
        """
        video_path = _with_suffix(output, ".mp4")
        audio_path = None if audio_output is None else _with_suffix(audio_output, ".wav")
        config = self.model.config
        fps, sample_rate = config.video.fps, config.audio.sample_rate
        with ExitStack() as files:
            video_file = files.enter_context(new_file(video_path))
            audio_file = None if audio_path is None else files.enter_context(new_file(audio_path))
            generated = self._generate(portrait, text, options, face)
            samples = _finite(generated.samples)
            if audio_file is not None:
                encode_wav(audio_file, samples, sample_rate)
            frames = _follow(generated, progress)
            encode_video(video_file, frames, samples, fps, sample_rate)
        return Written(generated.frame_count, generated.frame_count / fps)

    def _generate(
        self, portrait: Portrait, text: str, options: GenerateOptions, face: int
    ) -> Generated:
        _check_options(options)
        ids = self.front_end.ids(_check_text(text))
        image = self._portrait(portrait, face)
        return self.model.generate(image, ids, options)

    def _portrait(self, portrait: Portrait, number: int) -> Tensor:
        if isinstance(portrait, np.ndarray):
            name, image = "the portrait", _check_array(portrait)
        else:
            name, image = str(portrait), read_image(Path(portrait))
        faces = find_faces(image)
        try:
            chosen = choose_face(faces, number)
        except TtsfError as error:
            raise TtsfError(f"{name}: {error}") from None
        if len(faces) > 1 and number == 1:
            logger.warning(
                "%s shows %d faces; the largest speaks (choose another with --face 2)",
                name,
                len(faces),
            )
        for doubt in doubts(image, chosen):
            logger.warning("%s: %s", name, doubt)
        return crop_portrait(image, chosen, self.model.config.video.size)


def _follow(generated: Generated, progress: Progress | None) -> Iterator[np.ndarray]:
    done = 0
    for batch in generated.frames:
        yield batch.numpy()
        done += len(batch)
        if progress is not None:
            progress(done, generated.frame_count)


def _finite(samples: Tensor) -> np.ndarray:
    if not torch.isfinite(samples).all():
        raise TtsfError("these weights give no valid sound (values that are not finite)")
    return samples.numpy()


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


def _check_array(image: np.ndarray) -> np.ndarray:
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise TtsfError(f"a portrait array is RGB uint8 [H, W, 3], not {image.dtype} {image.shape}")
    return image


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
