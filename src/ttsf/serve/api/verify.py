"""`/v1/verify`: check whether a file was made with ttsf; the file is not kept."""

import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request

from ttsf.serve.api.bodies import read_body
from ttsf.serve.api.videos import studio_of
from ttsf.serve.problems import Problem

router = APIRouter(prefix="/v1/verify", tags=["verify"])
AT_ONCE = 2
"""Maximum number of files examined at the same time."""
MOST_S = 60.0
"""Time limit per file, s."""
BAD_INPUT = 2
MEDIA = ("video/", "audio/")
_running = set[Path]()


@router.post("")
async def check(request: Request) -> dict[str, Any]:
    """Look for watermark and tags in a video, sound or picture: `found`, `marked`, `number`."""
    studio = studio_of(request)
    studio.check_disk()
    if len(_running) >= AT_ONCE:
        detail = "too many files are being examined; try again later"
        raise Problem(429, "queue_full", detail, None, {"Retry-After": "5"})
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "file"
        _running.add(file)
        try:
            content = await _content(request)
            file.write_bytes(content)
            return await _verified(file)
        finally:
            _running.discard(file)


async def _content(request: Request) -> bytes:
    """Read the file of a request; raises Problem 400, 408, 413, 415 or 422."""
    settings = studio_of(request).settings
    if request.headers.get("content-type", "").lower().startswith(MEDIA):
        try:
            async with asyncio.timeout(settings.upload_s):
                return await request.body()
        except TimeoutError:
            raise Problem(408, "slow_upload", "the file took too long to arrive") from None
    body = await read_body(request, settings)
    if body.picture is None or body.fields:
        raise Problem(422, "no_file", "send one file and nothing else", "file")
    return body.picture


async def _verified(file: Path) -> dict[str, Any]:
    """Run `ttsf verify` in a separate process, so that a malicious file harms nothing else."""
    command = [sys.executable, "-m", "ttsf", "verify", str(file), "--json"]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe
    )
    try:
        async with asyncio.timeout(MOST_S):
            out, _ = await process.communicate()
    except TimeoutError:
        raise Problem(422, "too_long", f"the file takes longer than {MOST_S:.0f} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode == BAD_INPUT:
        raise Problem(422, "unusable", "the file is not a readable video, sound or picture", "file")
    if not out:
        raise Problem(500, "server_error", "the file could not be examined")
    found = json.loads(out)
    del found["file"]
    return {"object": "verification", **found}
