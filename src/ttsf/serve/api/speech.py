"""`/v1/audio/speech`, `/v1/voices` and `/v1/models`."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response

from ttsf.errors import TtsfError
from ttsf.media.sound_formats import KINDS
from ttsf.serve.api.bodies import parse, read_body
from ttsf.serve.api.live import Gone, LiveResponse, while_there
from ttsf.serve.api.videos import studio_of
from ttsf.serve.problems import Problem, unknown_voice
from ttsf.serve.process.tasks import MakeSpeech
from ttsf.serve.process.text_limit import refuse_slow
from ttsf.serve.requests import OTHERS_VOICES, SpeechRequest, schema
from ttsf.serve.store import EXAMPLE
from ttsf.serve.studio import Studio

NAME = "ttsf"
"""Name of the model in the API."""
router = APIRouter(prefix="/v1", tags=["speech"])


@router.post("/audio/speech", openapi_extra=schema(SpeechRequest), response_class=Response)
async def speak(request: Request) -> Response:
    """Stream a text as speech; cancelled when the client disconnects."""
    studio = studio_of(request)
    most = studio.settings.most_text
    with studio.admission():
        body = await read_body(request, studio.settings)
        wanted = parse(SpeechRequest, body.fields)
        if len(wanted.input) > most:
            raise Problem(422, "text_too_long", f"a text has at most {most:,} characters", "input")
        voice, picture = _voice(studio, wanted.voice_name)
        try:
            options = wanted.options(voice, studio.settings.most_speech_s)
        except TtsfError as error:
            raise Problem(422, "unusable", str(error)) from None
        await refuse_slow(wanted.input, wanted.language, "input")
        file, kind = studio.files.new_speech(), wanted.response_format
        task = MakeSpeech(picture, wanted.face, wanted.input, options, kind, file)
        turn = studio.join()
    pieces = studio.speech(task, turn)
    try:
        first = await while_there(request, anext(pieces))
    except StopAsyncIteration:
        raise Problem(500, "engine_error", "the engine gave no sound") from None
    except (Gone, Problem):
        await pieces.aclose()
        turn.leave()
        raise
    return LiveResponse(_all(first, pieces), KINDS[kind].media_type, {})


@router.get("/voices")
@router.get("/audio/voices")
async def voices(request: Request) -> dict[str, Any]:
    """List the voices of the model; if a request names none, the face chooses.

    The list is given twice: some clients look for `data`, others for `voices`.
    """
    about = studio_of(request).engine.about
    data = [
        {"id": name, "name": name, "object": "voice", "register": register}
        for name, register in about.voices
    ]
    return {"object": "list", "data": data, "voices": data}


@router.get("/models")
async def models(request: Request) -> dict[str, Any]:
    """Describe the model."""
    return {"object": "list", "data": [_model(studio_of(request))]}


@router.get("/models/{model:path}")
async def model(request: Request, model: str) -> dict[str, Any]:
    """Describe the model, under any name."""
    return _model(studio_of(request), model)


def _model(studio: Studio, name: str = NAME) -> dict[str, Any]:
    about = studio.engine.about
    ours = {"name": about.model, "fps": about.fps, "sample_rate": about.sample_rate}
    return {"id": name, "object": "model", "created": 0, "owned_by": NAME, "ttsf": ours}


def _voice(studio: Studio, name: str) -> tuple[str | None, Path | None]:
    """Resolve a voice name or a portrait id; raises Problem 422.

    Our names are one word of letters; any other, such as "af_heart", belongs to another server.
    """
    own = [voice for voice, _ in studio.engine.about.voices]
    if name in own:
        return name, None
    if studio.files.faces(name) is not None:
        studio.files.touch(name)
        return None, studio.files.picture(name)
    others = name in OTHERS_VOICES or not (name.isalpha() or name.startswith("portrait_"))
    if not others:
        raise unknown_voice(name)
    return (own[0], None) if own else (None, EXAMPLE)


async def _all(first: bytes, pieces: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    async with aclosing(pieces):
        yield first
        async for piece in pieces:
            yield piece
