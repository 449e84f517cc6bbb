"""The animator renders the motion of its labels; rendering can be killed and resumed."""

import csv
import errno
import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut

pytest.importorskip("mediapipe.python.solutions", reason="the animator needs ttsf[data]")

from ttsf.errors import TtsfError
from ttsf.model.labels import LABELS
from ttsf.research.data.rendered_faces import RenderedFaces
from ttsf.research.data.settings import RenderSettings
from ttsf.research.data.synthetic.animator import Animator
from ttsf.research.data.synthetic.render import render
from ttsf.research.landmarks.face_mesh import LandmarkDetector, canonical_crop, measure


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


def write_portraits(data, pictures):
    """A parts folder of pictures by their files."""
    data.mkdir()
    with (data / "manifest.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        columns = ["file", "kind", "use", "smile_teeth", "pose", "voice_register", "speaker"]
        writer.writerow([*columns, "dataset", "licence"])
        for name, picture in pictures.items():
            (data / name).parent.mkdir(exist_ok=True)
            Image.fromarray(picture).save(data / name)
            row = [name, "portrait", "train", "no", "frontal", "high", name, "photos", "CC0"]
            writer.writerow(row)
    return data


def test_a_stopped_run_gives_the_bytes_of_an_undisturbed_one(tmp_path, portrait):
    pictures = {"portrait/a.png": portrait, "portrait/b.png": portrait}
    data = write_portraits(tmp_path / "data", pictures | {"portrait/c.png": portrait * 0 + 90})
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    settings, done = RenderSettings(data, "train", frames=2, size=64), []
    assert render(settings, whole, lambda *at: done.append(at)) == 2
    assert done == [(1, 3), (2, 3), (3, 3)]
    render(settings, parts)
    (parts / "parts" / "portrait" / "b.npz").unlink()
    (parts / "images.npy").unlink()
    render(settings, parts)
    for name in ("images", "labels", "flow", "mouth", "eyes", "known"):
        file = f"{name}.npy"
        assert (whole / file).read_bytes() == (parts / file).read_bytes()
    with pytest.raises(TtsfError, match="multiple of 64 px"):
        render(RenderSettings(data, size=100), tmp_path / "other")
    assert json.loads((whole / "refused.json").read_text()) == {"portrait/c.png": "no face"}


def test_pictures_of_one_name_in_two_folders_are_two_people(tmp_path, portrait):
    mirrored = np.ascontiguousarray(portrait[:, ::-1])
    pictures = {"ann/face.png": portrait, "bob/face.png": mirrored}
    data = write_portraits(tmp_path / "data", pictures)
    render(RenderSettings(data, frames=2, size=64), tmp_path / "out")
    faces = RenderedFaces(tmp_path / "out")
    assert faces.names == list(pictures)
    ann, bob = faces.images[:, 0].astype(float)
    assert np.abs(ann - bob[:, ::-1]).mean() < 8 < 20 < np.abs(ann - bob).mean()


def test_a_folder_of_renders_keeps_its_settings(tmp_path, portrait):
    data = write_portraits(tmp_path / "data", {"a.png": portrait})
    settings = RenderSettings(data, frames=2, size=64)
    render(settings, tmp_path / "out")
    before = (tmp_path / "out" / "images.npy").read_bytes()
    for changed in (replace(settings, frames=3), replace(settings, seed=1)):
        with pytest.raises(TtsfError, match=r"begun with other settings \((frames|seed)\)"):
            render(changed, tmp_path / "out")
    (tmp_path / "out" / "settings.json").unlink()  # as earlier versions left a folder
    with pytest.raises(TtsfError, match="holds something else; choose another folder"):
        render(settings, tmp_path / "out")
    assert (tmp_path / "out" / "images.npy").read_bytes() == before
    assert RenderedFaces(tmp_path / "out").people == 1


def test_a_disk_that_fills_up_leaves_no_mixture(tmp_path, portrait, monkeypatch):
    data, out = write_portraits(tmp_path / "data", {"a.png": portrait}), tmp_path / "out"
    settings = RenderSettings(data, frames=2, size=64)
    render(settings, out)
    with monkeypatch.context() as patch:
        write = np.save

        def save(file, stacked):
            write(file, stacked)
            if stacked.dtype == np.float32:  # the labels, after the images
                raise OSError(errno.ENOSPC, "No space left on device")

        patch.setattr(np, "save", save)
        with pytest.raises(TtsfError, match=r"cannot write .*labels.npy: No space left"):
            render(settings, out)
    with pytest.raises(TtsfError, match="no rendered faces"):
        RenderedFaces(out)
    assert not list(out.rglob("*.part"))
    render(settings, out)
    assert RenderedFaces(out).names == ["a.png"]
