"""Frames that G draws, and the fields between them."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import ttsf
from ttsf import GenerateOptions
from ttsf.engine import talk
from ttsf.engine.key_frames import BLINK_TOLERANCE, LONGEST, TOLERANCE, between, key_frames
from ttsf.model.labels import BLINK, LABELS, OPEN, labels_to_alpha
from ttsf.model.ttsf import TTSF
from ttsf.pipeline import Pipeline


def keys_of(model: TTSF, label: int, values: np.ndarray) -> tuple[int, ...]:
    """Key frames of a face of which one label moves."""
    labels = torch.zeros(len(values), len(LABELS))
    labels[:, label] = torch.from_numpy(values).float()
    extractor = model.motion_extractor
    with torch.inference_mode():
        moved = extractor.compose(labels_to_alpha(labels, extractor.directions.shape[1]))
    return key_frames(model, moved, torch.zeros_like(moved))


def test_straight_motion_is_drawn_at_its_ends(pipeline: Pipeline) -> None:
    model = pipeline.model
    assert keys_of(model, OPEN, np.linspace(0, 1, LONGEST + 1)) == (0, LONGEST)
    bent = np.concatenate([np.linspace(0, 1, 6), np.linspace(0.8, 0, 5)])
    assert 5 in keys_of(model, OPEN, bent)
    assert keys_of(model, OPEN, np.zeros(0)) == () and keys_of(model, OPEN, np.zeros(1)) == (0,)
    rest = keys_of(model, OPEN, np.zeros(100))
    assert rest[0] == 0 and rest[-1] == 99 and max(np.diff(rest)) == LONGEST


@pytest.mark.parametrize(("label", "tolerance"), [(OPEN, TOLERANCE), (BLINK, BLINK_TOLERANCE)])
def test_no_frame_is_farther_from_the_line_than_allowed(
    pipeline: Pipeline, label: int, tolerance: float
) -> None:
    track = np.random.default_rng(0).normal(size=200).cumsum() * 0.03
    keys = keys_of(pipeline.model, label, track)
    errors = np.abs(np.interp(np.arange(200), keys, track[list(keys)]) - track)
    assert errors.max() <= tolerance * 1.001 and 20 < len(keys) < 180


def test_a_model_whose_codes_mean_nothing_draws_all(
    tiny_model: TTSF, monkeypatch: pytest.MonkeyPatch
) -> None:
    face = replace(tiny_model.config.face, lids_by_rule=False, codes_are_labels=False)
    monkeypatch.setattr(tiny_model, "config", replace(tiny_model.config, face=face))
    f_m = torch.zeros(9, face.style_channels)
    assert key_frames(tiny_model, f_m, f_m) == tuple(range(9))


def test_fields_between_two_frames() -> None:
    first, second = (tuple(np.full((n, 2, 2), v, np.float32) for n in (2, 1, 3)) for v in (0, 4))
    assert between(first, second, 0) is first and between(first, second, 1) is second
    assert all((part == 1).all() for part in between(first, second, 0.25))


def test_the_video_is_near_what_g_draws(
    pipeline: Pipeline, portrait: ttsf.Portrait, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Key frames are the same, all others near; a still mouth costs little."""
    options = GenerateOptions(size=256, mark=False)
    some = pipeline.speak(portrait, "Good morning to you all.", options).frames.astype(int)
    monkeypatch.setattr(talk, "key_frames", lambda model, f_m, f_lip: tuple(range(len(f_m))))
    every = pipeline.speak(portrait, "Good morning to you all.", options).frames.astype(int)
    differs = np.abs(some - every).mean((1, 2, 3))
    step = np.abs(np.diff(every, axis=0)).mean()
    assert 0.05 < (differs > 0).mean() < 0.6
    assert differs.max() < step
