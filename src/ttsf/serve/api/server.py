"""A server from its settings to its end."""

import logging
import socket
from contextlib import suppress

import uvicorn

from ttsf.errors import TtsfError
from ttsf.serve.api.app import create_app
from ttsf.serve.jobs import Jobs
from ttsf.serve.process.engine_process import EngineProcess
from ttsf.serve.process.ray_engine import RayEngine
from ttsf.serve.settings import Settings, check_host
from ttsf.serve.store import Files
from ttsf.serve.studio import Studio

GRACE_S = 5
"""For answers that are being sent when the server is told to end."""
logger = logging.getLogger("ttsf.serve")


def new_studio(settings: Settings) -> Studio:
    """With its model loaded; raises TtsfError for a folder or model that cannot be used."""
    jobs = Jobs(settings.folder / "jobs.sqlite")
    files = Files(settings.folder)
    engine = EngineProcess(settings) if settings.ray_address is None else RayEngine(settings)
    engine.start()
    return Studio(settings, engine, jobs, files)


def new_server(studio: Studio) -> uvicorn.Server:
    """Serves the page and the API of a studio on sockets that it is given."""
    config = uvicorn.Config(
        create_app(studio),
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
        timeout_keep_alive=30,
    )
    return uvicorn.Server(config)


def listen(host: str, port: int) -> socket.socket:
    """At an address; raises TtsfError where that cannot be. Port 0 takes a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        raise TtsfError(f"cannot listen at {host}, port {port}: {error.strerror}") from None


def serve(settings: Settings, host: str, port: int) -> None:
    """Serve until Ctrl-C or until the process is told to end.

    Raises TtsfError for an address that other machines reach while no key is asked for, and for
    an address, folder or model that cannot be used.
    """
    check_host(host, settings.keys)
    with listen(host, port) as place:
        studio = new_studio(settings)
        shown = f"[{host}]" if ":" in host else host
        logger.info("http://%s:%d/ is ready", shown, place.getsockname()[1])
        with suppress(KeyboardInterrupt):  # the usual end
            new_server(studio).run([place])
