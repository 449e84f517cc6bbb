"""Eyes, mouth and glasses, found in a mask and a crop that are drawn here."""

import cv2
import numpy as np
import pytest

from ttsf.compositing.features import Features, find_features, wears_glasses

SIDE = 128
EYES, SPAN = ((45.0, 55.0), (83.0, 55.0)), 54.0


def mask(tilt: float = 0.0, mouth: bool = True) -> np.ndarray:
    """What G would draw in a face tilted about its middle: two lids, and an open mouth."""
    drawn = np.zeros((SIDE, SIDE), np.uint8)
    for x, y in EYES:
        cv2.ellipse(drawn, (round(x), round(y)), (8, 2), 0, 0, 360, 1, -1)
    if mouth:
        cv2.ellipse(drawn, (64, 92), (14, 6), 0, 0, 360, 1, -1)
    turned = cv2.getRotationMatrix2D((64.0, 64.0), -np.degrees(tilt), 1)
    drawn = cv2.warpAffine(drawn.astype(np.float32), turned, (SIDE, SIDE))
    return 1 - drawn


@pytest.mark.parametrize("tilt", [0, 0.15, -0.15])
def test_eyes_and_corners_are_found_in_a_tilted_face(tilt: float) -> None:
    found = find_features(mask(tilt))
    assert found is not None
    assert found.tilt == pytest.approx(tilt, abs=0.03)
    assert found.span == pytest.approx(SPAN, rel=0.06)
    x, y = found.seen_from_eyes(*np.array(found.corners).T)
    assert x * found.span == pytest.approx([-14, 14], abs=2)
    assert y * found.span == pytest.approx([37, 37], abs=2)


def test_corners_are_guessed_where_no_mouth_is_drawn() -> None:
    found = find_features(mask(mouth=False))
    assert found is not None
    (left, low), (right, _) = found.corners
    assert 45 < left < 58 and 70 < right < 83 and 85 < low < 105


def test_without_lids_on_both_sides_there_are_no_features() -> None:
    assert find_features(np.ones((SIDE, SIDE), np.float32)) is None
    one_eye = mask()
    one_eye[:, 64:] = 1
    found = find_features(one_eye)
    assert found is None or found.span < 20, "half a lid is not taken for a face's width"


def test_places_are_turned_there_and_back() -> None:
    face = Features(((40.0, 50.0), (80.0, 60.0)), 50.0, 0.24, ((50.0, 90.0), (75.0, 95.0)))
    x, y = np.array([3.0, 70.0]), np.array([110.0, 20.0])
    assert np.allclose(face.placed(*face.seen_from_eyes(x, y)), [x, y])
    assert np.allclose(face.seen_from_eyes(*face.middle), 0)


def test_glasses_are_seen_by_their_bridge() -> None:
    found = find_features(mask())
    assert found is not None
    skin = np.full((2 * SIDE, 2 * SIDE, 3), 170, np.uint8)
    shaded = (skin * np.linspace(0.7, 1, 2 * SIDE)[:, None, None]).astype(np.uint8)
    assert not wears_glasses(skin, found, SIDE) and not wears_glasses(shaded, found, SIDE)
    for colour in (30, 250):
        framed = skin.copy()
        cv2.line(framed, (108, 108), (148, 108), (colour, colour, colour), 4)
        assert wears_glasses(framed, found, SIDE)
    assert not wears_glasses(0 * skin, found, SIDE), "a black picture"
