"""What clients of OpenAI's API send beside a video's request."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ttsf.engine.options import DEFAULTS, RATES, GenerateOptions
from ttsf.engine.requests import Request
from ttsf.media.sound_formats import SoundFormat

OTHERS_VOICES = (
    *("alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx"),
    *("sage", "shimmer", "verse", "default"),
)
"""OpenAI's voice names, which its clients send by default; the server chooses a voice."""
NOT_FETCHED = "nothing is fetched from addresses; send the file itself"


class SpeechRequest(Request):
    """Speech without video; other fields, such as `stream` and `instructions`, are ignored."""

    model_config = ConfigDict(extra="ignore")

    input: str = Field(min_length=1)
    """Text to speak."""
    voice: str | dict[str, str] = "default"
    """Name from `GET /v1/voices`, or a portrait id for the voice that its face chooses."""
    response_format: SoundFormat = "mp3"
    speed: float = Field(default=DEFAULTS.rate, ge=0.25, le=4)
    """Beyond `RATES` the nearest rate is spoken."""
    stream_format: Literal["audio"] = "audio"

    def options(self, voice: str | None, most_speech_s: float) -> GenerateOptions:
        """Convert to generation options; raises TtsfError for invalid combinations."""
        rate = min(max(self.speed, RATES[0]), RATES[1])
        return self.options_with({"voice": voice, "rate": rate, "max_seconds": most_speech_s})

    @property
    def voice_name(self) -> str:
        """The voice name; OpenAI clients may send `{"id": NAME}`."""
        return self.voice if isinstance(self.voice, str) else self.voice.get("id", "")


def schema(request: type[BaseModel]) -> dict[str, Any]:
    """Return the OpenAPI request body of an endpoint."""
    content = {"schema": request.model_json_schema()}
    return {"requestBody": {"content": {"application/json": content}, "required": True}}
