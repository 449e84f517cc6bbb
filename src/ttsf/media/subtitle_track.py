"""Subtitle track of a video, which a player can show or hide."""

from fractions import Fraction
from typing import Any

import av

from ttsf.timings.subtitles import Cue

MS = Fraction(1, 1000)
CODECS = {"mp4": "mov_text", "webm": "webvtt"}


class SubtitleTrack:
    """Subtitle track of a container being written."""

    def __init__(self, container: Any, kind: str) -> None:
        """Create it before the container's first packet; kind: mp4 or webm."""
        self._container, self._codec = container, CODECS[kind]
        self._stream = container.add_mux_stream(self._codec)
        self._stream.time_base = MS

    def is_english(self) -> None:
        """Set the language to English; call it before the container's first packet."""
        self._stream.metadata["language"] = "eng"

    def add(self, cue: Cue) -> None:
        """Append a cue; cues come in order."""
        content = "\n".join(cue.lines).encode()
        if self._codec == "mov_text":
            content = len(content).to_bytes(2, "big") + content
        packet = av.Packet(content)
        packet.stream, packet.time_base = self._stream, MS
        packet.pts = packet.dts = round(cue.start_s * 1000)
        packet.duration = round(cue.end_s * 1000) - packet.pts
        self._container.mux(packet)
