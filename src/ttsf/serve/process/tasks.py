"""Tasks that the server sends to the engine, and events that the engine sends back."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ttsf.engine.options import GenerateOptions, StreamCaptions
from ttsf.media.sound_formats import SoundFormat


class ReadPortrait(NamedTuple):
    """Find the faces of a picture; returns its `width`, `height` and `faces`."""

    picture: Path


class CheckVideo(NamedTuple):
    """Check whether a video can be generated; returns nothing."""

    picture: Path
    face: int
    text: str | None
    options: GenerateOptions
    recording: Path | None = None


class MakeVideo(NamedTuple):
    """Write all files of a video into a folder; returns `seconds`, `frames`, `size`."""

    picture: Path
    face: int
    text: str | None
    options: GenerateOptions
    captions: StreamCaptions
    folder: Path
    recording: Path | None = None


class MakeSpeech(NamedTuple):
    """Write speech to a file while it is generated; without a voice, the portrait chooses one."""

    picture: Path | None
    face: int
    text: str
    options: GenerateOptions
    kind: SoundFormat
    file: Path


class LiveTalk(NamedTuple):
    """Keep a live session until it is cancelled; it takes `LiveMessage`s by its id."""

    id: str
    picture: Path
    face: int
    options: GenerateOptions


class Say(NamedTuple):
    """Append text to a speech of a live session; the first piece begins it."""

    speech: int
    text: str
    ends: bool = True


class Interrupt(NamedTuple):
    """Fall silent, and drop all that has not been said."""


class Listen(NamedTuple):
    """Turn listening on or off."""

    on: bool


class Show(NamedTuple):
    """Begin a new MP4, or stop sending until the next `Show`; the session then pauses."""

    on: bool
    tracks: bool = False
    """Continue with bare frames for WebRTC instead of an MP4, as soon as the face has rested."""


class Received(NamedTuple):
    """The client has received `size` more bytes, counted as in `Lived.size`."""

    size: int


class Reached(NamedTuple):
    """The client has received or played the video up to this time."""

    at_s: float


LiveMessage = Say | Interrupt | Listen | Show | Received | Reached


class Tell(NamedTuple):
    """Pass a message to a running live session."""

    id: str
    message: LiveMessage


class Forget(NamedTuple):
    """Drop all portraits from memory."""


class Cancel(NamedTuple):
    """Cancel the task with this number."""


Task = ReadPortrait | CheckVideo | MakeVideo | MakeSpeech | LiveTalk | Tell | Forget | Cancel


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


ALIVE = "alive"
"""Type of a live session's first event: from then on messages are taken."""


MOST_ON_THE_WAY = 256_000
"""Bytes that the client of a live session may have left unread before the session pauses."""
BARE_SIZE = MOST_ON_THE_WAY // 25
"""Bytes that a bare frame counts as, so that a second of them may wait."""


class BareFrame(NamedTuple):
    """One frame of a live session with its sound, not encoded."""

    planes: np.ndarray | None
    """YUV 4:2:0, uint8 [3/2 h, w]; None: the picture before stays."""
    samples: np.ndarray
    """int16 [samples per frame]."""


class Lived(NamedTuple):
    """Event: output and news of a live session."""

    content: bytes = b""
    """Next part of the fragmented MP4."""
    bare: BareFrame | None = None
    """Next frame for WebRTC."""
    events: tuple[dict[str, Any], ...] = ()
    """What happened in these frames, as clients get it; times in s of this video."""

    @property
    def size(self) -> int:
        """Bytes that count as unread until the client has received them."""
        return len(self.content) + (0 if self.bare is None else BARE_SIZE)


class Done(NamedTuple):
    """Event: the task succeeded."""

    result: dict[str, Any]


class Failed(NamedTuple):
    """Event: the task failed."""

    code: str
    """cancelled, unusable (bad input of the client), disk_full or engine_error."""
    message: str


Event = Ready | Grew | Lived | Done | Failed
