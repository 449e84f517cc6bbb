"""Brows, corners, gaze, resting lips and the mouth's sharpness of landmarks with known motion."""

import numpy as np
import pytest

from ttsf.research.evaluation.metrics.face.expression import (
    LIPS,
    brow_motion,
    brow_range,
    brows_with_voice,
    gaze_range,
    lip_motion,
    mouth_sharpness,
    silent_lips,
    smile_range,
)
from ttsf.research.landmarks.face_mesh import (
    BROWS_LOWER,
    BROWS_UPPER,
    EYE_CORNERS,
    EYEBALL_E,
    IRISES,
    gaze_angles,
)

BROWS = [i for row in (*BROWS_UPPER, *BROWS_LOWER) for i in row]
WAVE = np.sin(2 * np.pi * np.arange(10_000) / 10_000)
SINE_RANGE = 2 * np.sin(0.45 * np.pi)
"""5-95 % range of a slow sine of amplitude 1."""


def face(frames: int) -> np.ndarray:
    """A shape that stands still, [frames, 468, 3]."""
    return np.tile(np.random.default_rng(0).normal(size=(468, 3)), (frames, 1, 1))


def test_brows_range_over_the_eyes_by_the_amplitude_of_their_sine() -> None:
    moving = face(10_000)
    moving[:, BROWS, 1] -= 0.05 * WAVE[:, None]
    assert brow_range(moving) == pytest.approx(0.05 * SINE_RANGE, rel=1e-3)
    assert smile_range(moving) == pytest.approx(0, abs=1e-9)


def test_a_head_that_moves_moves_no_brows() -> None:
    moving = face(50)
    moving += np.linspace(0, 1, 50)[:, None, None]
    assert (brow_range(moving), brow_motion(moving)) == pytest.approx((0, 0))
    assert (smile_range(moving), lip_motion(moving)) == pytest.approx((0, 0))


def test_brow_motion_is_the_mean_step() -> None:
    moving = face(5)
    moving[:, BROWS, 1] -= np.array([0, 0.02, 0.02, -0.02, -0.02])[:, None]
    assert brow_motion(moving) == pytest.approx(0.06 / 4)


def test_brows_go_with_the_voice_up_and_not_down() -> None:
    moving = face(200)
    loud = WAVE[::50]
    moving[:, BROWS, 1] -= 0.05 * loud[:, None]
    assert brows_with_voice(moving, 20 * loud - 30) == pytest.approx(1, abs=1e-3)
    assert brows_with_voice(moving, -20 * loud - 30) == pytest.approx(-1, abs=1e-3)
    assert brows_with_voice(face(200), loud) == 0


def test_one_brow_counts_half() -> None:
    moving, one = face(100), [*BROWS_UPPER[0], *BROWS_LOWER[0]]
    moving[::2, one, 1] -= 0.04
    assert brow_range(moving) == pytest.approx(0.02)


def test_corners_that_rise_are_a_smile_and_an_open_jaw_is_none() -> None:
    moving = face(10_000)
    moving[:, [61, 291], 1] -= 0.03 * WAVE[:, None]
    assert smile_range(moving) == pytest.approx(0.03 * SINE_RANGE, rel=1e-3)
    moving = face(10_000)
    moving[:, [14, 17, 152], 1] += 0.1 * WAVE[:, None]
    assert smile_range(moving) == pytest.approx(0, abs=1e-9)


def eyes(yaw: np.ndarray, pitch: float = 0.0) -> np.ndarray:
    """Landmarks with irises that look so many degrees aside, [T, 478, 3]."""
    shapes = np.tile(np.random.default_rng(1).normal(size=(478, 3)), (len(yaw), 1, 1))
    for iris, corners in zip(IRISES, EYE_CORNERS, strict=True):
        shapes[:, iris] = shapes[:, list(corners)].mean(1)
        shapes[:, iris, 0] += EYEBALL_E * np.sin(np.radians(yaw))
        shapes[:, iris, 1] += EYEBALL_E * np.sin(np.radians(pitch))
    return shapes


def test_gaze_is_read_back_in_degrees() -> None:
    found = gaze_angles(eyes(np.array([-12.0, 0.0, 7.0]), 4.0))
    np.testing.assert_allclose(found, [[-12, 4], [0, 4], [7, 4]], atol=1e-9)
    aperture = np.full(10_000, 0.1)
    assert gaze_range(gaze_angles(eyes(10 * WAVE)), aperture) == pytest.approx(
        10 * SINE_RANGE, rel=1e-3
    )


def test_a_gaze_behind_closed_lids_does_not_count() -> None:
    yaw, aperture = np.zeros(100), np.full(100, 0.1)
    yaw[20:40], aperture[20:40] = 30, 0.05
    assert gaze_range(np.stack([yaw, yaw], 1), aperture) == 0
    assert gaze_range(np.stack([yaw, yaw], 1), np.full(100, 0.1)) == 30


def test_lips_that_grow_move_by_their_size() -> None:
    """Distances of a mouth scaled by 1 +- .1 have a standard deviation of a tenth."""
    moving = face(100)
    lips = moving[0, list(LIPS), :2]
    mean = np.linalg.norm(lips[:, None] - lips, axis=2)[np.triu_indices(len(LIPS), 1)].mean()
    for k, scale in enumerate((0.9, 1.1)):
        moving[k::2, list(LIPS), :2] *= scale
    assert lip_motion(moving) == pytest.approx(0.1 * mean)
    assert lip_motion(face(20)) == pytest.approx(0)


def test_lips_are_looked_at_in_long_silences_only() -> None:
    level, opening = np.zeros(60), np.full(60, 0.3)
    assert np.isnan(silent_lips(opening, level))
    level[[5, 6, 7]], opening[[5, 6, 7]] = -40, 9  # too short
    level[20:30] = -40
    opening[20:30] = np.tile([0.01, 0.03], 5)
    assert silent_lips(opening, level) == pytest.approx(0.01)
    opening[20:30] = 0.02
    assert silent_lips(opening, level) == 0
    level[20:30] = -24  # not that quiet
    assert np.isnan(silent_lips(opening, level))


def mouths(board: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ten grey pictures whose box of the mouth has 96 x 64 px, with the lips."""
    frames = np.full((10, 120, 160, 3), 90, np.uint8)
    frames[:, 20:84, 30:126] = board[..., None]
    return frames, np.tile([38.0, 42, 118, 62], (10, 1))


def test_sharpness_of_a_chessboard_on_the_mouth_alone() -> None:
    board = 100 + 10 * (np.indices((64, 96)).sum(0) % 2)
    assert mouth_sharpness(*mouths(board)) == pytest.approx(40, rel=1e-4)
    frames, lips = mouths(np.full((64, 96), 90))
    frames[:, :20], frames[:, 84:] = 255, 0  # what is around it
    assert mouth_sharpness(frames, lips) == pytest.approx(0, abs=1e-3)


def test_a_mouth_looks_as_sharp_at_twice_the_size_and_less_when_blurred() -> None:
    rng = np.random.default_rng(0)
    frames, lips = mouths(rng.integers(0, 256, (64, 96)).astype(np.uint8))
    twice = frames.repeat(2, axis=1).repeat(2, axis=2)
    assert mouth_sharpness(twice, 2 * lips) == pytest.approx(
        mouth_sharpness(frames, lips), rel=0.01
    )
    soft = frames[:, :-1] // 2 + frames[:, 1:] // 2
    assert mouth_sharpness(soft, lips) < 0.8 * mouth_sharpness(frames, lips)


def test_a_mouth_at_the_edge_of_the_picture_is_measured() -> None:
    frames, lips = mouths(np.full((64, 96), 90))
    assert mouth_sharpness(frames, lips + 60) == pytest.approx(0, abs=1e-3)
