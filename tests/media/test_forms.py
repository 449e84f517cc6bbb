"""Photographs in the forms that cameras, phones and programs write them."""

import io
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, features

from tests.support import icc_profiles
from ttsf.errors import TtsfError
from ttsf.media.images import BACKGROUND, read_image, read_picture

ORIENTATION = 0x0112
STORED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.fixture(scope="module")
def picture(astronaut: np.ndarray) -> Image.Image:
    return Image.fromarray(astronaut[:240, 90:290])


def jpeg(picture: Image.Image, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=95, **options)  # type: ignore[arg-type]
    return file.getvalue()


def away(read: np.ndarray, picture: Image.Image | np.ndarray) -> float:
    assert read.shape == np.asarray(picture).shape
    return float(np.abs(read.astype(int) - np.asarray(picture)).mean())


# How it is turned


AVIF = pytest.param(
    "avif", marks=pytest.mark.skipif(not features.check("avif"), reason="Pillow without AVIF")
)


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tiff", AVIF])
@pytest.mark.parametrize("orientation", STORED)
def test_turned_and_mirrored(
    tmp_path: Path, picture: Image.Image, suffix: str, orientation: int
) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    turned = picture.transpose(STORED[orientation])
    turned.save(tmp_path / f"a.{suffix}", exif=exif, quality=98)
    assert away(read_image(tmp_path / f"a.{suffix}"), picture) < 3


@pytest.mark.parametrize("orientation", [0, 9, 99])
def test_a_turn_that_does_not_exist_is_none(
    tmp_path: Path, picture: Image.Image, orientation: int
) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    picture.save(tmp_path / "a.jpg", exif=exif, quality=98)
    assert away(read_image(tmp_path / "a.jpg"), picture) < 3


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp"])
@pytest.mark.parametrize(
    "exif",
    [b"rubbish", b"Exif\0\0rubbish", b"Exif\0\0MM\0*\xff\xff\xff\xff",
     b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x02\0\0\0\x01abcd\0\0\0\0"],
    ids=["no Exif", "no header", "an offset beyond it", "a turn in letters"],
)  # fmt: skip
def test_rubbish_says_nothing_of_a_turn(
    tmp_path: Path, picture: Image.Image, suffix: str, exif: bytes
) -> None:
    picture.save(tmp_path / f"a.{suffix}", exif=exif, quality=98)
    assert away(read_image(tmp_path / f"a.{suffix}"), picture) < 3


@pytest.mark.parametrize("orientation", [1, 6, 8])
def test_a_phones_picture_with_a_gain_map(
    tmp_path: Path, picture: Image.Image, orientation: int
) -> None:
    """Two JPEGs in one file, Display P3, held upright or to a side."""
    stored = picture.transpose(STORED[orientation]) if orientation > 1 else picture
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    stored.save(
        tmp_path / "a.jpg",
        "MPO",
        save_all=True,
        append_images=[stored.convert("L").reduce(2)],
        icc_profile=icc_profiles.rgb_profile("display p3"),
        exif=exif,
        quality=98,
    )
    expected = icc_profiles.to_srgb(np.asarray(picture), "display p3")
    assert away(read_image(tmp_path / "a.jpg"), expected) < 3


# Inks, depths and layers


def test_inks_without_a_word_of_their_maker(tmp_path: Path, picture: Image.Image) -> None:
    marked = jpeg(picture.convert("CMYK"))
    at = marked.index(b"\xff\xee")
    length = struct.unpack(">H", marked[at + 2 : at + 4])[0]
    (tmp_path / "a.jpg").write_bytes(marked[:at] + marked[at + 2 + length :])
    assert b"Adobe" not in (tmp_path / "a.jpg").read_bytes()
    assert away(read_image(tmp_path / "a.jpg"), picture) < 6


def deep_png(samples: np.ndarray, kind: int) -> bytes:
    """16 bits a sample; uint8 [rows, columns, channels], each said twice."""
    wide = samples.astype(">u2") * 257
    lines = b"".join(b"\0" + row.tobytes() for row in wide)
    header = struct.pack(">IIBBBBB", samples.shape[1], samples.shape[0], 16, kind, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(content)) + name + content
        + struct.pack(">I", zlib.crc32(name + content))
        for name, content in parts
    )  # fmt: skip
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.parametrize(("mode", "kind"), [("RGB", 2), ("RGBA", 6), ("LA", 4), ("L", 0)])
def test_16_bits_a_sample(tmp_path: Path, picture: Image.Image, mode: str, kind: int) -> None:
    samples = np.asarray(picture.convert(mode)).reshape(240, 200, -1)
    (tmp_path / "a.png").write_bytes(deep_png(samples, kind))
    expected = np.asarray(picture.convert(mode).convert("RGB")).astype(int)
    assert np.abs(read_image(tmp_path / "a.png") - expected).max() <= 1


@pytest.mark.parametrize(
    "kind", ["YCbCr", "tiff_lzw", "jpeg", "packbits", "pages", "32 bits", "float to 255"]
)
def test_kinds_of_tiff(tmp_path: Path, picture: Image.Image, kind: str) -> None:
    path, expected = tmp_path / "a.tiff", picture
    grey = np.asarray(picture.convert("L"))
    match kind:
        case "YCbCr":
            picture.convert("YCbCr").save(path)
        case "pages":
            red = Image.new("RGB", picture.size, "red")
            picture.save(path, save_all=True, append_images=[red, red])
        case "32 bits" | "float to 255":
            whole = kind == "32 bits"
            Image.fromarray(grey * np.int32(2**23 + 2**15) if whole else grey * 1.0).save(path)
            expected = picture.convert("L").convert("RGB")
        case _:
            picture.save(path, compression=kind)
    assert away(read_image(path), expected) < 3


@pytest.mark.parametrize("kind", ["png", "png with a still", AVIF])
def test_films_give_their_first_picture(tmp_path: Path, picture: Image.Image, kind: str) -> None:
    path = tmp_path / f"a.{kind[:4].strip()}"
    red = Image.new("RGB", picture.size, "red")
    still = {"default_image": True} if "still" in kind else {}
    picture.save(path, save_all=True, append_images=[red, red], quality=95, **still)
    assert away(read_image(path), picture) < 3


@pytest.mark.parametrize("kind", ["cut-out", "palette", "webp", "grey", "gif"])
def test_what_is_cut_out_stands_before_grey(
    tmp_path: Path, picture: Image.Image, kind: str
) -> None:
    cut = picture.convert("RGBA")
    cut.paste((9, 9, 9, 0), (0, 0, 50, 240))
    if kind == "palette":
        paletted = picture.quantize(64, dither=Image.Dither.NONE)
        paletted.paste(paletted.getpixel((0, 0)), (0, 0, 50, 240))
        paletted.save(tmp_path / "a.png", transparency=paletted.getpixel((0, 0)))
        assert (read_image(tmp_path / "a.png")[:, :50] == BACKGROUND).all()
        return
    if kind == "gif":
        cut.save(tmp_path / "a.gif")
        read = read_picture(tmp_path / "a.gif")
        assert (read.pixels[:, :50] == BACKGROUND).all()
        assert away(read.pixels[:, 50:], np.asarray(picture)[:, 50:]) < 12
        assert read.alpha is not None and (read.alpha[:, 50:] == 255).all()
        return
    name = "a.webp" if kind == "webp" else "a.png"
    (cut.convert("LA") if kind == "grey" else cut).save(tmp_path / name, lossless=True)
    read = read_image(tmp_path / name)
    expected = picture.convert("L").convert("RGB") if kind == "grey" else picture
    assert (read[:, :50] == BACKGROUND).all()
    assert np.abs(read[:, 50:] - np.asarray(expected).astype(int)[:, 50:]).max() <= 1


@pytest.mark.parametrize("mode", ["L", "sepia", "red"])
def test_a_tone_is_kept(tmp_path: Path, picture: Image.Image, mode: str) -> None:
    grey = np.asarray(picture.convert("L"), float)[..., None]
    tint = {"L": (1, 1, 1), "sepia": (1, 0.84, 0.64), "red": (1, 0.1, 0.1)}[mode]
    toned = (grey * tint).round().astype(np.uint8)
    Image.fromarray(toned).save(tmp_path / "a.png")
    assert np.array_equal(read_image(tmp_path / "a.png"), toned)


# Names, other formats, what follows the picture


@pytest.mark.parametrize("name", ["a.JPG", "a", "a.jpeg.part", "a.png", "A PICTURE.Jpeg"])
@pytest.mark.parametrize("progressive", [False, True])
def test_the_name_does_not_matter(
    tmp_path: Path, picture: Image.Image, name: str, progressive: bool
) -> None:
    (tmp_path / name).write_bytes(jpeg(picture, progressive=progressive))
    assert away(read_image(tmp_path / name), picture) < 3


@pytest.mark.parametrize("junk", [b"\0" * 4000, b"hello" * 100, b"\xff\xd8\xff\xe1"])
def test_what_follows_a_jpeg_is_left_alone(
    tmp_path: Path, picture: Image.Image, junk: bytes
) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg(picture) + junk)
    read = read_picture(tmp_path / "a.jpg")
    assert away(read.pixels, picture) < 3 and read.flaw == ""


@pytest.mark.parametrize("missing", [200, 2000])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_that_was_cut_off_is_refused(
    tmp_path: Path, picture: Image.Image, missing: int, progressive: bool
) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg(picture, progressive=progressive)[:-missing])
    with pytest.raises(TtsfError, match="damaged or incomplete"):
        read_image(tmp_path / "a.jpg")


@pytest.mark.parametrize(
    "kind",
    ["ICO", "TGA", "PPM", "PCX", "SGI", "svg", "pdf", "mp4",
     pytest.param("JPEG2000", marks=pytest.mark.skipif(
         not features.check("jpg_2000"), reason="Pillow without JPEG 2000"))],
)  # fmt: skip
def test_other_kinds_of_files_are_refused(tmp_path: Path, picture: Image.Image, kind: str) -> None:
    written = {
        "svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>',
        "pdf": b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n",
        "mp4": b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41" + bytes(500),
    }
    path = tmp_path / "a"
    if kind in written:
        path.write_bytes(written[kind])
    else:
        picture.save(path, kind)
    with pytest.raises(TtsfError, match="not a picture of a known format") as error:
        read_image(path)
    assert "\n" not in str(error.value)


@pytest.mark.skipif(sys.platform != "linux", reason="counts kB as Linux does")
def test_an_empty_picture_of_100_megapixels_fits_in_a_gigabyte(tmp_path: Path) -> None:
    picture = Image.new("RGBA", (10_000, 10_000), (0, 0, 0, 255))
    picture.save(tmp_path / "a.png", compress_level=1)
    code = (
        "import re, sys\n"
        "from pathlib import Path\n"
        "from ttsf.errors import TtsfError\n"
        "from ttsf.portrait.portrait import read_portrait\n"
        "try:\n"
        "    read_portrait(sys.argv[1])\n"
        "except TtsfError as error:\n"
        "    peak = re.search(r'VmHWM:\\s*(\\d+)', Path('/proc/self/status').read_text())\n"
        "    print(peak[1], error)\n"  # a child's ru_maxrss begins with that of its parent
    )
    run = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "a.png"], capture_output=True, text=True, check=True
    )
    kilobytes, said = run.stdout.split(maxsplit=1)
    assert "no face found" in said and int(kilobytes) < 1_000_000
