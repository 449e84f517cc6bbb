"""Landmarks, labels and expressions of the training-time animator agree with each other."""

import numpy as np
import pytest
from skimage.data import astronaut

pytest.importorskip("mediapipe.python.solutions", reason="the animator needs ttsf[data]")

from recipes.head_motion import head_statistics
from ttsf.model.labels import BROW_E, KNIT_E, LABELS, SMILE_E, MotionLabels
from ttsf.research.data.synthetic.animator import Animator
from ttsf.research.data.synthetic.expression import BROW_SKIN
from ttsf.research.landmarks.face_mesh import (
    BROWS_LOWER,
    BROWS_UPPER,
    Crop,
    LandmarkDetector,
    brow_gap,
    brow_height,
    corner_height,
    eye_aperture,
    face_triangles,
    measure,
    mouth_gap,
    pose_from_labels,
    pose_labels,
    rotation_angles,
    rotation_matrix,
)
from ttsf.research.landmarks.tracking import Track


@pytest.fixture(scope="module")
def animator():
    portrait = np.ascontiguousarray(astronaut()[0:300, 80:380])
    return Animator(portrait, LandmarkDetector()(portrait))


@pytest.fixture(scope="module")
def detector():
    return LandmarkDetector()


def render(animator, **changes):
    labels = animator.own.copy()
    for name, value in changes.items():
        labels[LABELS.index(name)] = value
    return animator.render(labels)


def test_angles_and_poses_invert():
    angles = np.array([11.0, -7.0, 5.0])
    assert np.allclose(rotation_angles(rotation_matrix(*angles)), angles)
    crop, labels = Crop(10.0, 4.0, 230.0), np.array([0.8, -0.4, 0.2, 0.5, -0.6, 0.3])
    assert np.allclose(pose_labels(pose_from_labels(labels, crop, 7.0), crop), labels)


def test_mesh_is_a_disc_with_three_holes():
    triangles = face_triangles()
    edges = {tuple(sorted(t[[a, b]])) for t in triangles for a, b in ((0, 1), (1, 2), (0, 2))}
    assert len(triangles) == 852
    assert 468 - len(edges) + len(triangles) == 1 - 3


@pytest.mark.parametrize(("name", "low", "high"), [("open", 0.0, 0.9), ("yaw", -0.5, 0.5)])
def test_labels_are_measured_again(animator, detector, name, low, high):
    k = LABELS.index(name)
    full = Crop(0.0, 0.0, 256.0)
    seen = []
    for value in (low, high):
        wanted = value if name == "open" else animator.own[k] + value
        frame = render(animator, **{name: wanted})
        seen.append((frame.labels[k], measure(detector(frame.image), full)[k]))
    assert seen[1][1] - seen[0][1] == pytest.approx(seen[1][0] - seen[0][0], rel=0.5)


def test_landmarks_of_a_render_are_found_again(animator, detector):
    frame = render(animator, pitch=animator.own[1] + 0.4, open=0.6, shift_x=animator.own[3] + 0.5)
    error = np.linalg.norm(detector(frame.image)[:, :2] - frame.points, axis=1)
    assert np.median(error) < 3


def test_blink_closes_the_lids_only(animator):
    points, rest = render(animator, blink=1.0).points, render(animator).points
    flat = np.column_stack([points, np.zeros(468)]), np.column_stack([rest, np.zeros(468)])
    assert eye_aperture(flat[0]) < 0.1 * eye_aperture(flat[1])
    assert mouth_gap(flat[0]) == pytest.approx(mouth_gap(flat[1]))


def moved(animator, name, change):
    """Displacement [468, 3] in e, in the frontal frame, for a change of one label."""
    own = MotionLabels(*animator.own.tolist())
    changed = own._replace(**{name: getattr(own, name) + change})
    return animator.expression.shape(changed, 0.0) - animator.expression.shape(own, 0.0)


BROWS = [i for row in (*BROWS_UPPER, *BROWS_LOWER) for i in row]


def test_a_face_told_its_own_expression_keeps_it_to_the_bit(animator):
    for name in ("brow_raise", "brow_knit", "smile"):
        assert not moved(animator, name, 0.0).any()
    own = MotionLabels(*animator.own.tolist())
    brows = animator.expression.shape(own, 0.0)[BROWS]
    np.testing.assert_array_equal(brows, animator.expression.rest[BROWS])


def test_raised_brows_rise_by_so_much_of_the_eyes_distance_and_nothing_else_does(animator):
    e = animator.pose.scale * animator.size / animator.crop.side
    up = animator.pose.rotation @ [0, -1.5 * BROW_E, 0] * e
    own = animator.own[LABELS.index("brow_raise")]
    step = render(animator, brow_raise=own + 1.5).points - render(animator).points
    np.testing.assert_allclose(step[BROWS].mean(0), up[:2], atol=0.01)
    others = np.setdiff1d(np.arange(468), [*BROWS, *BROW_SKIN])
    assert np.abs(step[others]).max() < 1e-3 and len(others) > 400
    lowered = render(animator, brow_raise=own - 0.5).points - render(animator).points
    np.testing.assert_allclose(lowered[BROWS].mean(0), -up[:2] / 3, atol=0.01)


def test_a_detector_sees_raised_brows(animator, detector):
    """A face mesh is slow to follow what it seldom saw: a third of the way must be seen."""
    own = animator.own[LABELS.index("brow_raise")]
    seen = [
        measure(detector(render(animator, brow_raise=own + change).image), Crop(0.0, 0.0, 256.0))
        for change in (0.0, 1.5)
    ]
    assert seen[1][LABELS.index("brow_raise")] - seen[0][LABELS.index("brow_raise")] > 0.5
    assert abs(seen[1][LABELS.index("open")] - seen[0][LABELS.index("open")]) < 0.1


def test_knit_brows_come_closer_and_keep_their_height(animator):
    rest, step = animator.expression.rest, moved(animator, "brow_knit", 1.0)
    assert brow_gap(rest + step) - brow_gap(rest) == pytest.approx(-KNIT_E, rel=0.05)
    assert brow_height(rest + step) == pytest.approx(brow_height(rest))
    inner, outer = step[[55, 107, 285, 336], 1], step[[46, 70, 276, 300], 1]
    assert inner.min() > 0 > outer.max()
    others = np.setdiff1d(np.arange(468), [*BROWS, *BROW_SKIN])
    assert np.abs(step[others]).max() < 1e-7


def test_a_smile_raises_the_corners_and_neither_opens_nor_reaches_the_eyes(animator):
    rest, step = animator.expression.rest, moved(animator, "smile", 1.0)
    assert corner_height(rest + step) - corner_height(rest) == pytest.approx(SMILE_E)
    assert step[61, 0] < 0 < step[291, 0]
    assert mouth_gap(rest + step) == pytest.approx(mouth_gap(rest), rel=0.02)
    assert np.abs(step[[0, 17, 13, 14], 1]).max() < 0.1 * SMILE_E
    assert eye_aperture(rest + step) == eye_aperture(rest)
    assert brow_height(rest + step) == pytest.approx(brow_height(rest))
    assert step[[205, 425], 1].max() < -0.2 * SMILE_E  # the cheeks go along
    serious = moved(animator, "smile", -1.0)
    np.testing.assert_allclose(serious, -step, atol=1e-6)


def test_expression_labels_are_those_of_the_rendered_shape(animator):
    labels = animator.own.copy()
    labels[[11, 12, 13]] += (0.8, 0.6, -0.7)
    frame = animator.render(labels)
    np.testing.assert_allclose(frame.labels[11:], labels[11:])
    shape = animator.expression.shape(MotionLabels(*frame.labels.tolist()), 0.0)
    again = measure(animator.pose.project(shape), animator.crop)[11:]
    np.testing.assert_allclose(again, labels[11:], atol=0.25)  # some brows hold the head's pose


def test_implausible_motion_is_limited(animator):
    limited = animator.clip(np.full(len(LABELS), 9.0, dtype=np.float32))
    assert abs(limited[0]) <= 1.2 + 1e-6 and abs(limited[1]) <= 1.0 + 1e-6
    assert limited[6] == 1 and limited[7] == 0 and limited[8] == 1
    np.testing.assert_allclose(limited[11:] - animator.own[11:], [1.7, 1.2, 1.2], rtol=1e-5)
    frame = animator.render(np.full(len(LABELS), 9.0, dtype=np.float32))
    assert frame.labels[0] == limited[0]
    assert np.isfinite(frame.flow).all() and frame.image.shape == (256, 256, 3)


def test_head_statistics_of_a_sine():
    time = np.arange(100) / 25
    labels = np.zeros((100, len(LABELS)), np.float32)
    labels[:, 0] = 0.5 * np.sin(2 * np.pi * time)
    known = np.ones(len(LABELS), dtype=bool)
    track = Track(labels, np.ones(100, bool), known, 25.0, np.zeros(3, np.float32))
    labels[:, 1:3] = labels[:, :1] * 0.1
    stats = head_statistics(track)
    assert stats[0, 0] == pytest.approx(9.9, abs=0.3)
    assert stats[0, 4] > 0.9
