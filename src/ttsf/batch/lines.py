"""Parse batch lines, in our flat format or OpenAI's; options are those of the HTTP API."""

import hashlib
import json
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from pydantic import ValidationError

from ttsf.engine.options import GenerateOptions
from ttsf.engine.requests import DATA_URL, VideoRequest, content_of, first_fault
from ttsf.errors import TtsfError
from ttsf.media.files import local_path, write_new
from ttsf.pipeline import VOICE_SUFFIX

FLAT = {"text": "prompt", "portrait": "input_reference"}
"""Field names of the flat format, and their API names."""
OPENAI = {"custom_id", "method", "url", "body"}
URL = "/v1/videos"
PORTRAITS = ".portraits"
"""Subfolder of the output for portraits given as data URLs."""
BEGINNING = 4_096
"""Bytes at the beginning among which a zero shows that a file is not a text."""
MOST_NAME = 200
"""Maximum length of a folder name, bytes."""


@dataclass(frozen=True)
class Request:
    """A video to generate; its folder is named after its id."""

    number: int
    """Line number, from 1."""
    id: str
    openai: bool
    """Whether line and result use OpenAI's batch format."""
    wanted: VideoRequest = field(repr=False)
    picture: Path
    voice: Path | None
    """File of a saved voice."""
    audio: Path | None
    """Recording to speak with; the text holds its words."""
    fingerprint: str
    """Hash of everything that determines the video; a changed line is generated again."""

    @property
    def folder(self) -> str:
        """Name of the video's folder inside the output."""
        return folder_name(self.id)

    @property
    def key(self) -> str:
        """Key of its record."""
        return f"{self.folder}/{self.fingerprint}"

    def options(self, most_speech_s: float) -> GenerateOptions:
        """Convert to generation options."""
        options = self.wanted.options(most_speech_s)
        return options if self.voice is None else options._replace(voice=self.voice)


class Refused(NamedTuple):
    """An unusable line."""

    number: int
    id: str | None
    openai: bool
    reason: str


class _Form(NamedTuple):
    """Content of a line, with the API's field names."""

    id: str
    openai: bool
    fields: dict[str, Any]


def check_list(path: Path) -> None:
    """Raise TtsfError for a file that cannot be read, or without any line that is a JSON object."""
    if path.is_fifo():  # could be read only once
        return
    try:
        with path.open("rb") as file:
            binary = b"\0" in file.read(BEGINNING)
            file.seek(0)
            if not binary and any(map(_is_object, file)):
                return
    except OSError as error:
        raise TtsfError(f"{path}: {error.strerror}") from None
    raise TtsfError(f"{path}: not a list of videos: no line is a JSON object in UTF-8")


def read_lines(path: Path, out: Path) -> list[Request | Refused]:
    """Read all non-blank lines; raises TtsfError for an unreadable or empty file.

    Portraits given as data URLs are written below `out`.
    """
    lines = list[Request | Refused]()
    seen = dict[str, int]()
    try:
        with path.open("rb") as file:
            for number, content in enumerate(file, start=1):
                if content.strip():
                    lines.append(_read(number, content, path.parent, out, seen))
    except OSError as error:
        raise TtsfError(f"{path}: {error.strerror}") from None
    if not lines:
        raise TtsfError(f"{path}: contains no lines")
    return lines


def _is_object(content: bytes) -> bool:
    try:
        return bool(_object(content))
    except TtsfError:
        return False


def folder_name(line_id: str) -> str:
    """Return a unique folder name for an id; never hidden, never outside the batch folder."""
    name = quote(line_id, safe=" ")
    return name.replace(".", "%2E", 1) if name.startswith(".") else name


def _read(
    number: int, content: bytes, home: Path, out: Path, seen: dict[str, int]
) -> Request | Refused:
    name, openai = None, False
    try:
        given = _object(content)
        openai = "custom_id" in given
        name = _id(given, number, seen)
        form = _Form(name, openai, _openai(given) if openai else _flat(given))
        return _line(number, form, home, out)
    except TtsfError as error:
        return Refused(number, name, openai, str(error))


def _object(content: bytes) -> dict[str, Any]:
    try:
        given = json.loads(content.decode("utf-8-sig"))
        json.dumps(given, ensure_ascii=False).encode()  # refuses lone surrogates
    except (ValueError, RecursionError):
        raise TtsfError("the line is not JSON in UTF-8") from None
    if not isinstance(given, dict):
        raise TtsfError("the line is not a JSON object")
    return given


def _id(given: dict[str, Any], number: int, seen: dict[str, int]) -> str:
    name = "custom_id" if "custom_id" in given else "id"
    found = given.get(name)
    if isinstance(found, int) and not isinstance(found, bool):
        found = str(found)
    if not isinstance(found, str) or not found.strip():
        raise TtsfError(f'{name}: missing; each line needs a name of its own, as "{name}": "a"')
    if len(folder_name(found)) > MOST_NAME:
        raise TtsfError(f"{name}: too long")
    first = seen.setdefault(found.casefold(), number)
    if first != number:
        raise TtsfError(f"{name}: already used by line {first}")
    return found


def _flat(given: dict[str, Any]) -> dict[str, Any]:
    for own, theirs in FLAT.items():
        if own not in given and not (own == "text" and "audio" in given):
            raise TtsfError(f"{own}: missing")
        if theirs in given:
            raise TtsfError(f"{theirs}: is called {own} in this format")
    return {FLAT.get(name, name): value for name, value in given.items() if name != "id"}


def _openai(given: dict[str, Any]) -> dict[str, Any]:
    for name in sorted(given.keys() ^ OPENAI):
        raise TtsfError(f"{name}: {'missing' if name in OPENAI else 'unknown'}")
    if (given["method"], given["url"]) != ("POST", URL):
        raise TtsfError(f"only POST to {URL} is supported")
    if not isinstance(given["body"], dict):
        raise TtsfError("body: not a JSON object")
    return dict(given["body"])


def _line(number: int, form: _Form, home: Path, out: Path) -> Request:
    fields = dict(form.fields)
    portrait, recording = fields.pop("input_reference", None), fields.pop("audio", None)
    names = {} if form.openai else {theirs: own for own, theirs in FLAT.items()}
    if "portrait_id" in fields:
        raise TtsfError("portrait_id is not supported in batches; give a file path")
    try:
        wanted = VideoRequest.model_validate(fields)
    except ValidationError as error:
        name, fault = first_fault(error)
        raise TtsfError(f"{names.get(name or '', name)}: {fault}") from None
    wanted.options(1.0)
    picture, voice = _picture(portrait, home, out), None
    if wanted.voice is not None and wanted.voice.endswith(VOICE_SUFFIX):
        voice = _file(wanted.voice, home)
        _hash(voice)
    audio = None if recording is None else _audio(recording, home)
    if wanted.prompt is None and audio is None:
        raise TtsfError(f"{names.get('prompt', 'prompt')}: Field required")
    dumped = wanted.model_dump(exclude=None if wanted.mark_sound else {"mark_sound"})
    told = [dumped, _hash(picture), voice and _hash(voice)]
    if audio is not None:
        told.append(_hash(audio))
    print_of = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:32]
    return Request(number, form.id, form.openai, wanted, picture, voice, audio, print_of)


def _audio(given: object, home: Path) -> Path:
    """Resolve a recording: a path relative to the batch file."""
    if not isinstance(given, str) or not given:
        raise TtsfError("audio: the path of a sound file is needed")
    return _file(given, home)


def _picture(given: object, home: Path, out: Path) -> Path:
    """Resolve a portrait: a path relative to the batch file, or a data URL."""
    if isinstance(given, dict):
        given = given.get("image_url")
    if not isinstance(given, str) or not given:
        raise TtsfError("a portrait is missing")
    if given.startswith(DATA_URL):
        content = content_of(given)
        path = out / PORTRAITS / hashlib.sha256(content).hexdigest()[:32]
        if not path.exists():
            write_new(path, content)
        return path.absolute()
    return _file(given, home)


def _file(given: str, home: Path) -> Path:
    """Resolve a path relative to the batch file; raises TtsfError for a URL."""
    return (home / local_path(given)).absolute()


@lru_cache(1_000)
def _hash(path: Path) -> str:
    try:
        if not path.is_file():
            raise TtsfError(f"{path}: no such file")
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a name"
        raise TtsfError(f"{path}: {reason}") from None
