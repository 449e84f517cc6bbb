"""The training-time animator moves what its labels say, and rendering can be killed and resumed."""

import csv
import json

import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut

pytest.importorskip("mediapipe", reason="the animator needs ttsf[data]")

from ttsf.data.settings import RenderSettings
from ttsf.data.synthetic.animator import Animator
from ttsf.data.synthetic.render import render
from ttsf.errors import TtsfError
from ttsf.landmarks.face_mesh import LandmarkDetector, canonical_crop, measure
from ttsf.landmarks.labels import LABELS


@pytest.fixture(scope="module")
def portrait():
    return np.ascontiguousarray(astronaut()[0:300, 80:380])


@pytest.fixture(scope="module")
def animator(portrait):
    points = LandmarkDetector()(portrait)
    return Animator(portrait, points)


def measured(animator, **changes):
    labels = animator.own.copy()
    for name, value in changes.items():
        labels[LABELS.index(name)] = value
    frame = animator.render(labels)
    points = LandmarkDetector()(frame.image)
    return frame, measure(points, canonical_crop(points, 256, 256))


def test_own_labels_give_back_the_portrait(animator, portrait):
    crop = animator.crop
    box = (crop.x0, crop.y0, crop.x0 + crop.side, crop.y0 + crop.side)
    want = np.asarray(Image.fromarray(portrait).resize((256, 256), box=box)).astype(float)
    frame = animator.render(animator.own)
    assert np.abs(frame.image - want).mean() < 6
    line = np.linspace(-1, 1, 256)
    identity = np.stack(np.meshgrid(line, line), -1)
    assert np.abs(frame.flow - identity).mean() < 0.01


def test_mouth_and_head_follow_their_labels(animator):
    _, shut = measured(animator, open=0.0)
    _, wide_open = measured(animator, open=0.9)
    gap = LABELS.index("open")
    assert wide_open[gap] - shut[gap] > 0.4
    yaw = LABELS.index("yaw")
    _, left = measured(animator, yaw=animator.own[yaw] - 0.6)
    _, right = measured(animator, yaw=animator.own[yaw] + 0.6)
    assert right[yaw] - left[yaw] > 0.6


def test_a_stopped_run_gives_the_bytes_of_an_undisturbed_one(tmp_path, portrait):
    data = tmp_path / "data"
    (data / "portrait").mkdir(parents=True)
    rows = []
    for name in ("a", "b"):
        Image.fromarray(portrait).save(data / "portrait" / f"{name}.png")
        rows.append(
            [
                f"portrait/{name}.png",
                "portrait",
                "train",
                "no",
                "frontal",
                "high",
                name,
                "photos",
                "CC0",
            ]
        )
    Image.fromarray(portrait * 0 + 90).save(data / "portrait" / "c.png")
    rows.append(["portrait/c.png", "portrait", "train", "no", "frontal", "low", "c", "d", "CC0"])
    with (data / "manifest.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        columns = ["file", "kind", "use", "smile_teeth", "pose", "voice_register", "speaker"]
        writer.writerow([*columns, "dataset", "licence"])
        writer.writerows(rows)
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    settings, done = RenderSettings(data, "train", frames=2, size=64), []
    assert render(settings, whole, lambda *at: done.append(at)) == 2
    assert done == [(1, 3), (2, 3), (3, 3)]
    render(settings, parts)
    (parts / "parts" / "b.npz").unlink()
    (parts / "images.npy").unlink()
    render(settings, parts)
    for name in ("images", "labels", "flow", "mouth", "eyes", "known"):
        file = f"{name}.npy"
        assert (whole / file).read_bytes() == (parts / file).read_bytes()
    with pytest.raises(TtsfError, match="multiple of 64 px"):
        render(RenderSettings(data, size=100), tmp_path / "other")
    assert json.loads((whole / "refused.json").read_text()) == {"portrait/c.png": "no face"}
