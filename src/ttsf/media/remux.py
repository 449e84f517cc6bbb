"""Turn a streamed MP4 into one with the index in front, without re-encoding; write thumbnails."""

from pathlib import Path

import av
from PIL import Image

from ttsf.media.files import new_file
from ttsf.media.video_codecs import MP4

OF_THE_CONTAINER = {"major_brand", "minor_version", "compatible_brands", "encoder"}
"""Metadata of the container, which is not copied."""


def fast_start(streamed: Path, path: Path) -> None:
    """Copy the encoded streams into a seekable MP4, atomically.

    Raises TtsfError if it cannot be written.
    """
    with (
        new_file(path) as place,
        av.open(str(streamed)) as source,
        av.open(str(place), "w", format="mp4", options=MP4.muxer) as target,
    ):
        tags = {k: v for k, v in source.metadata.items() if k not in OF_THE_CONTAINER}
        target.metadata.update(tags)
        streams = {
            stream.index: target.add_stream_from_template(stream)
            for stream in (*source.streams.video, *source.streams.audio)
        }
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                target.mux(packet)


def write_thumbnail(video: Path, path: Path, side: int = 320) -> tuple[int, int]:
    """Write the first frame as a JPEG of at most `side` px; return the video's (width, height).

    Raises TtsfError if it cannot be written.
    """
    with av.open(str(video)) as container:
        frame = next(container.decode(video=0))
    picture = Image.fromarray(frame.to_ndarray(format="rgb24"))
    picture.thumbnail((side, side))
    with new_file(path) as place:
        picture.save(place, "JPEG", quality=85)
    return frame.width, frame.height
