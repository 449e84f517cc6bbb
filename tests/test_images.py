from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from ttsf.errors import TtsfError
from ttsf.media.images import BACKGROUND, read_image

ORIENTATION = 0x0112


@pytest.fixture(scope="module")
def picture(astronaut: np.ndarray) -> Image.Image:
    return Image.fromarray(astronaut[:200, 100:260])


@pytest.mark.parametrize(
    ("name", "tolerance"),
    [("a.jpg", 4), ("a.png", 0), ("a.webp", 6), ("a.bmp", 0), ("a.tiff", 0), ("a.gif", 12)],
)
def test_every_format(tmp_path: Path, picture: Image.Image, name: str, tolerance: float) -> None:
    picture.save(tmp_path / name)
    read = read_image(tmp_path / name)
    assert read.dtype == np.uint8 and read.shape == (200, 160, 3)
    assert np.abs(read.astype(int) - np.asarray(picture)).mean() <= tolerance


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(tmp_path: Path, picture: Image.Image, orientation: int) -> None:
    stored = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    turned = picture.transpose(stored[orientation]) if orientation > 1 else picture
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    turned.save(tmp_path / "a.png", exif=exif)
    assert np.array_equal(read_image(tmp_path / "a.png"), np.asarray(picture))


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "1", "LA", "RGBA"])
def test_modes(tmp_path: Path, picture: Image.Image, mode: str) -> None:
    path = tmp_path / ("a.tiff" if mode == "CMYK" else "a.png")
    picture.convert(mode).save(path)
    expected = np.asarray(picture.convert(mode).convert("RGB")).astype(int)
    assert np.abs(read_image(path) - expected).max() <= 1


def test_cmyk_jpeg(tmp_path: Path, picture: Image.Image) -> None:
    picture.convert("CMYK").save(tmp_path / "a.jpg", quality=95)
    assert np.abs(read_image(tmp_path / "a.jpg").astype(int) - np.asarray(picture)).mean() < 6


@pytest.mark.parametrize("suffix", ["png", "tiff"])
def test_16_bit_grey_is_scaled(tmp_path: Path, picture: Image.Image, suffix: str) -> None:
    grey = np.asarray(picture.convert("L"))
    Image.fromarray(grey.astype(np.uint16) * 257).save(tmp_path / f"a.{suffix}")
    assert np.array_equal(read_image(tmp_path / f"a.{suffix}"), np.stack([grey] * 3, -1))


def test_float_grey_counts_from_0_to_1(tmp_path: Path, picture: Image.Image) -> None:
    grey = np.asarray(picture.convert("L"))
    Image.fromarray(grey.astype(np.float32) / 255).save(tmp_path / "a.tiff")
    assert np.array_equal(read_image(tmp_path / "a.tiff"), np.stack([grey] * 3, -1))


def test_transparency_shows_the_background(tmp_path: Path, picture: Image.Image) -> None:
    layered = picture.convert("RGBA")
    layered.paste((255, 0, 0, 0), (0, 0, 80, 200))
    layered.save(tmp_path / "a.png")
    read = read_image(tmp_path / "a.png")
    assert (read[:, :80] == BACKGROUND).all()
    assert np.array_equal(read[:, 80:], np.asarray(picture)[:, 80:])


def test_transparent_palette(tmp_path: Path, picture: Image.Image) -> None:
    palette = picture.quantize(16)
    palette.save(tmp_path / "a.png", transparency=palette.getpixel((0, 0)))
    assert tuple(read_image(tmp_path / "a.png")[0, 0]) == BACKGROUND


@pytest.mark.parametrize("suffix", ["gif", "webp", "png"])
def test_animation_gives_its_first_frame(tmp_path: Path, picture: Image.Image, suffix: str) -> None:
    second = Image.new("RGB", picture.size, "red")
    path = tmp_path / f"a.{suffix}"
    picture.save(path, save_all=True, append_images=[second], duration=100)
    assert np.abs(read_image(path).astype(int) - np.asarray(picture)).mean() < 12


def test_wide_gamut_profile_becomes_srgb(tmp_path: Path, picture: Image.Image) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture.save(tmp_path / "a.png", icc_profile=profile)
    assert np.abs(read_image(tmp_path / "a.png").astype(int) - np.asarray(picture)).max() <= 2


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "bmp", "tiff", "gif"])
def test_truncated_files_are_refused(tmp_path: Path, picture: Image.Image, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    picture.save(path)
    content = path.read_bytes()
    for share in (0.05, 0.5, 0.9):
        path.write_bytes(content[: int(len(content) * share)])
        with pytest.raises(TtsfError):
            read_image(path)
