"""Brows, corners of the mouth and gaze move what G draws, and follow its flow."""

import numpy as np
import pytest

from ttsf.compositing.expression import (
    BROW_E,
    CORNER_E,
    GAZE_E,
    UNDER_GLASSES,
    Expression,
    Warp,
)
from ttsf.compositing.features import Features
from ttsf.engine.expression import FARTHEST, HIGHEST, LOWEST

SIDE, SPAN = 128, 60.0
FACE = Features(((44.0, 55.0), (84.0, 55.0)), SPAN, 0.0, ((50.0, 98.0), (78.0, 98.0)))
BROW, IRIS, CORNER = (44, 40), (44, 53), (50, 98)


def fields(shift: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fields of a head that moves to the right by `shift` cells; the mask marks nothing."""
    flow = np.zeros((2, SIDE, SIDE), np.float32)
    flow[0] = -shift * 2 / SIDE
    return flow, np.ones((1, SIDE, SIDE), np.float32), np.zeros((3, SIDE, SIDE), np.float32)


def taken_from(warp: Warp, at: tuple[int, int], amounts: Expression, shift: float = 0.0):
    """How far from its place a cell's content came, beside the head's shift, in e."""
    flow, _, _ = warp(*fields(shift), np.array(amounts, np.float32))
    x, y = flow[:, at[1], at[0]] * SIDE / 2
    return np.array([x + shift, y]) / SPAN


def test_no_expression_changes_nothing() -> None:
    given = fields(3)
    assert all(
        a is b for a, b in zip(Warp(FACE, SIDE, False)(*given, np.zeros(4)), given, strict=True)
    )


@pytest.mark.parametrize("shift", [0, 6])
def test_each_amount_moves_its_part_with_the_head(shift: int) -> None:
    warp, right = Warp(FACE, SIDE, False), np.array([shift, 0])
    cases = [
        (BROW, Expression(brows=1), (0, BROW_E)),
        (CORNER, Expression(smile=1), (None, CORNER_E)),
        (CORNER, Expression(smile=-1), (None, -CORNER_E)),
        (IRIS, Expression(gaze_x=8), (-8 * GAZE_E, 0)),
        (IRIS, Expression(gaze_y=-8), (0, 8 * GAZE_E)),
    ]
    for part, amounts, wanted in cases:
        there = tuple(np.array(part) + right)
        moved = taken_from(warp, there, amounts, shift)
        for axis in range(2):
            if wanted[axis] is not None:
                assert moved[axis] == pytest.approx(wanted[axis], abs=0.012), (part, amounts)


def test_parts_do_not_move_each_other() -> None:
    warp = Warp(FACE, SIDE, False)
    for part, amounts in [
        (IRIS, Expression(brows=1)),
        (IRIS, Expression(smile=1)),
        (CORNER, Expression(brows=1, gaze_x=8)),
        ((64, 120), Expression(brows=1, smile=1, gaze_x=8)),
        ((5, 5), Expression(brows=1, smile=1, gaze_x=8)),
    ]:
        assert np.abs(taken_from(warp, part, amounts)).max() < 0.012, (part, amounts)


def test_brows_behind_glasses_move_less() -> None:
    bare, framed = (
        taken_from(Warp(FACE, SIDE, glasses), BROW, Expression(brows=1))[1]
        for glasses in (False, True)
    )
    assert framed == pytest.approx(UNDER_GLASSES * bare, rel=0.1)


def test_what_g_draws_moves_along() -> None:
    """A mouth that G draws is raised at its corners like the skin around it."""
    flow, mask, drawn = fields()
    mask[0, 97:100, 48:52] = 0
    drawn[:, 97:100, 48:52] = 1
    _, share, colour = Warp(FACE, SIDE, False)(flow, mask, drawn, np.array(Expression(smile=1)))
    rows = (1 - share[0]).sum(1)
    middle = (rows * np.arange(SIDE)).sum() / rows.sum()
    assert middle == pytest.approx(98 - CORNER_E * SPAN, abs=1)
    assert np.allclose(colour[0], 1 - share[0], atol=1e-5)


def test_no_place_folds_at_the_largest_amounts() -> None:
    """Neighbouring cells keep their order, or the picture would be torn."""
    warp = Warp(FACE, SIDE, False)
    for amounts in [
        Expression(HIGHEST, 1, *FARTHEST),
        Expression(LOWEST, -1, -FARTHEST[0], -FARTHEST[1]),
        Expression(LOWEST, 1, FARTHEST[0], -FARTHEST[1]),
    ]:
        flow, _, _ = warp(*fields(), np.array(amounts, np.float32))
        x, y = flow * SIDE / 2
        assert (np.diff(x, axis=1) > -1).all() and (np.diff(y, axis=0) > -1).all()
