"""Configuration: round trip, strictness, derived numbers, the paper's sizes."""

import pydantic
import pytest

from ttsf.config import PRESETS, ModelConfig, VideoConfig, model_config_from_json
from ttsf.config import model_config_to_json as to_json


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_round_trip(name):
    assert model_config_from_json(to_json(PRESETS[name])) == PRESETS[name]


def test_unknown_keys_are_errors():
    text = to_json(PRESETS["mini"]).replace('"fps"', '"frames_per_second"')
    with pytest.raises(pydantic.ValidationError, match="frames_per_second"):
        model_config_from_json(text)


def test_one_clock():
    config = PRESETS["paper"]
    assert (config.mel_per_video, config.samples_per_video) == (4, 640)
    with pytest.raises(ValueError, match="whole"):
        ModelConfig(video=VideoConfig(fps=30))
