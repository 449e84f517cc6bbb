"""What lies beside a finished video in its folder."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ttsf.media.files import write_new
from ttsf.media.remux import write_thumbnail
from ttsf.serve.tasks import SRT, THUMBNAIL, TIMINGS, VIDEO, VTT
from ttsf.times.exports import timings_json
from ttsf.times.subtitles import srt, vtt

if TYPE_CHECKING:
    from ttsf.pipeline import Written


def write_beside(folder: Path, text: str, made: "Written", fps: int) -> dict[str, Any]:
    """Thumbnail, subtitles and timings; gives the video's `seconds`, `frames` and `size`.

    Raises TtsfError where they cannot be written.
    """
    width, height = write_thumbnail(folder / VIDEO, folder / THUMBNAIL)
    write_new(folder / SRT, srt(made.spoken, made.seconds))
    write_new(folder / VTT, vtt(made.spoken, made.seconds))
    write_new(folder / TIMINGS, timings_json(text, made.spoken, made.seconds, fps))
    return {"seconds": made.seconds, "frames": made.frame_count, "size": f"{width}x{height}"}
