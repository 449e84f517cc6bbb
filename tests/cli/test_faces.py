"""Faces of any size, at any place, in pictures of any size; and the command that lists them."""

import io
import sys
import types
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from skimage import data

from ttsf.cli.main import main
from ttsf.errors import TtsfError
from ttsf.media import images
from ttsf.portrait.detection import FaceBox, find_faces
from ttsf.portrait.portrait import place_of, read_portrait

FACE = FaceBox(224, 124, 94)  # px, of the astronaut


def background(width: int, height: int) -> Image.Image:
    """A photograph of stones, as large as wanted."""
    return Image.fromarray(data.gravel()).convert("RGB").resize((width, height))


def put(canvas: Image.Image, astronaut: np.ndarray, x: int, y: int, side: float) -> FaceBox:
    """The astronaut with a face of `side` px centred at (x, y)."""
    scale = side / FACE.side
    person = Image.fromarray(astronaut[:330, 60:390])
    person = person.resize((round(330 * scale), round(330 * scale)), Image.Resampling.LANCZOS)
    canvas.paste(person, (round(x - (FACE.x - 60) * scale), round(y - FACE.y * scale)))
    return FaceBox(x, y, side)


def is_near(found: FaceBox, true: FaceBox) -> bool:
    away = np.hypot(found.x - true.x, found.y - true.y) / true.side
    return bool(away < 0.2 and abs(found.side / true.side - 1) < 0.2)


@pytest.mark.parametrize(
    ("width", "height", "side"),
    [
        *((3000, 2000, side) for side in (50, 60, 75, 100)),
        *((1000, 700, side) for side in (49, 80, 200)),
        (4000, 6000, 50),
        (6000, 4000, 120),
        (6000, 4000, 56),
        (4000, 3000, 300),
        (2400, 300, 56),
    ],
)
def test_one_face_in_a_large_picture(
    astronaut: np.ndarray, width: int, height: int, side: int
) -> None:
    canvas = background(width, height)
    true = put(canvas, astronaut, width * 2 // 3, height // 2, side)
    (found,) = find_faces(np.asarray(canvas))
    assert is_near(found, true)


@pytest.mark.parametrize(("x", "y"), [(300, 300), (3700, 300), (2000, 1500), (1371, 977),
                                     (300, 2600), (3700, 2600)])  # fmt: skip
def test_a_face_of_60_px_anywhere_in_a_large_picture(astronaut: np.ndarray, x: int, y: int) -> None:
    canvas = background(4000, 3000)
    true = put(canvas, astronaut, x, y, 60)
    (found,) = find_faces(np.asarray(canvas))
    assert is_near(found, true)


@pytest.mark.parametrize("count", [2, 4])
def test_faces_of_one_size(astronaut: np.ndarray, count: int) -> None:
    canvas = background(800 * count, 800)
    true = [put(canvas, astronaut, 400 + 800 * i, 400, 150) for i in range(count)]
    portraits = [read_portrait(np.asarray(canvas), i + 1) for i in range(count)]
    assert all(any(is_near(one.face, face) for one in portraits) for face in true)
    assert all(len(one.faces) == count for one in portraits)


def test_a_portrait_on_a_scanned_page(astronaut: np.ndarray) -> None:
    page = Image.new("RGB", (2480, 3508), "white")
    true = put(page, astronaut, 700, 700, 150)
    (found,) = find_faces(np.asarray(page))
    assert is_near(found, true)


def test_twelve_people(astronaut: np.ndarray) -> None:
    canvas = background(4000, 3000)
    true = [
        put(canvas, astronaut, 500 + 1000 * (i % 4), 600 + 900 * (i // 4), 120 + 1.5 * i)
        for i in range(12)
    ]
    found = find_faces(np.asarray(canvas))
    assert len(found) == 12
    assert all(any(is_near(face, person) for face in found) for person in true)
    assert [face.side for face in found] == sorted((face.side for face in found), reverse=True)


def test_a_group_of_thirty(astronaut: np.ndarray) -> None:
    canvas = background(2400, 1500)
    true = [
        put(canvas, astronaut, 200 + 400 * (i % 6), 150 + 300 * (i // 6), 55) for i in range(30)
    ]
    found = find_faces(np.asarray(canvas))
    assert len(found) == sum(any(is_near(face, one) for face in found) for one in true) >= 29


@pytest.mark.parametrize("share", [0.15, 0.3, 0.5, 0.8])
def test_a_smaller_second_face_is_listed(astronaut: np.ndarray, share: float) -> None:
    canvas = background(1800, 1000)
    large = put(canvas, astronaut, 500, 450, 400)
    small = put(canvas, astronaut, 1400, 500, 400 * share)
    first, second = find_faces(np.asarray(canvas))
    assert is_near(first, large) and is_near(second, small)
    assert is_near(read_portrait(np.asarray(canvas), 2).face, small)


@pytest.mark.parametrize("name", ["coffee", "chelsea", "rocket", "gravel", "grass"])
def test_no_face_in_a_large_picture_without_one(name: str) -> None:
    picture = Image.fromarray(getattr(data, name)()).convert("RGB").resize((2400, 1600))
    assert find_faces(np.asarray(picture)) == []


EDGES = ("left", "right", "upper", "lower")


def cut(astronaut: np.ndarray, edge: str, share: float) -> np.ndarray:
    """The astronaut twice as large, without `share` of the face's side at an edge."""
    (left, right), (top, bottom) = (
        (round(centre - FACE.side * (0.5 - share)), round(centre + FACE.side * (0.5 - share)))
        for centre in FACE[:2]
    )
    kept = {
        "left": astronaut[:, left:],
        "right": astronaut[:, :right],
        "upper": astronaut[top:],
        "lower": astronaut[:bottom],
    }[edge]
    return np.asarray(Image.fromarray(kept).resize((2 * kept.shape[1], 2 * kept.shape[0])))


@pytest.mark.parametrize("edge", EDGES)
def test_a_face_that_the_edge_touches_is_named(astronaut: np.ndarray, edge: str) -> None:
    portrait = read_portrait(cut(astronaut, edge, 0.1))
    assert [str(doubt) for doubt in portrait.doubts if doubt.about == "cut"] == [
        f"the {edge} edge of the picture cuts the face"
    ]
    assert {doubt.about for doubt in portrait.doubts} <= {"cut", "pose"}  # nothing untrue
    middle = portrait.square.left + portrait.square.side / 2
    assert middle == pytest.approx(portrait.face.x)


@pytest.mark.parametrize("edge", EDGES)
def test_a_face_of_which_a_quarter_is_missing_is_refused(astronaut: np.ndarray, edge: str) -> None:
    with pytest.raises(TtsfError, match=f"the {edge} edge of the picture cuts the face|no face"):
        read_portrait(cut(astronaut, edge, 0.26))


@pytest.mark.parametrize(
    ("x", "y", "place"),
    [
        (50, 50, "at the top left"),
        (150, 50, "at the top"),
        (250, 50, "at the top right"),
        (50, 150, "at the left"),
        (150, 150, "in the middle"),
        (250, 150, "at the right"),
        (150, 250, "at the bottom"),
    ],
)
def test_where_a_face_is(x: float, y: float, place: str) -> None:
    assert place_of(FaceBox(x, y, 20), 300, 300) == place


def doubts_of(picture: Image.Image) -> set[str]:
    return {doubt.about for doubt in read_portrait(np.asarray(picture)).doubts}


def test_doubts_about_tones_and_covered_mouths(astronaut: np.ndarray) -> None:
    picture = Image.fromarray(astronaut).resize((1024, 1024))
    assert doubts_of(picture) == doubts_of(picture.convert("L").convert("RGB")) == set()
    for low, high in ((109, 145), (180, 220), (90, 120), (60, 105), (200, 240), (120, 140)):
        faded = picture.point(lambda v, low=low, high=high: low + v * (high - low) // 255)
        assert doubts_of(faded) == {"contrast"}, (low, high)
    for colour in ("#7fb7e0", "#f4f4f8", "#20a060", "#c02020", "#3050c0", "#e0d020"):
        masked = picture.copy()
        draw = ImageDraw.Draw(masked)
        x, y, side = FACE.scaled(2)
        draw.rounded_rectangle(
            (x - 0.33 * side, y + 0.08 * side, x + 0.33 * side, y + 0.5 * side), 40, fill=colour
        )
        try:
            assert "mouth" in doubts_of(masked), colour
        except TtsfError as error:
            assert "no face" in str(error)


def test_a_portrait_keeps_alpha_and_the_flaw_of_its_file(
    astronaut: np.ndarray, tmp_path: Path
) -> None:
    layered = Image.fromarray(astronaut).convert("RGBA")
    layered.putalpha(Image.linear_gradient("L").resize((512, 512)).point(lambda v: 155 + v // 3))
    layered.save(tmp_path / "a.png")
    portrait = read_portrait(tmp_path / "a.png")
    assert portrait.alpha is not None and portrait.alpha.shape == (512, 512)
    assert read_portrait(astronaut).alpha is None
    Image.fromarray(astronaut).save(tmp_path / "a.jpg", quality=95)
    jpeg = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(jpeg[:-3000] + jpeg[-2900:])
    flaws = [doubt for doubt in read_portrait(tmp_path / "a.jpg").doubts if doubt.about == "file"]
    assert len(flaws) == 1 and "damaged" in str(flaws[0])


def test_a_face_of_50_px_in_a_file_that_is_read_at_half_its_size(
    astronaut: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "MOST_KEPT", 100_000)
    canvas = background(900, 700)
    true = put(canvas, astronaut, 500, 300, 52)
    canvas.save(tmp_path / "a.png")
    portrait = read_portrait(tmp_path / "a.png")
    assert portrait.picture.shape == (350, 450, 3) and is_near(portrait.face.scaled(2), true)
    with pytest.raises(TtsfError, match=r"no face|too small"):
        read_portrait(portrait.picture)


def test_the_command_lists_and_draws(
    astronaut: np.ndarray, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    canvas = background(1800, 1000)
    put(canvas, astronaut, 450, 500, 200)
    put(canvas, astronaut, 1400, 500, 100)
    canvas.save(tmp_path / "a.png")
    assert main(["faces", str(tmp_path / "a.png"), "-o", str(tmp_path / "out" / "b.png")]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("1: ") and " px wide, at the left (" in first
    assert second.startswith("2: ") and " px wide, at the right (" in second
    labelled = np.asarray(Image.open(tmp_path / "out" / "b.png")).astype(int)
    assert labelled.shape == (889, 1600, 3)
    changed = np.abs(labelled - np.asarray(canvas.resize((1600, 889)))).max(2) > 100
    assert changed[:, :800].sum() > 300 and changed[:, 800:].sum() > 150


def test_the_command_refuses(
    astronaut: np.ndarray,
    photo: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refusal(*arguments: str) -> str:
        assert main(["faces", *arguments]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        return line

    Image.new("RGB", (90, 90)).save(tmp_path / "none.png")
    Image.fromarray(astronaut).save(tmp_path / "own.png")
    assert "no face found" in refusal(str(tmp_path / "none.png"))
    assert "must end in .png" in refusal(str(photo), "-o", str(tmp_path / "b.jpg"))
    own = str(tmp_path / "own.png")
    assert "is an input" in refusal(own, "-o", own)
    assert not (tmp_path / "b.jpg").exists()
    stream = types.SimpleNamespace(buffer=io.BytesIO(photo.read_bytes()))
    monkeypatch.setattr(sys, "stdin", stream)
    assert main(["faces", "-"]) == 0
    assert "px wide" in capsys.readouterr().out
