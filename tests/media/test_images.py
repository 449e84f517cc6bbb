import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, features

from tests.support import icc_profiles
from ttsf.errors import TtsfError
from ttsf.media import images
from ttsf.media.images import BACKGROUND, read_image, read_picture

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


@pytest.mark.parametrize("space", icc_profiles.SPACES)
@pytest.mark.parametrize("suffix", ["png", "tiff", "jpg", "webp"])
def test_colours_become_srgb(tmp_path: Path, picture: Image.Image, space: str, suffix: str) -> None:
    profile = icc_profiles.rgb_profile(space)
    picture.save(tmp_path / f"a.{suffix}", icc_profile=profile, quality=98)
    with Image.open(tmp_path / f"a.{suffix}") as stored:
        expected = icc_profiles.to_srgb(np.asarray(stored.convert("RGB")), space)
    error = np.abs(read_image(tmp_path / f"a.{suffix}").astype(int) - expected)
    assert error.mean() < 0.7 and np.percentile(error, 99) <= 2
    assert np.abs(expected.astype(int) - np.asarray(picture)).mean() > 2  # it mattered


def test_colours_of_transparent_palette_and_turned_pictures(
    tmp_path: Path, picture: Image.Image
) -> None:
    profile = icc_profiles.rgb_profile("display p3")
    expected = icc_profiles.to_srgb(np.asarray(picture), "display p3").astype(int)
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    turned = picture.transpose(Image.Transpose.ROTATE_90)
    turned.convert("RGBA").save(tmp_path / "a.png", icc_profile=profile, exif=exif)
    assert np.abs(read_image(tmp_path / "a.png") - expected).mean() < 0.7
    palette = picture.quantize(200)
    expected = icc_profiles.to_srgb(np.asarray(palette.convert("RGB")), "display p3").astype(int)
    palette.save(tmp_path / "a.png", icc_profile=profile)
    assert np.abs(read_image(tmp_path / "a.png") - expected).mean() < 0.7


def test_srgb_stays_as_it_is(tmp_path: Path, picture: Image.Image) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture.save(tmp_path / "a.png", icc_profile=profile)
    assert np.array_equal(read_image(tmp_path / "a.png"), np.asarray(picture))


@pytest.mark.parametrize("suffix", ["jpg", "tiff"])
def test_cmyk_goes_through_its_profile(tmp_path: Path, picture: Image.Image, suffix: str) -> None:
    profile = icc_profiles.colourless_cmyk_profile()
    picture.convert("CMYK").save(tmp_path / f"a.{suffix}", icc_profile=profile)
    read = read_image(tmp_path / f"a.{suffix}").astype(int)
    assert np.ptp(read, axis=2).max() <= 3 and np.ptp(read) > 100


@pytest.mark.parametrize("mode", ["L", "LA", "I;16"])
def test_grey_goes_through_its_profile(tmp_path: Path, picture: Image.Image, mode: str) -> None:
    grey = np.asarray(picture.convert("L"))
    stored = Image.fromarray(grey.astype(np.uint16) * 257 if mode == "I;16" else grey)
    if mode == "LA":
        stored = stored.convert("LA")
    stored.save(tmp_path / "a.png", icc_profile=icc_profiles.grey_profile(1.0))
    lighter = 255 * np.where(grey < 1, 0, 1.055 * (grey / 255) ** (1 / 2.4) - 0.055)
    read = read_image(tmp_path / "a.png")
    assert np.abs(read[grey > 8] - lighter[grey > 8, None]).max() <= 2


def test_lab(tmp_path: Path, picture: Image.Image) -> None:
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    stored = ImageCms.profileToProfile(picture, srgb, lab, outputMode="LAB")
    assert stored is not None
    stored.save(tmp_path / "a.tiff")
    assert np.abs(read_image(tmp_path / "a.tiff").astype(int) - np.asarray(picture)).mean() < 3


P3 = icc_profiles.rgb_profile("display p3")


@pytest.mark.parametrize(
    "profile",
    [b"x", bytes(500), P3[:140], P3[:-40], P3[64:], icc_profiles.grey_profile(1.8)],
    ids=["a letter", "zeros", "its header", "cut off", "no header", "of grey"],
)
@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_a_broken_profile_is_ignored(
    tmp_path: Path, picture: Image.Image, profile: bytes, suffix: str
) -> None:
    picture.save(tmp_path / f"a.{suffix}", icc_profile=profile, quality=98)
    assert np.abs(read_image(tmp_path / f"a.{suffix}").astype(int) - np.asarray(picture)).mean() < 3


def test_very_large_pictures_are_read_at_half_their_size(
    tmp_path: Path, picture: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "MOST_KEPT", 10_000)
    half = np.asarray(picture.reduce(2)).astype(int)
    for name in ("a.png", "a.jpg", "a.webp", "a.tiff"):
        picture.save(tmp_path / name, quality=98)
        read = read_picture(tmp_path / name)
        assert read.shrunk == 2 and np.abs(read.pixels - half).mean() < 3
    layered = picture.convert("RGBA")
    layered.putalpha(77)
    layered.save(tmp_path / "b.png")
    alpha = read_picture(tmp_path / "b.png").alpha
    assert alpha is not None and alpha.shape == half.shape[:2] and (alpha == 77).all()


def test_alpha_is_kept(tmp_path: Path, picture: Image.Image) -> None:
    layered = picture.convert("RGBA")
    layered.paste((255, 0, 0, 0), (0, 0, 80, 200))
    exif = Image.Exif()
    exif[ORIENTATION] = 3
    layered.transpose(Image.Transpose.ROTATE_180).save(tmp_path / "a.png", exif=exif)
    read = read_picture(tmp_path / "a.png")
    assert read.alpha is not None and (read.alpha[:, :80] == 0).all()
    assert (read.alpha[:, 80:] == 255).all() and (read.pixels[:, :80] == BACKGROUND).all()
    picture.save(tmp_path / "b.png")
    assert read_picture(tmp_path / "b.png").alpha is None


@pytest.mark.parametrize("name", ["a.png", "a.webp", "a.tiff", "a.gif"])
def test_opaque_pictures_have_no_alpha(tmp_path: Path, picture: Image.Image, name: str) -> None:
    more = {"save_all": True, "append_images": [picture.convert("RGBA")] * 2}
    layered = picture.convert("LA") if name == "a.tiff" else picture.convert("RGBA")
    layered.save(tmp_path / name, **(more if name in ("a.webp", "a.gif") else {}))
    assert read_picture(tmp_path / name).alpha is None
    assert read_picture(Image.open(tmp_path / name)).alpha is None


def with_chunks(path: Path, *chunks: tuple[bytes, bytes]) -> Path:
    """Put chunks behind the header of a PNG."""
    content = path.read_bytes()
    made = b"".join(
        len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")
        for kind, data in chunks
    )
    path.write_bytes(content[:33] + made + content[33:])
    return path


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "RGBA"])
@pytest.mark.parametrize(
    ("gamma", "srgb", "exponent"),
    [(100_000, False, 1), (55_556, False, 1.8), (45_455, False, None), (45_000, False, None),
     (100_000, True, None), (0, False, None), (2**31 - 1, False, None)],
)  # fmt: skip
def test_gamma_of_a_png(
    tmp_path: Path, picture: Image.Image, mode: str, gamma: int, srgb: bool, exponent: float | None
) -> None:
    picture.convert(mode).save(tmp_path / "a.png")
    plain = read_picture(tmp_path / "a.png").pixels
    chunks = [(b"gAMA", gamma.to_bytes(4, "big")), *([(b"sRGB", b"\0")] if srgb else [])]
    shown = read_picture(with_chunks(tmp_path / "a.png", *chunks)).pixels
    if exponent is None:
        assert np.array_equal(shown, plain)
        return
    light = (plain / 255.0) ** exponent
    expected = np.where(light > 0.0031308, 1.055 * light ** (1 / 2.4) - 0.055, 12.92 * light)
    assert np.abs(shown - 255 * expected).max() <= 0.51


@pytest.mark.parametrize(
    ("signal", "value", "shown"),
    [
        ((1, 13, 0, 1), (200, 100, 50), (200, 100, 50)),  # sRGB
        ((1, 1, 0, 1), (200, 100, 50), (200, 100, 50)),  # video for screens
        ((12, 13, 0, 1), (200, 100, 50), (215, 93, 31)),  # Display P3
        ((12, 13, 0, 1), (90, 90, 90), (90, 90, 90)),
        ((9, 13, 0, 1), (128, 128, 128), (128, 128, 128)),  # BT.2020
        ((1, 8, 0, 1), (55, 55, 55), (128, 128, 128)),  # linear light
        ((1, 4, 0, 1), (128, 128, 128), (128, 128, 128)),  # a gamma of 2.2
        ((1, 13, 0, 0), (126, 16, 235), (128, 0, 255)),  # narrow range
        ((9, 16, 0, 1), (148, 148, 148), (191, 191, 191)),  # PQ: 58 % is diffuse white
        ((9, 18, 0, 1), (191, 191, 191), (191, 191, 191)),  # HLG: 75 % is
        ((9, 16, 0, 1), (0, 0, 0), (0, 0, 0)),
        ((9, 16, 0, 1), (255, 255, 255), (255, 255, 255)),
        ((9, 16, 9, 1), (200, 100, 50), (200, 100, 50)),  # no RGB: not known
        ((200, 200, 0, 1), (200, 100, 50), (200, 100, 50)),
    ],
)
def test_cicp_of_a_png(
    tmp_path: Path, signal: tuple[int, ...], value: tuple[int, ...], shown: tuple[int, ...]
) -> None:
    Image.new("RGB", (300, 300), value).save(tmp_path / "a.png")
    gamma = (b"gAMA", (100_000).to_bytes(4, "big"))
    known = signal[0] < 200 and signal[2] == 0
    chunks = [(b"cICP", bytes(signal)), *([gamma] if known else [])]  # it comes first
    found = read_picture(with_chunks(tmp_path / "a.png", *chunks)).pixels.astype(int)
    assert np.abs(found - shown).max() <= 1


def test_a_damaged_cicp_is_none(tmp_path: Path, picture: Image.Image) -> None:
    picture.save(tmp_path / "a.png")
    plain = read_picture(tmp_path / "a.png").pixels
    content = with_chunks(tmp_path / "a.png", (b"cICP", bytes((9, 16, 0, 1)))).read_bytes()
    for changed in (
        content.replace(b"\x09\x10\x00\x01", b"\x09\x10\x00\x00"),
        content[:33] + content[49:37] + content[49:],
    ):
        (tmp_path / "b.png").write_bytes(changed)
        assert np.array_equal(read_picture(tmp_path / "b.png").pixels, plain)
    short = with_chunks(tmp_path / "a.png", (b"cICP", b"\x09\x10"))
    assert read_picture(short).pixels.shape == plain.shape


@pytest.mark.skipif(not features.check("avif"), reason="Pillow without AVIF")
def test_avif(tmp_path: Path, picture: Image.Image) -> None:
    picture.save(tmp_path / "a.avif", quality=90)
    assert np.abs(read_image(tmp_path / "a.avif").astype(int) - np.asarray(picture)).mean() < 6


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "bmp", "tiff", "gif"])
def test_truncated_files_are_refused(tmp_path: Path, picture: Image.Image, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    picture.save(path)
    content = path.read_bytes()
    for share in (0.05, 0.5, 0.9):
        path.write_bytes(content[: int(len(content) * share)])
        with pytest.raises(TtsfError):
            read_image(path)
