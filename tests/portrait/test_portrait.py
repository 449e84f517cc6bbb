from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dlib
import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data
from torch import Tensor

from ttsf.errors import TtsfError
from ttsf.portrait import detection
from ttsf.portrait.crop import crop_portrait, crop_square
from ttsf.portrait.detection import FaceBox, choose_face, find_faces
from ttsf.portrait.portrait import read_portrait

FACE = (223, 120)  # px, between nose and mouth of the astronaut


def crop(picture: np.ndarray, face: FaceBox, size: int) -> Tensor:
    return crop_portrait(picture, crop_square(face), size)


def two_faces(astronaut: np.ndarray) -> np.ndarray:
    canvas = np.full((300, 620, 3), 90, np.uint8)
    canvas[:300, 300:600] = astronaut[:300, 50:350]
    canvas[50:260, 20:230] = np.asarray(Image.fromarray(astronaut[:300, 50:350]).resize((210, 210)))
    return canvas


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
    faces = find_faces(two_faces(astronaut))
    assert len(faces) == 2 and faces[0].side > faces[1].side and faces[0].x > 300 > faces[1].x
    assert choose_face(faces, 2) is faces[1]
    with pytest.raises(TtsfError, match="no face 3: the picture shows 2"):
        choose_face(faces, 3)


def test_a_portrait_keeps_what_was_found(astronaut: np.ndarray, photo: Path) -> None:
    picture = two_faces(astronaut)
    first, second = read_portrait(picture), read_portrait(picture, 2)
    assert first.faces == second.faces == tuple(find_faces(picture))
    assert (first.face, second.face) == first.faces
    assert first.picture is picture and first.square != second.square
    assert second.square == crop_square(second.face)
    read = read_portrait(photo)
    assert np.array_equal(read.picture, astronaut) and read.faces == (read.face,)
    assert read_portrait(str(photo))[1:] == read_portrait(astronaut)[1:] == read[1:]


def test_what_a_portrait_is_called_when_it_is_refused(astronaut: np.ndarray, photo: Path) -> None:
    with pytest.raises(TtsfError, match=r"astronaut\.png: there is no face 2: the picture shows 1"):
        read_portrait(photo, 2)
    with pytest.raises(TtsfError, match="the portrait: no face found"):
        read_portrait(astronaut * 0)
    for wrong in (astronaut[..., 0], astronaut / 255, astronaut[:0], astronaut[..., [0] * 4]):
        with pytest.raises(TtsfError, match="RGB uint8"):
            read_portrait(wrong)


def test_threads_find_the_same_faces(astronaut: np.ndarray) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(find_faces, [astronaut[:300, 50:350]] * 12))
    assert found == [found[0]] * 12 and len(found[0]) == 1


def test_choose_face_refuses() -> None:
    with pytest.raises(TtsfError, match="no face found"):
        choose_face([])
    with pytest.raises(TtsfError, match="too small"):
        choose_face([FaceBox(50, 50, 30)])
    with pytest.raises(TtsfError, match="no face 0"):
        choose_face([FaceBox(50, 50, 100)], 0)


def test_crop_is_a_square_around_the_face(astronaut: np.ndarray) -> None:
    (face,) = find_faces(astronaut)
    cut = crop(astronaut, face, 256)
    assert cut.shape == (3, 256, 256) and cut.dtype == torch.float32
    assert -1 <= cut.min() < -0.5 and 0.5 < cut.max() <= 1
    again = ((cut.permute(1, 2, 0) + 1) * 127.5).round().byte().numpy()
    (inner,) = find_faces(again)
    assert abs(inner.x - 128) < 12 and 128 < inner.y < 160 and 140 < inner.side < 170


@pytest.mark.parametrize("x", [2, 40, 97])
def test_a_face_at_the_edge_stays_in_the_middle_of_its_crop(x: int) -> None:
    marked = np.zeros((100, 100, 3), np.uint8)
    marked[:, x - 1 : x + 2] = 255
    columns = crop(marked, FaceBox(x + 0.5, 50, 40), 67)[0].mean(0)
    assert abs(columns.argmax() - 33) <= 1 and columns[33] > 0.9


def test_crops_are_cut_alike_inside_and_beside_the_edge(astronaut: np.ndarray) -> None:
    face, wide = FaceBox(60, 60, 80), np.pad(astronaut, ((99, 99), (99, 99), (0, 0)), "edge")
    moved = FaceBox(159, 159, 80)
    assert torch.equal(crop(astronaut, face, 64), crop(wide, moved, 64))


def test_crop_beyond_the_picture_repeats_its_edge() -> None:
    narrow = np.zeros((300, 60, 3), np.uint8)
    narrow[:, 30:] = 255
    cut = crop(narrow, FaceBox(30, 150, 100), 64)
    assert (cut[:, :, :12] == -1).all() and (cut[:, :, -12:] == 1).all()


def test_nothing_speaks_against_a_good_portrait(astronaut: np.ndarray) -> None:
    large = np.asarray(Image.fromarray(astronaut).resize((1024, 1024)))
    assert read_portrait(large).doubts == ()


def test_what_may_spoil_a_video_is_named(
    astronaut: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = np.asarray(Image.fromarray(astronaut).resize((1024, 1024)))
    faces = find_faces(large)
    (left, top, side) = crop_square(faces[0])
    glasses = large.copy()
    rows = slice(int(top + 0.36 * side), int(top + 0.5 * side))
    glasses[rows, int(left + 0.25 * side) : int(left + 0.75 * side)] = 12
    small = np.asarray(Image.fromarray(astronaut).resize((270, 270)))
    (doubt,) = read_portrait(small).doubts
    assert doubt.about == "size" and "px wide and will look blurred" in str(doubt)
    monkeypatch.setattr("ttsf.portrait.portrait.find_faces", lambda picture, least: faces)
    (doubt,) = read_portrait(large // 8).doubts
    assert doubt.about == "light" and str(doubt) == "the face is very dark"
    (doubt,) = read_portrait(glasses).doubts
    assert doubt.about == "eyes" and str(doubt).startswith("the eyes are dark")


def test_the_detector_is_that_of_dlib(tmp_path: Path) -> None:
    dlib.get_frontal_face_detector().save(str(tmp_path / "saved.svm"))
    assert (tmp_path / "saved.svm").read_bytes() == detection.DETECTOR.read_bytes()
