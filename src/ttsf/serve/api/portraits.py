"""`/v1/portraits`: upload a picture once, use it for many videos."""

from typing import Any

from fastapi import APIRouter, Request

from ttsf.serve.api.bodies import read_body
from ttsf.serve.api.videos import studio_of
from ttsf.serve.problems import Problem, not_found
from ttsf.serve.studio import Studio

router = APIRouter(prefix="/v1/portraits", tags=["portraits"])


@router.post("")
async def add(request: Request) -> dict[str, Any]:
    """Upload a picture; the same bytes get the same id."""
    studio = studio_of(request)
    studio.check_disk()
    body = await read_body(request, studio.settings)
    if body.picture is None or body.fields:
        raise Problem(422, "no_portrait", "send one picture and nothing else", "input_reference")
    return shown(studio, await studio.read_portrait(body.picture))


@router.get("/{portrait_id}")
async def get(request: Request, portrait_id: str) -> dict[str, Any]:
    """Return the faces of a portrait, with warnings."""
    return shown(studio_of(request), portrait_id)


@router.delete("/{portrait_id}")
async def delete(request: Request, portrait_id: str) -> dict[str, Any]:
    """Delete a portrait, unless an unfinished video needs it."""
    studio = studio_of(request)
    shown(studio, portrait_id)
    await studio.forget_portrait(portrait_id)
    return {"id": portrait_id, "object": "portrait.deleted", "deleted": True}


def shown(studio: Studio, portrait: str) -> dict[str, Any]:
    """Return a portrait as JSON; raises Problem 404.

    A face's box is [left, top, width, height] as fractions of the picture's sides.
    """
    faces = studio.files.faces(portrait)
    if faces is None:
        raise not_found("portrait")
    expires = int(studio.files.used_at(portrait) + studio.settings.keep_s)
    return {"id": portrait, "object": "portrait", "expires_at": expires, **faces}
