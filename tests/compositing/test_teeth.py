"""Invented teeth: locating the mouth, detecting teeth, shading a row."""

import numpy as np
import pytest

from ttsf.compositing.features import Mouth, find_mouth
from ttsf.compositing.teeth import BORDERS, WIDTHS, relief, skull, teeth, whitened


def opened(x: float, y: float, width: float, height: float, tilt: float = 0.0) -> np.ndarray:
    """G's mask where it draws an ellipse."""
    rows, columns = np.mgrid[:128, :128] + 0.5
    dx, dy = columns - x, rows - y
    along, down = dx * np.cos(tilt) + dy * np.sin(tilt), dy * np.cos(tilt) - dx * np.sin(tilt)
    inside = (2 * along / width) ** 2 + (2 * down / height) ** 2 < 1
    return np.where(inside, 0.02, 0.98).astype(np.float32)


@pytest.mark.parametrize("tilt", [-0.3, 0.0, 0.2])
def test_the_mouth_is_found_where_it_opens(tilt: float) -> None:
    found = find_mouth(opened(66, 90, 26, 12, tilt))
    assert found is not None
    assert (found.x, found.y) == pytest.approx((66, 90), abs=0.3)
    assert found.width == pytest.approx(26 * np.cos(tilt), abs=2)
    assert found.tilt == pytest.approx(tilt, abs=0.05)


def test_what_hardly_opens_is_no_mouth() -> None:
    assert find_mouth(np.full((128, 128), 0.9, np.float32)) is None
    assert find_mouth(opened(64, 90, 6, 4)) is None
    assert find_mouth(opened(64, 30, 26, 12)) is None, "lids are drawn too"


def test_bright_grey_that_is_drawn_is_a_tooth() -> None:
    white, cavity, lip = (200, 190, 180), (40, 25, 22), (170, 90, 85)
    drawn = np.float32([[white, cavity, lip, white]])
    found = teeth(drawn, 170.0, np.float32([[1, 1, 1, 0.1]]))
    assert found[0, 0] > 0.9 and (found[0, 1:] == 0).all(), "the last is the portrait's own"


def test_the_row_is_even_darkest_in_the_gaps_and_moves_with_the_mouth() -> None:
    mouth = Mouth(64, 90, 26, 0)
    x = np.linspace(52, 76, 481)
    row = relief(mouth, x, np.array([90.0]))[0]
    assert row == pytest.approx(row[::-1], abs=1e-5)
    middles = 64 + 26 * (BORDERS[:-1] + WIDTHS / 2)
    gaps = 64 + 26 * BORDERS[1:3]
    values = {place: np.interp(place, x, row) for place in (*middles[:3], *gaps)}
    assert max(values[gap] for gap in gaps) < min(values[one] for one in middles[:3]) - 0.05
    assert 0.7 < row.min() < row.max() < 1.05
    moved = relief(mouth._replace(x=67), x + 3, np.array([90.0]))[0]
    assert moved == pytest.approx(row, abs=1e-6)


def test_a_tilted_mouth_has_a_tilted_row() -> None:
    mouth = Mouth(64, 90, 26, 0.3)
    x, y = np.linspace(52, 76, 49), np.linspace(84, 96, 25)
    shade = relief(mouth, x, y)
    along = (x[None] - 64) * np.cos(0.3) + (y[:, None] - 90) * np.sin(0.3)
    straight = relief(mouth._replace(tilt=0), 64 + along.ravel(), np.array([90.0]))
    assert shade.ravel() == pytest.approx(straight[0], abs=1e-6)


def test_the_skull_moves_as_the_skin_above_the_teeth() -> None:
    found = np.zeros((12, 20), np.float32)
    found[6:8, 5:15] = 1
    offset = np.full((12, 20), 99.0)
    offset[3] = 1.5 + 0.1 * np.arange(20)
    moved = skull(found, offset)
    assert moved is not None and moved == pytest.approx(offset[3])
    assert skull(np.zeros_like(found), offset) is None


def test_grey_and_green_teeth_become_whiter_and_lips_stay() -> None:
    drawn = np.zeros((1, 3, 3), np.float32)
    drawn[0] = [(120, 122, 118), (150, 170, 130), (150, 60, 70)]
    made = whitened(drawn, np.array([[1, 1, 0]], np.float32), 180.0)
    assert (made[0, :2].mean(-1) > drawn[0, :2].mean(-1) + 10).all()
    assert np.ptp(made[0, 1]) < 0.6 * np.ptp(drawn[0, 1])
    assert np.array_equal(made[0, 2], drawn[0, 2])
    bright = np.full((1, 1, 3), 240, np.float32)
    assert np.abs(whitened(bright, np.ones((1, 1), np.float32), 200.0) - bright).max() < 12
