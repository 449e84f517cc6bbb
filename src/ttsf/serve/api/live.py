"""Streaming responses, which stop their source when the client disconnects."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Coroutine, Mapping
from contextlib import aclosing
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ttsf.engine.files import STREAM
from ttsf.serve.problems import Problem
from ttsf.serve.studio import Live, Studio, read_from

PIECE = 1 << 18
"""Bytes per read."""
Result = TypeVar("Result")


class Gone(Exception):
    """The client disconnected."""


class Broken(Exception):
    """The source of a response failed after the response had started."""


class LiveResponse(Response):
    """Streams an iterator, and closes it when the client disconnects.

    If the source raises Broken or Problem, the connection is aborted, so that the client does not
    take the response for complete.
    """

    def __init__(
        self, pieces: AsyncGenerator[bytes], media_type: str, headers: Mapping[str, str]
    ) -> None:
        self.status_code, self.pieces, self.media_type = 200, pieces, media_type
        self.background = None
        self.init_headers({"Cache-Control": "no-store", **headers})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response."""
        async with aclosing(self.pieces):
            await unless_gone(receive, self._pour(send))

    async def _pour(self, send: Send) -> None:
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(start)
        try:
            async for piece in self.pieces:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        except (Broken, Problem):
            return
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def unless_gone(receive: Receive, work: Coroutine[Any, Any, Result]) -> Result | None:
    """Await `work`; if the client disconnects, cancel `work` and return None."""
    working = asyncio.create_task(work)
    leaving = asyncio.create_task(_gone(receive))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def while_there(request: Request, work: Awaitable[Result]) -> Result:
    """Like `unless_gone`, but raise Gone; for a request whose body has been read."""
    there = await unless_gone(request.receive, _boxed(work))
    if there is None:
        raise Gone
    return there[0]


async def follow(studio: Studio, job_id: str, live: Live, cancel: bool) -> AsyncGenerator[bytes]:
    """Yield the bytes of a video while it is generated; raises Broken if it fails.

    cancel: whether to cancel the video when the iterator is closed.
    """
    path, sent = studio.files.video(job_id) / STREAM, 0
    try:
        while True:
            change, ended = live.next_change, live.ended
            while piece := read_from(path, sent, PIECE):
                sent += len(piece)
                yield piece
            if ended:
                break
            await change.wait()
        if not live.whole:
            raise Broken
    finally:
        if cancel and not live.ended:
            await studio.cancel(job_id)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _boxed(work: Awaitable[Result]) -> tuple[Result]:
    return (await work,)
