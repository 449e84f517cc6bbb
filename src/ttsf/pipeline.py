"""Portrait file and text to a talking-face video: the one place that knows files and the model."""

from collections.abc import Generator, Sequence
from contextlib import ExitStack, closing
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from ttsf import checkpoint
from ttsf.engine.talk import Talk, joined
from ttsf.engine.workers import Workers
from ttsf.errors import TtsfError
from ttsf.jobs import Progress
from ttsf.media.sound import new_wav
from ttsf.media.video import Chunk, new_video
from ttsf.model import TTSF
from ttsf.options import GenerateOptions
from ttsf.portrait.portrait import Portrait, read_portrait
from ttsf.speech.symbols import BLANK, SYMBOL_ID
from ttsf.speech.text import TextFrontEnd, Utterance
from ttsf.times.spoken import Spoken

DEFAULT_OPTIONS = GenerateOptions()
SYMBOL_S = 0.06
"""Mean length of a symbol that is not a blank, as the bundled voice speaks."""
MAX_FRAME_BYTES = 4e9
"""Of frames that are held in memory."""

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
        talk = self._open(portrait, text, options)
        size, fps = talk.scene.still.nbytes, self.model.config.video.fps
        chunks = []
        for chunk in talk.chunks():
            if talk.expected_frames() * size > MAX_FRAME_BYTES:
                raise TtsfError(
                    f"about {talk.expected_frames() / fps:,.0f} s of such frames take more than "
                    f"{MAX_FRAME_BYTES / 1e9:g} GB; take them piece by piece"
                )
            chunks.append(chunk)
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
        return np.concatenate(list(self._open(portrait, text, options).speech()))

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
            talk = self._open(portrait, text, options)
            spoken = []
            for chunk in files.enter_context(closing(talk.chunks())):
                if sound is not None:
                    sound.add(chunk.samples)
                video.add(chunk)
                spoken.append(chunk.spoken)
                if progress is not None:
                    progress(video.frames, talk.expected_frames())
        return Written(video.frames, video.frames / fps, joined(spoken))

    def _open(self, portrait: AnyPortrait, text: str, options: GenerateOptions) -> Talk:
        options.check()
        utterances = list(self.front_end.utterances(text, options.lexicon))
        _check_length(utterances, options)
        read = portrait if isinstance(portrait, Portrait) else self.portrait(portrait)
        return Talk(self.model, self._workers, read, utterances, options)


def _check_length(utterances: Sequence[Utterance], options: GenerateOptions) -> None:
    """What a text will cost is known by its symbols, before anything is spoken."""
    seconds = 0.0
    for utterance in utterances:
        symbols = sum(symbol != SYMBOL_ID[BLANK] for symbol in utterance.ids)
        seconds += SYMBOL_S * symbols / options.at_rate(utterance.rate).rate + utterance.pause_s
    if seconds > options.max_seconds:
        raise TtsfError(
            f"the text would be spoken for about {seconds:,.0f} s; "
            f"at most {options.max_seconds:,.0f} s are allowed"
        )


def _with_suffix(path: AnyPath, suffix: str) -> Path:
    result = Path(path)
    if result.suffix.lower() != suffix:
        raise TtsfError(f"cannot write {result}: the name must end in {suffix}")
    return result
