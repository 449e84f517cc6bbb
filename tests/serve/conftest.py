"""Servers of `tests.support.server`, one for all and one for whoever changes its settings."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.server import ON_RAY, PROCESSORS, Server, running
from ttsf.parallel import join_ray
from ttsf.serve.settings import Settings


@pytest.fixture(scope="session")
def ray_address() -> Iterator[str | None]:
    if not ON_RAY:
        yield None
        return
    import ray

    join_ray("local", PROCESSORS)
    yield "local"
    ray.shutdown()


@pytest.fixture(scope="session")
def base_settings(model_folder: Path, ray_address: str | None) -> Settings:
    return Settings(folder=Path("/nowhere"), model=model_folder, ray_address=ray_address)


@pytest.fixture(scope="session")
def server(base_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(replace(base_settings, folder=tmp_path_factory.mktemp("served"))) as one:
        yield one


@pytest.fixture
def start(base_settings: Settings, tmp_path: Path) -> Callable:
    """A server of its own, its settings changed."""

    def changed(folder: Path = tmp_path, **changes: object):
        return running(replace(base_settings, folder=folder, **changes))

    return changed
