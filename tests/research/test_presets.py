"""Every preset builds; `paper` has the sizes of its sources and runs one forward."""

from dataclasses import replace

import pytest
import torch

from ttsf.model.flow_matching import noise_for
from ttsf.model.sampling import Sampling
from ttsf.model.ttsf import TTSF, SourceFaces
from ttsf.research.presets import PRESETS


def source(model, image=None):
    with torch.inference_mode():
        return model.read_faces(torch.zeros(1, 3, 256, 256) if image is None else image)


def millions(*modules):
    return sum(p.numel() for m in modules for p in m.parameters()) / 1e6


def voice_of(model: TTSF, portrait: SourceFaces) -> torch.Tensor:
    with torch.inference_mode():
        return model.choose_voice(portrait)


def test_paper_preset_has_the_stated_sizes_and_runs():
    torch.manual_seed(0)
    model = TTSF(PRESETS["paper"].model).eval()
    encoder = millions(model.face_encoder, model.motion_extractor.mlp)
    assert encoder == pytest.approx(22.7, rel=0.02)
    assert millions(model.generator) == pytest.approx(22.4, rel=0.02)
    assert model.motion_extractor.directions.shape == (512, 20)
    portrait, options = source(model), Sampling(steps=1)
    said = model.say(voice_of(model, portrait), [0, 20, 0], options)
    f_m = model.move(portrait, said, options).f_m
    assert f_m.shape == said.f_lip.shape and said.samples.shape == (640 * f_m.shape[1],)
    with torch.inference_mode():
        assert model.draw(portrait, f_m[0, :1], said.f_lip[0, :1]).image.shape == (1, 3, 256, 256)


def test_every_symbol_of_text_reaches_one_clock():
    torch.manual_seed(0)
    model = TTSF(PRESETS["mini"].model).eval()
    said = model.say(voice_of(model, source(model)), list(range(1, 12)), Sampling(steps=2))
    assert len(said.samples) == 960 * said.f_lip.shape[1] == 240 * int(said.durations.sum())


def test_seed_changes_head_motion_and_not_the_voice_vector():
    torch.manual_seed(0)
    model = TTSF(PRESETS["mini"].model).eval()
    portrait = source(model, torch.rand(1, 3, 256, 256) * 2 - 1)
    same, again, other = (Sampling(seed=s, steps=2) for s in (1, 1, 2))
    said = [
        model.say(voice_of(model, portrait), [0, 20, 0], options)
        for options in (same, again, other)
    ]
    moved = [model.move(portrait, said[0], options).f_m for options in (same, again, other)]
    assert torch.equal(said[0].samples, said[1].samples) and torch.equal(moved[0], moved[1])
    assert not torch.equal(moved[0], moved[2])
    still = Sampling(still=True)
    held = [model.move(portrait, said[0], still._replace(seed=s)).f_m for s in (1, 2)]
    assert torch.equal(*held) and torch.equal(held[0][0, 0], portrait.f_m[0])


def test_what_comes_after_the_model_is_configuration():
    paper, mini = PRESETS["paper"].model, PRESETS["mini"].model
    assert (paper.audio_mapper.opening, paper.motion.voice_pace) == (None, None)
    assert mini.audio_mapper.opening and mini.motion.voice_pace
    torch.manual_seed(0)
    model, sampling = TTSF(mini).eval(), Sampling(steps=2)
    portrait = source(model)
    with_both = model.say(voice_of(model, portrait), [0, 20, 0], sampling)
    paced = model.move(portrait, with_both, sampling).f_m
    model.config = replace(
        mini,
        audio_mapper=replace(mini.audio_mapper, opening=None),
        motion=replace(mini.motion, voice_pace=None),
    )
    plain = model.say(voice_of(model, portrait), [0, 20, 0], sampling)
    assert torch.equal(plain.samples, with_both.samples)
    assert not torch.equal(plain.f_lip, with_both.f_lip)
    sampled = model.sample_motion(portrait.f_m, with_both.f_lip, sampling, noise_for(0, 1)).f_m
    assert torch.equal(model.move(portrait, with_both, sampling).f_m, sampled)
    assert not torch.equal(paced, sampled)
