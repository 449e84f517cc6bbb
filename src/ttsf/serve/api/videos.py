"""`/v1/videos`: jobs, synchronous responses and live streams."""

import asyncio
import hashlib
import json
import time
from collections.abc import AsyncGenerator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse

from ttsf.engine.files import SOUND, SRT, STREAM, THUMBNAIL, TIMINGS, VIDEO, VTT
from ttsf.engine.requests import VideoRequest
from ttsf.errors import TtsfError
from ttsf.media.files import write_new
from ttsf.serve.api.bodies import Body, parse, read_body
from ttsf.serve.api.live import LiveResponse, follow, while_there
from ttsf.serve.jobs import Job, Kind
from ttsf.serve.problems import STATUS_OF, Problem, not_found, unknown_voice
from ttsf.serve.process.text_limit import refuse_slow
from ttsf.serve.requests import schema
from ttsf.serve.store import VIDEO as VIDEO_ID
from ttsf.serve.store import new_video_id
from ttsf.serve.studio import Live, Studio

VARIANTS = {
    "video": (VIDEO, "video/mp4"),
    "stream": (STREAM, "video/mp4"),
    "audio": (SOUND, "audio/wav"),
    "srt": (SRT, "application/x-subrip"),
    "vtt": (VTT, "text/vtt"),
    "timings": (TIMINGS, "application/json"),
    "thumbnail": (THUMBNAIL, "image/jpeg"),
}
if TYPE_CHECKING:
    Variant = str
else:
    Variant = Literal[tuple(VARIANTS)]
STATUSES = {"accepted": "queued", "running": "in_progress", "done": "completed"}
"""Job status in OpenAI's terms; all others are "failed"."""
BEAT_S = 15.0
"""Interval of keep-alive comments in an idle event stream, s."""
MOST_KEY = 255
"""Maximum length of an Idempotency-Key, characters."""
router = APIRouter(prefix="/v1/videos", tags=["videos"])


@router.post("", openapi_extra=schema(VideoRequest))
async def create(request: Request) -> dict[str, Any]:
    """Accept a video as a job."""
    studio = studio_of(request)
    return shown(studio, await _accept(request, "job"))


@router.post("/sync", openapi_extra=schema(VideoRequest), response_class=FileResponse)
async def create_and_wait(request: Request) -> Response:
    """Return the finished video; cancelled when the client disconnects."""
    studio = studio_of(request)
    job = await _accept(request, "sync")
    try:
        if live := studio.live.get(job.id):
            await while_there(request, _ended(live))
    finally:
        if job.id in studio.live:
            await studio.cancel(job.id)
    job = _find(studio, job.id)
    if job.status != "done":
        code = job.error_code or "failed"
        raise Problem(STATUS_OF.get(code, 500), code, job.error or "it was not made")
    return _file(studio, request, job, "video")


@router.post("/stream", openapi_extra=schema(VideoRequest), response_class=Response)
async def create_and_stream(request: Request) -> Response:
    """Stream the video as fragmented MP4; cancelled when the client disconnects.

    `X-Video-Id` holds its id; its events report queue position, progress and words.
    """
    studio = studio_of(request)
    job = await _accept(request, "stream")
    live = studio.live.get(job.id)
    if live is None:
        return _file(studio, request, job, "stream")
    headers = {"X-Video-Id": job.id}
    return LiveResponse(follow(studio, job.id, live, True), "video/mp4", headers)


@router.get("")
async def list_all(
    request: Request,
    limit: int = Query(default=20, ge=1, le=100),
    after: str | None = None,
    order: Literal["asc", "desc"] = "desc",
) -> dict[str, Any]:
    """List videos by age, starting after the id `after`."""
    studio = studio_of(request)
    start = None if after is None else _find(studio, after)
    jobs = studio.jobs.page(limit + 1, start, order == "desc")
    data = [shown(studio, job) for job in jobs[:limit]]
    ends = {"first_id": data[0]["id"], "last_id": data[-1]["id"]} if data else {}
    return {"object": "list", "data": data, "has_more": len(jobs) > limit, **ends}


@router.get("/{video_id}")
async def get(request: Request, video_id: str) -> dict[str, Any]:
    """Return the status of a video."""
    studio = studio_of(request)
    return shown(studio, _find(studio, video_id))


@router.delete("/{video_id}")
async def delete(request: Request, video_id: str) -> dict[str, Any]:
    """Cancel a video, and delete all its files."""
    studio = studio_of(request)
    job = _find(studio, video_id)
    await studio.delete(job.id)
    return {"id": job.id, "object": "video.deleted", "deleted": True}


@router.head("/{video_id}/content", response_class=FileResponse, include_in_schema=False)
@router.get("/{video_id}/content", response_class=FileResponse)
async def content(request: Request, video_id: str, variant: Variant = "video") -> Response:
    """Return a file of a finished video (ranges allowed); `stream` also while it is generated."""
    studio = studio_of(request)
    job = _find(studio, video_id)
    live = studio.live.get(job.id)
    if live is not None and variant == "stream" and request.method == "GET":
        return LiveResponse(follow(studio, job.id, live, False), "video/mp4", {})
    return _file(studio, request, job, variant)


@router.get("/{video_id}/events", response_class=Response)
async def events(request: Request, video_id: str) -> Response:
    """Server-sent events until the video ends: `video` on changes, `words` as they are spoken."""
    studio = studio_of(request)
    job = _find(studio, video_id)
    return LiveResponse(_events(studio, job), "text/event-stream", {"X-Accel-Buffering": "no"})


def studio_of(request: Request) -> Studio:
    """Return the studio of the server."""
    return request.app.state.studio


def shown(studio: Studio, job: Job) -> dict[str, Any]:
    """Return a job in OpenAI's form, with our own fields under `ttsf`."""
    live = studio.live.get(job.id)
    wanted = json.loads(job.request)
    progress, place = 100 if job.status == "done" else 0, 0
    frames = job.frames
    if live is not None:
        progress = min(99, 100 * live.done // max(live.total, 1))
        place, frames = live.turn.place, live.done
    error = {"code": job.error_code, "message": job.error} if job.error else None
    expires = None if job.finished_at is None else int(job.finished_at + studio.settings.keep_s)
    return {
        "id": job.id,
        "object": "video",
        "model": wanted["model"],
        "status": STATUSES.get(job.status, "failed"),
        "progress": progress,
        "created_at": int(job.created_at),
        "completed_at": None if job.finished_at is None else int(job.finished_at),
        "expires_at": expires,
        "prompt": wanted["prompt"] or "",
        "seconds": "" if job.seconds is None else f"{job.seconds:.2f}",
        "size": job.size or "",
        "remixed_from_video_id": None,
        "error": error,
        "ttsf": {
            "place": place,
            "frames": frames,
            "expected_frames": frames if live is None else live.total,
            "portrait_id": job.portrait,
            "synthetic": True,
        },
    }


async def _accept(request: Request, kind: Kind) -> Job:
    """Create the job of a request, or find it by its Idempotency-Key; raises Problem."""
    studio = studio_of(request)
    key = request.headers.get("idempotency-key")
    if key is not None and not (0 < len(key) <= MOST_KEY and key.isascii()):
        raise Problem(400, "bad_key", f"an Idempotency-Key has 1 to {MOST_KEY} ASCII characters")
    keys: set[str] = request.app.state.keys
    if key in keys:
        raise Problem(409, "key_in_progress", "a request with this key is being read")
    with ExitStack() as stack:
        if key is not None:
            keys.add(key)
            stack.callback(keys.discard, key)
        known = None if key is None else studio.jobs.of_key(key)
        if known is None:
            stack.enter_context(studio.admission())
        body = await read_body(request, studio.settings)
        wanted, print_of = _read(studio, body), _fingerprint(kind, body)
        if known is not None:
            if known.fingerprint != print_of:
                raise Problem(422, "key_reused", "this key came with another request")
            return known
        await refuse_slow(wanted.prompt or "", wanted.language, "prompt")
        portrait = await _portrait(studio, wanted, body)
        new, recording = new_video_id(), None
        if body.sound is not None:
            recording = studio.files.recording(new)
            stack.callback(_forget_unless_accepted, studio, new)
            write_new(recording, body.sound)
        await studio.check(portrait, wanted, recording)
        job = Job(
            id=new,
            kind=kind,
            request=wanted.model_dump_json(),
            portrait=portrait,
            created_at=time.time(),
            key=key,
            fingerprint=print_of,
        )
        studio.add(job)
        return job


def _forget_unless_accepted(studio: Studio, video_id: str) -> None:
    if studio.jobs.get(video_id) is None:
        studio.files.delete_video(video_id)


def _read(studio: Studio, body: Body) -> VideoRequest:
    wanted = parse(VideoRequest, body.fields)
    most = studio.settings.most_text
    if wanted.prompt is None and body.sound is None:
        raise Problem(422, "invalid_value", "prompt: Field required", "prompt")
    if len(wanted.prompt or "") > most:
        raise Problem(422, "text_too_long", f"a text has at most {most:,} characters", "prompt")
    voices = [name for name, _ in studio.engine.about.voices]
    if wanted.voice is not None and wanted.voice not in voices:
        raise unknown_voice(wanted.voice)
    try:
        wanted.options(studio.settings.most_speech_s)
    except TtsfError as error:
        raise Problem(422, "unusable", str(error)) from None
    if (wanted.portrait_id is None) == (body.picture is None):
        detail = "give a picture as input_reference, or a portrait_id"
        raise Problem(422, "no_portrait", detail, "input_reference")
    return wanted


async def _portrait(studio: Studio, wanted: VideoRequest, body: Body) -> str:
    if body.picture is not None:
        return await studio.read_portrait(body.picture)
    assert wanted.portrait_id is not None
    if studio.files.faces(wanted.portrait_id) is None:
        raise Problem(404, "not_found", "there is no such portrait", "portrait_id")
    return wanted.portrait_id


def _fingerprint(kind: Kind, body: Body) -> str:
    told = json.dumps([kind, body.fields], sort_keys=True).encode()
    sound = b"" if body.sound is None else hashlib.sha256(body.sound).digest()
    return hashlib.sha256(told + (body.picture or b"") + sound).hexdigest()


def _find(studio: Studio, video_id: str) -> Job:
    job = studio.jobs.get(video_id) if VIDEO_ID.fullmatch(video_id) else None
    if job is None:
        raise not_found("video")
    return job


def _file(studio: Studio, request: Request, job: Job, variant: Variant) -> Response:
    if not job.finished:
        raise Problem(409, "not_ready", "the video is not finished", None, {"Retry-After": "1"})
    if job.status != "done":
        raise Problem(409, job.error_code or "failed", job.error or "it was not made")
    name, media_type = VARIANTS[variant]
    path = studio.files.video(job.id) / name
    download = f"{job.id}{path.suffix}"
    headers = {"Cache-Control": "private, max-age=3600", "X-Video-Id": job.id}
    answer = FileResponse(
        path,
        headers=headers,
        media_type=media_type,
        filename=download,
        content_disposition_type="inline",
        stat_result=path.stat(),
    )
    etag = answer.headers["etag"]
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers={**headers, "ETag": etag})
    return answer


async def _ended(live: Live) -> None:
    while True:
        change = live.next_change
        if live.ended:
            return
        await change.wait()


async def _events(studio: Studio, job: Job) -> AsyncGenerator[bytes]:
    live, sent, last = studio.live.get(job.id), 0, ""
    while True:
        change = None if live is None else live.next_change
        ended = live is None or live.ended
        if live is not None and len(live.words) > sent:
            words, sent = live.words[sent:], len(live.words)
            yield _event("words", json.dumps(words))
        state = json.dumps(shown(studio, studio.jobs.get(job.id) or job))
        if state != last:
            last = state
            yield _event("video", state)
        if ended or change is None:
            return
        try:
            async with asyncio.timeout(BEAT_S):
                await change.wait()
        except TimeoutError:
            yield b": waiting\n\n"


def _event(name: str, data: str) -> bytes:
    return f"event: {name}\ndata: {data}\n\n".encode()
