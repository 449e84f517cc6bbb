"""Blinks go from the motion that G draws to lids over the picture."""

import numpy as np
import pytest
import torch

import ttsf
from ttsf.compositing.expression import Expression
from ttsf.engine.expression import SIDE_Y
from ttsf.engine.live.performer import Performer
from ttsf.engine.options import GenerateOptions
from ttsf.engine.renderer import LIDS_FOLLOW, OPEN_UNTIL
from ttsf.engine.talk import Session
from ttsf.model.labels import BLINK, GAIN, PITCH
from ttsf.text.front_end import TextFrontEnd

LIDS = Expression._fields.index("lids")
TEXT = "We shall see what the day will bring, and whether anybody comes along the river."


@pytest.fixture(scope="module")
def pipeline() -> ttsf.Pipeline:
    return ttsf.load()  # a model whose G draws eyes


def session(pipeline: ttsf.Pipeline, picture: np.ndarray, options: GenerateOptions) -> Session:
    words = list(TextFrontEnd(pipeline.model.config.speech).utterances(TEXT))
    return Session(
        pipeline.model, pipeline._workers, pipeline._face(picture, options), words, options
    )


@torch.inference_mode()
def labels(talk: Session, f_m: torch.Tensor) -> np.ndarray:
    return talk.model.motion_extractor.coordinates(f_m).numpy() / GAIN


def test_lids_close_as_the_sampled_motion_blinks(
    pipeline: ttsf.Pipeline, astronaut: np.ndarray
) -> None:
    small = GenerateOptions(size=256, mark=False)
    plain = session(pipeline, astronaut, small._replace(as_sampled=True))
    ruled = session(pipeline, astronaut, small._replace(gaze="camera"))
    act = ruled._act(0, None, 0)
    sampled = labels(ruled, act.moved.f_m[0])[:, BLINK]
    own = labels(ruled, ruled.source.f_m)[0, BLINK]
    drawn, lids = labels(ruled, act.f_m), act.expression[:, LIDS]
    assert lids.max() > 0.6, "this sentence has a blink"
    wanted = ((sampled - own) / (1 - own)).clip(0, 1)
    begin = sum(OPEN_UNTIL)
    assert np.allclose(lids[begin:], wanted[begin:], atol=1e-3)
    assert not lids[: OPEN_UNTIL[0]].any() and (lids[:begin] <= wanted[:begin] + 1e-3).all()
    assert drawn[:, BLINK].max() <= own + 1e-3
    assert np.abs(drawn[:, PITCH]).max() > 0.02, "the head still moves"
    given = plain._act(0, None, 0)
    assert not given.expression.any()
    assert labels(plain, given.f_m)[:, BLINK].max() > own + 0.4, "as sampled, G draws lids"


def test_lids_follow_eyes_that_look_down(pipeline: ttsf.Pipeline, astronaut: np.ndarray) -> None:
    lids = {}
    for gaze in ("up", "camera", "down"):
        options = GenerateOptions(size=256, mark=False, blinks=0, gaze=gaze)
        lids[gaze] = session(pipeline, astronaut, options)._act(0, None, 0).expression[:, LIDS]
    assert np.allclose(lids["up"], lids["camera"])
    assert np.allclose(lids["down"], lids["camera"] + SIDE_Y * LIDS_FOLLOW, atol=1e-3)


def test_blinks_of_a_live_session_go_on_where_segments_meet(
    pipeline: ttsf.Pipeline, astronaut: np.ndarray
) -> None:
    talk = session(pipeline, astronaut, GenerateOptions(size=256, mark=False, gaze="camera"))
    performer, first = Performer(talk), 0
    for _ in range(6):
        segment = performer.rest(first, 50)
        blinks = labels(talk, segment.motion.f_m[0])[:, BLINK]
        calm = labels(talk, talk.source.f_m)[0, BLINK]
        wanted = ((blinks - calm) / (1 - calm)).clip(0, 1)
        begin = max(0, sum(OPEN_UNTIL) - first)
        assert np.allclose(segment.expression[begin:, LIDS], wanted[begin:], atol=2e-3)
        first = segment.end


def test_a_blink_changes_the_eyes_alone(pipeline: ttsf.Pipeline, astronaut: np.ndarray) -> None:
    talk = session(pipeline, astronaut, GenerateOptions(size=256, mark=False))
    act = talk._act(0, None, 0)
    with torch.inference_mode():
        fields = talk.model.fields(talk.source, act.f_m[:1], act.said.f_lip[0, :1])
    arrays = [field[0].numpy() for field in fields]
    frames = []
    for closing in (0, 1):
        amounts = np.zeros(len(Expression._fields), np.float32)
        amounts[LIDS] = closing
        frames.append(talk.renderer.region(*arrays, amounts).astype(int))
    changed = np.abs(frames[1] - frames[0]).max(-1) > 12
    assert 0.001 < changed.mean() < 0.05
    rows = np.flatnonzero(changed.any(1))
    assert rows[-1] - rows[0] < 0.15 * len(changed)
