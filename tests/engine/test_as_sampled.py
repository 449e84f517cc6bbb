"""The paper's model is drawn as it is: no rule by hand is between G, the sampler and the file."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import ttsf
from tests.support.scenes import noise, portrait
from tests.support.tiny_model import TINY
from ttsf.engine.talk import Session
from ttsf.errors import TtsfError
from ttsf.model.face.generator import Fields
from ttsf.model.flow_matching import noise_for
from ttsf.model.ttsf import TTSF
from ttsf.pipeline import Pipeline
from ttsf.portrait.crop import crop_portrait
from ttsf.research.presets import PRESETS

FACE = ttsf.GenerateOptions(framing=ttsf.Framing("face"), size=256, mark=False, steps=1)
RULES = ("codes_are_labels", "teeth_by_rule", "lids_by_rule", "portrait_colours")


def unruled() -> TTSF:
    """A tiny model with the paper's choices, where it makes any."""
    paper = PRESETS["paper"].model
    face = replace(
        TINY.face,
        rgb_path=paper.face.rgb_path,
        drawn_side=paper.face.drawn_side,
        **{rule: getattr(paper.face, rule) for rule in RULES},
    )
    torch.manual_seed(0)
    mapper = replace(TINY.audio_mapper, opening=paper.audio_mapper.opening)
    motion = replace(TINY.motion, voice_pace=paper.motion.voice_pace)
    return TTSF(replace(TINY, face=face, audio_mapper=mapper, motion=motion)).eval()


def session(model: TTSF, shown: ttsf.Portrait, options: ttsf.GenerateOptions) -> Session:
    pipeline = Pipeline(model)
    utterances = pipeline._utterances("Hello.", options)
    return Session(model, pipeline._workers, pipeline._face(shown, options), utterances, options)


def test_only_mini_has_rules() -> None:
    paper, mini = PRESETS["paper"].model, PRESETS["mini"].model
    assert [getattr(paper.face, rule) for rule in RULES] == [False] * len(RULES)
    assert [getattr(mini.face, rule) for rule in RULES] == [True] * len(RULES)
    assert (paper.audio_mapper.opening, paper.motion.voice_pace) == (None, None)


def test_a_perfect_generator_comes_out_pixel_for_pixel(monkeypatch: pytest.MonkeyPatch) -> None:
    model, shown = unruled(), portrait(noise(300, 280), 150, 140, 256)
    picture = crop_portrait(shown.picture, shown.square, 256)
    flat = torch.zeros(1, 2, 256, 256)
    monkeypatch.setattr(
        model,
        "fields",
        lambda source, f_m, f_lip, window: Fields(
            *(a.expand(len(f_m), -1, -1, -1) for a in (flat, flat[:, :1], picture[None]))
        ),
    )
    talk = session(model, shown, FACE)
    for chunk in talk.chunks():
        assert np.array_equal(
            chunk.frames, talk.renderer.scene.still[None].repeat(len(chunk.frames), 0)
        )
    assert np.array_equal(talk.renderer.scene.still, shown.picture[12:268, 22:278])


def test_its_motion_is_the_samplers_own() -> None:
    model, shown = unruled(), portrait(noise(300, 280), 150, 140, 256)
    talk = session(model, shown, FACE)
    sampling = FACE.sampling()
    with torch.inference_mode():
        act = talk._act(0, None, 0)
        source = talk.source
        own = model.sample_motion(source.f_m, act.said.f_lip, sampling, noise_for(0, 1)).f_m
        assert torch.equal(act.f_m, own[0])


def test_any_model_gives_the_plain_sample(tiny_model: TTSF) -> None:
    shown = portrait(noise(300, 280), 150, 140, 256)
    ruled, plain = (
        session(tiny_model, shown, FACE._replace(as_sampled=chosen)) for chosen in (False, True)
    )
    acts = []
    for talk in (ruled, plain):
        with torch.inference_mode():
            acts.append(talk._act(0, None, 0))
    assert torch.equal(acts[0].said.samples, acts[1].said.samples)
    assert not torch.equal(acts[0].said.f_lip, acts[1].said.f_lip)
    with torch.inference_mode():
        own = tiny_model.sample_motion(
            plain.source.f_m, acts[1].said.f_lip, FACE.sampling(), noise_for(0, 1)
        )
    torch.testing.assert_close(acts[1].f_m, own.f_m[0])
    assert (acts[0].f_m - own.f_m[0]).abs().max() > 0.01
    assert plain.renderer.scene._palette is None and ruled.renderer.scene._palette is not None


def test_blinks_of_a_model_without_labels_are_refused() -> None:
    shown = portrait(noise(300, 280), 150, 140, 256)
    with pytest.raises(TtsfError, match="does not tell blinks"):
        session(unruled(), shown, FACE._replace(blinks=0.5))


def test_lips_are_read_ahead_of_the_sound_by_whole_mel_frames(tiny_model: TTSF) -> None:
    config = tiny_model.config
    early = TTSF(replace(config, audio_mapper=replace(config.audio_mapper, lead=4, opening=None)))
    plain = TTSF(replace(config, audio_mapper=replace(config.audio_mapper, opening=None)))
    for model in (early, plain):
        model.load_state_dict(tiny_model.state_dict())
        model.eval()
    ids, voice = list(range(8, 40)), torch.randn(1, config.speech.voice_channels)
    ahead, own = (model.say(voice, ids, FACE.sampling()) for model in (early, plain))
    assert torch.equal(ahead.samples, own.samples) and not torch.equal(ahead.f_lip, own.f_lip)
    seen = 4  # pictures at the end, into which the mapper sees the held last frame
    torch.testing.assert_close(
        ahead.f_lip[:, seen:-seen], own.f_lip[:, seen + 1 : 1 - seen or None]
    )
    as_sampled = early.say(voice, ids, FACE._replace(as_sampled=True).sampling())
    assert torch.equal(as_sampled.f_lip, own.f_lip)
