"""A client of `WS /v1/live` for tests."""

import io
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import av
import numpy as np
import websocket

from tests.support.server import Server


class LiveClient:
    """Collects events and the bytes of each MP4."""

    def __init__(self, server: Server, **start: Any) -> None:
        self.socket = websocket.create_connection(
            server.url.replace("http", "ws") + "/v1/live", timeout=60, suppress_origin=True
        )
        self.events = list[dict[str, Any]]()
        self.videos = list[bytearray]()
        self.send("start", **start)

    def send(self, kind: str, **fields: Any) -> None:
        self.socket.send(json.dumps({"type": kind, **fields}))

    def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Receive until an event is the wanted one."""
        while True:
            event = self.receive()
            if event is not None and wanted(event):
                return event

    def of_type(self, kind: str, **fields: Any) -> dict[str, Any]:
        fields["type"] = kind
        return self.until(lambda event: fields.items() <= event.items())

    def receive(self) -> dict[str, Any] | None:
        """The next event; None for a piece of the video, or a closed connection."""
        received = self.socket.recv()
        if isinstance(received, bytes):
            self.videos[-1] += received
            return None
        if not received:
            raise ConnectionError("closed")
        event = json.loads(received)
        if event["type"] == "video":
            self.videos.append(bytearray())
        self.events.append(event)
        return event

    def watch(self, seconds: float) -> None:
        """Receive so much of the video, by its own time."""
        start = self.decoded()[0]
        while self.decoded()[0] < start + 25 * seconds:
            for _ in range(5):
                self.receive()

    def decoded(self) -> tuple[int, np.ndarray]:
        """Frames and samples (48 kHz) of the newest MP4."""
        frames, sound = 0, [np.zeros(0, np.float32)]
        if not self.videos or len(self.videos[-1]) < 2_000:
            return 0, sound[0]
        with av.open(io.BytesIO(bytes(self.videos[-1]))) as container:
            try:
                for frame in container.decode():
                    if isinstance(frame, av.VideoFrame):
                        frames += 1
                    else:
                        sound.append(frame.to_ndarray()[0])
            except av.FFmpegError:
                pass  # its last fragment is not whole
        return frames, np.concatenate(sound)

    def seconds(self) -> float:
        """Length of the newest MP4 so far, by its pictures."""
        if not self.videos or len(self.videos[-1]) < 2_000:
            return 0.0
        frames = 0
        with av.open(io.BytesIO(bytes(self.videos[-1]))) as container, suppress(av.FFmpegError):
            for packet in container.demux(video=0):
                frames += bool(packet.size)
        return frames / 25

    def close(self) -> None:
        self.socket.close()
