"""Real servers on 127.0.0.1 with the tiny model in an engine process of their own."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from ttsf.serve.api.server import listen, new_server, new_studio
from ttsf.serve.settings import Settings
from ttsf.serve.studio import Studio

TEXT = "Good morning. It is nice to see you!"
FAST = {"steps": 2, "size": 128}
LONG = " ".join(f"This is sentence number {k}, and another one follows." for k in range(60))


class Server:
    """One that runs in a thread."""

    def __init__(self, studio: Studio, url: str) -> None:
        self.studio, self.url = studio, url
        self.client = httpx.Client(base_url=url, timeout=60)

    def portrait(self, photo: Path) -> str:
        answer = self.client.post("/v1/portraits", files={"picture": photo.read_bytes()})
        assert answer.status_code == 200, answer.text
        return answer.json()["id"]

    def job(self, photo: Path, text: str = TEXT) -> str:
        fields = {"prompt": text, "portrait_id": self.portrait(photo), **FAST}
        answer = self.client.post("/v1/videos", json=fields)
        assert answer.status_code == 200, answer.text
        return answer.json()["id"]

    def wait(self, video: str, *statuses: str) -> dict:
        for _ in range(600):
            shown = self.client.get(f"/v1/videos/{video}").json()
            if shown["status"] in (statuses or ("completed", "failed")):
                return shown
            time.sleep(0.1)
        raise AssertionError(f"still {shown}")


@contextmanager
def running(settings: Settings) -> Iterator[Server]:
    with listen("127.0.0.1", 0) as place:
        studio = new_studio(settings)
        server = new_server(studio)
        thread = threading.Thread(target=server.run, args=([place],), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        one = Server(studio, f"http://127.0.0.1:{place.getsockname()[1]}")
        try:
            yield one
        finally:
            one.client.close()
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="session")
def base_settings(model_folder: Path) -> Settings:
    return Settings(folder=Path("/nowhere"), model=model_folder)


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
