"""A Pipecat video service: the text of a language model comes in, a face that speaks it goes out.

    face = TalkingFace(ttsf.load().live("me.jpg"))  # takes the place of a speech service
    Pipeline([transport.input(), stt, user, llm, face, transport.output(), assistant])

Needs `pip install . pipecat-ai`, and a transport with `audio_out_enabled`, `video_out_enabled`,
`video_out_is_live`, `video_out_framerate=25`, and `video_out_width` and `video_out_height`, the
session's.
"""

import asyncio
from typing import Any

import numpy as np
from pipecat.frames import frames
from pipecat.processors.frame_processor import FrameDirection
from pipecat.services.ai_service import AIService
from pipecat.services.settings import ServiceSettings
from pipecat.utils.text.base_text_aggregator import TextType

import ttsf
from ttsf.engine.live.frame import LiveFrame, Spoke
from ttsf.engine.live.session import LiveSession

FULL_SCALE = 32_767


class TalkingFace(AIService):
    """Rests, nods while the user speaks, and speaks what the language model writes."""

    def __init__(self, session: LiveSession, **options: Any) -> None:
        super().__init__(settings=ServiceSettings(model=None), **options)
        self.session, self._picture = session, session.still.copy()
        self._script: ttsf.Script | None = None  # the answer that is being written
        self._then: dict[int, frames.Frame] = {}  # what follows each speech
        self._speaking, self._place, self._ending = 0, (0, 0), False
        self._playing: asyncio.Task[None] | None = None

    async def process_frame(self, frame: frames.Frame, direction: FrameDirection) -> None:
        """Speak text, obey interruptions, and pass on everything else."""
        await super().process_frame(frame, direction)
        if isinstance(frame, frames.LLMTextFrame) and not frame.skip_tts:
            if self._script is None:
                self._script = ttsf.Script()
                self._then[self.session.say(self._script)] = frames.LLMFullResponseEndFrame()
            self._script.add(frame.text)
            return
        if isinstance(frame, frames.LLMFullResponseEndFrame) and self._script is not None:
            self._end_answer()
            return  # another one follows the speech
        if isinstance(frame, frames.TTSSpeakFrame):
            number = self.session.say(frame.text)
            self._then[number] = frames.LLMAssistantPushAggregationFrame()
            return
        if isinstance(frame, frames.InterruptionFrame):
            self._end_answer()
            self.session.interrupt()
        elif isinstance(frame, frames.UserStartedSpeakingFrame | frames.UserStoppedSpeakingFrame):
            self.session.listen(isinstance(frame, frames.UserStartedSpeakingFrame))
        await self.push_frame(frame, direction)
        if isinstance(frame, frames.StartFrame):
            self._playing = self.create_task(self._play())

    async def stop(self, frame: frames.EndFrame) -> None:
        """Speak what is left, and end."""
        self._end_answer()
        self._ending = True
        if self._playing is not None:
            await asyncio.wait([self._playing])

    async def cleanup(self) -> None:
        """End the session and its threads."""
        self.session.close()
        if self._playing is not None:
            await asyncio.wait([self._playing])
        await super().cleanup()

    def _end_answer(self) -> None:
        if self._script is not None:
            self._script.end()
            self._script = None

    async def _play(self) -> None:
        coming = self.session.frames()
        while (frame := await asyncio.to_thread(next, coming, None)) is not None:
            for spoke in frame.spoke:
                await self._tell(spoke)
            await self._show(frame)
            if self._ending and not self._then:
                return

    async def _tell(self, spoke: Spoke) -> None:
        if spoke.what == "begun":
            self._speaking, self._place = spoke.speech, (0, 0)
            await self.push_frame(frames.TTSStartedFrame())
            return
        if spoke.what == "failed":
            await self.push_error(spoke.reason)
        if spoke.speech == self._speaking:
            self._speaking = 0
            await self.push_frame(frames.TTSStoppedFrame())
        then = self._then.pop(spoke.speech, None)
        if then is not None and spoke.what != "interrupted":
            await self.push_frame(then)

    async def _show(self, frame: LiveFrame) -> None:
        if frame.picture is not None:
            self._picture[self.session.region.pixels] = frame.picture
            size, data = self._picture.shape[1::-1], self._picture.tobytes()
            await self.push_frame(frames.OutputImageRawFrame(data, size, "RGB"))
        if self._speaking:
            samples = (frame.samples * FULL_SCALE).astype(np.int16)
            rate = self.session.session.model.config.sample_rate
            await self.push_frame(frames.TTSAudioRawFrame(samples.tobytes(), rate, 1))
        for word in frame.spoken.words:
            if (word.start, word.end) != self._place:  # "7:30" is two words
                await self.push_frame(frames.TTSTextFrame(word.written, TextType.WORD))
            self._place = word.start, word.end
