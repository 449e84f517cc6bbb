"""Landmarks, labels and expressions of the training-time animator agree with each other."""

import numpy as np
import pytest
from skimage.data import astronaut

pytest.importorskip("mediapipe.python.solutions", reason="the animator needs ttsf[data]")

from recipes.head_motion import head_statistics
from ttsf.model.labels import LABELS
from ttsf.research.data.synthetic.animator import Animator
from ttsf.research.landmarks.face_mesh import (
    Crop,
    LandmarkDetector,
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


def test_implausible_motion_is_limited(animator):
    limited = animator.clip(np.full(len(LABELS), 9.0, dtype=np.float32))
    assert abs(limited[0]) <= 1.2 + 1e-6 and abs(limited[1]) <= 1.0 + 1e-6
    assert limited[6] == 1 and limited[7] == 0 and limited[8] == 1
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
