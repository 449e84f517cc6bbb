"""Teeth: locating the mouth, the picture's own, and detecting, shading and ending a drawn row."""

import numpy as np
import pytest

from ttsf.compositing.features import Mouth, find_mouth
from ttsf.compositing.teeth import (
    BORDERS,
    WIDTHS,
    find_ends,
    hollowed,
    in_row,
    own_teeth,
    relief,
    rigid,
    shorter,
    skull,
    teeth,
    unseen,
    whitened,
)

WHITE, CAVITY, LIP, SKIN = (200, 190, 180), (40, 25, 22), (170, 90, 85), (190, 150, 130)


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
    drawn = np.float32([[WHITE, CAVITY, LIP, WHITE]])
    found = unseen(teeth(drawn, 170.0), np.float32([[1, 1, 1, 0.1]]))
    assert found[0, 0] > 0.9 and (found[0, 1:] == 0).all(), "the last is the portrait's own"


def test_the_row_is_even_darkest_in_the_gaps_and_moves_with_the_mouth() -> None:
    mouth = Mouth(64, 90, 26, 0)
    x = np.linspace(52, 76, 481)
    row = relief(in_row(mouth, x, np.array([90.0])))[0]
    assert row == pytest.approx(row[::-1], abs=2e-3)
    middles = 64 + 26 * (BORDERS[:-1] + WIDTHS / 2)
    gaps = 64 + 26 * BORDERS[1:3]
    values = {place: np.interp(place, x, row) for place in (*middles[:3], *gaps)}
    assert max(values[gap] for gap in gaps) < min(values[one] for one in middles[:3]) - 0.05
    assert 0.7 < row.min() < row.max() < 1.05
    moved = relief(in_row(mouth._replace(x=67), x + 3, np.array([90.0])))[0]
    assert moved == pytest.approx(row, abs=2e-3)


def test_a_tilted_mouth_has_a_tilted_row() -> None:
    mouth = Mouth(64, 90, 26, 0.3)
    x, y = np.linspace(52, 76, 49), np.linspace(84, 96, 25)
    shade = relief(in_row(mouth, x, y))
    along = (x[None] - 64) * np.cos(0.3) + (y[:, None] - 90) * np.sin(0.3)
    straight = relief(in_row(mouth._replace(tilt=0), 64 + along.ravel(), np.array([90.0])))
    assert shade.ravel() == pytest.approx(straight[0], abs=2e-3)


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
    assert made[0, 1, 0] > made[0, 1, 1], "no longer green"
    assert np.array_equal(made[0, 2], drawn[0, 2])
    bright = np.full((1, 1, 3), 240, np.float32)
    assert np.abs(whitened(bright, np.ones((1, 1), np.float32), 200.0) - bright).max() < 15


def a_smile(shown: bool = True, cell: int = 4) -> np.ndarray:
    """A picture of 128 x 128 cells whose mouth shows teeth, or lips of the same size."""
    picture = np.full((128 * cell, 128 * cell, 3), SKIN, np.uint8)
    picture[84 * cell : 97 * cell, 48 * cell : 80 * cell] = LIP
    if shown:
        picture[87 * cell : 92 * cell, 52 * cell : 76 * cell] = WHITE
        picture[87 * cell : 92 * cell, 64 * cell] = CAVITY
    return picture


def test_teeth_of_the_picture_are_found_to_the_pixel() -> None:
    mouth, cell = Mouth(64, 90, 32, 0), 4
    own = own_teeth(a_smile(), mouth, (0.0, 0.0), cell, 128)
    assert own is not None
    rows, columns = np.nonzero(own.pixels > 0.5)
    assert (rows.min() + own.top, rows.max() + own.top) == (87 * cell, 92 * cell - 1)
    assert (columns.min() + own.left, columns.max() + own.left) == (52 * cell, 76 * cell - 1)
    y, x = np.nonzero(own.cells > 0.5)
    assert (y.min(), y.max(), x.min(), x.max()) == (87, 91, 52, 75)
    whole = np.dstack(np.meshgrid(np.arange(512), np.arange(512))).astype(np.float32)
    assert own.moved(whole).sum() == pytest.approx(own.pixels.sum())
    assert own.moved(whole)[89 * cell, 60 * cell] == 1


@pytest.mark.parametrize(
    "picture",
    [
        a_smile(shown=False),
        np.repeat(a_smile().mean(-1, keepdims=True), 3, -1).astype(np.uint8),
        np.full((512, 512, 3), WHITE, np.uint8),
        np.zeros((512, 512, 3), np.uint8),
    ],
    ids=["shut", "monochrome", "one colour", "black"],
)
def test_without_a_row_of_its_own_a_picture_has_no_teeth(picture: np.ndarray) -> None:
    assert own_teeth(picture, Mouth(64, 90, 32, 0), (0.0, 0.0), 4, 128) is None


def test_a_mouth_outside_of_the_picture_shows_none() -> None:
    assert own_teeth(a_smile(), Mouth(64, 90, 32, 0), (600.0, 600.0), 4, 128) is None


def test_a_highlight_on_a_lip_is_no_row() -> None:
    picture = a_smile(shown=False)
    picture[93 * 4 : 94 * 4, 62 * 4 : 67 * 4] = WHITE
    assert own_teeth(picture, Mouth(64, 90, 32, 0), (0.0, 0.0), 4, 128) is None


def test_teeth_that_would_be_flattened_or_smeared_disappear() -> None:
    rows = np.arange(12, dtype=np.float32)[:, None].repeat(5, 1)
    for factor, left in ((0, 0), (0.1, 0), (0.5, 1), (1, 1), (2, 1), (4, 0)):
        source = np.dstack([np.zeros_like(rows), factor * rows])
        assert rigid(source) == pytest.approx(left)


def test_the_mouth_is_open_below_teeth_of_the_picture() -> None:
    drawn, own = np.full((9, 3, 3), 200, np.float32), np.zeros((9, 3), np.float32)
    own[:4] = 1
    made = hollowed(drawn, np.ones((9, 3), np.float32), own, 170.0)
    assert (made[:5] == 200).all() and (made[5:] < 60).all()


def an_open_mouth(below: tuple[int, int, int], blurred: int = 2) -> np.ndarray:
    """Cells of a band of teeth that fades into what is below it."""
    share = np.linspace(0, 1, blurred + 2)[:, None, None]
    band = np.repeat(np.float32([[WHITE]]), 6, 0)
    fade = (1 - share[1:-1]) * np.float32(WHITE) + share[1:-1] * np.float32(below)
    rest = np.repeat(np.float32([[below]]), 8, 0)
    return np.repeat(np.concatenate([band, fade, rest]).astype(np.float32), 20, 1)


def test_teeth_end_where_the_open_mouth_begins() -> None:
    drawn = an_open_mouth(CAVITY)
    everywhere = np.ones(drawn.shape[:2], np.float32)
    ends = find_ends(drawn, teeth(drawn, 170.0), everywhere)
    assert ends is not None
    assert ((ends.line > 6.5) & (ends.line < 8)).all(), "the band fades from 6 to 8"
    assert ends.weight[:, 3:-3] == pytest.approx(1, abs=0.05)
    assert ends.whole[7, 10] == pytest.approx(np.array(WHITE), abs=1)
    assert ends.hollow[2, 10] == pytest.approx(np.array(CAVITY), abs=1)


def test_ends_behind_the_lower_lip_stay_hidden() -> None:
    for below, share in ((LIP, 1.0), (CAVITY, 0.3)):
        drawn = an_open_mouth(below)
        everywhere = np.full(drawn.shape[:2], share, np.float32)
        ends = find_ends(drawn, teeth(drawn, 170.0), everywhere)
        assert ends is not None and ends.weight.max() < 0.1
    few = np.zeros((10, 20), np.float32)
    few[3:5, 4:7] = 1
    assert find_ends(np.full((10, 20, 3), 90, np.float32), few, np.ones_like(few)) is None


def test_teeth_are_rounded_and_the_second_is_shorter_than_the_first() -> None:
    mouth = Mouth(64, 90, 40, 0)
    middles = 64 + 40 * (BORDERS[:-1] + WIDTHS / 2)
    middle = shorter(mouth, in_row(mouth, middles, np.array([90.0])))[0]
    sides = shorter(mouth, in_row(mouth, 64 + 40 * BORDERS[1:-1], np.array([90.0])))[0]
    assert middle[0] == pytest.approx(0, abs=1e-6) and 0.3 < middle[1] < 1
    assert (sides > 0.5).all()
