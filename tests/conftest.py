"""A tiny random model of the real classes, and real pictures that come with a library."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data

from ttsf import checkpoint
from ttsf.config import (
    AudioMapperConfig,
    DurationConfig,
    FaceConfig,
    ModelConfig,
    MotionConfig,
    SpeechConfig,
    SpeechDecoderConfig,
    TextEncoderConfig,
    VocoderConfig,
)
from ttsf.model.ttsf import TTSF

TINY = ModelConfig(
    name="tiny",
    speech=SpeechConfig(
        voice_channels=8,
        text_encoder=TextEncoderConfig(channels=16, layers=1, ffn_channels=16),
        duration=DurationConfig(channels=16),
        decoder=SpeechDecoderConfig(
            channels=(16, 16), mid_blocks=1, head_channels=8, time_channels=16
        ),
    ),
    vocoder=VocoderConfig(
        channels=16,
        upsample_rates=(4,),
        upsample_kernels=(8,),
        resblock_kernels=(3,),
        istft_n_fft=160,
        istft_hop=40,
    ),
    face=FaceConfig(
        style_channels=24,
        channels=((4, 8), (8, 8), (16, 8), (32, 8), (64, 4), (128, 4), (256, 4)),
        rgb_path="mixed",
    ),
    audio_mapper=AudioMapperConfig(channels=16, kernels=(3,)),
    motion=MotionConfig(
        prior_layers=1, prior_channels=16, prior_kernel=7, sampler_channels=16, sampler_layers=1
    ),
)


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tiny_model() -> TTSF:
    torch.manual_seed(0)
    return TTSF(TINY).eval()


@pytest.fixture(scope="session")
def model_folder(tiny_model: TTSF, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model") / "tiny"
    checkpoint.save(tiny_model, folder)
    return folder


@pytest.fixture(scope="session")
def astronaut() -> np.ndarray:
    """A photograph with one face, RGB uint8 [512, 512, 3]."""
    return data.astronaut()


@pytest.fixture(scope="session")
def photo(astronaut: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photo") / "astronaut.png"
    Image.fromarray(astronaut).save(path)
    return path
