"""Every preset builds; `paper` has the sizes of its sources and runs one forward."""

import pytest
import torch

from ttsf.model import TTSF, GenerateOptions
from ttsf.presets import PRESETS


def source(model, image=None):
    with torch.inference_mode():
        return model.read_faces(torch.zeros(1, 3, 256, 256) if image is None else image)


def millions(*modules):
    return sum(p.numel() for m in modules for p in m.parameters()) / 1e6


def test_paper_preset_has_the_stated_sizes_and_runs():
    torch.manual_seed(0)
    model = TTSF(PRESETS["paper"].model).eval()
    encoder = millions(model.face_encoder, model.motion_extractor.mlp)
    assert encoder == pytest.approx(22.7, rel=0.02)
    assert millions(model.generator) == pytest.approx(22.4, rel=0.02)
    assert model.motion_extractor.directions.shape == (512, 20)
    out = model.generate(source(model), [0, 20, 0], GenerateOptions(steps=1))
    frames = next(out.frames)
    assert frames.shape[1:] == (256, 256, 3) and frames.dtype == torch.uint8
    assert out.samples.shape == (640 * out.frame_count,)


def test_every_symbol_of_text_reaches_one_clock():
    torch.manual_seed(0)
    model = TTSF(PRESETS["mini"].model).eval()
    out = model.generate(source(model), list(range(1, 12)), GenerateOptions(steps=2))
    assert out.samples.shape[0] == 640 * out.frame_count
    assert sum(len(batch) for batch in out.frames) == out.frame_count


def test_seed_changes_head_motion_and_not_the_voice_vector():
    torch.manual_seed(0)
    model = TTSF(PRESETS["mini"].model).eval()
    portrait = source(model, torch.rand(1, 3, 256, 256) * 2 - 1)
    runs = [
        model.generate(portrait, [0, 20, 0], GenerateOptions(seed=s, steps=2)) for s in (1, 1, 2)
    ]
    first, same, other = (next(run.frames) for run in runs)
    assert torch.equal(first, same) and torch.equal(runs[0].samples, runs[1].samples)
    assert not torch.equal(first, other)
    still = [
        next(
            model.generate(
                portrait, [0, 20, 0], GenerateOptions(seed=s, steps=2, still=True)
            ).frames
        )
        for s in (1, 2)
    ]
    assert torch.equal(*still)


def test_frames_that_are_not_read_to_the_end_leave_the_callers_gradients_on():
    model = TTSF(PRESETS["mini"].model).eval()
    runs = [model.generate(source(model), [0, 20, 0], GenerateOptions(steps=1)) for _ in "ab"]
    for run in runs:
        next(run.frames)
        assert torch.is_grad_enabled() and not torch.is_inference_mode_enabled()
    del runs[0]
    assert torch.ones(1, requires_grad=True).mul(2).requires_grad
