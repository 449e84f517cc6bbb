"""Configuration: round trip, strictness, derived numbers, the paper's sizes."""

import pydantic
import pytest

from ttsf.config import ModelConfig, VideoConfig, model_config_from_json
from ttsf.config import model_config_to_json as to_json
from ttsf.research.presets import PRESETS


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_round_trip(name):
    assert model_config_from_json(to_json(PRESETS[name].model)) == PRESETS[name].model


def test_unknown_keys_are_errors():
    text = to_json(PRESETS["mini"].model).replace('"fps"', '"frames_per_second"')
    with pytest.raises(pydantic.ValidationError, match="frames_per_second"):
        model_config_from_json(text)


def test_one_clock():
    config = PRESETS["paper"].model
    assert (config.mel_per_video, config.samples_per_video) == (4, 640)
    with pytest.raises(ValueError, match="whole"):
        ModelConfig(video=VideoConfig(fps=30))
