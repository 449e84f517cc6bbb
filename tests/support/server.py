"""Real servers on 127.0.0.1 with the tiny model in an engine process of their own.

Or, where TTSF_TEST_ENGINE is "ray", on a cluster that all of them share (`make test-ray`).
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from ttsf.serve.api.server import listen, new_server, new_studio
from ttsf.serve.process.engine_process import EngineProcess
from ttsf.serve.settings import Settings
from ttsf.serve.studio import Studio

TEXT = "Good morning. It is nice to see you!"
FAST = {"steps": 2, "size": 128}
ON_RAY = os.environ.get("TTSF_TEST_ENGINE") == "ray"
PROCESSORS = 8
"""Of the cluster, whether or not there are as many: one for each engine of the servers."""
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


def engine_process(studio: Studio) -> int:
    """The id of the process that holds the model."""
    engine = studio.engine
    if isinstance(engine, EngineProcess):
        return engine.pid or 0
    (found,) = replicas(engine.name)
    return found


def replicas(name: str) -> list[int]:
    """Processes of an application on Ray, or of several whose names begin so."""
    title, all_of_them = f"ServeReplica:{name}".encode(), Path("/proc").glob("[0-9]*/cmdline")
    return [int(one.parent.name) for one in all_of_them if _has(one, title)]


def _has(file: Path, content: bytes) -> bool:
    try:
        return content in file.read_bytes()
    except OSError:  # it has ended
        return False
