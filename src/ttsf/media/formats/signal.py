"""Colour spaces that a PNG's cICP chunk names by ITU-T H.273's numbers, converted to sRGB."""

from collections.abc import Callable
from typing import BinaryIO

import numpy as np
from PIL import Image

from ttsf.media.formats.containers import PNG_START, png_chunks

CHUNK = b"cICP"
RGB = 0
"""Code of the matrix coefficients of RGB pixels."""
SRGB_PRIMARIES, BT_2020, DISPLAY_P3 = 1, 9, 12
TO_SRGB = {
    SRGB_PRIMARIES: np.eye(3),
    BT_2020: np.array(
        [[1.6605, -0.5877, -0.0728], [-0.1246, 1.1330, -0.0084], [-0.0182, -0.1006, 1.1188]]
    ),
    DISPLAY_P3: np.array(
        [[1.2249, -0.2249, 0.0], [-0.0420, 1.0420, 0.0], [-0.0197, -0.0786, 1.0983]]
    ),
}
"""Matrices from linear light of these primaries to that of sRGB's."""
LUMINANCE = np.array([0.2627, 0.678, 0.0593], np.float32)
"""Weights of red, green and blue for BT.2020's primaries."""
SCREENS, LINEAR, PQ, HLG = (1, 6, 13, 14, 15), 8, 16, 18
"""Transfer functions; those of screens are read as sRGB's, as their gAMA is."""
GAMMAS = {4: 2.2, 5: 2.8, LINEAR: 1.0}
WHITE_NITS, PEAK_NITS = 203.0, 1_000.0
"""Diffuse white of HDR pictures (ITU-R BT.2408), and their brightest light."""
BLACK_8, RANGE_8 = 16, 219
"""Black level and range of 8-bit pixels in the narrow range."""
Converter = Callable[[Image.Image], Image.Image]


def png_signal(file: BinaryIO) -> bytes | None:
    """Return the four bytes of a PNG's cICP chunk; None for none. Leaves `file` at its start."""
    file.seek(0)
    found = None
    if file.read(len(PNG_START)) == PNG_START:
        found = next((data for kind, data in png_chunks(file) if kind == CHUNK), None)
    file.seek(0)
    return found if found is not None and len(found) == 4 else None


def signal_converter(signal: bytes) -> Converter | None:
    """Return the conversion of 8-bit strips to sRGB; None for numbers that are not known here."""
    primaries, transfer, matrix, full_range = signal
    values = np.arange(256) / 255
    if not full_range:
        values = ((np.arange(256) - BLACK_8) / RANGE_8).clip(0, 1)
    light = _light(values, transfer)
    if light is None or matrix != RGB or primaries not in TO_SRGB:
        return None
    to_srgb, peak = TO_SRGB[primaries].T.astype(np.float32), PEAK_NITS / WHITE_NITS

    def convert(strip: Image.Image) -> Image.Image:
        linear = light.astype(np.float32)[np.asarray(strip.convert("RGB"))]
        if transfer == HLG:  # its display adapts to the brightness of the scene
            linear *= peak * (linear @ LUMINANCE)[..., None] ** 0.2
        if transfer in (PQ, HLG):
            brightest = linear.max(-1, keepdims=True)
            linear *= (1 + brightest / peak**2) / (1 + brightest)
        encoded = srgb_encoded((linear @ to_srgb).clip(0, 1))
        return Image.fromarray((255 * encoded).round().astype(np.uint8))

    return convert


def srgb_encoded(light: np.ndarray) -> np.ndarray:
    """Linear light in [0, 1] -> sRGB's values in [0, 1] (IEC 61966-2-1)."""
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def _light(values: np.ndarray, transfer: int) -> np.ndarray | None:
    """Values in [0, 1] -> light, 1 is diffuse white (HLG: the scene's, 1 is its brightest)."""
    if transfer in GAMMAS:
        return values ** GAMMAS[transfer]
    if transfer in SCREENS:
        return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    if transfer == PQ:  # SMPTE ST 2084
        root = values ** (32 / 2_523)
        ratio = (root - 3_424 / 4_096).clip(0) / (2_413 / 128 - 2_392 / 128 * root)
        return 10_000 / WHITE_NITS * ratio ** (16_384 / 2_610)
    if transfer == HLG:  # ITU-R BT.2100
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        return np.where(values <= 0.5, values**2 / 3, (np.exp((values - c) / a) + b) / 12)
    return None
