"""Lids that slide over the eyes of a picture that is drawn here."""

import cv2
import numpy as np
import pytest

from tests.support.scenes import portrait
from ttsf.compositing.features import Eye, find_eyes
from ttsf.compositing.framing import Framing
from ttsf.compositing.lids import BULGE, LOWER, Lid, continued
from ttsf.compositing.scene import Scene

SIDE, CELL = 128, 4
SKIN, WHITE, LASHES = (200, 150, 120), (240, 240, 240), (30, 20, 20)
MIDDLES = ((45.0, 55.0), (83.0, 55.0))
COLUMNS = np.arange(-6.5, 7)


def eye(at: tuple[float, float], glasses: bool = False) -> Eye:
    height = 4.5 * np.sqrt((1 - (COLUMNS / 8) ** 2).clip(0))
    return Eye(at[0] + COLUMNS, np.full(len(COLUMNS), at[1] + 1.5), height, glasses)


def picture(rim: bool = False) -> np.ndarray:
    """Two open eyes: an arc of lashes over the white, on skin."""
    made = np.full((SIDE * CELL, SIDE * CELL, 3), SKIN, np.uint8)
    for x, y in MIDDLES:
        centre = round(x * CELL), round(y * CELL)
        cv2.ellipse(made, centre, (8 * CELL, 3 * CELL), 0, 0, 360, WHITE, -1)
        cv2.ellipse(made, centre, (8 * CELL, 3 * CELL), 0, 180, 360, LASHES, CELL)
        if rim:
            top = centre[1] - 5 * CELL
            cv2.line(made, (centre[0] - 40, top), (centre[0] + 40, top), LASHES, 2 * CELL)
    return made


def shut(made: Scene, closing: float, shift: float = 0.0) -> np.ndarray:
    flow = np.zeros((2, SIDE, SIDE), np.float32)
    flow[0] = -shift * 2 / SIDE
    whole, none = made.still.copy(), np.zeros((3, SIDE, SIDE), np.float32)
    pixels = made.draw(flow, np.ones((1, SIDE, SIDE), np.float32), none)
    made.close_eyes(pixels, flow, closing)
    whole[made.region.pixels] = pixels
    return whole


def scene(rim: bool = False, glasses: bool = False) -> Scene:
    side = SIDE * CELL
    shown = portrait(picture(rim), side / 2, side / 2, side)
    return Scene(shown, Framing("face"), side, eyes=[eye(at, glasses) for at in MIDDLES])


def at(frame: np.ndarray, x: float, y: float) -> np.ndarray:
    return frame[round(y * CELL), round(x * CELL)].astype(int)


@pytest.mark.parametrize("shift", [0, 3])
def test_a_shut_eye_is_skin_over_a_line_of_lashes(shift: int) -> None:
    made = scene()
    opened, half, closed = (shut(made, amount, shift) for amount in (0, 0.5, 1))
    for x, y in MIDDLES:
        x += shift
        assert np.abs(at(opened, x, y) - WHITE).max() < 8
        assert np.abs(at(half, x, y + 1.6) - WHITE).max() < 8, "the lower half is still open"
        assert np.abs(at(half, x, y - 1.6) - SKIN).max() < 20
        assert np.abs(at(closed, x, y) - SKIN).max() < 20
        assert np.abs(at(closed, x, y - 2.7) - SKIN).max() < 20, "the open eye's lashes went"
        column = closed[:, round(x * CELL)].astype(int).sum(-1)
        darkest = np.argmin(column) / CELL
        assert darkest == pytest.approx(y + 1.5 + LOWER * eye((x, y)).height.max(), abs=0.6)
        assert column.min() < 0.6 * sum(SKIN)


def test_an_open_eye_stays_as_it_is() -> None:
    made = scene()
    assert np.array_equal(shut(made, 0), shut(made, 0.03))


def test_what_is_far_from_the_eyes_stays() -> None:
    made = scene()
    changed = (shut(made, 1) != shut(made, 0)).any(-1)
    rows, columns = np.flatnonzero(changed.any(1)), np.flatnonzero(changed.any(0))
    assert rows[0] / CELL > 55 - 9 and rows[-1] / CELL < 55 + 6
    assert columns[0] / CELL > 45 - 10 and columns[-1] / CELL < 83 + 10
    assert not changed[:, round(64 * CELL)].any()


def test_a_rim_of_glasses_stays() -> None:
    made = scene(rim=True, glasses=True)
    opened, closed = shut(made, 0), shut(made, 1)
    for x, y in MIDDLES:
        assert np.array_equal(at(opened, x, y - 5), at(closed, x, y - 5))
        assert np.abs(at(closed, x, y) - SKIN).max() < 20, "skin is not taken from the rim"


def test_dark_edges_do_not_darken_the_lid() -> None:
    lid = Lid(eye((12.0, 12.0)), np.full((96, 96, 3), SKIN, np.uint8), (0.0, 0.0), CELL)
    left, added = lid.shut(1)
    middle = added[left < 0.01]
    assert len(middle) and np.abs(middle.max(0) / SKIN - 1).max() < BULGE[0]


def test_a_lid_is_lightest_where_it_bulges() -> None:
    lid = Lid(eye((12.0, 12.0)), np.full((96, 96, 3), SKIN, np.uint8), (0.0, 0.0), CELL)
    left, added = lid.shut(1)
    light = np.where(left < 0.01, added.mean(-1), np.nan)
    middle = round((12 - lid.cells.left) * lid.fine)
    assert np.nanmean(light[:, middle]) > 1.02 * np.nanmean(light[:, middle - 6 * lid.fine])


def test_a_hole_is_continued_smoothly() -> None:
    ramp = np.linspace(0, 200, 60, dtype=np.float32)
    whole = np.dstack([np.broadcast_to(ramp, (40, 60))] * 3)
    hole = np.zeros((40, 60), bool)
    hole[10:30, 20:40] = True
    filled = continued(np.where(hole[..., None], np.float32(0), whole), hole)
    assert np.array_equal(filled[~hole], whole[~hole])
    assert np.abs(filled - whole).max() < 12


def drawn_lids(tall: float) -> tuple[np.ndarray, np.ndarray]:
    """G's mask with shut eyes, and how far their lids came down."""
    mask, moved = np.ones((2, SIDE, SIDE), np.float32)
    moved[:] = 0
    for x, y in MIDDLES:
        mask[round(y) : round(y) + 2, round(x) - 7 : round(x) + 7] = 0.1
        moved[round(y) - 3 : round(y) + 1, round(x) - 7 : round(x) + 7] = tall
    return mask, moved


def test_eyes_are_found_by_where_g_shuts_them() -> None:
    found = find_eyes(*drawn_lids(4.0), False)
    assert len(found) == 2
    for one, (x, y) in zip(found, MIDDLES, strict=True):
        assert one.x.mean() == pytest.approx(x, abs=0.6) and len(one.x) == 14
        assert one.y == pytest.approx(y + 1, abs=0.6) and one.height == pytest.approx(4)


def test_eyes_that_are_shut_or_not_drawn_are_left_to_g() -> None:
    assert find_eyes(*drawn_lids(1.0), False) == []
    assert find_eyes(np.ones((SIDE, SIDE), np.float32), np.zeros((SIDE, SIDE)), False) == []
    mask, moved = drawn_lids(4.0)
    mask[:, 64:] = 1
    assert find_eyes(mask, moved, False) == []


def test_a_lid_outside_of_the_frame_is_left_out() -> None:
    side = SIDE * CELL
    shown = portrait(picture(), side / 2, side / 2, side)
    beside = [eye((x, 700.0)) for x, _ in MIDDLES]
    made = Scene(shown, Framing("face"), side, eyes=beside)
    assert np.array_equal(shut(made, 1), shut(made, 0))
