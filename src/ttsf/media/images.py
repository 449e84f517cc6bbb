"""Pictures from files: any common format to plain RGB."""

import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from ttsf.errors import TtsfError

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")
MAX_PIXELS = 100_000_000
"""Larger pictures are refused from their header, before decoding."""
MIN_SIDE = 48
"""px; no usable face fits a smaller picture."""
BACKGROUND = (128, 128, 128)
"""What shows through transparent pixels."""


def read_image(path: Path) -> np.ndarray:
    """RGB uint8 [H, W, 3], upright by its EXIF tag; the first frame of an animation.

    Raises TtsfError for anything but a whole picture of a usable size.
    """
    _check_file(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path, formats=FORMATS) as image:
                _check_size(path, image)
                image.load()
                return _to_rgb(image)
    except TtsfError:
        raise
    except Image.DecompressionBombError:
        raise TtsfError(f"{path}: the picture has more than {MAX_PIXELS:,} pixels") from None
    except UnidentifiedImageError:
        names = ", ".join(FORMATS[:-1])
        raise TtsfError(f"{path}: not a picture of a known format ({names} or GIF)") from None
    except Exception as error:  # decoders raise all kinds of errors on damaged files
        raise TtsfError(f"{path}: the picture is damaged or incomplete ({error})") from error


def _check_file(path: Path) -> None:
    try:
        size = path.stat().st_size
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise TtsfError(f"{path}: cannot read the picture: {reason}") from error
    if path.is_dir():
        raise TtsfError(f"{path}: a directory, not a picture")
    if not path.is_file():
        raise TtsfError(f"{path}: not a regular file")
    if size == 0:
        raise TtsfError(f"{path}: the file is empty")


def _check_size(path: Path, image: Image.Image) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise TtsfError(
            f"{path}: {width} x {height} px is too large; at most {MAX_PIXELS:,} pixels"
        )
    if min(width, height) < MIN_SIDE:
        raise TtsfError(f"{path}: {width} x {height} px is too small for a face")


def _to_rgb(image: Image.Image) -> np.ndarray:
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I") or image.mode == "F":
        image = _to_8_bit(image)
    if image.has_transparency_data:
        layered = image.convert("RGBA")
        image = Image.new("RGBA", image.size, (*BACKGROUND, 255))
        image.alpha_composite(layered)
    return np.asarray(image.convert("RGB"))


def _to_8_bit(image: Image.Image) -> Image.Image:
    """Grey pictures of 16 or 32 bits; floats count as 0 to 1 where nothing exceeds 1."""
    values = np.nan_to_num(np.asarray(image).astype(np.float64))
    peak = max(float(values.max()), 0.0)
    white = 65_535.0
    if image.mode == "F" and peak <= 255:
        white = 1.0 if peak <= 1 else 255.0
    elif peak > white:
        white = peak
    return Image.fromarray((np.clip(values / white, 0, 1) * 255).round().astype(np.uint8))
