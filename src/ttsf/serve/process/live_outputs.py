"""Outputs of a live session: a fragmented MP4, or unencoded frames for WebRTC's tracks."""

from typing import NamedTuple, Protocol

import numpy as np

from ttsf.engine.live.frame import LiveFrame
from ttsf.engine.live.session import LiveSession
from ttsf.media.planes import Planes
from ttsf.media.video import Chunk, VideoWriter
from ttsf.media.video_codecs import LIVE
from ttsf.provenance.embed.tags import tags
from ttsf.serve.process.tasks import BareFrame


class Made(NamedTuple):
    """Output to send after a frame."""

    content: bytes = b""
    bare: BareFrame | None = None


class Output(Protocol):
    """One video, which is given each of its frames in turn."""

    def add(self, frame: LiveFrame) -> Made:
        """Take a frame, and return what is ready."""

    def close(self) -> None:
        """Finish the output."""


class Mp4Output:
    """Encodes the frames as a fragmented MP4."""

    def __init__(self, session: LiveSession) -> None:
        self._sink, self._region = _Sink(), session.region
        config = session.session.model.config
        self._writer = VideoWriter(self._sink, config.video.fps, config.sample_rate, LIVE)
        self._writer.describe(tags(session.session.payload))
        self._writer.start(session.still)
        self._picture = session.still[session.region.pixels]

    def add(self, frame: LiveFrame) -> Made:
        """Encode a frame; the last one again where there is no picture."""
        self._picture = self._picture if frame.picture is None else frame.picture
        chunk = Chunk(self._picture[None], frame.samples)
        self._writer.add(chunk, self._region.top, self._region.left)
        return Made(self._sink.taken())

    def close(self) -> None:
        """Write the end of the file."""
        self._writer.close()


class BareOutput:
    """Gives whole frames as YUV; the last one is not repeated where there is no picture."""

    def __init__(self, session: LiveSession) -> None:
        self._region = session.region
        height, width = session.still.shape[:2]
        self._planes = Planes(width, height)
        self._planes.put(session.still)
        self._begun = False

    def add(self, frame: LiveFrame) -> Made:
        """Convert a frame."""
        if frame.picture is not None:
            self._planes.put(frame.picture, self._region.top, self._region.left)
        shown = frame.picture is not None or not self._begun
        self._begun = True
        samples = np.rint(frame.samples * np.iinfo(np.int16).max).astype(np.int16)
        return Made(bare=BareFrame(self._planes.frame.to_ndarray() if shown else None, samples))

    def close(self) -> None:
        """Do nothing: there is nothing to finish."""


class _Sink:
    """Buffers the bytes of a container until `taken`."""

    def __init__(self) -> None:
        self._parts = list[bytes]()

    def write(self, content: bytes) -> int:
        self._parts.append(bytes(content))
        return len(content)

    def taken(self) -> bytes:
        """Return what has been written since the last call."""
        parts, self._parts = self._parts, []
        return b"".join(parts)
