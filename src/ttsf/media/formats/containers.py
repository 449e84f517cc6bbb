"""Inspect JPEG and PNG files before decoding: their cost and their damage."""

import io
import re
import zlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from PIL import Image, ImageChops

from ttsf.errors import TtsfError

PNG_START = b"\x89PNG\r\n\x1a\n"
NEEDED_CHUNKS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
PROFILE, MOST_PROFILE = b"iCCP", 2**22
"""Colour profile chunk, and its maximum decompressed size in bytes."""
MOST_SMALL = 64
"""Maximum size in bytes of the chunks that are read here."""
JPEG_START, JPEG_END, SCAN = b"\xff\xd8", b"\xff\xd9", 0xDA
MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
"""Marker that ends a scan; stuffed zeros and restart markers do not."""
MORE_DATA, LONG_SCAN = b"\x55" * 48, 100
"""Bytes that would complete a truncated last code, and the minimum size of a detail scan."""


class Jpeg(NamedTuple):
    """Bytes of a JPEG file, and the positions of its scans."""

    content: bytes
    scans: tuple[tuple[int, int], ...]
    """(start, end) of each scan's entropy-coded data."""

    def with_more(self) -> bytes:
        """Return the file with superfluous data at the end of each scan."""
        parts, at = [], 0
        for _start, end in self.scans:
            parts += [self.content[at:end], MORE_DATA]
            at = end
        return b"".join(parts) + self.content[at:]

    def with_less(self, count: int) -> bytes:
        """Return the file without the last `count` bytes of its last long scan."""
        end = next(end for start, end in reversed(self.scans) if end - start >= LONG_SCAN)
        return self.content[: end - count] + self.content[end:]


def read_jpeg(content: bytes) -> Jpeg:
    """Find the scans; adds a missing end marker. Raises TtsfError for a truncated file."""
    content = content.rstrip(b"\xff")
    scans, at, ended = [], len(JPEG_START), False
    while not ended:
        found = MARKER.search(content, at)
        if found is None:
            break
        kind, at = content[found.start() + 1], found.end()
        ended = found[0] == JPEG_END
        if kind == 0x01 or ended:
            continue
        at += int.from_bytes(content[at : at + 2], "big")
        if kind == SCAN:
            end = MARKER.search(content, at)
            scans.append((at, end.start() if end else len(content)))
            at = scans[-1][1]
    if not ended and scans:
        completed = Jpeg(content + JPEG_END, tuple(scans))
        if differ(decoded(completed.content), decoded(completed.with_more())):
            raise TtsfError("the picture is damaged or incomplete (its end is missing)")
        return completed
    return Jpeg(content, tuple(scans))


def needed_png(content: bytes) -> bytes:
    """Drop the chunks of a PNG that are not needed to draw it; keep a valid colour profile."""
    parts, at = [PNG_START], len(PNG_START)
    while at + 12 <= len(content):
        end = at + 12 + int.from_bytes(content[at : at + 4], "big")
        kind, chunk = content[at + 4 : at + 8], content[at:end]
        if kind in NEEDED_CHUNKS or (kind == PROFILE and _is_sound_profile(chunk)):
            parts.append(chunk)
        at = end
    return b"".join(parts)


def png_chunks(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """Yield the small, undamaged chunks (kind, data) of a PNG before its pixels.

    file: at the first chunk.
    """
    while len(head := file.read(8)) == 8 and head[4:] != b"IDAT":
        length = int.from_bytes(head[:4], "big")
        if length > MOST_SMALL:
            file.seek(length + 4, io.SEEK_CUR)
            continue
        data, checksum = file.read(length), file.read(4)
        if zlib.crc32(head[4:] + data) == int.from_bytes(checksum, "big"):
            yield head[4:], data


def _is_sound_profile(chunk: bytes) -> bool:
    if zlib.crc32(chunk[4:-4]) != int.from_bytes(chunk[-4:], "big"):
        return False
    name, _, packed = chunk[8:-4].partition(b"\0")
    unpacker = zlib.decompressobj()
    try:
        unpacker.decompress(packed[1:], MOST_PROFILE)
    except zlib.error:
        return False
    return bool(name) and unpacker.eof


def decoded(content: bytes) -> Image.Image:
    """Decode a picture without converting it to RGB."""
    with Image.open(io.BytesIO(content), formats=["JPEG"]) as image:
        if image.mode == "RGB":
            image.draft("YCbCr", image.size)
        image.load()
    return image


def differ(one: Image.Image, other: Image.Image) -> bool:
    """Whether any pixel differs."""
    return one.size != other.size or ImageChops.difference(one, other).getbbox() is not None
