"""A server with the engine of `fake_engine`, and each browser that is installed."""

import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.support.browsers import Browser, chromium, firefox
from tests.support.chat_server import ChatServer, chat_server
from tests.support.fake_engine import running_fake
from tests.support.server import Server
from ttsf.serve.settings import Settings

BROWSERS = {
    "chromium": (chromium, "playwright"),
    "firefox-esr": (firefox, "websocket"),
}


@pytest.fixture(scope="session")
def chat() -> Iterator[ChatServer]:
    with chat_server() as one:
        yield one


@pytest.fixture(scope="session")
def faked(tmp_path_factory: pytest.TempPathFactory, chat: ChatServer) -> Iterator[Server]:
    settings = Settings(
        folder=tmp_path_factory.mktemp("faked"),
        at_once=2,
        live=4,
        chat_url=chat.url,
        chat_model="mock",
        transcribe_url=chat.url,
    )
    with running_fake(settings) as server:
        yield server


@pytest.fixture(scope="session")
def downloads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("downloads")


@pytest.fixture(scope="module", params=BROWSERS)
def browser(request: pytest.FixtureRequest, downloads: Path) -> Iterator[Browser]:
    start, package = BROWSERS[request.param]
    if shutil.which(request.param) is None or find_spec(package) is None:
        pytest.skip(f"needs {request.param} and {package}")
    folder = downloads / request.param
    folder.mkdir()
    with start(folder) as one:
        yield one
