"""Request bodies: fields, and at most one picture and one recording."""

import asyncio
import json
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from ttsf.engine.requests import DATA_URL, content_of, first_fault
from ttsf.errors import TtsfError
from ttsf.serve.problems import Problem
from ttsf.serve.requests import NOT_FETCHED
from ttsf.serve.settings import Settings

MOST_FIELDS = 40
PICTURE_FIELDS = ("input_reference", "picture", "image", "file")
SOUND_FIELD = "audio"
Wanted = TypeVar("Wanted", bound=BaseModel)


class Body(NamedTuple):
    """A parsed request body."""

    fields: dict[str, Any]
    picture: bytes | None = None
    sound: bytes | None = None


async def read_body(request: Request, settings: Settings) -> Body:
    """Read a form, JSON or a bare picture; raises Problem 400, 408, 413, 415 or 422."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        async with asyncio.timeout(settings.upload_s):
            if kind == "multipart/form-data":
                return await _form(request, settings)
            if kind == "application/json":
                return _json(await request.body())
            if kind.startswith("image/") or kind == "application/octet-stream":
                return Body({}, await request.body())
    except TimeoutError:
        raise Problem(408, "slow_upload", "the request took too long to arrive") from None
    raise Problem(415, "media_type", "send multipart/form-data or application/json")


def parse(kind: type[Wanted], fields: dict[str, Any]) -> Wanted:
    """Validate fields; raises Problem 422 that names the first invalid one."""
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        name, fault = first_fault(error)
        raise Problem(422, "invalid_value", f"{name}: {fault}", name) from None


class _FormParser(MultiPartParser):
    """Names a field that is too long, and takes a file whose name is in RFC 5987's form alone."""

    def on_headers_finished(self) -> None:
        part = self._current_part
        if part.content_disposition and b"filename=" not in part.content_disposition:
            part.content_disposition = part.content_disposition.replace(b"filename*=", b"filename=")
        super().on_headers_finished()

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        part = self._current_part
        if part.file is None and len(part.data) + end - start > self.max_part_size:
            most = f"has more than {self.max_part_size:,} bytes"
            raise MultiPartException(f"{part.field_name}: {most}; a file needs a filename")
        super().on_part_data(data, start, end)


async def _form(request: Request, settings: Settings) -> Body:
    most = 4 * settings.most_text + 10_000
    parser = _FormParser(
        request.headers, request.stream(), max_files=2, max_fields=MOST_FIELDS, max_part_size=most
    )
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise Problem(400, "bad_request", error.message) from None
    fields: dict[str, Any] = {}
    files: dict[bool, bytes] = {}  # by whether it is the recording
    try:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                if name not in (*PICTURE_FIELDS, SOUND_FIELD):
                    raise Problem(422, "unknown_field", "no file is expected here", name)
                if value.filename or value.size:  # else a form in which no file was chosen
                    if (name == SOUND_FIELD) in files:
                        raise Problem(422, "given_twice", f"{name}: given twice", name)
                    files[name == SOUND_FIELD] = await value.read()
            elif name in fields:
                raise Problem(422, "given_twice", f"{name}: given twice", name)
            else:
                fields[name] = value
    finally:
        await form.close()
    return _with_files(fields, files.get(False), files.get(True))


def _json(content: bytes) -> Body:
    try:
        fields = json.loads(content)
    except (ValueError, RecursionError):
        raise Problem(400, "not_json", "the body is not JSON") from None
    if not isinstance(fields, dict):
        raise Problem(400, "not_an_object", "the body is not a JSON object")
    return _with_files(fields)


def _with_files(
    fields: dict[str, Any], picture: bytes | None = None, sound: bytes | None = None
) -> Body:
    """Decode files given as data URLs; that of a picture is bare or `{"image_url": URL}`.

    A field that is null or empty, as in HTML forms, was not given.
    """
    fields = {name: value for name, value in fields.items() if value not in (None, "")}
    given = _decoded(fields, "input_reference"), _decoded(fields, SOUND_FIELD)
    return Body(fields, given[0] or picture, given[1] or sound)


def _decoded(fields: dict[str, Any], name: str) -> bytes | None:
    """Take a file out of the fields; raises Problem 422 for anything but a data URL."""
    given = fields.pop(name, None)
    if isinstance(given, dict):
        given = given.get("image_url")
    if given is None:
        return None
    if not isinstance(given, str) or not given.startswith(DATA_URL):
        raise Problem(422, "not_fetched", NOT_FETCHED, name)
    try:
        return content_of(given)
    except TtsfError as error:
        raise Problem(422, "not_base64", str(error), name) from None
