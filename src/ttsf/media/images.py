"""Pictures from files: any common format to plain sRGB."""

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

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "BMP", "TIFF", "GIF")
HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")
MAX_PIXELS = 100_000_000
"""Larger pictures are refused from their header, before decoding."""
MOST_KEPT = 50_000_000
"""Pictures of more pixels are read at half their size, to spare memory."""
MOST_SCANS, MOST_WORK = 100, 1_500_000_000
"""Of a progressive JPEG, and of its pixels times its scans; more would take over ten seconds."""
MOST_PIPED = 250_000_000
"""Bytes of a picture that comes through a pipe, and of a JPEG."""
MIN_SIDE = 48
"""px; no usable face fits a smaller picture."""
BACKGROUND = (128, 128, 128)
"""What shows through transparent pixels."""
STANDARD_INPUT = Path("-")
ORIENTATION = 0x0112
TURNS = {2: (0, True), 3: (2, False), 4: (2, True), 5: (3, True)} | {
    6: (3, False), 7: (1, True), 8: (1, False)
}  # fmt: skip
"""Quarter turns to the left and then whether left and right change places, for EXIF's values."""
DAMAGED = "the picture's file is damaged; parts of it may look wrong"


class Picture(NamedTuple):
    """A picture that was read from a file."""

    pixels: np.ndarray
    """sRGB uint8 [H, W, 3], upright; `BACKGROUND` shows through what is transparent."""
    alpha: np.ndarray | None = None
    """uint8 [H, W], 0 is transparent; None where everything is opaque."""
    shrunk: int = 1
    """How many times smaller than the file says, each way."""
    flaw: str = ""
    """What is wrong with the file, without a full stop."""


def read_image(path: Path) -> np.ndarray:
    """RGB uint8 [H, W, 3]: the pixels of `read_picture`."""
    return read_picture(path).pixels


def read_picture(path: Path) -> Picture:
    """Upright by its EXIF tag, its colours in sRGB; the first frame of an animation or a document.

    path: a file, a pipe, or `-` for standard input. Raises TtsfError for anything but a whole
    picture of a usable size.
    """
    name = "standard input" if path == STANDARD_INPUT else str(path)
    with _opened(path, name) as file:
        try:
            return _read(file)
        except TtsfError as error:
            raise TtsfError(f"{name}: {error}") from error
        except Image.DecompressionBombError:
            raise TtsfError(f"{name}: the picture has more than {MAX_PIXELS:,} pixels") from None
        except UnidentifiedImageError:
            known = ", ".join(FORMATS[:-1])
            raise TtsfError(f"{name}: not a picture of a known format ({known} or GIF)") from None
        except Exception as error:  # decoders raise all kinds of errors on damaged files
            raise TtsfError(f"{name}: the picture is damaged or incomplete ({error})") from error


@contextmanager
def _opened(path: Path, name: str) -> Iterator[BinaryIO]:
    """A file at its start in which one can seek."""
    try:
        if path == STANDARD_INPUT:
            if sys.stdin is None:
                raise TtsfError("standard input is closed; name a picture's file")
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
    if not content:
        raise TtsfError(f"{name}: the file is empty")
    if len(content) > MOST_PIPED:
        raise TtsfError(f"{name}: more than {MOST_PIPED:,} bytes; give it as a file")
    return io.BytesIO(content)


def _read(file: BinaryIO) -> Picture:
    start = file.read(12)
    file.seek(0)
    if start.startswith(JPEG_START):
        return _read_jpeg(file)
    try:
        return _decode(file, _formats(start))
    except TtsfError:
        raise
    except Exception:
        if not start.startswith(PNG_START):
            raise
        file.seek(0)  # what is wrong may be a text that has nothing to do with the picture
        return _decode(io.BytesIO(needed_png(file.read())), ("PNG",))


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
        raise TtsfError(f"{scans} scans of {width} x {height} px take too long; save it anew")
    picture = _decode(io.BytesIO(jpeg.content), ("JPEG",))
    with _unwarned():
        return picture._replace(flaw=DAMAGED) if is_damaged(jpeg, width * height) else picture


def _decode(file: BinaryIO, formats: tuple[str, ...]) -> Picture:
    with _unwarned(), Image.open(file, formats=formats) as image:
        width, height = _check_size(image)
        halvings = int(width * height > MOST_KEPT)
        if image.format == "TIFF":
            _silence_libtiff()
        if halvings:
            image.draft(None, (width // 2, height // 2))  # a JPEG is decoded smaller at once
        image.load()
        turns, mirrored = TURNS.get(_orientation(image), (0, False))
        left = halvings if image.size == (width, height) else 0
        pixels, alpha = to_srgb(image, left, BACKGROUND)
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
    """Those that the installed Pillow reads; HEIC by a package of its own."""
    if start[4:8] == b"ftyp" and start[8:12] in HEIC_BRANDS:
        try:
            importlib.import_module("pillow_heif").register_heif_opener()
        except ImportError:
            raise TtsfError(
                "HEIC is read where pillow-heif is installed (pip install pillow-heif); "
                "or save the picture as JPEG"
            ) from None
        return ("HEIF",)
    Image.init()
    if start[4:12] in (b"ftypavif", b"ftypavis") and "AVIF" not in Image.OPEN:
        raise TtsfError("this Pillow reads no AVIF; update it, or save the picture as JPEG")
    return tuple(name for name in FORMATS if name in Image.OPEN)


def _orientation(image: Image.Image) -> int:
    with suppress(Exception):  # EXIF is written by all kinds of programs
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
    """It prints what is wrong with a file to standard error, next to the error that is raised."""
    with suppress(AttributeError, OSError):  # linked into Pillow itself it cannot be reached
        library = ctypes.CDLL(_imaging.__file__)
        library.TIFFSetErrorHandler(None)
        library.TIFFSetWarningHandler(None)
