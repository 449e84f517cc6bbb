"""Files that may or may not be portraits: of every kind, sound or damaged."""

import io
import random
import struct
import zlib

import numpy as np
from PIL import Image, PngImagePlugin

FORMATS = {
    "PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"),
    "JPEG": ("L", "RGB", "CMYK"),
    "WEBP": ("RGB", "RGBA"),
    "TIFF": ("1", "L", "RGB", "RGBA", "CMYK", "I;16"),
    "BMP": ("1", "L", "RGB"),
    "GIF": ("P", "L"),
    "PPM": ("L", "RGB"),
    "JPEG2000": ("RGB",),
    "ICO": ("RGBA",),
}
TIFF_CODINGS = ("raw", "tiff_lzw", "tiff_deflate", "packbits", "jpeg")
SIZES = ((160, 160), (256, 256), (320, 240), (90, 400), (400, 90), (24, 24), (1, 1), (1, 900))


def picture(chance: random.Random, face: np.ndarray) -> bytes:
    """A file made of a photograph (RGB uint8 [H, W, 3]), whole or damaged."""
    content = _sound(chance, Image.fromarray(face))
    return content if chance.random() < 0.25 else damaged(chance, content)


def _sound(chance: random.Random, face: Image.Image) -> bytes:
    kind = chance.choice(list(FORMATS))
    mode = chance.choice(FORMATS[kind])
    size = chance.choices(SIZES, (6, 6, 3, 1, 1, 1, 1, 1))[0]
    picture = face.resize(size)
    if mode == "I;16":
        deep = np.asarray(picture.convert("L")).astype(np.uint16) * 257
        picture = Image.fromarray(deep)
    elif mode == "LA":
        picture = picture.convert("RGBA").convert("LA")
    else:
        picture = picture.convert(mode)
    if mode in ("RGBA", "LA") and chance.random() < 0.5:
        picture.putalpha(chance.randrange(256))
    options: dict[str, object] = {}
    if chance.random() < 0.3:
        exif = Image.Exif()
        exif[0x0112] = chance.choice((0, 1, 3, 6, 8, 9, 65_535))
        if chance.random() < 0.3:
            exif[0x010E] = "a" * chance.choice((1, 3_000, 60_000))
        options["exif"] = exif.tobytes()
    if chance.random() < 0.2:
        options["icc_profile"] = chance.randbytes(chance.randrange(1, 600))
    if kind == "TIFF" and mode not in ("1", "I;16"):
        options["compression"] = chance.choice(TIFF_CODINGS[: 5 if mode == "RGB" else 4])
    if kind == "TIFF" and mode == "1":
        options["compression"] = chance.choice(("raw", "group3", "group4"))
    if kind == "JPEG":
        options |= {"quality": chance.randrange(1, 96), "progressive": chance.random() < 0.4}
    if kind == "PNG" and chance.random() < 0.3:
        notes = PngImagePlugin.PngInfo()
        notes.add_text(chance.choice(("Comment", "XML", "e")), "a" * chance.randrange(90_000), True)
        options["pnginfo"] = notes
    if kind in ("GIF", "PNG", "WEBP", "TIFF") and chance.random() < 0.15:
        options |= {"save_all": True, "append_images": [picture.copy()]}
    out = io.BytesIO()
    try:
        picture.save(out, kind, **options)  # type: ignore[arg-type]
    except (RuntimeError, OSError, ValueError):  # not every format can hold everything
        out = io.BytesIO()
        face.save(out, "PNG")
    return out.getvalue()


def damaged(chance: random.Random, content: bytes) -> bytes:
    """A file with one fault or several; in a PNG also some whose checksums are right."""
    whole = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 8, 60))):
        at = chance.randrange(len(whole) or 1)
        at = min(at, chance.randrange(1, 200)) if chance.random() < 0.4 else at  # heads matter most
        match chance.choice(("flip", "byte", "cut", "drop", "insert", "repeat", "number", "chunk")):
            case "flip" if whole:
                whole[at] ^= 1 << chance.randrange(8)
            case "byte" if whole:
                whole[at] = chance.choice((0, 1, 0x7F, 0x80, 0xFF))
            case "cut" if chance.random() < 0.3:
                del whole[at:]
            case "drop":
                del whole[at : at + chance.randrange(1, 64)]
            case "insert":
                whole[at:at] = chance.randbytes(chance.randrange(1, 64))
            case "repeat":
                whole[at:at] = whole[at : at + chance.randrange(1, 2_000)] * chance.randrange(1, 9)
            case "number" if len(whole) > at + 4:
                value = chance.choice((0, 1, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 40_000))
                whole[at : at + 4] = struct.pack(chance.choice("<>") + "I", value)
            case "chunk" if whole[:4] == b"\x89PNG":
                _change_chunk(chance, whole)
    return bytes(whole)


def _change_chunk(chance: random.Random, whole: bytearray) -> None:
    """A change within a PNG's chunk whose checksum is right again."""
    starts, at = [], 8
    while at + 12 <= len(whole):
        starts.append(at)
        at += 12 + int.from_bytes(whole[at : at + 4], "big")
    if not starts:
        return
    at = chance.choice(starts)
    if at == 8:
        sides = (1, 48, 9_000, 11_000, 40_000, 2**31 - 1)
        whole[16:24] = struct.pack(">II", chance.choice(sides), chance.choice(sides))
    end = min(at + 8 + int.from_bytes(whole[at : at + 4], "big"), len(whole) - 4)
    if end > at + 8:
        whole[chance.randrange(at + 8, end)] = chance.randrange(256)
        whole[end : end + 4] = zlib.crc32(whole[at + 4 : end]).to_bytes(4, "big")
