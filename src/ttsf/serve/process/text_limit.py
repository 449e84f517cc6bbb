"""Time limit for texts: a separate process reads each text before an engine receives it."""

import asyncio
import multiprocessing
import os
import signal
import sys
import threading
from contextlib import suppress
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from typing import Any

from ttsf.serve.problems import Problem

MOST_S = 5
"""CPU time that the front end may take for one text, s; 20,000 characters of prose take 0.6."""
USUAL_S = 0.02
"""CPU time after which the reading of a text gets the lowest priority, s."""
MOST_WAIT_S = 60.0
"""Elapsed time after which the process is killed, s: for systems that cannot limit CPU time, and
busy machines that give it none."""
FORKS = "forkserver" in multiprocessing.get_all_start_methods()
_context: Any = multiprocessing.get_context("forkserver" if FORKS else "spawn")


def prepare() -> None:
    """Start the server process that readers are forked from, so that no text waits for imports."""
    if FORKS:
        _context.set_forkserver_preload([__name__, "ttsf.config", "ttsf.text.front_end"])
        forkserver.ensure_running()


async def refuse_slow(text: str, language: str, field: str) -> None:
    """Raise Problem 422 for a text that the front end reads too slowly; other requests go on.

    field: name of the text in the request.
    """
    loop = asyncio.get_running_loop()
    ended = loop.create_future()
    ours, far = _context.Pipe(duplex=False)
    process = _context.Process(target=_read, args=(far, text, language), daemon=True)

    def run() -> None:
        process.start()
        far.close()
        in_time = False
        with ours, suppress(EOFError):
            in_time = ours.poll(MOST_WAIT_S) and ours.recv()
        process.kill()
        with suppress(RuntimeError):  # the event loop has ended
            loop.call_soon_threadsafe(tell, in_time)

    def tell(in_time: bool) -> None:
        if not ended.done():
            ended.set_result(in_time)

    threading.Thread(target=run, daemon=True).start()
    if not await ended:
        detail = (
            f"the text takes more than {MOST_S} s to read; leave out runs of signs, or split it"
        )
        raise Problem(422, "text_too_slow", detail, field)


def _read(connection: Connection, text: str, language: str) -> None:
    """Main function of the process; what is wrong with a text is reported by the engine."""
    from ttsf.config import SpeechConfig
    from ttsf.text.accents.languages import find
    from ttsf.text.front_end import TextFrontEnd

    _limit()
    with suppress(Exception):
        front_end = TextFrontEnd(SpeechConfig(), find(language))
        for _ in front_end.utterances(text, warn=lambda _: None):
            pass
    connection.send(True)


def _limit() -> None:
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CPU, (MOST_S, MOST_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGPROF, lambda *_: os.nice(19))
    signal.setitimer(signal.ITIMER_PROF, USUAL_S)
