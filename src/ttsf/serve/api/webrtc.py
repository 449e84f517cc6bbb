"""A live session's frames and sound by WebRTC, with aiortc of the extra `live`.

No other host is asked for an address (no STUN or TURN), so the client must reach the server.
"""

import asyncio
import ipaddress
import re
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from ttsf.serve.problems import Problem
from ttsf.serve.process.tasks import BareFrame

if TYPE_CHECKING:
    from aiortc import MediaStreamTrack, RTCPeerConnection
    from av import AudioFrame, VideoFrame

PACKETS = 2
"""Packets of sound in a frame: Opus has 20 ms in each."""
MOST_WAITING = 25
"""Frames of sound that may wait for the encoder."""
CANDIDATE = re.compile(r"^(a=candidate:\S+ \d+ \S+ \d+) \S+", re.MULTILINE)
"""A client's candidate up to its address."""
LOST = ("failed", "closed")


def is_offered() -> bool:
    """Whether aiortc is installed."""
    return find_spec("aiortc") is not None


class Call:
    """One peer connection: it answers an offer, and then sends frames as they come.

    changed: called with whether the client is connected.
    """

    def __init__(self, fps: int, sample_rate: int, changed: Callable[[bool], None]) -> None:
        self._fps, self._sample_rate, self._changed = fps, sample_rate, changed
        self._frames = 0
        self._sound: asyncio.Queue[AudioFrame] = asyncio.Queue(MOST_WAITING * PACKETS)
        self._newest: VideoFrame | None = None
        self._drawn = asyncio.Event()
        self._closed = False
        self._connection: RTCPeerConnection | None = None

    async def answer(self, offer: str, client: str) -> str:
        """Return the answer to an offer (SDP, with its candidates); raises Problem 422.

        client: its address, the only one that is tried. Browsers offer names in its place that few
        servers can resolve, and an offer must not send packets elsewhere.
        """
        aiortc = await asyncio.to_thread(import_module, "aiortc")  # .2 s the first time
        settings = aiortc.RTCConfiguration(iceServers=[])
        connection = self._connection = aiortc.RTCPeerConnection(settings)
        connection.on("connectionstatechange", self._on_state)
        try:
            reached = CANDIDATE.sub(lambda found: f"{found[1]} {_plain(client)}", offer)
            await connection.setRemoteDescription(aiortc.RTCSessionDescription(reached, "offer"))
            transceivers = connection.getTransceivers()
            kinds = sorted(one.kind for one in transceivers)
            if kinds != ["audio", "video"] or connection.sctp is not None:
                raise ValueError("other media")
            for one in transceivers:
                one.direction = "sendonly"
            for kind, take in (("audio", self._sound.get), ("video", self._picture)):
                connection.addTrack(_track(kind, take))
            await connection.setLocalDescription(await connection.createAnswer())
        except asyncio.CancelledError:  # the client has gone
            await self.close()
            raise
        except Exception:  # whatever a wrong description leads to
            await self.close()
            detail = "offer: not an SDP offer to receive one audio and one video track"
            raise Problem(422, "bad_offer", detail) from None
        return connection.localDescription.sdp

    async def send(self, bare: BareFrame) -> None:
        """Send a frame: its sound surely, its picture unless a newer one comes first."""
        from av import AudioFrame, VideoFrame

        if bare.planes is not None:
            picture = VideoFrame.from_ndarray(bare.planes, format="yuv420p")
            picture.pts, picture.time_base = self._frames, Fraction(1, self._fps)
            self._newest = picture
            self._drawn.set()
        for k, samples in enumerate(np.split(bare.samples, PACKETS)):
            sound = AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
            sound.sample_rate = self._sample_rate
            sound.pts = (self._frames * PACKETS + k) * len(samples)
            sound.time_base = Fraction(1, self._sample_rate)
            if not self._closed:
                await self._sound.put(sound)
        self._frames += 1

    async def close(self) -> None:
        """Hang up."""
        self._take_no_more()
        if self._connection is not None:
            with suppress(ConnectionError):
                await self._connection.close()

    async def _picture(self) -> "VideoFrame":
        while self._newest is None:
            self._drawn.clear()
            await self._drawn.wait()
        picture, self._newest = self._newest, None
        return picture

    def _on_state(self) -> None:
        state = self._connection.connectionState if self._connection else "closed"
        if self._closed:
            return
        if state in LOST:  # nothing is sent any more
            self._take_no_more()
        if state == "connected" or state in LOST:
            self._changed(state == "connected")

    def _take_no_more(self) -> None:
        self._closed = True
        while not self._sound.empty():  # so that a waiting `send` returns
            self._sound.get_nowait()


def _plain(address: str) -> str:
    """Write an IPv4 address within IPv6 as IPv4."""
    mapped = getattr(ipaddress.ip_address(address), "ipv4_mapped", None)
    return str(mapped or address)


def _track(kind: str, take: Callable) -> "MediaStreamTrack":
    from aiortc import MediaStreamTrack

    class Track(MediaStreamTrack):
        """Takes its frames from the call."""

        recv = staticmethod(take)

    track = Track()
    track.kind = kind
    return track
