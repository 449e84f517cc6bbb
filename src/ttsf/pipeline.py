"""Portrait file and text to a talking-face video; the one module that knows both files and the
model."""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import torch
from torch import Tensor

from ttsf import checkpoint
from ttsf.compositing.framing import place
from ttsf.engine.live.pieced import PiecedSession
from ttsf.engine.live.script import Pieces, Script, script_of
from ttsf.engine.live.session import LiveSession
from ttsf.engine.options import DEFAULTS, GenerateOptions
from ttsf.engine.output import Outputs, Written, write_talk
from ttsf.engine.recorded import NOT_THIS_MODEL, RecordedSession
from ttsf.engine.stamp import payload_of
from ttsf.engine.talk import ReadFace, Session, SpeechSession, joined, read_face
from ttsf.engine.workers import Workers
from ttsf.errors import TtsfError
from ttsf.media.audio.source import OpenSound, Sound, open_sound
from ttsf.media.files import local_path
from ttsf.media.video import Chunk
from ttsf.model.ttsf import TTSF
from ttsf.parallel import Progress
from ttsf.portrait.portrait import Portrait, Source, read_portrait
from ttsf.provenance.embed.sound import MARKED_STEP
from ttsf.symbols import BLANK, SYMBOL_ID
from ttsf.text.accents.languages import find
from ttsf.text.front_end import TextFrontEnd, Utterance
from ttsf.timings.words import WordTimes

SYMBOL_S = 0.06
"""Mean duration in s of a non-blank symbol of the bundled voices."""
VOICE_SUFFIX = ".safetensors"
"""File name suffix of saved voices."""
MAX_FRAME_BYTES = 4e9
"""Limit for frames held in memory."""

AnyPath = str | PathLike[str]
AnyPortrait = Portrait | Source
AnySound = Sound | AnyPath | BinaryIO
"""Samples, a sound file, or a binary stream of one."""


class Result(NamedTuple):
    """A video in memory; frames and samples have the same length in seconds."""

    frames: np.ndarray
    """RGB uint8 [N, height, width, 3]."""
    samples: np.ndarray
    """float32 [M] in [-1, 1], mono; [M, 2] for a stereo recording."""
    fps: int
    sample_rate: int
    """Hz."""
    spoken: WordTimes
    """Times of words, phones and marks."""


def load(model: AnyPath | None = None, device: str = "cpu") -> "Pipeline":
    """Load a pipeline from a model directory (None: the bundled weights).

    Raises TtsfError for a missing or damaged model, or an unavailable device.
    """
    if not isinstance(device, str):
        raise TtsfError(f"the device must be a str such as 'cpu', not {type(device).__name__}")
    return Pipeline(checkpoint.load(None if model is None else _path(model, "model"), device))


class Pipeline:
    """Generates videos and speech; outputs depend on arguments and weights alone.

    Methods take a `Portrait`, which can be reused for many texts, or anything that `portrait`
    reads.
    """

    def __init__(self, model: TTSF) -> None:
        self.model = model
        on_cpu = next(model.parameters()).device.type == "cpu"
        self._workers = Workers(torch.get_num_threads() if on_cpu else 1)

    def portrait(self, picture: Source, face: int = 1) -> Portrait:
        """Read a picture: path, bytes or open file, image of Pillow, or RGB uint8 [H, W, 3].

        face: number of the face, 1 for the largest. Raises TtsfError for a picture without a usable
        face.
        """
        return read_portrait(picture, face)

    def voice(self, name: AnyPath) -> Tensor:
        """Return a voice [1, V] by its name or from a saved file; TtsfError if there is none."""
        path = _path(name, "voice")
        known = any(voice.name == str(name) for voice in self.model.config.speech.voices)
        if not known and path.suffix == VOICE_SUFFIX:
            return checkpoint.load_voice(self.model, path)
        return self.model.speech.named_voice(str(name))

    def voice_of(self, portrait: AnyPortrait) -> Tensor:
        """Return the voice [1, V] that a face chooses; raises like `portrait`."""
        read = portrait if isinstance(portrait, Portrait) else self.portrait(portrait)
        return read_face(self.model, self._workers, read).voice

    def speak(
        self,
        portrait: AnyPortrait,
        text: str | None = None,
        options: GenerateOptions = DEFAULTS,
        audio: AnySound | None = None,
    ) -> Result:
        """Return the video as arrays.

        audio: a recording that replaces the speech; `text` holds its words, or is None where the
        model reads lips from sound. Raises TtsfError for an unusable portrait, text, recording or
        option, and for a video that exceeds `MAX_FRAME_BYTES`.
        """
        sound = self._sound(audio, options)
        talk = self._open(portrait, text, options, sound)
        size, fps = talk.renderer.scene.still.nbytes, self.model.config.video.fps
        chunks = []
        with closing(talk.chunks()) as made:
            for chunk in made:
                if talk.expected_frames() * size > MAX_FRAME_BYTES:
                    raise TtsfError(
                        f"about {talk.expected_frames() / fps:,.0f} s of such frames take more "
                        f"than {MAX_FRAME_BYTES / 1e9:g} GB; use stream() instead"
                    )
                chunks.append(chunk)
        config = self.model.config
        return Result(
            np.concatenate([chunk.frames for chunk in chunks]),
            np.concatenate([chunk.samples for chunk in chunks]),
            config.video.fps,
            config.sample_rate if sound is None else sound.rate,
            joined(chunk.spoken for chunk in chunks),
        )

    def say(
        self, portrait: AnyPortrait | None, text: str, options: GenerateOptions = DEFAULTS
    ) -> np.ndarray:
        """Return the speech alone, float32 [M] in [-1, 1], without drawing. Raises like `speak`.

        Without a portrait the options must name a voice.
        """
        return np.concatenate(list(self.sounds(portrait, text, options)))

    def sounds(
        self, portrait: AnyPortrait | None, text: str, options: GenerateOptions = DEFAULTS
    ) -> Iterator[np.ndarray]:
        """Yield the speech utterance by utterance; raises like `say`, before the first."""
        _check_type(options)
        if portrait is None:
            if options.voice is None:
                raise TtsfError("without a portrait a voice must be named")
            voice = self.voice(options.voice)
            utterances = self._utterances(text, options, voice)
            payload = payload_of(None, utterances, options)
            speech = SpeechSession(self.model, voice, utterances, options, payload)
        else:
            speech = self._open(portrait, text, options).speech
        return speech.samples(self._workers)

    def check(
        self,
        portrait: Portrait,
        text: str | None,
        options: GenerateOptions = DEFAULTS,
        audio: AnySound | None = None,
    ) -> None:
        """Raise the TtsfError that `speak` would raise, without generating anything.

        It does not check whether words fit their recording.
        """
        sound = self._sound(audio, options)
        if text is not None or sound is None:
            self._utterances(text, options)
        elif self.model.sound_lips is None:
            raise TtsfError(NOT_THIS_MODEL)
        height, width = portrait.picture.shape[:2]
        place(options.framing, width, height, portrait.square, options.size)
        if options.voice is not None:
            self.voice(options.voice)

    def stream(
        self,
        portrait: AnyPortrait,
        text: str | Pieces | Script | None = None,
        options: GenerateOptions = DEFAULTS,
        audio: AnySound | None = None,
    ) -> Generator[Chunk]:
        """Yield the video in chunks of frames, samples and word times, each as soon as it is drawn.

        text: whole, or in pieces of any size, such as the answer of a language model: a `Script`,
        or an iterable, also asynchronous (read it in another thread than its event loop). Pieces
        are spoken clause by clause, as they become complete.

        audio: as in `speak`, with a whole text or none; without one, a `Sound` is drawn .2 s behind
        the samples that have arrived.

        Closing the iterator ends the work, once the awaited block of sound has arrived. Streams may
        run concurrently in several threads; each gives the same result as alone. Raises like
        `speak`, before the first chunk; for pieces and sound, errors are raised when they are
        reached.
        """
        if audio is not None and not isinstance(text, str | None):
            raise TtsfError("the words of a recording must be a str")
        if isinstance(text, str | None):
            return self._open(portrait, text, options, self._sound(audio, options)).chunks()
        face = self._face(portrait, options)
        front_end, script = self._front_end(options, face.voice), script_of(text)
        session = PiecedSession(self.model, self._workers, face, script, front_end, options)
        return session.chunks()

    def live(self, portrait: AnyPortrait, options: GenerateOptions = DEFAULTS) -> LiveSession:
        """Return a session in which the portrait rests, listens and speaks until it is closed.

        Raises TtsfError for an unusable portrait or option; `max_seconds` does not apply.
        """
        face = self._face(portrait, options)
        front_end = self._front_end(options, face.voice)
        session = Session(self.model, self._workers, face, (), options)
        _ = session.renderer.still  # raises for an impossible framing
        return LiveSession(session, front_end, lambda audio: self._sound(audio, options))

    def write(
        self,
        portrait: AnyPortrait,
        text: str | None,
        output: AnyPath | Outputs,
        options: GenerateOptions = DEFAULTS,
        progress: Progress | None = None,
        heard: Callable[[WordTimes], None] | None = None,
        audio: AnySound | None = None,
    ) -> Written:
        """Write the video to `output` (.mp4 or .webm), or to all files of `Outputs`.

        Frames are encoded while they are drawn. After each chunk, `heard` receives the word times
        that begin in it, and `progress(done, total)` the frame counts; the total is an estimate
        until the last utterance is synthesised. An exception in a callback ends the work. Files
        are written atomically. audio: as in `speak`. Raises TtsfError like `speak`, and for
        unwritable files.
        """
        outputs = output if isinstance(output, Outputs) else Outputs(_path(output, "output"))
        outputs.check()
        inputs = [given for given in (portrait, audio) if isinstance(given, str | PathLike)]
        outputs.refuse(*map(local_path, inputs))
        sound = self._sound(audio, options)
        return write_talk(
            lambda: self._open(portrait, text, options, sound),
            self.model.config,
            text or "",
            outputs,
            progress,
            heard,
            sound,
        )

    def _sound(self, audio: AnySound | None, options: GenerateOptions) -> OpenSound | None:
        """Open a recording; raises TtsfError for anything else."""
        if audio is None:
            return None
        _check_type(options)
        options.check()
        given: Sound | Path | BinaryIO
        if isinstance(audio, str | PathLike):
            given = local_path(audio)
        elif isinstance(audio, Sound) or hasattr(audio, "read"):
            given = audio
        else:
            raise TtsfError(f"audio must be a path, file or sound, not {type(audio).__name__}")
        return open_sound(given, options.max_seconds, MARKED_STEP if options.mark_sound else 1)

    def _utterances(
        self, text: str | None, options: GenerateOptions, voice: Tensor | None = None
    ) -> list[Utterance]:
        if not isinstance(text, str):
            raise TtsfError(f"the text must be a str, not {type(text).__name__}")
        utterances = list(self._front_end(options, voice).utterances(text, options.lexicon))
        _check_length(utterances, options)
        return utterances

    def _front_end(self, options: GenerateOptions, voice: Tensor | None = None) -> TextFrontEnd:
        """Return the front end of a voice [1, V], or of any."""
        _check_type(options)
        options.check()
        speech = self.model.speech
        config = speech.config
        if voice is not None:
            config = replace(config, language=speech.language_of(voice))
        return TextFrontEnd(config, find(options.language), options.code == "read")

    def _face(self, portrait: AnyPortrait, options: GenerateOptions) -> ReadFace:
        """Read the face, with the voice that the options name or that it chooses itself."""
        _check_type(options)
        options.check()
        read = portrait if isinstance(portrait, Portrait) else self.portrait(portrait)
        voice = None if options.voice is None else self.voice(options.voice)
        return read_face(self.model, self._workers, read, voice)

    def _open(
        self,
        portrait: AnyPortrait,
        text: str | None,
        options: GenerateOptions,
        sound: OpenSound | None = None,
    ) -> Session:
        face = self._face(portrait, options)
        if sound is not None:
            utterances = [] if text is None else self._utterances(text, options)
            return RecordedSession(self.model, self._workers, face, sound, utterances, options)
        utterances = self._utterances(text, options, face.voice)
        return Session(self.model, self._workers, face, utterances, options)


def _path(given: AnyPath, name: str) -> Path:
    if not isinstance(given, str | PathLike):
        raise TtsfError(f"{name} must be a path, not {type(given).__name__}")
    return local_path(given)


def _check_type(options: object) -> None:
    if not isinstance(options, GenerateOptions):
        raise TtsfError(f"options must be GenerateOptions(...), not {type(options).__name__}")


def _check_length(utterances: Sequence[Utterance], options: GenerateOptions) -> None:
    """Raise TtsfError for a text that is too long, estimated from its number of symbols."""
    seconds = 0.0
    for utterance in utterances:
        symbols = sum(symbol != SYMBOL_ID[BLANK] for symbol in utterance.ids)
        seconds += SYMBOL_S * symbols / options.sampling(utterance.rate).rate + utterance.pause_s
    if seconds > options.max_seconds:
        raise TtsfError(
            f"the text would be spoken for about {seconds:,.0f} s; "
            f"at most {options.max_seconds:,g} s are allowed"
        )
