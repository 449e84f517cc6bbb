"""Portrait file and text to a talking-face video: the one place that knows files and the model."""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ttsf import checkpoint
from ttsf.compositing.framing import place
from ttsf.engine.options import DEFAULTS, GenerateOptions
from ttsf.engine.output import Outputs, Written, write_talk
from ttsf.engine.stamp import payload_of
from ttsf.engine.talk import Session, SpeechSession, joined
from ttsf.engine.workers import Workers
from ttsf.errors import TtsfError
from ttsf.media.video import Chunk
from ttsf.model.ttsf import TTSF
from ttsf.parallel import Progress
from ttsf.portrait.portrait import Portrait, read_portrait
from ttsf.symbols import BLANK, SYMBOL_ID
from ttsf.text.accents.languages import find
from ttsf.text.front_end import TextFrontEnd, Utterance
from ttsf.timings.words import WordTimes

SYMBOL_S = 0.06
"""Mean length of a symbol that is not a blank, as the bundled voice speaks."""
VOICE_SUFFIX = ".safetensors"
"""Of files with a voice."""
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
    spoken: WordTimes
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
        on_cpu = next(model.parameters()).device.type == "cpu"
        self._workers = Workers(torch.get_num_threads() if on_cpu else 1)

    def portrait(self, picture: AnyPath | np.ndarray, face: int = 1) -> Portrait:
        """Read a picture file or RGB uint8 [H, W, 3].

        face: which one, counted from 1 for the largest. Raises TtsfError where it cannot speak.
        """
        return read_portrait(picture, face)

    def voice(self, name: AnyPath) -> Tensor:
        """[1, V] of one of the model's own voices, or of a saved file; TtsfError for neither."""
        known = any(voice.name == str(name) for voice in self.model.config.speech.voices)
        if not known and Path(name).suffix == VOICE_SUFFIX:
            return checkpoint.load_voice(self.model, Path(name))
        return self.model.speech.named_voice(str(name))

    def voice_of(self, portrait: AnyPortrait) -> Tensor:
        """[1, V], the voice that a face chooses; raises as `portrait` does."""
        read = portrait if isinstance(portrait, Portrait) else self.portrait(portrait)
        return Session(self.model, self._workers, read, (), DEFAULTS).speech.voice

    def speak(
        self, portrait: AnyPortrait, text: str, options: GenerateOptions = DEFAULTS
    ) -> Result:
        """The video as arrays.

        Raises TtsfError for a portrait, text or option that cannot be used.
        """
        talk = self._open(portrait, text, options)
        size, fps = talk.scene.still.nbytes, self.model.config.video.fps
        chunks = []
        with closing(talk.chunks()) as made:
            for chunk in made:
                if talk.expected_frames() * size > MAX_FRAME_BYTES:
                    raise TtsfError(
                        f"about {talk.expected_frames() / fps:,.0f} s of such frames take more "
                        f"than {MAX_FRAME_BYTES / 1e9:g} GB; take them piece by piece"
                    )
                chunks.append(chunk)
        config = self.model.config
        return Result(
            np.concatenate([chunk.frames for chunk in chunks]),
            np.concatenate([chunk.samples for chunk in chunks]),
            config.video.fps,
            config.sample_rate,
            joined(chunk.spoken for chunk in chunks),
        )

    def say(
        self, portrait: AnyPortrait | None, text: str, options: GenerateOptions = DEFAULTS
    ) -> np.ndarray:
        """The speech alone, float32 [M] in [-1, 1]; no frame is drawn. Raises as `speak` does.

        Without a portrait the options must name a voice.
        """
        return np.concatenate(list(self.sounds(portrait, text, options)))

    def sounds(
        self, portrait: AnyPortrait | None, text: str, options: GenerateOptions = DEFAULTS
    ) -> Iterator[np.ndarray]:
        """What `say` gives, utterance by utterance; raises as it does, before the first."""
        if portrait is None:
            if options.voice is None:
                raise TtsfError("without a portrait a voice must be named")
            utterances = self._utterances(text, options)
            voice, payload = self.voice(options.voice), payload_of(None, utterances, options)
            speech = SpeechSession(self.model, voice, utterances, options, payload)
        else:
            speech = self._open(portrait, text, options).speech
        return speech.samples(self._workers)

    def check(self, portrait: Portrait, text: str, options: GenerateOptions = DEFAULTS) -> None:
        """Raises TtsfError as `speak` would; nothing is computed."""
        self._utterances(text, options)
        height, width = portrait.picture.shape[:2]
        place(options.framing, width, height, portrait.square, options.size)
        if options.voice is not None:
            self.voice(options.voice)

    def stream(
        self, portrait: AnyPortrait, text: str, options: GenerateOptions = DEFAULTS
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
        output: AnyPath | Outputs,
        options: GenerateOptions = DEFAULTS,
        progress: Progress | None = None,
        heard: Callable[[WordTimes], None] | None = None,
    ) -> Written:
        """Write the video to `output` (.mp4 or .webm), or to `Outputs` with what goes beside it.

        Frames are encoded while they are drawn; `heard` gets what begins to be said in them, and
        `progress(done, total)` follows, the total being a guess until the last utterance is
        spoken. What these two raise ends the work. The files appear whole or not at all. Raises
        TtsfError as `speak` does and for unwritable files.
        """
        outputs = output if isinstance(output, Outputs) else Outputs(Path(output))
        if isinstance(portrait, str | PathLike):
            outputs.refuse(Path(portrait))
        return write_talk(
            lambda: self._open(portrait, text, options),
            self.model.config,
            text,
            outputs,
            progress,
            heard,
        )

    def _utterances(self, text: str, options: GenerateOptions) -> list[Utterance]:
        if not isinstance(text, str):
            raise TtsfError(f"the text must be a str, not {type(text).__name__}")
        options.check()
        front_end = TextFrontEnd(
            self.model.config.speech, find(options.language), read_code=options.code == "read"
        )
        utterances = list(front_end.utterances(text, options.lexicon))
        _check_length(utterances, options)
        return utterances

    def _open(self, portrait: AnyPortrait, text: str, options: GenerateOptions) -> Session:
        utterances = self._utterances(text, options)
        read = portrait if isinstance(portrait, Portrait) else self.portrait(portrait)
        voice = None if options.voice is None else self.voice(options.voice)
        return Session(self.model, self._workers, read, utterances, options, voice)


def _check_length(utterances: Sequence[Utterance], options: GenerateOptions) -> None:
    """What a text will cost is known by its symbols, before anything is spoken."""
    seconds = 0.0
    for utterance in utterances:
        symbols = sum(symbol != SYMBOL_ID[BLANK] for symbol in utterance.ids)
        seconds += SYMBOL_S * symbols / options.sampling(utterance.rate).rate + utterance.pause_s
    if seconds > options.max_seconds:
        raise TtsfError(
            f"the text would be spoken for about {seconds:,.0f} s; "
            f"at most {options.max_seconds:,.0f} s are allowed"
        )
