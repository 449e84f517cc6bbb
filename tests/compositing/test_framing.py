"""What a video shows of a picture, and at which size."""

import numpy as np
import pytest

from tests.support.scenes import noise, portrait
from ttsf.compositing.framing import Framing
from ttsf.compositing.scene import Scene
from ttsf.errors import TtsfError
from ttsf.portrait.crop import cut_square

PICTURE, FACE = Framing(), Framing("face")


def test_names() -> None:
    assert Framing.parse("picture") == PICTURE and Framing.parse("face") == FACE
    assert Framing.parse("1080x1920") == Framing("canvas", 1080, 1920, "blurred")
    assert Framing.parse("1920x1080:plain") == Framing("canvas", 1920, 1080, "plain")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "framing must be"),
        ("Picture", "framing must be"),
        ("1080", "framing must be"),
        ("1080x", "framing must be"),
        ("1080x1920:red", "framing must be"),
        ("-64x64", "framing must be"),
        ("108.5x192", "framing must be"),
        ("1081x1920", "even"),
        ("1080x4000", "3840"),
        ("62x64", "64"),
    ],
)
def test_wrong_names(text: str, said: str) -> None:
    with pytest.raises(TtsfError, match=said):
        Framing.parse(text)


@pytest.mark.parametrize(
    ("width", "height", "size", "shown"),
    [
        (301, 203, None, (300, 202)),
        (4000, 3000, None, (1080, 810)),
        (3000, 4001, None, (808, 1080)),
        (301, 203, 600, (600, 404)),
        (4000, 3000, 3840, (3840, 2880)),
        (3000, 100, None, (1080, 36)),
    ],
)
def test_the_picture_is_shown_whole(
    width: int, height: int, size: int | None, shown: tuple[int, int]
) -> None:
    made = Scene(portrait(noise(width, height), 50, 50, 80), PICTURE, size)
    assert (made.width, made.height) == shown


def test_a_picture_that_fits_keeps_its_pixels() -> None:
    picture = noise(301, 203)
    assert np.array_equal(Scene(portrait(picture, 50, 50, 80), PICTURE).still, picture[:202, :300])


@pytest.mark.parametrize(
    ("side", "size", "shown"),
    [(121, None, 120), (300, None, 300), (1500, None, 1080), (121, 256, 256)],
)
def test_the_face_alone(side: float, size: int | None, shown: int) -> None:
    made = Scene(portrait(noise(1600, 1600), 800, 800, side), FACE, size)
    assert made.width == made.height == shown


def test_the_face_alone_is_what_the_model_reads() -> None:
    """Also where the crop leaves the picture: its edge is repeated."""
    for x in (200, 40):
        face = portrait(noise(400, 400), x, 200, 151.5)
        wanted = cut_square(face.picture, face.square, 256).astype(int)
        made = Scene(face, FACE, 256)
        assert np.abs(made.still[4:-4, 4:-4] - wanted[4:-4, 4:-4]).max() <= 2


@pytest.mark.parametrize("background", ["blurred", "plain"])
@pytest.mark.parametrize(("width", "height"), [(1080, 1920), (1920, 1080), (640, 640)])
@pytest.mark.parametrize("picture", [(300, 200), (200, 301), (90, 900)])
def test_a_canvas_holds_the_whole_picture(
    background: str, width: int, height: int, picture: tuple[int, int]
) -> None:
    colours = np.zeros((picture[1], picture[0], 3), np.uint8)
    colours[:] = (40, 60, 80)
    colours[: picture[1] // 2, : picture[0] // 2] = (250, 0, 0)
    colours[picture[1] // 2 :, picture[0] // 2 :] = (0, 250, 0)
    framing = Framing.parse(f"{width}x{height}" + (":plain" if background == "plain" else ""))
    made = Scene(portrait(colours, picture[0] / 2, picture[1] / 2, 60), framing)
    assert (made.width, made.height) == (width, height)
    scale = min(width / picture[0], height / picture[1])
    for colour in ((250, 0, 0), (0, 250, 0)):
        share = (np.abs(made.still.astype(int) - colour).max(-1) < 3).sum()
        wanted = (picture[0] // 2) * (picture[1] // 2) * scale**2
        assert abs(share / wanted - 1) < 0.15
    x, y = width // 2, height // 2
    if picture[1] * width >= picture[0] * height:
        first, last = made.still[0, x - 8], made.still[-1, x + 8]
    else:
        first, last = made.still[y - 8, 0], made.still[y + 8, -1]
    assert np.abs(first.astype(int) - (250, 0, 0)).max() <= 5  # it reaches to both sides
    assert np.abs(last.astype(int) - (0, 250, 0)).max() <= 5
    corner = made.still[0, 0].astype(int)
    if background == "plain" and width * picture[1] != height * picture[0]:
        assert (corner == np.median(_border(colours), axis=0)).all()


def _border(picture: np.ndarray) -> np.ndarray:
    return np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])


@pytest.mark.parametrize("size", [0, -5, 63, 3841])
def test_sizes_that_cannot_be(size: int) -> None:
    with pytest.raises(TtsfError, match="size must be from 64 to 3840 px"):
        Scene(portrait(noise(300, 300), 150, 150, 100), PICTURE, size)


def test_a_canvas_takes_no_size() -> None:
    with pytest.raises(TtsfError, match="size cannot be combined"):
        Scene(portrait(noise(300, 300), 150, 150, 100), Framing("canvas", 640, 640), 500)


def test_a_thin_picture_has_a_frame() -> None:
    made = Scene(portrait(noise(2000, 50), 25, 25, 50), PICTURE, 64)
    assert (made.width, made.height) == (64, 2)
