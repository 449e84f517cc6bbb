"""Tasks that the server sends to the engine, and events that the engine sends back."""

from pathlib import Path
from typing import Any, NamedTuple

from ttsf.engine.options import GenerateOptions, StreamCaptions
from ttsf.media.sound_formats import SoundFormat


class ReadPortrait(NamedTuple):
    """Find the faces of a picture; returns its `width`, `height` and `faces`."""

    picture: Path


class CheckVideo(NamedTuple):
    """Check whether a video can be generated; returns nothing."""

    picture: Path
    face: int
    text: str
    options: GenerateOptions


class MakeVideo(NamedTuple):
    """Write all files of a video into a folder; returns `seconds`, `frames`, `size`."""

    picture: Path
    face: int
    text: str
    options: GenerateOptions
    captions: StreamCaptions
    folder: Path


class MakeSpeech(NamedTuple):
    """Write speech to a file while it is generated; without a voice, the portrait chooses one."""

    picture: Path | None
    face: int
    text: str
    options: GenerateOptions
    kind: SoundFormat
    file: Path


class Forget(NamedTuple):
    """Drop all portraits from memory."""


class Cancel(NamedTuple):
    """Cancel the task with this number."""


Task = ReadPortrait | CheckVideo | MakeVideo | MakeSpeech | Forget | Cancel


class Ready(NamedTuple):
    """Event: the model is loaded."""

    model: str
    voices: tuple[tuple[str, str], ...]
    """Name and register of each voice."""
    fps: int
    sample_rate: int


class Grew(NamedTuple):
    """Progress event: more output is available."""

    done: int = 0
    """Frames written so far."""
    total: int = 0
    """Expected number of frames."""
    words: tuple[dict[str, Any], ...] = ()
    """Words that begin in the new chunk, as in the timings file."""


class Done(NamedTuple):
    """Event: the task succeeded."""

    result: dict[str, Any]


class Failed(NamedTuple):
    """Event: the task failed."""

    code: str
    """cancelled, unusable (bad input of the client), disk_full or engine_error."""
    message: str


Event = Ready | Grew | Done | Failed
