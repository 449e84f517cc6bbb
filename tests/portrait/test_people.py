"""Difficult portraits: transparent, distant, tilted, overexposed, cropped, covered, altered."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageOps
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
     (4000, 6000, 250, 2800), (16_000, 1000, 300, 12_000), (600, 9000, 150, 300)],
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


def leaning(astronaut: np.ndarray, degrees: int) -> tuple[np.ndarray, float, float]:
    """The astronaut turned, and where the face is."""
    turned = Image.fromarray(astronaut).rotate(degrees, Image.Resampling.BICUBIC)
    angle = np.deg2rad(degrees)
    right, down = FACE.x - 256, FACE.y - 256
    x = 256 + right * np.cos(angle) + down * np.sin(angle)
    return np.asarray(turned), x, 256 - right * np.sin(angle) + down * np.cos(angle)


@pytest.mark.parametrize("degrees", [-30, -20, -10, 10, 20, 30])
def test_a_head_that_leans(astronaut: np.ndarray, degrees: int) -> None:
    turned, x, y = leaning(astronaut, degrees)
    (face,) = find_faces(turned)
    assert np.hypot(face.x - x, face.y - y) < 0.3 * FACE.side


@pytest.mark.parametrize("degrees", [-50, -45, -40, -35, 35, 40, 45, 50])
def test_a_head_that_leans_far_is_in_its_place_or_refused(
    astronaut: np.ndarray, degrees: int
) -> None:
    turned, x, y = leaning(astronaut, degrees)
    try:
        face = read_portrait(turned).face
    except TtsfError as error:
        assert "no face found" in str(error) and abs(degrees) > 35
    else:
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


def drawn_over(astronaut: np.ndarray, what: str) -> np.ndarray:
    """The astronaut at twice the size with something before the face."""
    person = Image.fromarray(astronaut).resize((1024, 1024))
    pen, (x, y, side) = ImageDraw.Draw(person), FACE.scaled(2)

    def box(left: float, top: float, right: float, bottom: float) -> tuple[float, ...]:
        return x + left * side, y + top * side, x + right * side, y + bottom * side

    match what:
        case "sunglasses":
            pen.ellipse(box(-0.42, -0.36, -0.02, -0.1), fill="#101010")
            pen.ellipse(box(0.02, -0.36, 0.42, -0.1), fill="#101010")
        case "microphone":
            pen.ellipse(box(-0.2, 0.1, 0.2, 0.5), fill="#202020")
            pen.rectangle(box(-0.06, 0.4, 0.06, 2), fill="#303030")
        case "medical mask":
            pen.rounded_rectangle(box(-0.5, -0.05, 0.5, 0.6), 60, fill="#a8d0e6")
        case "bar over the eyes":
            pen.rectangle(box(-0.5, -0.4, 0.5, -0.12), fill="black")
        case "crossed out":
            pen.line(box(-0.6, -0.6, 0.6, 0.6), fill="red", width=24)
            pen.line(box(-0.6, 0.6, 0.6, -0.6), fill="red", width=24)
        case "hand":
            pen.ellipse(box(-0.35, 0.05, 0.5, 0.7), fill="#d8a078")
    return np.asarray(person)


@pytest.mark.parametrize(
    ("what", "about"),
    [("sunglasses", "eyes"), ("microphone", "mouth"), ("hand", "mouth"),
     ("medical mask", "mouth"), ("bar over the eyes", "eyes"), ("crossed out", "mouth")],
)  # fmt: skip
def test_what_covers_a_face_is_named_or_refused(
    astronaut: np.ndarray, what: str, about: str
) -> None:
    try:
        portrait = read_portrait(drawn_over(astronaut, what))
    except TtsfError as error:
        assert "no face found" in str(error)
    else:
        assert about in {doubt.about for doubt in portrait.doubts}


def altered(astronaut: np.ndarray, how: str) -> Image.Image:
    """The astronaut at twice the size as an artist or a filter would show her."""
    person = Image.fromarray(astronaut).resize((1024, 1024))
    grey = person.convert("L")
    match how:
        case "posterised":
            return ImageOps.posterize(person, 2)
        case "pencil":
            soft = np.asarray(grey.filter(ImageFilter.GaussianBlur(12)), float)
            lines = np.minimum(255, 255 * np.asarray(grey, float) / (soft + 1))
            return Image.fromarray(lines.astype(np.uint8)).convert("RGB")
        case "bronze":
            return ImageOps.colorize(grey, "#201004", "#f0c890", mid="#805020")
        case "green":
            return ImageOps.colorize(grey, "black", "#60ff60")
        case "heat map":
            return ImageOps.colorize(grey, "#000040", "#ffff80", mid="#c02030")
        case "embossed":
            return person.filter(ImageFilter.EMBOSS)
        case "noise":
            noise = np.random.default_rng(0).normal(0, 45, astronaut.shape)
            return Image.fromarray(np.clip(astronaut + noise, 0, 255).astype(np.uint8))
        case "blur":
            return Image.fromarray(astronaut).filter(ImageFilter.GaussianBlur(5))
        case "1 bit":
            return Image.fromarray(astronaut).convert("1").convert("RGB")
        case _:
            return Image.fromarray(astronaut).resize((910, 512))


@pytest.mark.parametrize("how", ["posterised", "pencil", "bronze", "green", "heat map"])
def test_an_artists_face_is_where_the_face_was(astronaut: np.ndarray, how: str) -> None:
    portrait = read_portrait(np.asarray(altered(astronaut, how)))
    assert len(portrait.faces) == 1 and is_there(portrait, *FACE.scaled(2))


@pytest.mark.parametrize("how", ["embossed", "noise", "blur", "1 bit", "stretched"])
def test_a_spoilt_face_is_in_its_place_or_refused(astronaut: np.ndarray, how: str) -> None:
    picture = altered(astronaut, how)
    try:
        portrait = read_portrait(np.asarray(picture))
    except TtsfError as error:
        assert "no face found" in str(error) and "\n" not in str(error)
    else:
        x, y = FACE.x * picture.width / 512, FACE.y * picture.height / 512
        assert np.hypot(portrait.face.x - x, portrait.face.y - y) < 0.3 * portrait.face.side


def smiley() -> Image.Image:
    drawn = Image.new("RGB", (600, 600), "white")
    pen = ImageDraw.Draw(drawn)
    pen.ellipse((50, 50, 550, 550), fill="#ffd93b", outline="black", width=8)
    for x in (180, 360):
        pen.ellipse((x, 180, x + 60, 270), fill="black")
    pen.arc((150, 200, 450, 460), 20, 160, fill="black", width=12)
    return drawn


@pytest.mark.parametrize("name", ["coins", "page", "text", "moon", "cell", "clock", "smiley"])
def test_no_person(name: str) -> None:
    picture = smiley() if name == "smiley" else Image.fromarray(getattr(data, name)())
    with pytest.raises(TtsfError, match="no face found"):
        read_portrait(np.asarray(picture.convert("RGB")))


@pytest.mark.parametrize("size", [(1, 1), (400, 1), (1, 400), (60_000, 48), (47, 47)])
def test_strips_and_points_are_refused(tmp_path: Path, size: tuple[int, int]) -> None:
    Image.new("RGB", size, "#c09070").save(tmp_path / "a.png")
    with pytest.raises(TtsfError, match=r"no face found|too small") as error:
        read_portrait(tmp_path / "a.png")
    assert "\n" not in str(error.value)


def test_a_film_that_fades_in_shows_nobody(astronaut: np.ndarray, tmp_path: Path) -> None:
    person = Image.fromarray(astronaut)
    steps = [person.point(lambda v, k=k: v * k // 4) for k in range(5)]
    steps[0].save(tmp_path / "a.gif", save_all=True, append_images=steps[1:], duration=80)
    with pytest.raises(TtsfError, match="no face found"):
        read_portrait(tmp_path / "a.gif")
