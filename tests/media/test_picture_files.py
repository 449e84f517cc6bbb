"""Pictures from odd places, and files that are broken in odd ways."""

import io
import os
import struct
import sys
import threading
import types
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ttsf.errors import TtsfError
from ttsf.media.formats.containers import MARKER, read_jpeg
from ttsf.media.images import MOST_SCANS, read_image, read_picture


@pytest.fixture(scope="module")
def picture(astronaut: np.ndarray) -> Image.Image:
    return Image.fromarray(astronaut[:256, 80:336])


def encoded(picture: Image.Image, kind: str, progressive: bool = False) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, quality=90, progressive=progressive)
    return file.getvalue()


def png_chunk(kind: bytes, content: bytes, checksum: int | None = None) -> bytes:
    crc = zlib.crc32(kind + content) if checksum is None else checksum
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", crc)


def with_chunk(picture: Image.Image, chunk: bytes) -> bytes:
    png = encoded(picture, "PNG")
    return png[:33] + chunk + png[33:]


def close_to(read: np.ndarray, picture: Image.Image, tolerance: float = 4) -> bool:
    return bool(np.abs(read.astype(int) - np.asarray(picture)).mean() <= tolerance)


# Where pictures come from


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_standard_input(picture: Image.Image, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = types.SimpleNamespace(buffer=io.BytesIO(encoded(picture, kind)))
    monkeypatch.setattr(sys, "stdin", stream)
    assert close_to(read_image(Path("-")), picture)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_pipe(tmp_path: Path, picture: Image.Image, kind: str) -> None:
    path = tmp_path / "a picture"
    os.mkfifo(path)
    writer = threading.Thread(target=lambda: path.write_bytes(encoded(picture, kind)))
    writer.start()
    assert close_to(read_image(path), picture)
    writer.join()


def test_standard_input_that_gives_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", types.SimpleNamespace(buffer=io.BytesIO()))
    with pytest.raises(TtsfError, match="standard input: nothing to read; it is empty"):
        read_image(Path("-"))
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(TtsfError, match="standard input is closed"):
        read_image(Path("-"))


@pytest.mark.parametrize("brand", [b"heic", b"mif1", b"heix"])
def test_heic_without_its_package_names_the_way_out(
    tmp_path: Path, brand: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    (tmp_path / "a.heic").write_bytes(b"\0\0\0\x18ftyp" + brand + bytes(400))
    with pytest.raises(TtsfError, match=r"pip install pillow-heif.*as JPEG"):
        read_image(tmp_path / "a.heic")


def test_first_page_and_a_wrong_suffix(tmp_path: Path, picture: Image.Image) -> None:
    pages = [Image.new("RGB", (60, 60), "red"), Image.new("L", (90, 90))]
    picture.save(tmp_path / "a.tiff", save_all=True, append_images=pages)
    assert np.array_equal(read_image(tmp_path / "a.tiff"), np.asarray(picture))
    (tmp_path / "a.jpg").write_bytes(encoded(picture, "PNG"))
    assert np.array_equal(read_image(tmp_path / "a.jpg"), np.asarray(picture))


# PNG


@pytest.mark.parametrize(
    "chunk",
    [
        png_chunk(b"tEXt", b"Comment\0a text", checksum=1),
        png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(3_000_000))),
        png_chunk(b"iTXt", b"Comment\0\1\0\0\0" + zlib.compress(bytes(3_000_000))),
        png_chunk(b"eXIf", b"MM\0*\xff\xff\xff\xff" + bytes(40)),
        png_chunk(b"eXIf", bytes(range(90)), checksum=2),
        png_chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(200_000_000 // 2))),
        png_chunk(b"iCCP", b"a\0\0no stream", checksum=3),
        png_chunk(b"pHYs", b"\0", checksum=4),
        png_chunk(b"tIME", b"", checksum=5),
    ],
    ids=lambda chunk: chunk[4:8].decode(),
)
def test_png_with_a_broken_side_chunk(tmp_path: Path, picture: Image.Image, chunk: bytes) -> None:
    (tmp_path / "a.png").write_bytes(with_chunk(picture, chunk))
    assert np.array_equal(read_image(tmp_path / "a.png"), np.asarray(picture))


def test_png_with_broken_pixels_is_refused(tmp_path: Path, picture: Image.Image) -> None:
    png = bytearray(encoded(picture, "PNG"))
    for place in (60, len(png) // 2, len(png) * 3 // 4):
        broken = png.copy()
        broken[place : place + 8] = bytes(8)
        (tmp_path / "a.png").write_bytes(broken)
        with pytest.raises(TtsfError, match="damaged or incomplete"):
            read_image(tmp_path / "a.png")


# JPEG


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_jpeg_without_its_end_marker(
    tmp_path: Path, picture: Image.Image, mode: str, progressive: bool
) -> None:
    jpeg = encoded(picture.convert(mode), "JPEG", progressive)
    (tmp_path / "whole.jpg").write_bytes(jpeg)
    whole = read_picture(tmp_path / "whole.jpg")
    assert whole.flaw == ""
    for missing in (1, 2):
        (tmp_path / "a.jpg").write_bytes(jpeg[:-missing])
        read = read_picture(tmp_path / "a.jpg")
        assert np.array_equal(read.pixels, whole.pixels) and read.flaw == ""
    for missing in (100, len(jpeg) // 3):
        (tmp_path / "a.jpg").write_bytes(jpeg[:-missing])
        with pytest.raises(TtsfError, match="damaged or incomplete"):
            read_image(tmp_path / "a.jpg")


def test_scans_that_repeat_are_refused_before_decoding(
    tmp_path: Path, picture: Image.Image
) -> None:
    jpeg = encoded(picture, "JPEG", progressive=True)
    start, end = read_jpeg(jpeg).scans[-1]
    last = jpeg[jpeg.rindex(b"\xff\xda", 0, start) : end]
    (tmp_path / "a.jpg").write_bytes(jpeg[:end] + last * MOST_SCANS + jpeg[end:])
    with pytest.raises(TtsfError, match=r"scans of 256 x 256 px take too long"):
        read_image(tmp_path / "a.jpg")
    (tmp_path / "a.jpg").write_bytes(jpeg[:end] + last + jpeg[end:])
    read_image(tmp_path / "a.jpg")


@pytest.mark.parametrize("progressive", [False, True])
def test_most_damaged_jpegs_are_named(
    tmp_path: Path, picture: Image.Image, progressive: bool
) -> None:
    jpeg, named = encoded(picture, "JPEG", progressive), 0
    for tenths in range(1, 9):
        place = len(jpeg) * tenths // 10
        (tmp_path / "a.jpg").write_bytes(jpeg[:place] + jpeg[place + 100 :])
        try:
            named += "damaged" in read_picture(tmp_path / "a.jpg").flaw
        except TtsfError as error:
            named += "damaged" in str(error)
    assert named >= 5


def test_brightness_that_jumps_is_named(tmp_path: Path, picture: Image.Image) -> None:
    shifted = np.asarray(picture).astype(int)
    shifted[128:] += 40
    jumping = Image.fromarray(shifted.clip(0, 255).astype(np.uint8))
    (tmp_path / "a.jpg").write_bytes(encoded(jumping, "JPEG"))
    assert "damaged" in read_picture(tmp_path / "a.jpg").flaw


def test_pictures_with_straight_edges_are_not_called_damaged(
    tmp_path: Path, picture: Image.Image
) -> None:
    barred, stacked = picture.copy(), picture.copy()
    barred.paste("black", (0, 0, 256, 64))
    stacked.paste(picture.crop((0, 0, 256, 128)), (0, 128))
    for odd in (barred, stacked, Image.new("RGB", (200, 200), "grey"), picture.rotate(30)):
        (tmp_path / "a.jpg").write_bytes(encoded(odd, "JPEG"))
        assert read_picture(tmp_path / "a.jpg").flaw == ""


def test_a_thumbnail_and_what_follows_the_picture_are_no_scans(picture: Image.Image) -> None:
    jpeg = encoded(picture, "JPEG")
    small = encoded(picture.resize((60, 60)), "JPEG")
    thumbnail = b"\xff\xe1" + struct.pack(">H", len(small) + 2) + small
    assert MARKER.search(jpeg)
    found = read_jpeg(jpeg[:2] + thumbnail + jpeg[2:] + small * 3)
    assert len(found.scans) == 1


# TIFF


@pytest.mark.parametrize("compression", ["group4", "tiff_lzw", "jpeg", "tiff_adobe_deflate"])
def test_broken_tiff_says_one_line(
    tmp_path: Path, picture: Image.Image, compression: str, capfd: pytest.CaptureFixture[str]
) -> None:
    stored = picture.convert("1") if compression == "group4" else picture
    stored.save(tmp_path / "a.tiff", compression=compression)
    tiff = bytearray((tmp_path / "a.tiff").read_bytes())
    tiff[300:900] = bytes(i * 37 % 256 for i in range(600))
    (tmp_path / "a.tiff").write_bytes(tiff)
    try:
        read_image(tmp_path / "a.tiff")
    except TtsfError as error:
        assert "damaged" in str(error) and "\n" not in str(error)
    assert capfd.readouterr().err == ""
