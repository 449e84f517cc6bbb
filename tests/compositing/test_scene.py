"""One face moves in the picture; everything else stays as it is."""

import numpy as np
import pytest

from tests.support.scenes import noise, portrait
from ttsf.compositing.box import Box
from ttsf.compositing.framing import Framing
from ttsf.compositing.scene import Scene
from ttsf.media.images import BACKGROUND
from ttsf.portrait.detection import FaceBox

RNG = np.random.default_rng(0)
PICTURE, FACE = Framing(), Framing("face")
CELLS = 128


def fields(
    flow: tuple[float, float] = (0, 0), side: int = CELLS
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Everything moves by the same; nothing is drawn."""
    offset = np.empty((2, side, side), np.float32)
    offset[0], offset[1] = flow
    return offset, np.ones((1, side, side), np.float32), np.zeros((3, side, side), np.float32)


def frame(made: Scene, flow: np.ndarray, mask: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    whole = made.still.copy()
    whole[made.region.pixels] = made.draw(flow, mask, drawn)
    return whole


def border(made: Scene, pixels: np.ndarray) -> np.ndarray:
    """The outermost pixels of the region, but for those at the frame's own edge."""
    top, left, bottom, right = made.region
    outer = np.zeros((made.height, made.width), bool)
    outer[made.region.pixels] = True
    inner = np.zeros_like(outer)
    inner[
        top + (top > 0) : bottom - (bottom < made.height),
        left + (left > 0) : right - (right < made.width),
    ] = True
    return pixels[outer & ~inner].astype(int)


@pytest.mark.parametrize("size", [None, 150, 600])
@pytest.mark.parametrize("framing", [PICTURE, FACE, Framing("canvas", 320, 180)])
def test_without_motion_the_frame_is_the_picture(framing: Framing, size: int | None) -> None:
    if framing.kind == "canvas" and size:
        return
    made = Scene(portrait(noise(301, 203), 150.3, 90.7, 101.9), framing, size)
    assert np.array_equal(frame(made, *fields()), made.still)
    assert made.still.shape == (made.height, made.width, 3) and made.still.dtype == np.uint8


@pytest.mark.parametrize(("x", "y"), [(200, 200), (60, 200), (200, 45), (350, 360), (5, 395)])
def test_a_face_moves_and_its_surroundings_do_not(x: float, y: float) -> None:
    made = Scene(portrait(noise(400, 400), x, y, 120), PICTURE)
    moved = frame(made, *fields((0.1, -0.1)))
    still = made.still.astype(int)
    changed = np.abs(moved - still).max(-1) > 0
    outside = np.ones_like(changed)
    outside[made.region.pixels] = False
    assert not changed[outside].any()
    assert np.abs(border(made, moved) - border(made, made.still)).max() <= 1
    middle = np.s_[max(y - 10, 0) : y + 10, max(x - 10, 0) : x + 10]
    if 60 <= x <= 340 and 60 <= y <= 340:
        wanted = made.still[y - 16 : y + 4, x - 4 : x + 16]
        assert np.array_equal(moved[middle], wanted)
    assert changed[middle].mean() > 0.5


def test_nothing_enters_over_the_edge_of_the_picture() -> None:
    """A crop that leaves the picture would pull in its repeated edge, in stripes."""
    ramp = np.broadcast_to(np.arange(200, dtype=np.uint8)[None, :, None], (200, 200, 3))
    made = Scene(portrait(np.ascontiguousarray(ramp), 30, 100, 100), PICTURE)
    moved = frame(made, *fields((-0.12, 0)))[100, :, 0].astype(int)
    assert moved[0] == 0 and moved[2] > 0 and moved[30] < 26
    assert (np.diff(moved) >= 0).all()  # nothing is folded over


def test_flow_is_in_half_sides_of_the_crop() -> None:
    made = Scene(portrait(noise(400, 400), 200, 200, 160), PICTURE, 400)
    moved = frame(made, *fields((0.1, 0.05)))
    assert np.array_equal(moved[190:210, 190:210], made.still[194:214, 198:218])


def test_what_is_drawn_replaces_the_picture_where_the_mask_says() -> None:
    picture = noise(400, 400)
    picture[80:120, 80:120] = 0
    made = Scene(portrait(picture, 200, 200, 256), PICTURE)
    flow, mask, drawn = fields()
    mask[:, 60:80, 50:78] = 0
    drawn[0], drawn[1], drawn[2] = 1, 0, -0.5
    got = frame(made, flow, mask, drawn)
    top, left = 200 - 128 + 2 * 60, 200 - 128 + 2 * 50
    inside = got[top + 3 : top + 37, left + 3 : left + 53].astype(int)
    assert np.abs(inside - (255, 128, 64)).max() <= 4
    changed = np.abs(got.astype(int) - made.still).max(-1) > 0
    changed[top - 3 : top + 43, left - 3 : left + 59] = False
    assert not changed.any()


def test_where_both_are_mixed_the_pictures_detail_stays() -> None:
    """G's own pictures have 128 px: a share of them must not blur a sharp one."""
    made = Scene(portrait(noise(800, 800), 400, 400, 512), PICTURE)
    flow, mask, _ = fields()
    mask[:] = 0.75
    got = frame(made, flow, mask, np.zeros((3, CELLS, CELLS), np.float32))
    middle = np.s_[300:500, 300:500]
    assert got[middle].std() > 0.97 * made.still[middle].std()


def test_nothing_is_drawn_at_the_border_of_the_crop() -> None:
    made = Scene(portrait(noise(400, 400), 200, 200, 200), PICTURE)
    flow, mask, drawn = fields()
    changed = np.abs(frame(made, flow, 0 * mask, drawn + 1).astype(int) - made.still).max(-1)
    assert changed[102:298, 102:298].mean() > 60
    assert changed[:101].max() == changed[299:].max() == changed[:, :101].max() == 0
    assert changed[101].mean() < 10


@pytest.mark.parametrize("distance", [70, 100, 130])
def test_a_neighbour_keeps_still(distance: int) -> None:
    other = FaceBox(200 + distance, 200, 80)
    alone = Scene(portrait(noise(500, 400), 200, 200, 132), PICTURE)
    both = Scene(portrait(alone.still, 200, 200, 132, (other,)), PICTURE)
    mask = fields()[1] * 0.5
    moved = frame(both, fields((0.1, 0))[0], mask, fields()[2])
    theirs = np.s_[150:250, 200 + distance - 30 : 200 + distance + 30]
    own = np.s_[190:210, 180:200]
    assert np.array_equal(moved[theirs], both.still[theirs])
    assert np.array_equal(moved[own], frame(alone, fields((0.1, 0))[0], mask, fields()[2])[own])
    assert np.abs(moved[own].astype(int) - both.still[own]).mean() > 20


def test_a_face_that_was_found_twice_still_speaks() -> None:
    again = FaceBox(203, 198, 90)
    made = Scene(portrait(noise(400, 400), 200, 200, 132, (again,)), PICTURE)
    moved = frame(made, *fields((0.1, 0)))
    assert np.abs(moved[190:210, 190:210].astype(int) - made.still[190:210, 190:210]).mean() > 20


def test_a_black_and_white_picture_gets_no_colour() -> None:
    grey = np.linspace(0, 255, 400).astype(np.uint8)[None, :, None].repeat(400, 0).repeat(3, 2)
    made = Scene(portrait(grey, 200, 200, 399), PICTURE)
    flow, mask, drawn = fields()
    mask[:, 60:80, 50:78] = 0
    drawn[0], drawn[1], drawn[2] = 0.2, -0.4, -0.3
    got = frame(made, flow, mask, drawn)[195:205, 190:210].astype(int)
    assert np.ptp(got, axis=-1).max() <= 1 and 90 < got.mean() < 120


@pytest.mark.parametrize("side", [32, 256])
def test_fields_may_have_another_size(side: int) -> None:
    made = Scene(portrait(noise(400, 400), 200, 200, 160), PICTURE, side=side)
    moved = frame(made, *fields((0.1, 0.05), side=side))
    assert np.array_equal(moved[190:210, 190:210], made.still[194:214, 198:218])


def test_a_network_that_draws_all_keeps_its_own_detail() -> None:
    """LIA's G gives no mask: its whole crop is drawn, at 256 px."""
    made = Scene(portrait(noise(256, 256), 128, 128, 256), FACE, side=256)
    flow, mask, drawn = fields(side=256)
    drawn[:] = RNG.uniform(-1, 1, drawn.shape)
    made_black = made._palette.black
    wanted = made_black + ((drawn + 1) * 127.5).transpose(1, 2, 0) * (1 - made_black / 255)
    got = frame(made, flow, 0 * mask, drawn)
    assert np.abs(got - wanted)[16:-16, 16:-16].max() <= 1


@pytest.mark.parametrize("framing", [PICTURE, FACE, Framing("canvas", 400, 712)])
def test_regions_have_even_sides_inside_the_frame(framing: Framing) -> None:
    for x, y, side in ((33.3, 71.1, 90.9), (150, 150, 299.5), (290, 12, 77.7)):
        made = Scene(portrait(noise(301, 303), x, y, side), framing)
        assert all(edge % 2 == 0 for edge in (*made.region, made.width, made.height))
        assert made.region.within(Box(0, 0, made.height, made.width)) == made.region
        region = made.draw(*fields((0.05, 0.1)))
        assert region.shape == made.still[made.region.pixels].shape


@pytest.mark.parametrize("framing", [PICTURE, FACE, Framing("canvas", 640, 480)])
def test_what_is_transparent_stays_so_and_moves_along(framing: Framing) -> None:
    """A half covered pixel has its own colour, not that of the ground it was composed on."""
    alpha = np.zeros((400, 400), np.uint8)
    alpha[100:300, 100:300], alpha[100:300, 190:210] = 255, 128
    share = alpha[..., None] / 255
    picture = (share * (250, 30, 60) + (1 - share) * BACKGROUND).round().astype(np.uint8)
    made = Scene(portrait(picture, 200, 200, 160)._replace(alpha=alpha), framing, transparent=True)
    assert made.still.shape == (made.height, made.width, 4)
    assert set(np.unique(made.still[..., 3])) <= {0, 128, 255} or framing.kind == "canvas"
    shown = made.still[made.still[..., 3] == 128][:, :3].astype(int)
    assert np.abs(shown - (250, 30, 60)).max() <= 3
    flow, mask, drawn = fields((0.1, 0))
    mask[:, 60:80, 20:40] = 0
    moved = frame(made, flow, mask, drawn)
    near = np.s_[made.height // 2, made.width // 2 - 40 : made.width // 2 + 40, 3]
    before, after = (np.flatnonzero(f[near] < 190).mean() for f in (made.still, moved))
    scale = {"picture": 1, "face": 1, "canvas": 480 / 400}[framing.kind]
    assert abs(before - after - 8 * scale) <= 1
    plain = Scene(portrait(picture, 200, 200, 160)._replace(alpha=alpha), framing)
    assert plain.still.shape == (made.height, made.width, 3)


def test_what_is_drawn_is_opaque() -> None:
    alpha = np.zeros((400, 400), np.uint8)
    picture = noise(400, 400)
    picture[110:150, 110:150] = 0
    face = portrait(picture, 200, 200, 200)._replace(alpha=alpha)
    made = Scene(face, PICTURE, transparent=True)
    flow, mask, drawn = fields()
    mask[:, 50:80, 50:78] = 0
    got = frame(made, flow, mask, drawn)[195:205, 195:205]
    assert (got[..., 3] == 255).all() and np.abs(got[..., :3].astype(int) - 128).max() <= 4


def test_sharpening_steepens_the_edges_of_a_drawn_mouth() -> None:
    """Its inside alone: what is drawn in the upper half, such as lids, and the rest stay."""
    face = portrait(noise(200, 200), 100, 100, 200)
    flow, mask, drawn = fields()
    side = mask.shape[-1]
    for top in (20, 80):
        mask[0, top : top + 30, side // 3 : -side // 3] = 0
    drawn[:] = np.clip((np.arange(side) - side / 2) / 6, -0.6, 0.6)
    soft, sharp = (
        frame(Scene(face, PICTURE, toned=False, sharpening=amount), flow, mask, drawn).astype(int)
        for amount in (0.0, 0.8)
    )
    changed = np.flatnonzero(np.abs(soft - sharp).max((1, 2)))
    height = soft.shape[0]
    assert changed.min() > 0.55 * height and changed.max() < 0.95 * height
    row, columns = (changed.min() + changed.max()) // 2, soft.shape[1] // 2 + np.arange(-20, 20)
    slopes = [np.abs(np.diff(made[row, columns, 0])).max() for made in (soft, sharp)]
    assert slopes[1] > 1.1 * slopes[0]
