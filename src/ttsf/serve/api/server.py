"""Start and run a server."""

import logging
import signal
import socket
from contextlib import suppress

import uvicorn

from ttsf.errors import TtsfError
from ttsf.serve.api.app import create_app
from ttsf.serve.jobs import Jobs
from ttsf.serve.process.engine_process import EngineProcess
from ttsf.serve.process.ray_engine import RayEngine
from ttsf.serve.process.text_limit import prepare
from ttsf.serve.settings import Settings, check_host
from ttsf.serve.store import Files
from ttsf.serve.studio import Studio

GRACE_S = 5
"""Time for open responses at shutdown, s."""
MOST_UNSENT = 131_072
"""Unsent bytes of a connection that the system may hold; by default it may be megabytes, half a
minute of a live session with a slow client."""
logger = logging.getLogger("ttsf.serve")


def new_studio(settings: Settings) -> Studio:
    """Create a studio and load its model; raises TtsfError for an unusable folder or model."""
    prepare()
    jobs = Jobs(settings.folder / "jobs.sqlite")
    files = Files(settings.folder)
    engine = EngineProcess(settings) if settings.ray_address is None else RayEngine(settings)
    engine.start()
    return Studio(settings, engine, jobs, files)


def new_server(studio: Studio) -> uvicorn.Server:
    """Create the HTTP server of a studio; its caller passes the sockets."""
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
    """Open a listening socket (`::`: also for IPv4); port 0 picks a free one.

    Raises TtsfError if it cannot.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    both = host == "::" and socket.has_dualstack_ipv6()
    try:
        place = socket.create_server((host, port), family=family, backlog=128, dualstack_ipv6=both)
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):
            place.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, MOST_UNSENT)
        return place
    except OSError as error:
        raise TtsfError(f"cannot listen on {host}, port {port}: {error.strerror}") from None


def serve(settings: Settings, host: str, port: int) -> None:
    """Serve until Ctrl-C or SIGTERM.

    Raises TtsfError for a non-loopback address without a key, and for an unusable address, folder
    or model.
    """
    check_host(host, settings.keys)
    with listen(host, port) as place:
        studio = new_studio(settings)
        shown = f"[{host}]" if ":" in host else host
        logger.info("http://%s:%d/ is ready", shown, place.getsockname()[1])
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # uvicorn takes it, and repeats it at its end
        with suppress(KeyboardInterrupt):  # the normal way to stop
            new_server(studio).run([place])
