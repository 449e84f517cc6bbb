import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data

from ttsf.errors import TtsfError
from ttsf.portrait.crop import crop_portrait, crop_square
from ttsf.portrait.detection import FaceBox, choose_face, find_faces
from ttsf.portrait.doubts import doubts

FACE = (223, 120)  # px, between nose and mouth of the astronaut


def test_finds_the_face_and_only_the_face(astronaut: np.ndarray) -> None:
    (face,) = find_faces(astronaut)
    assert abs(face.x - FACE[0]) < 12 and abs(face.y - FACE[1]) < 15 and 70 < face.side < 120


@pytest.mark.parametrize("width", [190, 1_000, 4_000])
def test_any_size_of_picture(astronaut: np.ndarray, width: int) -> None:
    scaled = np.asarray(Image.fromarray(astronaut[:300, 50:350]).resize((width, width)))
    (face,) = find_faces(scaled)
    assert abs(face.x / width - (FACE[0] - 50) / 300) < 0.05
    assert 0.2 < face.side / width < 0.4


def test_turned_by_ten_degrees(astronaut: np.ndarray) -> None:
    turned = np.asarray(Image.fromarray(astronaut).rotate(10, Image.Resampling.BILINEAR))
    assert len(find_faces(turned)) == 1


@pytest.mark.parametrize("name", ["coffee", "chelsea", "rocket", "brick", "grass", "gravel"])
def test_no_face_in_other_pictures(name: str) -> None:
    picture = getattr(data, name)()
    assert find_faces(np.asarray(Image.fromarray(picture).convert("RGB"))) == []


def test_two_faces_come_largest_first(astronaut: np.ndarray) -> None:
    canvas = np.full((300, 620, 3), 90, np.uint8)
    canvas[:300, 300:600] = astronaut[:300, 50:350]
    canvas[50:260, 20:230] = np.asarray(Image.fromarray(astronaut[:300, 50:350]).resize((210, 210)))
    faces = find_faces(canvas)
    assert len(faces) == 2 and faces[0].side > faces[1].side and faces[0].x > 300 > faces[1].x
    assert choose_face(faces, 2) is faces[1]
    with pytest.raises(TtsfError, match="no face 3: the picture shows 2"):
        choose_face(faces, 3)


def test_choose_face_refuses() -> None:
    with pytest.raises(TtsfError, match="no face found"):
        choose_face([])
    with pytest.raises(TtsfError, match="too small"):
        choose_face([FaceBox(50, 50, 30)])
    with pytest.raises(TtsfError, match="no face 0"):
        choose_face([FaceBox(50, 50, 100)], 0)


def test_crop_is_a_square_around_the_face(astronaut: np.ndarray) -> None:
    (face,) = find_faces(astronaut)
    crop = crop_portrait(astronaut, face, 256)
    assert crop.shape == (3, 256, 256) and crop.dtype == torch.float32
    assert -1 <= crop.min() < -0.5 and 0.5 < crop.max() <= 1
    again = ((crop.permute(1, 2, 0) + 1) * 127.5).round().byte().numpy()
    (inner,) = find_faces(again)
    assert abs(inner.x - 128) < 12 and 128 < inner.y < 160 and 140 < inner.side < 170


@pytest.mark.parametrize("x", [0, 40, 99])
def test_crop_stays_inside_where_it_can(x: float) -> None:
    ramp = np.zeros((100, 100, 3), np.uint8)
    ramp[..., 0] = np.arange(100)
    crop = crop_portrait(ramp, FaceBox(x, 50, 40), 64)
    red = (crop[0] + 1) * 127.5
    assert red.diff(dim=1).min() > 0.5  # a ramp everywhere: nothing was padded


def test_crop_beyond_the_picture_repeats_its_edge() -> None:
    narrow = np.zeros((300, 60, 3), np.uint8)
    narrow[:, 30:] = 255
    crop = crop_portrait(narrow, FaceBox(30, 150, 100), 64)
    assert (crop[:, :, :12] == -1).all() and (crop[:, :, -12:] == 1).all()


def test_nothing_speaks_against_a_good_portrait(astronaut: np.ndarray) -> None:
    large = np.asarray(Image.fromarray(astronaut).resize((1024, 1024)))
    assert doubts(large, find_faces(large)[0]) == []


def test_what_may_spoil_a_video_is_named(astronaut: np.ndarray) -> None:
    large = np.asarray(Image.fromarray(astronaut).resize((1024, 1024)))
    (face,) = find_faces(large)
    assert [doubt[:21] for doubt in doubts(large // 8, face)] == ["the face is very dark"]
    glasses = large.copy()
    left, top, side = crop_square(1024, 1024, face)
    rows = slice(int(top + 0.36 * side), int(top + 0.5 * side))
    glasses[rows, int(left + 0.25 * side) : int(left + 0.75 * side)] = 12
    assert [doubt[:17] for doubt in doubts(glasses, face)] == ["the eyes are dark"]
    small = np.asarray(Image.fromarray(astronaut).resize((270, 270)))
    (told,) = doubts(small, find_faces(small)[0])
    assert "px wide and will look blurred" in told
