"""The request of one video, with the field names of OpenAI's API and our own.

The HTTP API and batch lines share it.
"""

import base64
import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ttsf.compositing.framing import Framing
from ttsf.engine.options import (
    DEFAULTS,
    Blinks,
    Brows,
    Gaze,
    GenerateOptions,
    Label,
    Language,
    MarkSound,
    Motion,
    Rate,
    Seed,
    Smile,
    Steps,
    Still,
    StreamCaptions,
    Temperature,
    options_of,
)
from ttsf.errors import TtsfError
from ttsf.text.accents.languages import find

SIZE = re.compile(r"\d{2,4}|\d{2,4}x\d{2,4}")
DATA_URL = "data:"
NOT_CANVAS = "a size of WIDTHxHEIGHT is a canvas; leave out the framing, or give one number"


class Request(BaseModel):
    """Fields of every request."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    model: str = Field(default="ttsf", max_length=200)
    """Any name is accepted; there is one model."""
    seed: Seed = DEFAULTS.seed
    steps: Steps = DEFAULTS.steps
    temperature: Temperature = DEFAULTS.temperature
    language: Language = Field(default=DEFAULTS.language, max_length=20)
    face: int = Field(default=1, ge=1, le=1000)
    """Number of the face; 1 is the largest."""

    def options_with(self, differing: Mapping[str, Any]) -> GenerateOptions:
        """Convert like `options_of`, and raise TtsfError for an unknown language."""
        find(self.language)
        return options_of(self, differing)


class VideoRequest(Request):
    """A video; `prompt` is the text to speak, or the words of the `audio` that is sent with it."""

    prompt: str | None = Field(default=None, min_length=1)
    portrait_id: str | None = Field(default=None, max_length=100)
    """Id from `POST /v1/portraits`, instead of a picture."""
    voice: str | None = Field(default=None, max_length=100)
    """Name from `GET /v1/voices`; by default the face chooses."""
    rate: Rate = DEFAULTS.rate
    motion: Motion = DEFAULTS.motion
    blinks: Blinks = DEFAULTS.blinks
    smile: Smile = DEFAULTS.smile
    brows: Brows = DEFAULTS.brows
    gaze: Gaze = DEFAULTS.gaze
    still: Still = DEFAULTS.still
    framing: str | None = Field(default=None, max_length=40)
    """picture, face, WIDTHxHEIGHT or WIDTHxHEIGHT:plain."""
    size: str | int | None = None
    """Long side in px, or WIDTHxHEIGHT."""
    captions: StreamCaptions = "none"
    """burnt: drawn into the frames; subtitle files are always written."""
    label: Label = DEFAULTS.label
    mark_sound: MarkSound = DEFAULTS.mark_sound
    seconds: str | float | None = None
    """Ignored; the text decides the length."""

    def options(self, most_speech_s: float) -> GenerateOptions:
        """Convert to generation options; raises TtsfError for invalid combinations."""
        size, framing = str(self.size or ""), self.framing
        if size and not SIZE.fullmatch(size):
            raise TtsfError(f"a size is a number of px or WIDTHxHEIGHT, not {size[:20]}")
        if "x" in size:
            if framing is not None:
                raise TtsfError(NOT_CANVAS)
            size, framing = "", size
        differing: dict[str, Any] = {
            "framing": Framing.parse(framing or "picture"),
            "size": int(size) if size else None,
            "max_seconds": most_speech_s,
        }
        return self.options_with(differing)


def content_of(data_url: str) -> bytes:
    """Decode a data URL; raises TtsfError if it is not base64."""
    head, _, content = data_url.partition(",")
    try:
        if head.endswith(";base64"):
            return base64.b64decode(content, validate=True)
    except ValueError:
        pass
    raise TtsfError("the data URL is not in base64")


def first_fault(error: ValidationError) -> tuple[str | None, str]:
    """Return the first invalid field (None for the whole body) and the reason."""
    first = error.errors(include_input=False, include_url=False)[0]
    return (str(first["loc"][0]) if first["loc"] else None), first["msg"]
