"""Read picture files of any common format as sRGB."""

import ctypes
import importlib
import io
import stat
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from PIL import Image, UnidentifiedImageError, _imaging

from ttsf.errors import TtsfError
from ttsf.media.formats.colours import to_srgb
from ttsf.media.formats.containers import JPEG_START, PNG_START, needed_png, read_jpeg
from ttsf.media.formats.damage import is_damaged
from ttsf.media.formats.signal import png_signal

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "BMP", "TIFF", "GIF")
HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")
MAX_PIXELS = 100_000_000
"""Maximum size; larger pictures are refused by their header, before decoding."""
MOST_KEPT = 50_000_000
"""Larger pictures are read at half size to save memory."""
MOST_SCANS, MOST_WORK = 100, 1_500_000_000
"""Limits for progressive JPEGs: scans, and pixels times scans; more would take over 10 s."""
MOST_PIPED = 250_000_000
"""Maximum size of a picture from a pipe, and of a JPEG, bytes."""
MIN_SIDE = 48
"""px; no usable face fits a smaller picture."""
BACKGROUND = (128, 128, 128)
"""Colour behind transparent pixels."""
STANDARD_INPUT = Path("-")
ORIENTATION = 0x0112
TURNS = {2: (0, True), 3: (2, False), 4: (2, True), 5: (3, True)} | {
    6: (3, False), 7: (1, True), 8: (1, False)
}  # fmt: skip
"""By EXIF orientation: quarter turns to the left, then whether to mirror."""
DAMAGED = "the picture's file is damaged; parts of it may look wrong"


class Picture(NamedTuple):
    """A picture read from a file."""

    pixels: np.ndarray
    """sRGB uint8 [H, W, 3], upright, over `BACKGROUND`."""
    alpha: np.ndarray | None = None
    """uint8 [H, W], 0 is transparent; None if all pixels are opaque."""
    shrunk: int = 1
    """Factor by which each side is smaller than in the file."""
    flaw: str = ""
    """Description of damage in the file, without a full stop; empty if none."""


def read_image(path: Path) -> np.ndarray:
    """Return the pixels of `read_picture`, RGB uint8 [H, W, 3]."""
    return read_picture(path).pixels


def read_picture(source: Path | BinaryIO | Image.Image) -> Picture:
    """Read a picture, upright by its EXIF tag and in sRGB; of an animation the first frame.

    source: path of a file or a pipe, `-` for standard input, an open file, or an image of Pillow,
    which is not changed. Raises TtsfError for anything but a complete picture of usable size.
    """
    name = name_of(source)
    with _opened(source, name) as opened:
        try:
            if isinstance(opened, Image.Image):
                with _unwarned():
                    return _converted(opened, _check_size(opened))
            return _read(opened)
        except TtsfError as error:
            raise TtsfError(f"{name}: {error}") from error
        except Image.DecompressionBombError:
            raise TtsfError(f"{name}: the picture has more than {MAX_PIXELS:,} pixels") from None
        except UnidentifiedImageError:
            known = ", ".join(FORMATS[:-1])
            raise TtsfError(f"{name}: not a picture of a known format ({known} or GIF)") from None
        except Exception as error:  # decoders raise arbitrary errors on damaged files
            raise TtsfError(f"{name}: the picture is damaged or incomplete ({error})") from error


def name_of(source: object) -> str:
    """Return the name of a picture for messages: its path, if it has one."""
    if isinstance(source, Path):
        return "standard input" if source == STANDARD_INPUT else str(source)
    name = getattr(source, "name", None)
    return name if isinstance(name, str) else "the portrait"


@contextmanager
def _opened(path: Path | BinaryIO | Image.Image, name: str) -> Iterator[BinaryIO | Image.Image]:
    """Open a file, or buffer a pipe or an open file, as a seekable file."""
    try:
        if isinstance(path, Image.Image):
            yield path
            return
        if not isinstance(path, Path):
            yield _piped(path, name)
            return
        if path == STANDARD_INPUT:
            if sys.stdin is None:
                raise TtsfError("standard input is closed; give a picture file")
            yield _piped(sys.stdin.buffer, name)
            return
        kind = path.stat().st_mode
        if stat.S_ISDIR(kind):
            raise TtsfError(f"{name}: a directory, not a picture")
        if not stat.S_ISREG(kind) and not stat.S_ISFIFO(kind):
            raise TtsfError(f"{name}: not a regular file")
        with path.open("rb") as file:
            if stat.S_ISFIFO(kind):
                yield _piped(file, name)
            elif path.stat().st_size == 0:
                raise TtsfError(f"{name}: the file is empty")
            else:
                yield file
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise TtsfError(f"{name}: cannot read the picture: {reason}") from error


def _piped(stream: BinaryIO, name: str) -> BinaryIO:
    content = stream.read(MOST_PIPED + 1)
    if not isinstance(content, bytes):
        raise TtsfError(f"{name}: open the file in binary mode ('rb')")
    if not content:
        raise TtsfError(f"{name}: nothing to read; it is empty, or has been read to its end")
    if len(content) > MOST_PIPED:
        raise TtsfError(f"{name}: more than {MOST_PIPED:,} bytes; give it as a file")
    return io.BytesIO(content)


def _read(file: BinaryIO) -> Picture:
    start = file.read(12)
    file.seek(0)
    if start.startswith(JPEG_START):
        return _read_jpeg(file)
    signal = png_signal(file)
    try:
        return _decode(file, _formats(start), signal)
    except TtsfError:
        raise
    except Exception:
        if not start.startswith(PNG_START):
            raise
        file.seek(0)  # the error may concern a text chunk, not the picture
        return _decode(io.BytesIO(needed_png(file.read())), ("PNG",), signal)


def _read_jpeg(file: BinaryIO) -> Picture:
    with _unwarned(), Image.open(file, formats=["JPEG"]) as image:
        width, height = _check_size(image)
    file.seek(0)
    content = file.read(MOST_PIPED + 1)
    if len(content) > MOST_PIPED:
        raise TtsfError(f"more than {MOST_PIPED:,} bytes; save it smaller")
    with _unwarned():
        jpeg = read_jpeg(content)
    scans = len(jpeg.scans)
    if scans > MOST_SCANS or scans * width * height > MOST_WORK:
        raise TtsfError(f"{scans} scans of {width} x {height} px take too long; save it again")
    picture = _decode(io.BytesIO(jpeg.content), ("JPEG",))
    with _unwarned():
        return picture._replace(flaw=DAMAGED) if is_damaged(jpeg, width * height) else picture


def _decode(file: BinaryIO, formats: tuple[str, ...], signal: bytes | None = None) -> Picture:
    with _unwarned(), Image.open(file, formats=formats) as image:
        width, height = _check_size(image)
        if image.format == "TIFF":
            _silence_libtiff()
        if width * height > MOST_KEPT:
            image.draft(None, (width // 2, height // 2))  # decodes a JPEG at half size directly
        return _converted(image, (width, height), signal)


def _converted(image: Image.Image, size: tuple[int, int], signal: bytes | None = None) -> Picture:
    """Decode and convert an image; size: width and height in the file, before any draft."""
    halvings = int(size[0] * size[1] > MOST_KEPT)
    image.load()
    turns, mirrored = TURNS.get(_orientation(image), (0, False))
    pixels, alpha = to_srgb(image, halvings if image.size == size else 0, BACKGROUND, signal)
    if alpha is not None:
        alpha = _turned(alpha, turns, mirrored)
    return Picture(_turned(pixels, turns, mirrored), alpha, 2**halvings)


def _check_size(image: Image.Image) -> tuple[int, int]:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise TtsfError(f"{width} x {height} px is too large; at most {MAX_PIXELS:,} pixels")
    if min(width, height) < MIN_SIDE:
        raise TtsfError(f"{width} x {height} px is too small for a face")
    return width, height


def _formats(start: bytes) -> tuple[str, ...]:
    """Return the formats to try; HEIC needs pillow-heif."""
    if start[4:8] == b"ftyp" and start[8:12] in HEIC_BRANDS:
        try:
            importlib.import_module("pillow_heif").register_heif_opener()
        except ImportError:
            raise TtsfError(
                "reading HEIC needs pillow-heif (pip install pillow-heif); "
                "or save the picture as JPEG"
            ) from None
        return ("HEIF",)
    Image.init()
    if start[4:12] in (b"ftypavif", b"ftypavis") and "AVIF" not in Image.OPEN:
        raise TtsfError("this Pillow cannot read AVIF; update it, or save the picture as JPEG")
    return tuple(name for name in FORMATS if name in Image.OPEN)


def _orientation(image: Image.Image) -> int:
    with suppress(Exception):  # EXIF may be malformed in any way
        return int(image.getexif().get(ORIENTATION, 1))
    return 1


def _turned(pixels: np.ndarray, turns: int, mirrored: bool) -> np.ndarray:
    turned = np.rot90(pixels, turns)
    return np.ascontiguousarray(turned[:, ::-1] if mirrored else turned)


@contextmanager
def _unwarned() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@cache
def _silence_libtiff() -> None:
    """Stop libtiff from printing errors to standard error; they are raised anyway."""
    with suppress(AttributeError, OSError):  # not reachable if linked into Pillow statically
        library = ctypes.CDLL(_imaging.__file__)
        library.TIFFSetErrorHandler(None)
        library.TIFFSetWarningHandler(None)
