"""Files beside a video in its folder, and error messages for clients."""

import errno
import logging
import traceback
from pathlib import Path
from typing import Any

from ttsf.engine.files import SRT, THUMBNAIL, TIMINGS, VIDEO, VTT
from ttsf.engine.output import Written
from ttsf.errors import TtsfError
from ttsf.media.files import write_new
from ttsf.media.remux import write_thumbnail
from ttsf.timings.exports import timings_json
from ttsf.timings.subtitles import srt, vtt

PORTRAITS_KEPT = 4
"""Portraits kept in memory after they have been read."""
logger = logging.getLogger("ttsf.serve")


def write_beside(folder: Path, text: str, made: Written, fps: int) -> dict[str, Any]:
    """Write thumbnail, subtitles and timings beside a finished video.

    Returns its `seconds`, `frames` and `size`. Raises TtsfError if a file cannot be written.
    """
    width, height = write_thumbnail(folder / VIDEO, folder / THUMBNAIL)
    write_new(folder / SRT, srt(made.spoken, made.seconds))
    write_new(folder / VTT, vtt(made.spoken, made.seconds))
    write_new(folder / TIMINGS, timings_json(text, made.spoken, made.seconds, fps))
    return {"seconds": made.seconds, "frames": made.frame_count, "size": f"{width}x{height}"}


def failure_of(error: Exception, picture: Path | None) -> tuple[str, str]:
    """Return code and message for a client; they contain no path, text or traceback."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT):
            return "disk_full", "the server's disk is full"
        cause = cause.__cause__
    if isinstance(error, TtsfError) and getattr(error.__cause__, "errno", None) is None:
        return "unusable", without_path(error, picture)
    where = traceback.extract_tb(error.__traceback__)[-1]
    logger.error("%s in %s, line %s", type(error).__name__, where.filename, where.lineno)
    return "engine_error", f"the engine failed ({type(error).__name__})"


def without_path(error: Exception, picture: Path | None) -> str:
    """Return the message of an error without the paths of the server."""
    message = str(error)
    return message if picture is None else message.replace(str(picture), "the portrait")
