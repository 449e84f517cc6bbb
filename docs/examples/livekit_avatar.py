"""A LiveKit avatar worker: the sound of an agent comes in, a face that speaks it goes out.

    pip install . livekit-agents
    python docs/examples/livekit_avatar.py me.jpg --url wss://HOST --token TOKEN --model MODEL

The agent sends its sound with LiveKit's DataStreamAudioOutput. The model must read lips from sound.
"""

import argparse
import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from queue import SimpleQueue

import numpy as np
from livekit import rtc
from livekit.agents.voice.avatar import (
    AudioSegmentEnd,
    AvatarOptions,
    AvatarRunner,
    DataStreamAudioReceiver,
    VideoGenerator,
)

import ttsf
from ttsf.engine.live.session import LiveSession

FULL_SCALE = 32_768


class Face(VideoGenerator):
    """Rests while the agent is silent, and speaks with its sound."""

    def __init__(self, session: LiveSession) -> None:
        self.session = session
        self._arriving: SimpleQueue[np.ndarray | None] | None = None

    async def push_audio(self, frame: rtc.AudioFrame | AudioSegmentEnd) -> None:
        """Take the next piece of the agent's sound."""
        if isinstance(frame, AudioSegmentEnd):
            self._end()
            return
        samples = np.frombuffer(frame.data, np.int16).astype(np.float32) / FULL_SCALE
        block = samples.reshape(-1, frame.num_channels)
        if self._arriving is not None:
            self._arriving.put(block)
            return
        self._arriving = SimpleQueue()
        self._arriving.put(block)
        self.session.say(audio=ttsf.Sound(_blocks(self._arriving), frame.sample_rate))

    def clear_buffer(self) -> None:
        """Fall silent."""
        self._end()
        self.session.interrupt()

    def __aiter__(self) -> AsyncIterator[rtc.VideoFrame | rtc.AudioFrame | AudioSegmentEnd]:
        """Yield pictures always, sound while it speaks, and the end of each segment."""
        return self._frames()

    async def _frames(self) -> AsyncIterator[rtc.VideoFrame | rtc.AudioFrame | AudioSegmentEnd]:
        session, frames = self.session, self.session.frames()
        picture, rate = session.still.copy(), session.session.model.config.sample_rate
        height, width = picture.shape[:2]
        while (frame := await asyncio.to_thread(next, frames, None)) is not None:
            if frame.picture is not None:
                picture[session.region.pixels] = frame.picture
            yield rtc.VideoFrame(width, height, rtc.VideoBufferType.RGB24, picture.tobytes())
            if frame.samples.any():
                samples = (frame.samples * (FULL_SCALE - 1)).astype(np.int16)
                yield rtc.AudioFrame(samples.tobytes(), rate, 1, len(samples))
            if any(spoke.what in ("done", "failed") for spoke in frame.spoke):
                yield AudioSegmentEnd()

    def _end(self) -> None:
        if self._arriving is not None:
            self._arriving.put(None)
            self._arriving = None


def _blocks(arriving: "SimpleQueue[np.ndarray | None]") -> Iterator[np.ndarray]:
    while (block := arriving.get()) is not None:
        yield block


async def work(session: LiveSession, url: str, token: str) -> None:
    """Join a room, and animate until the agent leaves."""
    room, config = rtc.Room(), session.session.model.config
    height, width = session.still.shape[:2]
    options = AvatarOptions(width, height, config.video.fps, config.sample_rate, 1)
    face, sound = Face(session), DataStreamAudioReceiver(room)
    runner = AvatarRunner(room, audio_recv=sound, video_gen=face, options=options)
    await room.connect(url, token)
    try:
        await runner.start()
        await runner.wait_for_complete()
    finally:
        session.close()
        await runner.aclose()
        await room.disconnect()


def main() -> None:
    """Parse arguments and work."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("portrait", type=Path)
    parser.add_argument("--url", required=True)
    parser.add_argument("--token", required=True)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--size", type=int, default=512)
    given = parser.parse_args()
    options = ttsf.GenerateOptions(size=given.size)
    session = ttsf.load(given.model).live(given.portrait, options)
    asyncio.run(work(session, given.url, given.token))


if __name__ == "__main__":
    main()
