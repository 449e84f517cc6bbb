"""Every stage at a small size, its corpora and earlier runs made once."""

import pytest

from tests.support.tiny_stages import TinyStages


@pytest.fixture(scope="session")
def stages(tmp_path_factory: pytest.TempPathFactory) -> TinyStages:
    return TinyStages(tmp_path_factory.mktemp("tiny"))
