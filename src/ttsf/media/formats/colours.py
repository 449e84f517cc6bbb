"""Convert pixels of any mode and colour space to sRGB, in strips to save memory."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from ttsf.media.formats.signal import signal_converter, srgb_encoded

STRIP = 256
"""Rows per strip; even, so that strips can be halved."""
WHITE_16, WHITE_8 = 65_535.0, 255.0
OPAQUE = 255
SCREEN_GAMMA, EVEN_GAMMA = 1 / 2.2, 0.05
"""gAMA of pictures for screens, and how far off another value still counts as it, as in libpng."""


def to_srgb(
    image: Image.Image,
    halvings: int,
    background: tuple[int, int, int],
    signal: bytes | None = None,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Convert a loaded picture to sRGB uint8 [H, W, 3], with its alpha [H, W] if it is not opaque.

    halvings: 0, or 1 to halve each side (mean of 2 x 2). background: colour behind transparent
    pixels. signal: of a PNG's cICP chunk, before all others. Unusable embedded profiles are
    ignored.
    """
    step = 2**halvings
    width, height = -(-image.width // step), -(-image.height // step)
    pixels = np.empty((height, width, 3), np.uint8)
    alpha = np.empty((height, width), np.uint8) if image.has_transparency_data else None
    eight_bit, convert = _eight_bit(image), _converter(image)
    if signal is not None:
        convert = signal_converter(signal) or convert
    for top in range(0, image.height, STRIP):
        bottom = min(top + STRIP, image.height)
        strip = eight_bit(image.crop((0, top, image.width, bottom)))
        place = slice(top // step, -(-bottom // step))
        if alpha is None:
            pixels[place] = np.asarray(_reduced(convert(strip), step))
            continue
        layered = strip.convert("RGBA")
        cover = _reduced(layered.getchannel("A"), step)
        drawn = _reduced(convert(layered), step)
        alpha[place] = np.asarray(cover)
        ground = Image.new("RGB", drawn.size, background)
        pixels[place] = np.asarray(Image.composite(drawn, ground, cover))
    return pixels, None if alpha is None or alpha.min() == OPAQUE else alpha


def _reduced(strip: Image.Image, step: int) -> Image.Image:
    return strip.reduce(step) if step > 1 else strip


def _eight_bit(image: Image.Image) -> Callable[[Image.Image], Image.Image]:
    """Return a converter of 16- or 32-bit grey to 8 bits; floats up to 1 are scaled by 255."""
    if not image.mode.startswith("I") and image.mode != "F":
        return lambda strip: strip
    peak = float(np.nan_to_num(np.float32(image.getextrema()[1])))  # type: ignore[arg-type]
    white = max(peak, WHITE_16)
    if image.mode == "F" and peak <= WHITE_8:
        white = 1.0 if peak <= 1 else WHITE_8

    def scaled(strip: Image.Image) -> Image.Image:
        values = np.nan_to_num(np.asarray(strip).astype(np.float32))
        return Image.fromarray((values / white * WHITE_8).round().clip(0, 255).astype(np.uint8))

    return scaled


def _converter(image: Image.Image) -> Callable[[Image.Image], Image.Image]:
    """Return a converter of 8-bit strips of `image` to RGB."""
    mode = {"CMYK": "CMYK", "LAB": "LAB"}.get(image.mode, "RGB")
    if image.mode in ("L", "LA", "1", "F") or image.mode.startswith("I"):
        mode = "L"
    profile: Any = image.info.get("icc_profile")
    transform = _transform(profile, mode)
    if mode == "LAB":
        transform = transform or _transform(ImageCms.createProfile("LAB"), mode)

    table = None if transform else _gamma_table(image)

    def to_rgb(strip: Image.Image) -> Image.Image:
        if transform is None:
            converted = strip.convert("RGB")
            return converted.point(table) if table else converted
        converted = strip.convert(mode)
        return ImageCms.applyTransform(converted, transform) or converted

    return to_rgb


def _gamma_table(image: Image.Image) -> list[int] | None:
    """Return the sRGB value of each value of a PNG whose gAMA is not a screen's, else None."""
    gamma = image.info.get("gamma", SCREEN_GAMMA)
    if "srgb" in image.info or not 0.1 < gamma < 10 or abs(gamma / SCREEN_GAMMA - 1) < EVEN_GAMMA:
        return None
    light = (np.arange(256) / WHITE_8) ** (1 / gamma)
    return 3 * [int(value) for value in (srgb_encoded(light) * WHITE_8).round()]


def _transform(profile: Any, mode: str) -> Any:
    """Build the transform from a profile to sRGB; None for none, sRGB or a broken one."""
    if not profile:
        return None
    try:
        opened = ImageCms.getOpenProfile(io.BytesIO(profile) if type(profile) is bytes else profile)
        if ImageCms.getProfileDescription(opened).startswith("sRGB"):
            return None
        return ImageCms.buildTransform(opened, ImageCms.createProfile("sRGB"), mode, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
