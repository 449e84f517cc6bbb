"""Face pre-training on generated pictures: reads, steps, learns, measures."""

from dataclasses import replace

import pytest
import torch

from tests.support.rendered import write_faces
from tests.support.tiny_model import TINY
from ttsf import checkpoint
from ttsf.errors import TtsfError
from ttsf.model.labels import FIRST_LIP, LABELS, head_only, labels_to_alpha, lips_only
from ttsf.research.data.rendered_faces import RenderedFaces
from ttsf.research.presets import MINI, Preset
from ttsf.research.training.parts import FACE
from ttsf.research.training.settings import FaceOptions
from ttsf.research.training.stages.face import FaceStage


def small(preset: Preset) -> Preset:
    """The preset with steps of two people, two frames each, of 32 px."""
    return replace(preset, face=replace(preset.face, side=32, people=2, targets=2))


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    return write_faces(tmp_path_factory.mktemp("rendered") / "faces")


def test_batches_depend_on_the_step_alone_and_have_the_stated_shapes(faces):
    data = RenderedFaces(faces)
    a, b, c = (data.batch(step, 0, people=2, targets=3, side=64) for step in (4, 4, 5))
    assert all(torch.equal(x, y) for x, y in zip(a[:-1], b[:-1], strict=True))
    assert a.names == b.names != ()
    assert not torch.equal(a.target, c.target)
    assert a.source.shape == (2, 3, 256, 256) and a.target.shape == (2, 3, 3, 64, 64)
    assert a.flow.shape == (2, 3, 64, 64, 2) and a.labels.shape == (2, 3, 11)
    assert a.source.min() >= -1 and a.source.max() <= 1


def test_missing_data_is_one_clear_error(tmp_path):
    with pytest.raises(TtsfError, match="no rendered faces"):
        RenderedFaces(tmp_path)


def test_the_stage_learns_one_batch(faces, tmp_path):
    torch.manual_seed(0)
    stage = FaceStage(FaceOptions(faces, faces), small(MINI))
    batch, optimizer = stage.batch(0), stage.optimizer()
    values = []
    for _ in range(9):
        losses = stage.losses(batch)
        assert losses.keys() == stage.weights.keys()
        optimizer.zero_grad()
        sum(losses.values()).backward()
        optimizer.step()
        values.append(float(losses["rec"].detach() + losses["codes"].detach()))
    assert values[-1] < 0.8 * values[0]


def test_labels_split_into_head_and_lips():
    labels = torch.randn(4, len(LABELS))
    torch.testing.assert_close(head_only(labels) + lips_only(labels), labels)
    assert head_only(labels)[:, FIRST_LIP:].abs().max() == 0
    assert labels_to_alpha(labels, 20).shape == (4, 20)


def test_a_stage_goes_on_from_a_model(faces, model_folder):
    preset = small(replace(MINI, model=TINY))
    options = FaceOptions(faces, faces, model_folder)
    stage = FaceStage(options, preset)
    begun = checkpoint.load(model_folder).state_dict()
    name = "generator.constant"
    assert torch.equal(stage.model.state_dict()[name], begun[name])
    optimizer = stage.optimizer()
    for number in range(3):
        losses = stage.losses(stage.batch(number))
        assert losses.keys() == stage.weights.keys()
        optimizer.zero_grad()
        sum(losses.values()).backward()
        optimizer.step()
    found = stage.model.state_dict()
    trained = [key for key in found if key.partition(".")[0] in FACE]
    changed = {key.partition(".")[0] for key in trained if not torch.equal(found[key], begun[key])}
    assert changed == {"face_encoder", "motion_extractor", "generator"}
