"""Difficult portraits: transparent, distant, tilted, overexposed, cropped."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps
from skimage import data

from ttsf.errors import TtsfError
from ttsf.portrait.detection import FaceBox, find_faces
from ttsf.portrait.portrait import Portrait, read_portrait

FACE = FaceBox(224, 124, 94)  # px, of the astronaut


def is_there(portrait: Portrait, x: float, y: float, side: float) -> bool:
    face = portrait.face
    return abs(face.side / side - 1) < 0.25 and np.hypot(face.x - x, face.y - y) < 0.25 * side


def cut_out(astronaut: np.ndarray) -> Image.Image:
    """The upper body before nothing."""
    layered = Image.fromarray(astronaut).convert("RGBA")
    mask = Image.new("L", (512, 512))
    mask.paste(255, (120, 10, 340, 512))
    layered.putalpha(mask)
    return layered


@pytest.mark.parametrize("kind", ["png", "webp", "palette", "tiff"])
def test_a_person_who_is_cut_out(astronaut: np.ndarray, tmp_path: Path, kind: str) -> None:
    person = cut_out(astronaut)
    path = tmp_path / ("a.png" if kind == "palette" else f"a.{kind}")
    (person.quantize(256) if kind == "palette" else person).save(path)
    portrait = read_portrait(path)
    assert is_there(portrait, *FACE)
    assert portrait.alpha is not None and portrait.alpha[50, 50] == 0


@pytest.mark.parametrize("alpha", [0, 1])
def test_a_person_who_cannot_be_seen(astronaut: np.ndarray, tmp_path: Path, alpha: int) -> None:
    layered = Image.fromarray(astronaut).convert("RGBA")
    layered.putalpha(alpha)
    layered.save(tmp_path / "a.png")
    with pytest.raises(TtsfError, match="no face found"):
        read_portrait(tmp_path / "a.png")


def test_overexposed_and_negative(astronaut: np.ndarray) -> None:
    picture = Image.fromarray(astronaut)
    white = picture.point(lambda v: min(255, 180 + 4 * v))
    for spoilt in (white, ImageOps.invert(picture), Image.new("RGB", (512, 512), "white")):
        with pytest.raises(TtsfError, match="no face found"):
            read_portrait(np.asarray(spoilt))


@pytest.mark.parametrize(
    ("width", "height", "side", "x"),
    [(12_000, 1500, 400, 9000), (8000, 1000, 300, 700), (1000, 6000, 250, 500),
     (4000, 6000, 250, 2800)],
)  # fmt: skip
def test_panoramas_and_tall_pictures(
    astronaut: np.ndarray, width: int, height: int, side: int, x: int
) -> None:
    scale = side / FACE.side
    person = Image.fromarray(astronaut[:330, 60:390])
    person = person.resize((round(330 * scale), round(330 * scale)))
    canvas = Image.fromarray(data.gravel()).convert("RGB").resize((width, height))
    left, top = round(x - (FACE.x - 60) * scale), round(height / 2 - FACE.y * scale)
    canvas.paste(person, (left, top))
    assert is_there(read_portrait(np.asarray(canvas)), x, height / 2, side)


@pytest.mark.parametrize("degrees", [-30, -20, -10, 10, 20, 30])
def test_a_head_that_leans(astronaut: np.ndarray, degrees: int) -> None:
    turned = Image.fromarray(astronaut).rotate(degrees, Image.Resampling.BICUBIC)
    (face,) = find_faces(np.asarray(turned))
    angle = np.deg2rad(degrees)
    right, down = FACE.x - 256, FACE.y - 256
    x = 256 + right * np.cos(angle) + down * np.sin(angle)
    y = 256 - right * np.sin(angle) + down * np.cos(angle)
    assert np.hypot(face.x - x, face.y - y) < 0.3 * FACE.side


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_head_that_lies_or_hangs_is_refused(astronaut: np.ndarray, degrees: int) -> None:
    turned = Image.fromarray(astronaut).rotate(degrees)
    with pytest.raises(TtsfError, match="no face found"):
        read_portrait(np.asarray(turned))


@pytest.mark.parametrize(
    "kept",
    [np.s_[:, 224:], np.s_[:, :224], np.s_[:150], np.s_[135:]],
    ids=["right half", "left half", "no mouth", "no eyes"],
)
def test_half_a_face_is_refused(astronaut: np.ndarray, kept: tuple[slice, ...]) -> None:
    half = Image.fromarray(astronaut[kept])
    with pytest.raises(TtsfError, match=r"no face found|cuts the face"):
        read_portrait(np.asarray(half.resize((2 * half.width, 2 * half.height))))


@pytest.mark.parametrize("colour", ["white", "black", "purple", "#00b140"])
def test_plain_backgrounds(astronaut: np.ndarray, colour: str) -> None:
    canvas = Image.new("RGB", (900, 1200), colour)
    person = cut_out(astronaut).resize((1024, 1024))
    canvas.paste(person, (0, 300), person)
    portrait = read_portrait(np.asarray(canvas))
    assert len(portrait.faces) == 1 and is_there(portrait, 2 * FACE.x, 300 + 2 * FACE.y, 188)


def test_a_tight_crop_speaks(astronaut: np.ndarray) -> None:
    """The forehead's top and the ears are gone; brows, mouth and chin are there."""
    tight = Image.fromarray(astronaut[68:192, 166:286]).resize((600, 620))
    portrait = read_portrait(np.asarray(tight))
    assert len(portrait.faces) == 1
    assert {doubt.about for doubt in portrait.doubts} <= {"cut", "pose", "size"}


def test_a_drawn_face_speaks_or_is_refused_in_one_line() -> None:
    drawn = Image.new("RGB", (600, 600), "#fde0c0")
    pen = ImageDraw.Draw(drawn)
    pen.ellipse((120, 60, 480, 540), fill="#f1c27d", outline="black", width=4)
    for x in (230, 370):
        pen.ellipse((x - 40, 220, x + 40, 270), fill="white", outline="black", width=3)
        pen.ellipse((x - 14, 230, x + 14, 262), fill="black")
        pen.arc((x - 55, 160, x + 55, 230), 200, 340, fill="black", width=8)
    pen.line((300, 270, 280, 350, 312, 355), fill="#80502a", width=5)
    pen.chord((235, 390, 365, 450), 0, 180, fill="#a02020", outline="black", width=3)
    try:
        portrait = read_portrait(np.asarray(drawn))
    except TtsfError as error:
        assert "no face found" in str(error) and "\n" not in str(error)
    else:
        assert abs(portrait.face.x - 300) < 60
