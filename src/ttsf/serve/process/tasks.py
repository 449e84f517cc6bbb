"""What the server asks of the engine process, and what that answers."""

from pathlib import Path
from typing import Any, NamedTuple

from ttsf.engine.options import GenerateOptions, StreamCaptions
from ttsf.media.sound_formats import SoundFormat


class ReadPortrait(NamedTuple):
    """Find the faces of a picture; gives its `width`, `height` and `faces`."""

    picture: Path


class CheckVideo(NamedTuple):
    """Whether a video can be made; gives nothing."""

    picture: Path
    face: int
    text: str
    options: GenerateOptions


class MakeVideo(NamedTuple):
    """Write all files of a video into a folder; gives `seconds`, `frames`, `size`."""

    picture: Path
    face: int
    text: str
    options: GenerateOptions
    captions: StreamCaptions
    folder: Path


class MakeSpeech(NamedTuple):
    """Write speech to a file while it is made; a portrait gives the voice where none is named."""

    picture: Path | None
    face: int
    text: str
    options: GenerateOptions
    kind: SoundFormat
    file: Path


class Forget(NamedTuple):
    """Keep no portrait in memory."""


class Cancel(NamedTuple):
    """Stop the task of this number."""


Task = ReadPortrait | CheckVideo | MakeVideo | MakeSpeech | Forget | Cancel


class Ready(NamedTuple):
    """The model is loaded."""

    model: str
    voices: tuple[tuple[str, str], ...]
    """Names and registers."""
    fps: int
    sample_rate: int


class Grew(NamedTuple):
    """There is more of a video or speech."""

    done: int = 0
    """Frames so far."""
    total: int = 0
    """As far as it is known."""
    words: tuple[dict[str, Any], ...] = ()
    """That begin in the new piece, as in the timings file."""


class Done(NamedTuple):
    """A task has ended well."""

    result: dict[str, Any]


class Failed(NamedTuple):
    """A task has not."""

    code: str
    """cancelled, unusable (what the client gave), disk_full or engine_error."""
    message: str


Event = Ready | Grew | Done | Failed
