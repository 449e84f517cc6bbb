"""The tiny model, loaded once for a file of tests."""

from pathlib import Path

import numpy as np
import pytest

import ttsf
from ttsf.pipeline import Pipeline


@pytest.fixture(scope="module")
def pipeline(model_folder: Path) -> Pipeline:
    return ttsf.load(model_folder)


@pytest.fixture(scope="module")
def portrait(pipeline: Pipeline, astronaut: np.ndarray) -> ttsf.Portrait:
    return pipeline.portrait(astronaut)
